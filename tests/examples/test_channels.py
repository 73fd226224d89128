#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_channels.py PRIME_SIEVE SELECT_SERVER - what the two answer."""

import os
import re
import resource
import socket
import subprocess
import sys
import time

from peer import LIMIT, receive_all, reset, run_cases

PRIME_SIEVE, SELECT_SERVER = sys.argv[1:]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT)


def primes(count):
    found = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def first_primes():
    for args, count in [([], 10), (['1'], 1), (['300'], 300)]:
        r = run(PRIME_SIEVE, *args)
        expected = ' '.join(map(str, primes(count))) + '\n'
        assert (r.stdout, r.stderr, r.returncode) == (expected, '', 0), r


def bad_counts_of_primes():
    for bad in ['0', 'x', '-3']:
        r = run(PRIME_SIEVE, bad)
        assert (r.returncode, r.stdout) == (2, '') and r.stderr, r


class Server:
    """A select_server of our own; stop() gives (exit status, rest)."""

    def __init__(self, **popen):
        self.process = subprocess.Popen(
            [SELECT_SERVER, '--port', '0'], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **popen)
        first = self.process.stdout.readline()
        self.port = int(re.fullmatch(r'adding on port (\d+)\n', first)[1])

    def connect(self):
        s = socket.create_connection(('127.0.0.1', self.port), LIMIT)
        return s, s.makefile('r')

    def seconds_of_cpu(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as f:
            fields = f.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def stop(self):
        self.process.terminate()
        out, err = self.process.communicate(timeout=LIMIT)
        assert err == '', err
        return self.process.returncode, out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def stops_at_once_if_nobody_is_there():
    with Server() as server:
        assert server.stop() == (0, 'the sum is 0\n')


def clients_add_to_one_sum():
    with Server() as server:
        a, a_lines = server.connect()
        b, b_lines = server.connect()
        a.sendall(b'1\n2\n')
        assert [a_lines.readline() for _ in range(2)] == ['1\n', '3\n']
        b.sendall(b'1')
        b.sendall(b'0\n')
        assert b_lines.readline() == '13\n'
        a.close()
        a_lines.close()
        b.sendall(b'-3\n')
        assert b_lines.readline() == '10\n'
        assert server.stop() == (0, 'the sum is 10\n')
        assert b_lines.read() == 'bye\n'


def says_bye_to_all():
    with Server() as server:
        clients = [server.connect() for _ in range(50)]
        for s, lines in clients:
            s.sendall(b'1\n')
            assert lines.readline()
        assert server.stop() == (0, 'the sum is 50\n')
        for s, _ in clients:
            assert receive_all(s) == b'bye\n'


def survives_rude_clients():
    with Server() as server:
        for _ in range(10):
            s, _ = server.connect()
            s.sendall(b'5\n' * 100)
            reset(s)
        s, _ = server.connect()
        s.sendall(b'x' * 1000)
        try:
            assert receive_all(s) == b''
        except ConnectionResetError:
            pass
        s, lines = server.connect()
        s.sendall(b'0\n')
        assert int(lines.readline()) % 5 == 0
        status, out = server.stop()
        assert status == 0 and out.startswith('the sum is '), out


def few_descriptors_make_others_wait():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))

    with Server(preexec_fn=limit) as server:
        clients = [server.connect() for _ in range(30)]
        clients[0][0].sendall(b'1\n')
        assert clients[0][1].readline() == '1\n'
        before = server.seconds_of_cpu()
        time.sleep(0.5)
        assert server.seconds_of_cpu() - before < 0.1
        for s, lines in clients:
            s.sendall(b'1\n')
            assert lines.readline()
            lines.close()
            s.close()
        assert server.stop() == (0, 'the sum is 31\n')


run_cases([first_primes, bad_counts_of_primes,
           stops_at_once_if_nobody_is_there, clients_add_to_one_sum,
           says_bye_to_all, survives_rude_clients,
           few_descriptors_make_others_wait])
