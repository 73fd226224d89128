# SPDX-License-Identifier: MIT
"""Spawn a batch of gevent's greenlets (first argument) and join them."""

import sys
import time

import gevent

from bench import print_median

SPAWNS = 10000
BATCH = int(sys.argv[1])


def nothing():
    pass


def spawn_batch():
    greenlets = [gevent.spawn(nothing) for _ in range(BATCH)]
    for greenlet in greenlets:
        greenlet.join()


def once():
    start = time.monotonic_ns()
    for _ in range(0, SPAWNS, BATCH):
        spawn_batch()
    return (time.monotonic_ns() - start) / SPAWNS


print_median(once)
