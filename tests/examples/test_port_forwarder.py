#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_port_forwarder.py PROGRAM - between http.client and http.server."""

import http.client
import http.server
import socket
import sys
import threading

from peer import LIMIT, receive_all, reset, run_cases
from program import Program

PROGRAM = sys.argv[1]
MUCH = bytes(range(256)) * 4096


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):  # pylint: disable=invalid-name
        data = self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


def between_http_client_and_server():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    target = f'localhost:{server.server_port}'
    with Program(PROGRAM, '127.0.0.1:0', target) as forwarder:
        c = http.client.HTTPConnection('127.0.0.1', forwarder.port,
                                       timeout=LIMIT)
        for data in b'x', MUCH, b'':
            c.request('POST', '/', body=data)
            r = c.getresponse()
            assert (r.status, r.read()) == (200, data)
        c.close()
        assert forwarder.stop() == (0, '', '')
    server.shutdown()
    server.server_close()


def half_closed_connections():
    with socket.create_server(('127.0.0.1', 0)) as target:
        address = f'127.0.0.1:{target.getsockname()[1]}'
        with Program(PROGRAM, '127.0.0.1:0', address) as forwarder, \
                forwarder.connect() as s:
            s.sendall(b'question')
            s.shutdown(socket.SHUT_WR)
            other, _ = target.accept()
            assert receive_all(other) == b'question'
            other.sendall(b'answer')
            other.close()
            assert receive_all(s) == b'answer'
            assert forwarder.stop() == (0, '', '')


def a_reset_is_the_end_of_both():
    with socket.create_server(('127.0.0.1', 0)) as target:
        address = f'127.0.0.1:{target.getsockname()[1]}'
        with Program(PROGRAM, '127.0.0.1:0', address) as forwarder:
            s = forwarder.connect()
            s.sendall(b'x')
            other, _ = target.accept()
            assert other.recv(1) == b'x'
            reset(s)
            assert receive_all(other) == b''
            other.close()
            assert forwarder.stop() == (0, '', '')


def nobody_listens_there():
    with socket.create_server(('127.0.0.1', 0)) as closed:
        address = f'127.0.0.1:{closed.getsockname()[1]}'
    with Program(PROGRAM, '127.0.0.1:0', address) as forwarder, \
            forwarder.connect() as s:
        assert receive_all(s) == b''
        status, _, err = forwarder.stop()
        assert status == 0 and 'Connection refused' in err


run_cases([between_http_client_and_server, half_closed_connections,
           a_reset_is_the_end_of_both, nobody_listens_there])
