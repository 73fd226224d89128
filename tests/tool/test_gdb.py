#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_gdb.py GEV - threads of a program that is run, as gdb shows them."""

import os
import re
import shutil
import subprocess
import tempfile

from command import GEV, Skip, contains, equal, main, needs_patching

work = tempfile.TemporaryDirectory(prefix='gev-gdb-')
SCRIPT = os.path.join(os.path.dirname(os.path.realpath(GEV)),
                      '../run/gev-gdb.py')
PROGRAM = r'''
#include <pthread.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>
static int ends[2];
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
__attribute__((noinline)) static void take_one(int fd)
{
	char c;
	printf("took %zd\n", read(fd, &c, 1));
}
static void *reader(void *p) { take_one(ends[0]); return p; }
static void *locker(void *p)
{
	pthread_mutex_lock(&held);
	printf("locked by %d\n", getpid() == *(pid_t *)p);
	return p;
}
__attribute__((noinline)) static void let_go(void)
{
	pthread_mutex_unlock(&held);
	if (write(ends[1], "x", 1) != 1)
		puts("WRONG");
}
int main(void)
{
	pid_t pid = getpid();
	pthread_t a, b;
	char c;
	pthread_mutex_lock(&held);
	if (pipe(ends))
		return 1;
	pthread_create(&a, 0, reader, 0);
	pthread_create(&b, 0, locker, &pid);
	puts("ready");
	fflush(stdout);
	usleep(1000);
	if (read(0, &c, 1) == 1)
		let_go();
	pthread_join(a, 0);
	pthread_join(b, 0);
	return 7;
}
'''

LIBRARY = os.path.join(os.path.dirname(os.path.realpath(GEV)), '..')
INCLUDE = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                       '../../include')
OWN = r'''
#include <gev.h>
static void deep(int n) { gev_sleep(GEV_MS(n)); }
static intptr_t sleeper(void *p) { deep(20); return p != 0; }
__attribute__((noinline)) static void look_around(void) { gev_yield(); }
int main(void)
{
	gev_greenlet *g = gev_spawn(sleeper, 0);
	gev_yield();
	look_around();
	return gev_join(g, GEV_FOREVER);
}
'''

INTERRUPTED = r'''
#include <pthread.h>
#include <unistd.h>
#include <sys/syscall.h>
static volatile int stop, ends[2];
static void read_itself(int fd)
{
	char c;
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(SYS_read), "D"(fd), "S"(&c),
			 "d"(1) : "rcx", "r11", "memory");
}
static void *inlined(void *p) { read_itself(ends[0]); return p; }
static void *computing(void *p) { while (!stop); return p; }
__attribute__((noinline)) static void look_around(void) { stop = 1; }
int main(void)
{
	pthread_t a, b;
	if (pipe((int *)ends))
		return 1;
	pthread_create(&a, 0, inlined, 0);
	pthread_create(&b, 0, computing, 0);
	usleep(1000);
	look_around();
	if (write(ends[1], "x", 1) != 1)
		return 1;
	pthread_join(a, 0);
	return pthread_join(b, 0);
}
'''


