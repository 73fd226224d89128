#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_chat.py PROGRAM - people who talk, and one who does not listen."""

import socket
import sys

from peer import receive_all, run_cases
from program import Lines, Program

PROGRAM = sys.argv[1]


def join(server, name):
    guest = Lines(server.connect())
    assert guest.file.read(6) == 'name? '
    guest.file.write(name + '\n')
    guest.file.flush()
    return guest


def say(guest, line):
    guest.file.write(line + '\n')
    guest.file.flush()


def everybody_hears_it():
    with Program(PROGRAM, '127.0.0.1:0') as server:
        ann, bob = join(server, 'ann'), None
        say(ann, 'anyone?')
        assert ann.read() == 'ann anyone?'
        bob = join(server, 'bob')
        assert ann.read() == 'bob joins'
        say(bob, 'hello')
        assert ann.read() == bob.read() == 'bob hello'
        bob.close()
        assert ann.read() == 'bob leaves'
        assert server.stop() == (0, '', '')
        assert receive_all(ann.socket) == b''
        ann.close()


def long_lines_are_cut():
    with Program(PROGRAM, '127.0.0.1:0') as server:
        ann = join(server, 'n' * 100)
        say(ann, 1000 * 'x')
        heard = ann.read()
        assert heard.startswith('n' * 31 + ' xxx') and len(heard) < 600
        ann.close()


def who_does_not_read_misses_lines():
    with Program(PROGRAM, '127.0.0.1:0') as server:
        deaf = server.connect()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b'deaf\n')
        ann = join(server, 'ann')
        while True:
            say(ann, 'ping')
            if ann.read() == 'ann ping':
                break
        for i in range(20000):
            say(ann, f'{i} ' + 400 * 'x')
            assert ann.read().startswith(f'ann {i} ')
        assert server.stop()[0] == 0
        deaf.close()
        ann.close()


run_cases([everybody_hears_it, long_lines_are_cut,
           who_does_not_read_misses_lines])
