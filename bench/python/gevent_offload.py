# SPDX-License-Identifier: MIT
"""A function that does nothing, on a thread of gevent's pool and back."""

import time

from gevent import get_hub

from bench import print_median

ROUNDS = 2000


def once():
    pool = get_hub().threadpool
    start = time.monotonic_ns()
    for i in range(ROUNDS):
        assert pool.apply(abs, (i,)) == i
    return (time.monotonic_ns() - start) / ROUNDS


print_median(once)
