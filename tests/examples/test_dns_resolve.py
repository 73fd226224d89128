#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_dns_resolve.py DNS_RESOLVE ARES - names of a dnsmasq of our own.

ARES is "true" if the library has c-ares, which can be told whom to ask.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time

from peer import LIMIT, run_cases

DNS_RESOLVE, ARES = sys.argv[1:]
DNSMASQ = shutil.which('dnsmasq', path=os.environ['PATH'] + ':/usr/sbin')


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def answers(port):
    """Whether somebody there knows a.test."""
    query = b'\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        try:
            sock.connect(('127.0.0.1', port))
            sock.send(query)
            return sock.recv(512).endswith(b'\x0a\0\0\1')
        except OSError:
            return False


def try_port(port):
    """A server that answers there, or None if somebody else was faster."""
    process = subprocess.Popen(
        [DNSMASQ, '--keep-in-foreground', '--conf-file=/dev/null',
         '--no-resolv', '--no-hosts', '--listen-address=127.0.0.1',
         '--bind-interfaces', '--pid-file=', '--user=', f'--port={port}',
         '--local=/test/', '--host-record=a.test,10.0.0.1,fd00::1',
         '--cname=c.test,a.test', '--address=/many.test/10.9.9.9'],
        stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        if answers(port):
            return process
        time.sleep(0.01)
    process.kill()
    process.wait()
    return None


def start_server():
    for _ in range(10):
        port = free_port()
        process = try_port(port)
        if process:
            return process, port
    raise RuntimeError('dnsmasq does not start')


def run(*arguments, server=None, **options):
    env = {**os.environ, 'GEV_RESOLVER': 'ares',
           'GEV_RESOLVER_HOSTS': '/dev/null',
           'GEV_RESOLVER_NAMESERVERS': f'127.0.0.1:{server or PORT}'}
    return subprocess.run([DNS_RESOLVE, *arguments], capture_output=True,
                          text=True, timeout=LIMIT, env=env, **options)


def summary(r):
    numbers = re.search(r'(\d+) names: (\d+) found, (\d+) unknown, '
                        r'(\d+) failed; [\d.]+ s, \d+/s\n$', r.stderr)
    return tuple(map(int, numbers.groups()))


def names_as_arguments():
    r = run('-4', 'a.test', 'c.test', 'nosuch.test', '10.1.2.3')
    assert sorted(r.stdout.splitlines()) == [
        '10.1.2.3 10.1.2.3', 'a.test 10.0.0.1', 'c.test 10.0.0.1'], r
    assert 'nosuch.test: Name or service not known\n' in r.stderr, r
    assert summary(r) == (4, 3, 1, 0) and r.returncode == 1, r


def both_families():
    r = run('a.test')
    assert sorted(r.stdout.split()) == ['10.0.0.1', 'a.test', 'fd00::1'], r
    assert summary(r) == (1, 1, 0, 0) and r.returncode == 0, r
    assert run('-6', 'a.test').stdout == 'a.test fd00::1\n'


def a_thousand_names_from_standard_input():
    names = [f'n{i}.many.test' for i in range(1000)]
    r = run('-j', '50', '-4', input='# names\n\n' + '\n'.join(names))
    assert sorted(r.stdout.splitlines()) == sorted(
        f'{name} 10.9.9.9' for name in names), r
    assert summary(r) == (1000, 1000, 0, 0) and r.returncode == 0, r


def a_server_that_never_answers():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(('127.0.0.1', 0))
        r = run('-t', '1', 'a.test', 'b.test', server=sock.getsockname()[1])
    assert r.stderr.count(': Connection timed out\n') == 2, r
    assert summary(r) == (2, 0, 0, 2) and r.returncode == 1, r


def wrong_usage():
    assert run('-h').returncode == 0
    assert run('-x').returncode == 2
    assert run('-j', '0', 'a.test').returncode == 2


if ARES != 'true':
    print('built without c-ares')
    sys.exit(77)
if not DNSMASQ:
    print('dnsmasq is not installed')
    sys.exit(77)
SERVER, PORT = start_server()
try:
    run_cases([names_as_arguments, both_families,
               a_thousand_names_from_standard_input,
               a_server_that_never_answers, wrong_usage])
finally:
    SERVER.kill()
    SERVER.wait()
