# SPDX-License-Identifier: MIT
"""gev-dns on gevent with its c-ares resolver; the same arguments."""

import sys
import time

import gevent
from gevent import socket
from gevent.resolver.ares import Resolver

NAMES = 10000
GREENLETS = 100
PORT = int(sys.argv[1])
CLOCK = time.process_time_ns if len(sys.argv) > 2 else time.monotonic_ns

gevent.get_hub().resolver = Resolver(servers=["127.0.0.1"], udp_port=PORT,
                                     tcp_port=PORT)


def ask(numbers):
    for i in numbers:
        socket.getaddrinfo(f"n{i}.bench.test", 80, socket.AF_INET,
                           socket.SOCK_STREAM)


def once():
    numbers = iter(range(NAMES))
    start = CLOCK()
    gevent.joinall([gevent.spawn(ask, numbers) for _ in range(GREENLETS)],
                   raise_error=True)
    return (CLOCK() - start) / NAMES


once()
print("%.0f" % once())
