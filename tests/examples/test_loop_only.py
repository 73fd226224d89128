#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_loop_only.py PROGRAM - the line-echo server, from outside."""

import re
import resource
import signal
import socket
import subprocess
import sys

from peer import LIMIT, receive_all, reset, run_cases

PROGRAM = sys.argv[1]


class Echo:
    """A loop_only of our own; stop() gives (exit status, rest of stdout)."""

    def __init__(self, *options, **popen):
        self.process = subprocess.Popen(
            [PROGRAM, '--port', '0', *options], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **popen)
        first = self.process.stdout.readline()
        self.port = int(re.fullmatch(r'.* port (\d+)\n', first)[1])

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), LIMIT)

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=LIMIT)
        assert err == '', err
        return self.process.returncode, out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def run(*arguments):
    r = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                       timeout=LIMIT, check=False)
    return r.returncode, r.stdout, r.stderr


def receive(s, size):
    data = b''
    while len(data) < size:
        more = s.recv(size - len(data))
        assert more, 'ended early'
        data += more
    return data


def echoes_whole_lines():
    with Echo() as echo, echo.connect() as s:
        s.sendall(b'one\ntwo\nthr')
        assert receive(s, 8) == b'one\ntwo\n'
        s.sendall(b'ee\n')
        assert receive(s, 6) == b'three\n'
        assert echo.stop() == (0, '3 lines in all\n')
        assert receive_all(s) == b''


def many_clients_take_turns():
    with Echo() as echo:
        clients = [echo.connect() for _ in range(200)]
        for i, s in enumerate(clients):
            s.sendall(b'%d\n' % i)
        for i, s in reversed(list(enumerate(clients))):
            assert receive(s, len(b'%d\n' % i)) == b'%d\n' % i
            s.close()
        assert echo.stop(signal.SIGTERM) == (0, '200 lines in all\n')


def a_slow_reader_loses_nothing():
    lines = b''.join(b'line %d\n' % i for i in range(20000))
    with Echo() as echo, echo.connect() as s:
        s.setblocking(False)
        sent, got = 0, b''
        while sent < len(lines):
            try:
                sent += s.send(lines[sent:])
            except BlockingIOError:
                s.setblocking(True)
                s.settimeout(LIMIT)
                got += s.recv(1000)
                s.setblocking(False)
        s.settimeout(LIMIT)
        got += receive(s, len(lines) - len(got))
        assert got == lines


def a_line_without_end_is_cut_off():
    with Echo() as echo, echo.connect() as s, echo.connect() as other:
        s.sendall(b'x' * 4096)
        assert receive_all(s) == b''
        other.sendall(b'still there\n')
        assert receive(other, 12) == b'still there\n'


def a_client_may_vanish():
    with Echo() as echo:
        s = echo.connect()
        s.sendall(b'bye\n')
        reset(s)
        with echo.connect() as other:
            other.sendall(b'hello\n')
            assert receive(other, 6) == b'hello\n'


def ticks():
    with Echo('--tick', '1') as echo, echo.connect() as s:
        s.sendall(b'x\n')
        assert receive(s, 2) == b'x\n'
        while echo.process.stdout.readline() != '1 clients, 1 lines\n':
            pass


def out_of_descriptors_it_goes_on():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
    with Echo('--tick', '10', preexec_fn=few) as echo:
        clients = [echo.connect() for _ in range(20)]
        for s in clients:
            s.sendall(b'x\n')
            assert receive(s, 2) == b'x\n'
            s.close()
        status, out = echo.stop()
        assert (status, out.splitlines()[-1]) == (0, '20 lines in all')


def options_are_checked():
    status, out, _ = run('--help')
    assert status == 0 and out.startswith('usage: loop_only')
    assert run('--port', 'x')[0] == 2
    assert run('--tick', '0')[0] == 2
    assert run('extra')[0] == 2
    assert run('--nonsense')[0] == 2
    with socket.create_server(('127.0.0.1', 0)) as taken:
        status, _, err = run('--port', str(taken.getsockname()[1]))
        assert status == 2 and 'cannot listen' in err


run_cases([echoes_whole_lines, many_clients_take_turns,
           a_slow_reader_loses_nothing, a_line_without_end_is_cut_off,
           a_client_may_vanish, ticks, out_of_descriptors_it_goes_on,
           options_are_checked])
