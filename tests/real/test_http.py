#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""python3's ThreadingHTTPServer, which makes a thread for each of 100 clients.

It listens with room for five: each has one answer before the next connects.
"""

import hashlib
import socket

from api import LIMIT, Daemon, Place, answers_at, free_port, main, same

CLIENTS = 100
ROUNDS = 3
BODY = bytes(range(256)) * 300


def exchange(s):
    s.sendall(b'GET /body HTTP/1.1\r\nHost: here\r\n\r\n')
    file = s.makefile('rb')
    status = file.readline()
    size = 0
    while (line := file.readline()) != b'\r\n':
        name, _, value = line.partition(b':')
        if name.lower() == b'content-length':
            size = int(value)
    return status, hashlib.sha256(file.read(size)).hexdigest()


def connect(port):
    s = socket.create_connection(('127.0.0.1', port), LIMIT)
    s.settimeout(LIMIT)
    return s


def work(way):
    port = free_port()
    with Place() as place:
        place.file('body', BODY)
        with Daemon(place, way, '/usr/bin/python3', '-m', 'http.server',
                    '--bind', '127.0.0.1', '--protocol', 'HTTP/1.1', str(port),
                    answers=answers_at(port)) as daemon:
            clients, said = [], []
            for _ in range(CLIENTS):
                clients.append(connect(port))
                said.append(exchange(clients[-1]))
            said += [exchange(s) for _ in range(ROUNDS) for s in clients]
            for s in clients:
                s.close()
        assert set(said) == {(b'HTTP/1.1 200 OK\r\n',
                              hashlib.sha256(BODY).hexdigest())}, set(said)
        return len(said), daemon.status


def test_threading_http_server():
    same(work)


main(globals())
