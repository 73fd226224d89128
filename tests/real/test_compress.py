#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compressors with threads: the same bytes come out, and go in again."""

import hashlib
import random

from api import Place, main, run, same

BLOCKS = 12
SIZE = 1 << 18


def data():
    """Some of it can be compressed."""
    r = random.Random(1)
    return b''.join(r.randbytes(SIZE // 2) + bytes(r.choices(b'gev ', k=SIZE))
                    for _ in range(BLOCKS))


DATA = data()


def round_trip(way, pack, unpack):
    with Place() as place:
        plain = place.file('plain', DATA)
        status, packed, err = run(place, way, *pack, plain)
        assert (status, err) == (0, b''), (status, err)
        small = place.file('packed', packed)
        threaded = unpack[-1].startswith('-T')
        status, unpacked, err = run(place, way, *unpack, small,
                                    threaded=threaded)
        assert (status, err) == (0, b''), (status, err)
        assert unpacked == DATA, 'not what it was'
        return hashlib.sha256(packed).hexdigest()


def test_xz():
    same(lambda way: round_trip(
        way, ['xz', '-1', '--block-size=200000', '-c', '-T4'],
        ['xz', '-d', '-c', '-T4']))


def test_zstd():
    same(lambda way: round_trip(
        way, ['zstd', '-q', '-9', '-B600000', '-c', '-T4'],
        ['zstd', '-q', '-d', '-c']))


main(globals())
