#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_queues.py PRODUCER_CONSUMER SCOPE WORKER_POOL - what they print."""

import os
import socket
import subprocess
import sys

from peer import LIMIT, run_cases

PRODUCER_CONSUMER, SCOPE, WORKER_POOL = sys.argv[1:]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT)


def prints(text, *command):
    r = run(*command)
    assert (r.stdout, r.stderr, r.returncode) == (text, '', 0), r


def the_producer_is_held_back():
    prints('put 1\nput 2\n'
           '\tgot 1\nput 3\n\tgot 2\nput 4\n\tgot 3\nput 5\n\tgot 4\nput 6\n'
           '\tgot 5\n\tgot 6\n', PRODUCER_CONSUMER)


def a_failing_child():
    prints('disk: ready\nnetwork: no route\n'
           f'index: stopped, {os.strerror(125)}\n'
           f'start-up failed: {os.strerror(101)}\n', SCOPE)


def ports_open_and_closed():
    with socket.create_server(('127.0.0.1', 0), backlog=64) as listening, \
            socket.socket() as bound:
        bound.bind(('127.0.0.1', 0))
        is_open = listening.getsockname()[1]
        closed = bound.getsockname()[1]
        for workers in '1', '3', '20':
            prints(f'{is_open} open\n{closed} Connection refused\n' * 5,
                   WORKER_POOL, '--workers', workers, '127.0.0.1',
                   *[str(is_open), str(closed)] * 5)


def usage():
    assert run(WORKER_POOL, '--help').stdout.startswith('usage: worker_pool ')
    for bad in [[], ['127.0.0.1'], ['nowhere', '1'], ['127.0.0.1', '0'],
                ['--workers', '0', '127.0.0.1', '1']]:
        r = run(WORKER_POOL, *bad)
        assert (r.returncode, r.stdout) == (2, ''), r
        assert r.stderr, bad


run_cases([the_producer_is_held_back, a_failing_child, ports_open_and_closed,
           usage])
