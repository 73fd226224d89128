# SPDX-License-Identifier: MIT
"""A thousand items into a bounded queue of gevent and out again."""

import time

from gevent.queue import Queue

from bench import print_median

ROUNDS = 20
ITEMS = 1000


def once():
    queue = Queue(ITEMS)
    start = time.monotonic_ns()
    for _ in range(ROUNDS):
        for i in range(ITEMS):
            queue.put(i)
        for i in range(ITEMS):
            assert queue.get() == i
    return (time.monotonic_ns() - start) / (ROUNDS * ITEMS)


print_median(once)
