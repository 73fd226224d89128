#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_threads.py GEV LIBRARY THREADS - threads.c under gev run, and without.

Each of its cases must come out as it does natively.
"""

import os
import sys

from api import GEV, contains, equal, gev, main, needs_patching, outcome

THREADS = os.path.abspath(sys.argv[3])


def same(name):
    needs_patching()
    native = outcome([THREADS, name])
    equal(outcome([GEV, 'run', THREADS, name]), native)


def test_one_kernel_thread():
    needs_patching()
    equal(outcome([THREADS, 'kernel_threads'])[1], b'6\n')
    equal(outcome([GEV, 'run', THREADS, 'kernel_threads'])[1], b'1\n')


def test_stats_count_them():
    needs_patching()
    said = gev('run', '--stats', THREADS, 'mutexes').stderr
    contains(said, 'threads: 1 now, 6 in all')
    contains(said, 'clone3=5')


def test_stats_are_told_when_asked_for():
    needs_patching()
    script = ('import os, signal, threading, time\n'
              'threading.Thread(target=time.sleep, args=(0.2,)).start()\n'
              'os.kill(os.getpid(), signal.SIGSYS)\n'
              'time.sleep(0.1)\n')
    said = gev('run', '--stats', sys.executable, '-c', script).stderr
    contains(said, 'threads: 2 now, 2 in all')
    contains(said, 'waits in ')
    quiet = gev('run', sys.executable, '-c', script)
    equal((quiet.returncode, quiet.stderr), (0, ''))


def cases():
    """One for each of the program's."""
    for name in outcome([THREADS])[1].decode().split():
        if name != 'kernel_threads':
            globals()[f'test_{name}'] = lambda name=name: same(name)


cases()
main(globals())
