#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""redis-benchmark with four threads; redis-server with threads for its I/O."""

import re

from api import Daemon, Place, answers_at, main, needs_time, run, same

REQUESTS = 5000
FEW = 400


def server(place, way, *options):
    return Daemon(place, way, 'redis-server', '--port', '0', '--unixsocket',
                  place.path + '/s', '--save', '', *options,
                  answers=answers_at(place.path + '/s'))


def benchmark(place, way, requests):
    """Names of its tests, and the length of a list that one appends to."""
    status, out, err = run(
        place, way, 'redis-benchmark', '-s', place.path + '/s', '--csv', '-n',
        str(requests), '-t', 'set,get,incr,rpush', '--threads', '4')
    assert (status, err) == (0, b''), (status, err, out)
    cli = [run(place, [], 'redis-cli', '-s', place.path + '/s', *ask.split(),
               threaded=False)[1]
           for ask in ('llen mylist', 'get counter:__rand_int__')]
    return [re.findall(rb'^"([A-Z]+)"', out, re.M), *cli]


def clients(way):
    with Place() as place, server(place, []):
        return benchmark(place, way, REQUESTS)


def both(way):
    """It has four threads that spin until another of them has work."""
    with Place() as place, server(place, way, '--io-threads', '4',
                                  '--io-threads-do-reads', 'yes') as redis:
        said = benchmark(place, [], FEW)
    return said, redis.status


def test_benchmark():
    same(clients)


def test_server():
    needs_time()
    same(both)


main(globals())
