#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""symbols.py LIBRARY.SO... - they export what their headers declare, no more."""

import pathlib
import re
import subprocess
import sys

import api


def exported(library):
    """{name: version} of what a program can link with."""
    text = subprocess.run(['nm', '-D', '--defined-only', library], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    symbols = {}
    for line in text.splitlines():
        kind, name = line.split()[1:]
        if kind != 'A':
            name, _, version = name.partition('@@')
            symbols[name] = version
    return symbols


def map_of(library):
    """The version's name, and the names in it."""
    text = api.without_comments(api.MAPS[library].read_text())
    return text.split()[0], set(re.findall(r'\b(gev_\w+);', text))


def difference(names, others, what):
    return [f'{name}: {what}' for name in sorted(names - others)]


def soname(library):
    text = subprocess.run(['readelf', '-dW', library], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return re.search(r'SONAME.*\[(.*)\]', text)[1]


def check(tap, path):
    library = pathlib.Path(path).name.partition('.')[0]
    symbols = exported(path)
    declared = api.functions_of(library)
    node, mapped = map_of(library)
    tap.run(f'{library}: what_is_declared_is_in_the_map',
            difference(declared, mapped, 'not in the map'))
    tap.run(f'{library}: what_is_in_the_map_is_declared',
            difference(mapped, declared, 'in no public header'))
    tap.run(f'{library}: what_is_declared_is_exported',
            difference(declared, set(symbols), 'not exported'))
    tap.run(f'{library}: what_is_exported_is_declared',
            difference(set(symbols), declared, 'exported'))
    tap.run(f'{library}: symbols_are_versioned',
            [f'{n}: version "{v}"' for n, v in symbols.items() if v != node])
    tap.run(f'{library}: the_soname_ends_in_0',
            [] if soname(path) == f'{library}.so.0' else [soname(path)])


tap = api.Tap()
for argument in sys.argv[1:]:
    check(tap, argument)
tap.done()
