#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_threads.py GEV LIBRARY THREADS - threads.c under gev run, and without.

Each of its cases must come out as it does natively.
"""

import os
import re
import signal
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
    assert re.search(r': +5 +0  clone3\n', said), said


def test_stats_are_told_when_asked_for():
    needs_patching()
    script = ('import os, signal, threading, time\n'
              'threading.Thread(target=time.sleep, args=(0.2,)).start()\n'
              'os.kill(os.getpid(), signal.SIGSYS)\n'
              'time.sleep(0.1)\n')
    said = gev('run', '--stats', sys.executable, '-c', script).stderr
    contains(said, 'threads: 2 now, 2 in all')
    contains(said, '; waiting: sleep 1\n')
    assert re.search(r'^gev\[\d+\]: greenlet .* waits in ', said, re.M), said
    quiet = gev('run', sys.executable, '-c', script)
    equal((quiet.returncode, quiet.stderr), (0, ''))


def test_stats_can_be_asked_for_before_there_are_threads():
    needs_patching()
    script = ('import os, signal, subprocess\n'
              'os.kill(os.getpid(), signal.SIGSYS)\n'
              'print(subprocess.call(["sh", "-c", "kill -SYS $$; exit 3"]))')
    done = gev('run', '--stats', sys.executable, '-c', script)
    equal((done.returncode, done.stdout), (0, '3\n'))
    assert done.stderr.count('threads: 1 now, 1 in all') >= 3, done.stderr
    done = gev('run', sys.executable, '-c', script)
    equal(done.returncode, -signal.SIGSYS)


def test_stats_tell_how_calls_were_caught():
    needs_patching()
    script = ('import ctypes, mmap, threading, time\n'
              'threading.Thread(target=time.sleep, args=(0.05,)).start()\n'
              'code = mmap.mmap(-1, 4096, prot=7)\n'
              'code.write(bytes.fromhex("b827000000 0f05 c3"))\n'
              'at = ctypes.addressof(ctypes.c_char.from_buffer(code))\n'
              'getpid = ctypes.CFUNCTYPE(ctypes.c_long)(at)\n'
              'getpid(), getpid(), getpid()\n')
    said = gev('run', '--stats', sys.executable, '-c', script).stderr
    assert re.search(r': +\d+ +3  getpid\n', said), said
    contains(said, '        jump    dispatch  call\n')


def cases():
    """One for each of the program's."""
    for name in outcome([THREADS])[1].decode().split():
        if name != 'kernel_threads':
            globals()[f'test_{name}'] = lambda name=name: same(name)


cases()
main(globals())
