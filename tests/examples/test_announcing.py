#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_announcing.py SERVER... - who knows where they serve may stop them.

Each tells its port into a pipe that is full, so that it goes no further: what
it does before it tells that is done, and what it does after it is not.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time

from peer import LIMIT, run_cases

ARGUMENTS = {
    'chat': ['127.0.0.1:0'],
    'echo_server': ['127.0.0.1:0'],
    'in_glib': [],
    'in_libev': [],
    'multicore_server': ['127.0.0.1:0'],
    'port_forwarder': ['127.0.0.1:0', '127.0.0.1:1'],
}


def full_pipe():
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    try:
        while True:
            os.write(theirs, b'x' * 4096)
    except BlockingIOError:
        os.set_blocking(theirs, True)
        return ours, theirs


def expects(process, number):
    """Whether it catches the signal; to start a thread blocks it, too."""
    with open(f'/proc/{process.pid}/status', encoding='ascii') as f:
        sets = dict(line.split(':', 1) for line in f)
    return int(sets['SigCgt'], 16) >> number - 1 & 1


def can_be_stopped(program):
    name = os.path.basename(program)
    ours, theirs = full_pipe()
    process = subprocess.Popen(
        [program, *ARGUMENTS.get(name, ['--port', '0'])], stdout=theirs,
        stderr=subprocess.PIPE)
    os.close(theirs)
    end = time.monotonic() + LIMIT / 4
    expected = False
    while not expected and time.monotonic() < end:
        expected = expects(process, signal.SIGTERM)
        time.sleep(0.001)
    if not expected:
        process.kill()
    os.read(ours, 4096)
    process.terminate()
    _, err = process.communicate(timeout=LIMIT)
    os.close(ours)
    assert expected, name
    assert (process.returncode, err) == (0, b''), (name, err)


def case(program):
    def run():
        can_be_stopped(program)

    run.__name__ = os.path.basename(program)
    return run


run_cases([case(program) for program in sys.argv[1:]])
