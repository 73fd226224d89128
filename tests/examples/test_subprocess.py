#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_subprocess.py SUBPROCESS - it runs commands and tells how they end."""

import os
import signal
import subprocess
import sys
import tempfile

from peer import LIMIT, run_cases

PROGRAM, = sys.argv[1:]


def run(*args, stdin=''):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True,
                          input=stdin, timeout=LIMIT)


def one_after_the_other():
    r = run('--jobs', '1', 'echo one; echo two >&2', 'exit 3', 'kill -9 $$',
            'cat')
    assert (r.returncode, r.stderr) == (1, ''), r
    assert r.stdout == ('$ echo one; echo two >&2\none\ntwo\n'
                        '$ exit 3\n-- exit status 3\n'
                        '$ kill -9 $$\n-- Killed\n'
                        '$ cat\n'
                        '4 commands: 2 went well, 2 failed\n'), r.stdout


def commands_on_standard_input():
    r = run('--jobs', '1', stdin='echo a\nprintf b; echo\necho c')
    assert (r.returncode, r.stdout) == (
        0, '$ echo a\na\n$ printf b; echo\nb\n$ echo c\nc\n'
        '3 commands: 3 went well\n'), r


def all_at_a_time():
    """Each waits for all the others."""
    with tempfile.TemporaryDirectory() as d:
        wait = f'while [ $(ls {d} | wc -l) != 5 ]; do sleep 0.01; done'
        r = run('--jobs', '5', *[f'touch {d}/{i}; {wait}; echo {i}'
                                 for i in range(5)])
    assert r.returncode == 0, r
    said = sorted(line for line in r.stdout.split('\n') if len(line) == 1)
    assert said == list('01234'), r.stdout


def much_output():
    r = run(*['seq 100000'] * 3)
    numbers = ''.join(f'{i + 1}\n' for i in range(100000))
    assert r.stdout == ('$ seq 100000\n' + numbers) * 3 + \
        '3 commands: 3 went well\n'


def out_of_time():
    r = run('--limit', '1', 'sleep 100 & wait', 'echo quick')
    assert r.returncode == 1, r
    assert r.stdout == ('$ echo quick\nquick\n'
                        '$ sleep 100 & wait\n-- Connection timed out\n'
                        '2 commands: 1 went well, 1 out of time\n'), r.stdout


def stopped_by_a_signal():
    with subprocess.Popen([PROGRAM, '--jobs', '2', 'echo ready', 'sleep 100',
                           'sleep 100', 'echo never'], text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        assert p.stdout.readline() == '$ echo ready\n'
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=LIMIT)
    assert p.returncode == 1, p.returncode
    assert err == 'subprocess: Terminated\n', err
    stopped = out.count('$ sleep 100\n-- stopped\n')
    assert 1 <= stopped <= 2, out
    assert out.endswith(f'4 commands: 1 went well, {3 - stopped} not run, '
                        f'{stopped} stopped\n'), out


def usage():
    assert run('--help').stdout.startswith('usage: subprocess ')
    assert run().stdout == '0 commands: 0 went well\n'
    for bad in ['--jobs=0'], ['--limit=x'], ['--what']:
        r = run(*bad, 'true')
        assert (r.returncode, r.stdout) == (2, ''), r
        assert r.stderr, bad


os.environ['LC_ALL'] = 'C'
run_cases([one_after_the_other, commands_on_standard_input, all_at_a_time,
           much_output, out_of_time, stopped_by_a_signal, usage])
