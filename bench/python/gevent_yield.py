# SPDX-License-Identifier: MIT
"""Two greenlets of gevent take turns by sleep(0)."""

import time

import gevent

from bench import print_median

TURNS = 20000


def take_turns():
    for _ in range(TURNS):
        gevent.sleep(0)


def once():
    start = time.monotonic_ns()
    gevent.joinall([gevent.spawn(take_turns) for _ in range(2)])
    return (time.monotonic_ns() - start) / (2 * TURNS)


print_median(once)
