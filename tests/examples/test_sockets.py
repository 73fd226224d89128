#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_sockets.py UDP_SERVER UDP_CLIENT UNIX_SOCKETS - what they answer."""

import os
import re
import socket
import subprocess
import sys
import tempfile

from peer import LIMIT, run_cases

UDP_SERVER, UDP_CLIENT, UNIX_SOCKETS = sys.argv[1:]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT)


class Server:
    """A udp_server of our own; stop() gives its last words."""

    def __init__(self):
        self.process = subprocess.Popen(
            [UDP_SERVER, '--port', '0'], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        self.port = int(re.fullmatch(r'answering on port (\d+)\n', first)[1])

    def client(self, *questions):
        r = run(UDP_CLIENT, '--port', str(self.port), *questions)
        assert (r.stderr, r.returncode) == ('', 0), r
        return r.stdout

    def socket(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(('127.0.0.1', self.port))
        s.settimeout(LIMIT)
        return s

    def stop(self):
        self.process.terminate()
        out, err = self.process.communicate(timeout=LIMIT)
        assert (err, self.process.returncode) == ('', 0), err
        return out


def questions_and_answers():
    server = Server()
    assert server.client('set colour blue') == 'set colour blue: blue\n'
    assert server.client('get colour', 'get size', 'nonsense') == (
        'get colour: blue\nget size: none\nnonsense: what?\n')
    assert server.client() == ''
    assert server.stop() == '4 answers\n'


def many_at_a_time():
    server = Server()
    questions = [f'set name{i % 50} {i}' for i in range(200)]
    lines = server.client(*questions).splitlines()
    assert lines == [f'{q}: {i}' for i, q in enumerate(questions)], lines
    assert server.stop() == '200 answers\n'


def a_slow_one_holds_up_nobody():
    server = Server()
    with server.socket() as slow, server.socket() as fast:
        slow.send(b'slow get x')
        fast.send(b'set x 1')
        assert fast.recv(100) == b'1'
        assert slow.recv(100) == b'1'
    assert server.stop() == '2 answers\n'


def what_was_begun_is_finished():
    server = Server()
    with server.socket() as s:
        s.send(b'slow get x')
        s.send(b'get x')
        assert s.recv(100) == b'none'  # so the slow one was received
        assert server.stop() == '2 answers\n'
        assert s.recv(100) == b'none'


def odd_datagrams():
    server = Server()
    with server.socket() as s:
        for text in [b'', b'\0\0', b'x' * 60000, b'set', b'set x', b'slow']:
            s.send(text)
            assert s.recv(100) == b'what?'
        for text in [b'get ' + b'y' * 64, b'set x ' + b'y' * 100]:
            s.send(text)
            assert s.recv(100) == b'too long'
        for i in range(99):
            s.send(b'set n%d 1' % i)
            s.recv(100)
        s.send(b'set last 1')
        s.recv(100)
        s.send(b'set more 1')
        assert s.recv(100) == b'full'
    server.stop()


def lost_questions_are_asked_again():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        s.settimeout(LIMIT)
        client = subprocess.Popen(
            [UDP_CLIENT, '--port', str(s.getsockname()[1]), '--patience', '50',
             '--tries', '100', 'hello'], stdout=subprocess.PIPE, text=True)
        s.recv(100)
        text, peer = s.recvfrom(100)
        s.sendto(b'at last', peer)
        out, _ = client.communicate(timeout=LIMIT)
        assert text == b'hello' and out == 'hello: at last\n', out


def nobody_answers():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        port = str(s.getsockname()[1])
        r = run(UDP_CLIENT, '--port', port, '--patience', '10', '--tries',
                '2', 'hello')
        assert r.stdout == 'hello: Connection timed out\n', r
        assert r.returncode == 1
    r = run(UDP_CLIENT, '--port', port, '--patience', '10', '--tries', '2',
            'hello')
    assert r.stdout == 'hello: Connection refused\n', r
    assert r.returncode == 1


def descriptors_are_handed_out():
    with tempfile.TemporaryDirectory() as directory:
        small, large, secret = (os.path.join(directory, name) for name in
                                ('a small', 'a large', 'b secret'))
        for path, size in (small, 6), (large, 100000), (secret, 7):
            with open(path, 'wb') as f:
                f.write(b'x' * size)
        missing = os.path.join(directory, 'a missing')
        r = run(UNIX_SOCKETS, '--allow', os.path.join(directory, 'a '), small,
                large, secret, missing)
        assert (r.returncode, r.stderr) == (0, ''), r
        assert sorted(r.stdout.splitlines()) == sorted([
            f'{small}: 6 bytes', f'{large}: 100000 bytes',
            f'{secret}: Permission denied',
            f'{missing}: No such file or directory']), r.stdout


def many_clients():
    r = run(UNIX_SOCKETS, *[sys.argv[0]] * 200)
    size = os.path.getsize(sys.argv[0])
    assert r.stdout == f'{sys.argv[0]}: {size} bytes\n' * 200, r


run_cases([questions_and_answers, many_at_a_time, a_slow_one_holds_up_nobody,
           what_was_begun_is_finished, odd_datagrams,
           lost_questions_are_asked_again, nobody_answers,
           descriptors_are_handed_out, many_clients])
