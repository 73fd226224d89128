#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""memcached with four threads, and clients that know what they stored."""

import concurrent.futures
import socket

from api import LIMIT, Daemon, Place, answers_at, main, same

CLIENTS = 50
ROUNDS = 40


def ask(s, file, line, end):
    s.sendall(line)
    got = b''
    while not got.endswith(end):
        more = file.readline()
        assert more, f'{line!r}: it hung up after {got!r}'
        got += more
    return got


def client(path, number):
    """What is stored is read; a common counter is moved."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LIMIT)
        s.connect(path)
        file = s.makefile('rb')
        for i in range(ROUNDS):
            value = b'%d' % (number * i) * 200
            ask(s, file, b'set k%d 0 0 %d\r\n%s\r\n' % (number, len(value),
                                                        value), b'STORED\r\n')
            got = ask(s, file, b'get k%d\r\n' % number, b'END\r\n')
            assert value in got, got
            ask(s, file, b'incr n 1\r\n', b'\r\n')
        return ask(s, file, b'get n\r\n', b'END\r\n')


def work(way):
    with Place() as place:
        path = place.path + '/s'
        with Daemon(place, way, 'memcached', '-t', '4', '-s', path, '-U', '0',
                    '-a', '777', answers=answers_at(path)) as daemon:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                ask(s, s.makefile('rb'), b'set n 0 0 1\r\n0\r\n',
                    b'STORED\r\n')
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
                said = list(pool.map(lambda i: client(path, i),
                                     range(CLIENTS)))
        total = CLIENTS * ROUNDS
        return max(said), b'%d' % total in b''.join(said), daemon.status


def test_memcached():
    same(work)


main(globals())
