#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_connection_pool.py PROGRAM - against a server that breaks off."""

import socketserver
import subprocess
import sys
import threading

from peer import LIMIT, run_cases

PROGRAM = sys.argv[1]


class Server(socketserver.ThreadingTCPServer):
    """Echoes lines, @patience of them on each connection (0: all)."""

    daemon_threads = True

    def __init__(self, patience):
        super().__init__(('127.0.0.1', 0), Handler)
        self.patience = patience
        self.connections = 0
        threading.Thread(target=self.serve_forever).start()

    def end(self):
        self.shutdown()
        self.server_close()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.connections += 1
        for n, line in enumerate(self.rfile, 1):
            self.wfile.write(line)
            if n == self.server.patience:
                break


def ask(server, *arguments):
    address = f'127.0.0.1:{server.server_address[1]}'
    r = subprocess.run([PROGRAM, address, *arguments], capture_output=True,
                       text=True, timeout=LIMIT, check=False)
    return r.returncode, r.stdout


def few_connections_serve_many_requests():
    server = Server(0)
    assert ask(server, '300', '3') == \
        (0, '300 right, 0 wrong, 3 connections opened\n')
    assert server.connections == 3
    server.end()


def broken_connections_are_replaced():
    server = Server(10)
    status, out = ask(server, '100', '2')
    assert status == 0 and out in (
        '100 right, 0 wrong, 10 connections opened\n',
        '100 right, 0 wrong, 11 connections opened\n'), out
    server.end()


def nobody_there():
    server = Server(0)
    server.end()
    assert ask(server, '10') == \
        (1, '0 right, 10 wrong, 0 connections opened\n')


run_cases([few_connections_serve_many_requests,
           broken_connections_are_replaced, nobody_there])
