#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_coroutines.py PINGPONG GENERATOR - what the two print."""

import subprocess
import sys

from peer import LIMIT, run_cases

PINGPONG, GENERATOR = sys.argv[1:]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT)


def prints(text, *command):
    r = run(*command)
    assert (r.stdout, r.stderr, r.returncode) == (text, '', 0), r


def ping_pong():
    prints('12\n56\n34\n', PINGPONG)


def all_orders():
    prints('a b c\na c b\nb a c\nb c a\nc a b\nc b a\n',
           GENERATOR, 'a', 'b', 'c')
    prints('a\n', GENERATOR, 'a')


def first_orders_of_too_many():
    words = [chr(c) for c in range(ord('a'), ord('u'))]
    swapped = words[:-2] + [words[-1], words[-2]]
    prints(' '.join(words) + '\n' + ' '.join(swapped) + '\n',
           GENERATOR, '--first', '2', *words)
    prints('', GENERATOR, '--first', '0', 'a')


def usage():
    assert run(GENERATOR, '--help').stdout.startswith('usage: generator ')
    for bad in [[], ['--first', '-1', 'a'], ['--first', 'x', 'a'], ['--no']]:
        r = run(GENERATOR, *bad)
        assert (r.returncode, r.stdout) == (2, ''), r
        assert r.stderr, bad


run_cases([ping_pong, all_orders, first_orders_of_too_many, usage])
