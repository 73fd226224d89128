#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A layer includes from itself and from those below it, never upwards."""

import re

import api

BELOW = {
    'base': [],
    'switch': ['base'],
    'loop': ['base'],
    'core': ['base', 'switch', 'loop'],
    'sync': ['base', 'switch', 'loop', 'core'],
    'calls': ['base', 'switch', 'loop', 'core'],
    'choose': ['base', 'switch', 'loop', 'core', 'sync', 'calls'],
    'libev': ['base', 'loop'],
    'os': ['base', 'switch', 'loop', 'core', 'calls', 'sync'],
    'net': ['base', 'switch', 'loop', 'core', 'calls', 'sync', 'choose', 'os'],
    'server': ['base', 'switch', 'loop', 'core', 'calls', 'sync', 'choose',
               'os', 'net'],
    'patch': ['base', 'switch', 'loop', 'core', 'calls', 'sync', 'choose', 'os',
              'net'],
    'tls': [],
    'tool': ['base', 'patch', 'run'],
    'run': ['base', 'switch', 'loop', 'core', 'calls', 'patch'],
    'libc': ['base', 'switch', 'loop', 'core', 'sync', 'calls', 'choose',
             'libev'],
}
FREE = ['base', 'switch', 'loop', 'core', 'sync', 'calls', 'choose']
SRC = api.ROOT / 'src'
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def includes(path):
    return INCLUDE.findall(path.read_text())


def sources(layer):
    return sorted(p for p in (SRC / layer).rglob('*') if p.suffix in
                  ('.c', '.h', '.S'))


def upward(layer):
    for path in sources(layer):
        for quote, name in includes(path):
            target = name.split('/')[0]
            if quote == '"' and target not in [layer, *BELOW[layer]]:
                yield f'{path.relative_to(api.ROOT)} includes "{name}"'


def unknown_layers():
    for path in sorted(SRC.iterdir()):
        if path.is_dir() and path.name not in BELOW:
            yield f'src/{path.name}: say in {__file__} what is below it'


def public_headers_that_look_inside():
    for header in api.HEADERS:
        for quote, name in includes(header):
            if quote == '"':
                yield f'{header.relative_to(api.ROOT)} includes "{name}"'


def stdio_or_threads(layer):
    """libc headers whose only use would be to call libc."""
    for path in sources(layer):
        for quote, name in includes(path):
            if name in ('stdio.h', 'stdlib.h', 'string.h', 'pthread.h'):
                yield f'{path.relative_to(api.ROOT)} includes <{name}>'


tap = api.Tap()
tap.run('every_folder_is_a_layer', unknown_layers())
for layer in BELOW:
    tap.run(f'{layer}_includes_downwards', upward(layer))
for layer in FREE:
    tap.run(f'{layer}_needs_no_libc', stdio_or_threads(layer))
tap.run('public_headers_stand_alone', public_headers_that_look_inside())
tap.done()
