#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""many.py [-j JOBS] GEV PROGRAM FIRST COUNT - random programs, both ways.

PROGRAM is what tests/programs/random becomes.  Each seed is run natively and under gev run;
said are those that differ, or take longer than they may.
"""

import argparse
import concurrent.futures
import os
import signal
import subprocess
import sys

LIMIT = 20  # seconds


def outcome(command):
    """What came of it, in one text."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               start_new_session=True)
    try:
        said, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return said + 'and then nothing\n'
    return said + f'{process.returncode}\n'


def compare(options, seed):
    """The seed, and what is said of it if it is not as it should be."""
    command = [options.program, str(seed)]
    native = outcome(command)
    run = outcome([options.gev, 'run', *command])
    if native == run and 'WRONG' not in native:
        return seed, None
    return seed, f'natively\n{native}under gev run\n{run}'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('-j', type=int, default=2, metavar='JOBS')
    parser.add_argument('gev')
    parser.add_argument('program')
    parser.add_argument('first', type=int)
    parser.add_argument('count', type=int)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.count)
    differ = 0
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for seed, said in pool.map(lambda s: compare(options, s), seeds):
            if said:
                differ += 1
                print(f'seed {seed}: {said}', flush=True)
    print(f'{options.count} seeds, {differ} differ')
    sys.exit(differ > 0)


main()
