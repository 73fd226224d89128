#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_usage.py PROGRAM... - what they say of their arguments."""

import os
import subprocess
import sys

from peer import LIMIT, run_cases

PROGRAMS = {os.path.basename(path): path for path in sys.argv[1:]}
WRONG = {
    'chat': [['-x'], ['127.0.0.1:0', 'x']],
    'connection_pool': [[], ['-x'], ['127.0.0.1:1', '0']],
    'dns_resolve': [['--x'], ['-j', '0', 'x']],
    'echo_server': [['-x'], ['127.0.0.1:0', 'x']],
    'hash_files': [[], ['--x'], ['-j', 'x', 'x']],
    'multicore_server': [['-x'], ['127.0.0.1:0', '0'],
                         ['127.0.0.1:0', '1', 'x']],
    'port_forwarder': [[], ['-x'], [':0', ':1', 'x']],
    'prime_sieve': [['-x'], ['1', '2']],
    'select_server': [['--x'], ['x'], ['--port', 'x']],
    'udp_client': [['--x'], ['--port', '0']],
    'udp_server': [['--x'], ['x'], ['--port', 'x']],
    'unix_sockets': [['--x'], ['--allow']],
}


def run(name, *arguments):
    return subprocess.run([PROGRAMS[name], *arguments], capture_output=True,
                          text=True, timeout=LIMIT, check=False)


def all_tell_their_usage():
    for name in PROGRAMS:
        r = run(name, '--help')
        assert (r.returncode, r.stderr) == (0, ''), r
        assert r.stdout.startswith(f'usage: {name} '), r
        assert max(map(len, r.stdout.splitlines())) < 80, r


def wrong_ones_are_errors():
    for name, lists in WRONG.items():
        for arguments in lists:
            r = run(name, *arguments)
            assert (r.returncode, r.stdout) == (2, '') and r.stderr, r


def wrong_numbers_are_told_by_their_names():
    for name, arguments, told in (
            ('hash_files', ['-j', 'x', 'x'], ': -j wants'),
            ('select_server', ['--port', 'x'], ': --port wants'),
            ('prime_sieve', ['x'], ': COUNT wants')):
        assert told in run(name, *arguments).stderr, name


run_cases([all_tell_their_usage, wrong_ones_are_errors,
           wrong_numbers_are_told_by_their_names])
