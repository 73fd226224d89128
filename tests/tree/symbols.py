#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""symbols.py LIBGEV.SO - it exports what the headers declare, no more."""

import re
import subprocess
import sys

import api

NODE = 'GEV_0.1'


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


def mapped():
    text = api.without_comments((api.ROOT / 'src/gev.map').read_text())
    return set(re.findall(r'\b(gev_\w+);', text))


def difference(names, others, what):
    return [f'{name}: {what}' for name in sorted(names - others)]


def soname(library):
    text = subprocess.run(['readelf', '-dW', library], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return re.search(r'SONAME.*\[(.*)\]', text)[1]


library = sys.argv[1]
symbols = exported(library)
declared = api.all_public_functions()
tap = api.Tap()
tap.run('what_is_declared_is_in_the_map',
        difference(declared, mapped(), 'not in src/gev.map'))
tap.run('what_is_in_the_map_is_declared',
        difference(mapped(), declared, 'in no public header'))
tap.run('what_is_declared_is_exported',
        difference(declared, set(symbols), 'not exported'))
tap.run('what_is_exported_is_declared',
        difference(set(symbols), declared, 'exported'))
tap.run('symbols_are_versioned',
        [f'{n}: version "{v}"' for n, v in symbols.items() if v != NODE])
tap.run('the_soname_is_libgev_so_0',
        [] if soname(library) == 'libgev.so.0' else [soname(library)])
tap.done()
