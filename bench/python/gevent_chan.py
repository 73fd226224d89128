# SPDX-License-Identifier: MIT
"""A round trip over two channels of gevent."""

import time

import gevent
from gevent.queue import Channel

from bench import print_median

ROUNDS = 5000


def once():
    there, back = Channel(), Channel()

    def reply():
        for _ in range(ROUNDS):
            back.put(there.get())

    gevent.spawn(reply)
    start = time.monotonic_ns()
    for i in range(ROUNDS):
        there.put(i)
        assert back.get() == i
    return (time.monotonic_ns() - start) / ROUNDS


print_median(once)
