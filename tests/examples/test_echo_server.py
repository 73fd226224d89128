#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_echo_server.py PROGRAM - echo_server, under sockets and asyncio."""

import asyncio
import os
import resource
import socket
import subprocess
import sys
import time

from peer import LIMIT, receive_all, reset, run_cases
from program import Program

PROGRAM = sys.argv[1]
MUCH = bytes(range(256)) * 4096


def what_is_sent_comes_back():
    with Program(PROGRAM, '127.0.0.1:0') as server, server.connect() as s:
        s.sendall(b'hello')
        assert s.recv(5, socket.MSG_WAITALL) == b'hello'
        s.sendall(b'bye')
        s.shutdown(socket.SHUT_WR)
        assert receive_all(s) == b'bye'
        assert server.stop() == (0, '', '')


async def talk(port):
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    writer.write(MUCH)
    writer.write_eof()
    data = await reader.read(-1)
    writer.close()
    return data == MUCH


async def many(port):
    return await asyncio.gather(*(talk(port) for _ in range(50)))


def many_at_a_time():
    with Program(PROGRAM, '127.0.0.1:0') as server:
        assert all(asyncio.run(many(server.port)))
        assert server.stop() == (0, '', '')


def both_families_and_paths():
    with Program(PROGRAM, ':0') as server:
        for host in '127.0.0.1', '::1':
            with socket.create_connection((host, server.port), LIMIT) as s:
                s.sendall(b'x')
                assert s.recv(1) == b'x'
    path = f'\0gev-echo-{os.getpid()}'
    with Program(PROGRAM, 'unix:@' + path[1:]) as server, \
            socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'x')
        assert s.recv(1) == b'x'


def peers_that_vanish():
    with Program(PROGRAM, '127.0.0.1:0') as server:
        for sent in b'', b'x', MUCH[:100000]:
            for _ in range(20):
                s = server.connect()
                s.sendall(sent)
                reset(s)
        with server.connect() as s:
            s.sendall(b'x')
            assert s.recv(1) == b'x'
        assert server.stop()[0] == 0


def who_does_not_read_costs_no_time():
    with Program(PROGRAM, '127.0.0.1:0') as server, server.connect() as s:
        s.setblocking(False)
        try:
            while True:
                s.send(MUCH)
        except BlockingIOError:
            pass
        before = cpu_time(server)
        time.sleep(0.3)
        assert cpu_time(server) - before < 5
        with server.connect() as other:
            other.sendall(b'x')
            assert other.recv(1) == b'x'


def cpu_time(server):
    """In ticks of 10 ms."""
    with open(f'/proc/{server.process.pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return int(fields[11]) + int(fields[12])


def few_descriptors_make_others_wait():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))

    with Program(PROGRAM, '127.0.0.1:0', preexec_fn=limit) as server:
        peers = [server.connect() for _ in range(20)]
        time.sleep(0.1)
        for s in peers:
            s.sendall(b'x')
            assert s.recv(1) == b'x'
            s.close()
        assert server.stop()[0] == 0


def sigterm_waits_for_connections():
    with Program(PROGRAM, '127.0.0.1:0') as server, server.connect() as s:
        s.sendall(b'x')
        assert s.recv(1) == b'x'
        server.process.terminate()
        refused = False
        while not refused:
            try:
                server.connect().close()
            except ConnectionRefusedError:
                refused = True
            except ConnectionResetError:
                pass
        s.sendall(b'y')
        assert s.recv(1) == b'y'
        s.close()
        assert server.process.wait(LIMIT) == 0


def what_can_not_be_served():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        address = f'127.0.0.1:{taken.getsockname()[1]}'
        for bad in address, 'x:y:z', '192.0.2.1:0', ':70000':
            r = subprocess.run([PROGRAM, bad], capture_output=True, text=True,
                               timeout=LIMIT, check=False)
            assert r.returncode == 2 and 'cannot listen' in r.stderr, bad


run_cases([what_is_sent_comes_back, many_at_a_time, both_families_and_paths,
           peers_that_vanish,
           who_does_not_read_costs_no_time, few_descriptors_make_others_wait,
           sigterm_waits_for_connections, what_can_not_be_served])
