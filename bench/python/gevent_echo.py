# SPDX-License-Identifier: MIT
"""An echo server on gevent: one greenlet for each connection."""

import gevent
from gevent import socket

from bench import BUFFER_SIZE, listen


def serve(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock:
        try:
            while data := sock.recv(BUFFER_SIZE):
                sock.sendall(data)
        except ConnectionError:
            pass


listener = listen(socket.socket())
while True:
    gevent.spawn(serve, listener.accept()[0])
