#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_environment.py GEV LIBRARY - what the library is told, and tells."""

import sys

from api import (LIBRARY, Skip, TOLD, contains, equal, gev, hint, main,
                 needs_patching, outcome)


def test_children_are_followed_or_not():
    needs_patching()
    for command in TOLD, ('sh', '-c', ' '.join(TOLD)), ('env', '-i', *TOLD):
        followed = gev('run', *command).stdout
        contains(followed, 'libgev-run.so')
        contains(followed, 'GEV_RUN=')
    left = gev('run', '--no-follow', 'sh', '-c', ' '.join(TOLD)).stdout
    assert 'GEV_RUN' not in left and 'libgev' not in left, left


def test_the_program_does_not_see_it():
    needs_patching()
    mine = {'LD_PRELOAD': 'libdl.so.2', 'A': 'b', '_': ''}
    for command in ('env',), ('sh', '-c', 'env'), ('env', '-i', 'env'):
        for more in (), ('--no-follow',):
            _, native, _ = outcome(list(command), env=mine)
            equal(gev('run', *more, *command, env=mine).stdout,
                  native.decode())


CHILDREN = """
import os, sys, threading

COUNT = ['sh', '-c',
         "tr '\\\\0' '\\\\n' </proc/$$/environ | grep -c ^GEV_RUN=; exit 7"]

def fork():
    pid = os.fork()
    if pid == 0:
        os.execv('/bin/sh', COUNT)
    return pid

def spawn():
    return os.posix_spawn('/bin/sh', COUNT, os.environ)

def clean():
    return os.posix_spawn('/bin/sh', COUNT, {'PATH': os.environ['PATH']})

def children():
    for make in fork, spawn, clean:
        print(os.waitstatus_to_exitcode(os.waitpid(make(), 0)[1]), flush=True)
    print(os.waitstatus_to_exitcode(os.system(COUNT[2])), flush=True)

thread = threading.Thread(target=children)
thread.start()
thread.join()
"""


def test_children_of_threads_are_followed_or_not():
    needs_patching()
    command = sys.executable, '-c', CHILDREN
    equal(gev('run', *command).stdout.split(),
          4 * ['1', '7'])
    equal(gev('run', '--no-follow', *command).stdout.split(), 4 * ['0', '7'])


RIGHTS = """
import ctypes, errno, os, threading

libc = ctypes.CDLL(None, use_errno=True)
SETRESUID, UNSHARE = 117, 272

def attempt(*call):
    return libc.syscall(*call) == 0 or errno.errorcode[ctypes.get_errno()]

def change():
    print(attempt(SETRESUID, -1, 1234, -1), attempt(UNSHARE, 0x200),
          libc.setfsuid(1234) == libc.setfsuid(-1),
          attempt(SETRESUID, -1, os.geteuid(), -1))

def change_all():
    if os.geteuid() == 0:
        os.seteuid(1234)

for f in change, change_all:
    thread = threading.Thread(target=f)
    thread.start()
    thread.join()
print(os.geteuid() == (os.getuid() or 1234))
"""


def test_a_thread_has_no_rights_of_its_own():
    needs_patching()
    equal(gev('run', sys.executable, '-c', RIGHTS).stdout,
          'EPERM EPERM True True\nTrue\n')


def test_other_preloads_stay():
    needs_patching()
    mine = {'LD_PRELOAD': 'libdl.so.2'}
    contains(gev('run', *TOLD, env=mine).stdout,
             f'LD_PRELOAD={LIBRARY}:libdl.so.2\0')
    contains(gev('run', '--no-follow', 'env', env=mine).stdout,
             'LD_PRELOAD=libdl.so.2\n')


def test_verbose_says_what_was_done():
    needs_patching()
    contains(gev('run', '-v', 'true').stderr, 'rewritten')
    equal(gev('run', 'true').stderr, '')


def test_stats_come_even_if_standard_error_is_closed():
    needs_patching()
    contains(gev('run', '--stats', 'ls', '/').stderr, 'threads: 1 now')


def test_what_is_said_does_not_go_into_the_programs_files():
    needs_patching()
    script = ('import os, tempfile, threading\n'
              'os.closerange(3, 2000)\n'
              'with tempfile.TemporaryFile() as f:\n'
              '    for fd in range(890, 950): os.dup2(f.fileno(), fd)\n'
              '    threading.Thread(target=print, args=("hi",)).start()\n'
              '    os.kill(os.getpid(), 31)\n'
              '    print(os.fstat(f.fileno()).st_size)\n')
    done = gev('run', '--stats', sys.executable, '-c', script)
    equal((done.returncode, done.stdout), (0, 'hi\n0\n'))


def test_a_libc_nobody_looked_at_is_left_alone():
    needs_patching()
    thread = ('import threading\n'
              'threading.Thread(target=print, args=("hi",)).start()')
    for text in ('', '00', hint()[:-3], hint() + ' zz', hint() + ' fffffff+5',
                 hint() + ' 1', hint().replace(hint()[:4], '0000'),
                 'x' * 5000):
        status, out, err = outcome([sys.executable, '-c', thread], env={
            'LD_PRELOAD': LIBRARY, 'GEV_RUN': '1', 'GEV_RUN_LIBC': text})
        equal((status, out), (0, b'hi\n'))
        if text != hint()[:-3]:
            contains(err.decode(), 'left to the kernel')


FILTERS = """
import ctypes, os, struct, sys, threading

NO_NEW_PRIVS, SET_SECCOMP, FILTER, SECCOMP = 38, 22, 2, 317
libc = ctypes.CDLL(None, use_errno=True)

def filter(*call):
    allow = ctypes.create_string_buffer(
        struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
    program = struct.pack('HxxxxxxP', 1, ctypes.addressof(allow))
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    return call[0](*call[1:], program), os.strerror(ctypes.get_errno())

def thread():
    t = threading.Thread(target=print, args=('thread',))
    t.start()
    t.join()

by_prctl = libc.prctl, SET_SECCOMP, FILTER
by_seccomp = libc.syscall, SECCOMP, 1, 0
if sys.argv[1] == 'after':
    thread()
    print(filter(*by_prctl), filter(*by_seccomp))
else:
    print(filter(*by_prctl)[0])
thread()
"""


def test_with_a_filter_threads_are_left_to_the_kernel():
    needs_patching()
    command = sys.executable, '-c', FILTERS, 'before'
    _, native, _ = outcome(list(command))
    if native != b'0\nthread\n':
        raise Skip('no filters of system calls here')
    it = gev('run', *command)
    equal(it.stdout, native.decode())
    contains(it.stderr, 'left to the kernel: it filters')


def test_with_threads_there_are_no_filters():
    needs_patching()
    it = gev('run', sys.executable, '-c', FILTERS, 'after')
    refused = "(-1, 'Invalid argument')"
    equal(it.stdout, f'thread\n{refused} {refused}\nthread\n')
    contains(it.stderr, 'a filter (seccomp)')


main(globals())