def compiled(name, code, *options):
    """The program of that name, once."""
    program = f'{work.name}/{name}'
    if os.path.exists(program):
        return program
    needs_patching()
    if not os.path.exists(SCRIPT):
        raise Skip('gev run is not built here')
    if not shutil.which('gdb'):
        raise Skip('no gdb')
    with open(program + '.c', 'w', encoding='ascii') as f:
        f.write(code)
    done = subprocess.run(['cc', '-g', program + '.c', '-o', program,
                           *options], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Skip(f'cc: {done.stderr.splitlines()[-1]}')
    return program


def build():
    return compiled('program', PROGRAM, '-pthread')


def quiet(name, *commands):
    """A file of commands, which nothing of the user's comes in between."""
    path = f'{work.name}/{name}'
    with open(path, 'w', encoding='ascii') as f:
        f.write('\n'.join(('set pagination off', 'set confirm off',
                           'set width 0', 'set debuginfod enabled off',
                           'set style enabled off', *commands, '')))
    return path


def can_debug(said):
    for line in said.splitlines():
        if 'ptrace' in line or 'not permitted' in line:
            raise Skip(line)
    return said


def debug(name, *commands, program=None):
    """What is said by gdb, to which `gev run --gdb` leads."""
    program = build() if program is None else program
    with open(work.name + '/program.in', 'w', encoding='ascii') as f:
        f.write('x')
    commands = quiet(name, *commands)
    with open(commands, encoding='ascii') as f:
        done = subprocess.run(
            [GEV, 'run', '--gdb', program], stdin=f, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=18,
            env={**os.environ, 'HOME': work.name, 'SHELL': '/bin/sh'})
    return can_debug(done.stdout)


RUN = f'run < {work.name}/program.in'
STOP = '#0  take_one (fd='


def test_a_thread_is_stopped_in_and_ends_as_ever():
    said = debug('break', 'break take_one', RUN, 'bt', 'continue', 'quit')
    contains(said, STOP)
    assert re.search(r'#1 .* in reader \(p=0x0\)', said), said
    assert re.search(r'in start_thread|in clone3|libc\.so\.6', said), said
    contains(said, 'took 1')
    contains(said, 'locked by 1')
    contains(said, 'exited with code 07')
    assert 'SIGSYS,' not in said, said


def test_greenlets_that_wait_are_seen_where_they_wait():
    said = debug('greenlets', 'info greenlets', 'break let_go', RUN,
                 'info greenlets', 'greenlet 2', 'bt', 'bt -no-filters',
                 'greenlet apply 3 bt', 'up 100', 'greenlet 1', 'bt',
                 'greenlet 99', 'continue', 'quit')
    contains(said, 'No greenlets')
    assert re.search(r'\* 1 +running +let_go at ', said), said
    assert re.search(r'  2 +waits: read \d+ +take_one at ', said), said
    assert re.search(r'  3 +waits: futex 0x\w+ +locker at ', said), said
    assert re.search(r'take_one \(fd=\d+\) at .*\n#\d+ .* in reader \(', said)
    assert re.search(r'#\d+ .*gev__park \(', said), said
    assert re.search(r'Greenlet 3 .*:\n(#.*\n)*#\d+ .* in locker \(', said)
    assert re.search(r'#0 +let_go \(\) at .*\n#1 .* in main \(\)', said), said
    contains(said, 'No greenlet 99')
    contains(said, 'exited with code 07')


def test_those_that_were_interrupted_are_seen_where_that_was():
    program = compiled('interrupted', INTERRUPTED, '-pthread')
    said = debug('interrupt', 'break look_around', 'run', 'info greenlets',
                 'greenlet apply all bt', 'continue', 'quit', program=program)
    assert re.search(r'  2 +waits: read \d+ +read_itself at ', said), said
    assert re.search(r'  3 +ready +computing at ', said), said
    assert re.search(r'2 .*:\n#.* read_itself .*\n#.* in inlined', said), said
    contains(said, 'exited normally')


def test_what_has_a_breakpoint_is_not_rewritten():
    said = debug('window', 'set breakpoint pending on', 'break getpid',
                 RUN, 'continue', 'bt', 'delete', 'continue', 'quit')
    assert re.search(r'#\d+ .* in locker \(', said), said
    contains(said, 'locked by 1')
    contains(said, 'exited with code 07')


def test_one_that_runs_is_looked_into_from_outside_and_as_a_core():
    core = work.name + '/core'
    program = build()
    env = {**os.environ, 'HOME': work.name}
    with subprocess.Popen([GEV, 'run', program], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as running:
        equal(running.stdout.readline(), 'ready\n')
        attached = subprocess.run(
            ['gdb', '-q', '-batch', '-p', str(running.pid), '-x', SCRIPT,
             '-x', quiet('attach', 'info greenlets', 'greenlet 2', 'bt',
                         f'generate-core-file {core}', 'detach')],
            capture_output=True, text=True, check=False, timeout=18, env=env)
        said, _ = running.communicate('x')
    can_debug(attached.stderr)
    equal((running.returncode, sorted(said.splitlines())),
          (7, ['locked by 1', 'took 1']))
    assert re.search(r'  3 +waits: futex 0x\w+ +locker at ', attached.stdout)
    assert re.search(r'in reader \(', attached.stdout), attached
    later = subprocess.run(
        ['gdb', '-q', '-batch', program, core, '-x', SCRIPT,
         '-x', quiet('later', 'info greenlets', 'greenlet apply all bt')],
        capture_output=True, text=True, check=False, timeout=18, env=env)
    assert re.search(r'  2 +waits: read \d+ +take_one at ', later.stdout), later
    assert re.search(r'Greenlet 3 .*:\n(#.*\n)*#\d+ .* in locker \(',
                     later.stdout), later.stdout


def test_a_program_on_libgev_has_greenlets_as_well():
    program = compiled('own', OWN, '-I' + INCLUDE, '-L' + LIBRARY,
                       '-Wl,-rpath,' + LIBRARY, '-lgev')
    done = subprocess.run(
        ['gdb', '-q', '-batch', program, '-x', SCRIPT, '-x',
         quiet('library', 'break look_around', 'run', 'info greenlets',
               'greenlet apply 2 bt')],
        capture_output=True, text=True, check=False, timeout=18,
        env={**os.environ, 'HOME': work.name, 'SHELL': '/bin/sh'})
    said = can_debug(done.stdout + done.stderr)
    assert re.search(r'  2 +waits: sleep +deep at ', said), said
    assert re.search(r':\n#\d+ .* in deep \(n=20\).*\n#.* in sleeper', said)


main(globals())
