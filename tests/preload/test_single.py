#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_single.py GEV LIBRARY [EARLY] - programs with one thread.

Each runs natively and under `gev run`, or if there is EARLY, with all its calls
caught as if it had threads: exit status and output must be the same.
"""

import os
import re
import shutil
import sys
import tempfile

from api import (GEV, LIBRARY, Skip, contains, equal, hint, main,
                 needs_patching, outcome)

EARLY = os.path.abspath(sys.argv[3]) if sys.argv[3:] else None


def caught(command, words=''):
    """With all calls caught, from before main() on."""
    return outcome(command, env={
        'LD_PRELOAD': f'{LIBRARY}:{EARLY}', 'GEV_RUN': '1,eager' + words,
        'GEV_RUN_LIBC': hint()})


def same(*command):
    needs_patching()
    if not shutil.which(command[0]):
        raise Skip(f'no {command[0]}')
    native = outcome(list(command))
    equal(caught(list(command)) if EARLY else
          outcome([GEV, 'run', *command]), native)


def test_all_calls_are_caught_here():
    needs_patching()
    if not EARLY:
        raise Skip('they are not')
    said = caught(['true'], ',stats,verbose')[2].decode()
    contains(said, 'dispatched by the kernel')
    assert re.search(r': +1 +0  clone\n', said), said


def test_exit_statuses_pass_through():
    same('sh', '-c', 'exit 7')
    same('false')


def test_deaths_by_signals_pass_through():
    for signal in ('TERM', 'KILL', 'SEGV', 'ABRT', 'PIPE'):
        same('sh', '-c', f'kill -{signal} $$')


def test_a_real_fault_kills():
    same('python3', '-c', 'import ctypes; ctypes.string_at(0)')


def test_output_stays_what_it_was():
    same('ls', '/')
    same('env', '-i', 'A=b', 'env')
    same('realpath', '../..')
    same('sh', '-c', 'echo out; echo err >&2')


def test_pipelines_run():
    same('bash', '-c', 'yes | head -1000 | md5sum; echo ${PIPESTATUS[@]}')


def test_shells_wait_for_their_children():
    same('bash', '-c', 'sleep 5 & sleep 0.05; kill -HUP $!; '
         'wait $! 2>/dev/null; echo $?')
    same('bash', '-c', 'timeout 0.1 sleep 5; echo $?')
    same('awk', 'BEGIN { while (("ls /" | getline x) > 0) print x; '
         'print system("exit 3") }')


def test_traps_are_run():
    same('bash', '-c', 'trap "echo usr1" USR1; kill -USR1 $$; '
         'sleep 0.05 & wait; echo done')


def test_signals_interrupt():
    same('python3', '-c', '''
import select, signal
def handler(*args):
    raise InterruptedError
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    select.select([], [], [], 5)
except InterruptedError:
    print('interrupted')
''')


def test_all_signals_may_be_blocked():
    same('python3', '-c', '''
import signal, subprocess
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])) > 50)
print(subprocess.check_output('echo hi', shell=True))
''')


def test_python_forks_and_spawns():
    same('python3', '-c', 'import os; pid = os.fork(); '
         'pid or os._exit(3); print(os.waitpid(pid, 0)[1])')
    same('python3', '-c', 'import subprocess; '
         'print(subprocess.run(["echo", "x"], capture_output=True))')


def test_compilers_run():
    with tempfile.TemporaryDirectory(prefix='gev-single-') as work:
        source = os.path.join(work, 'a.c')
        with open(source, 'w', encoding='ascii') as f:
            f.write('int main(void) { return 5; }')
        same('cc', source, '-o', os.path.join(work, 'a'))
        same(os.path.join(work, 'a'))


def test_git_and_tar_run():
    same('git', '--version')
    same('sh', '-c', 'tar cf - /etc/passwd 2>/dev/null | tar tf -')


main(globals())
