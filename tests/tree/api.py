# SPDX-License-Identifier: MIT
"""What the structural tests share: the tree, its public functions, TAP."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = [ROOT / 'include/gev.h', *sorted(ROOT.glob('include/gev/*.h'))]

# Libraries besides libgev: their headers are no part of gev.h.
APART = {'libgev-tls': ('tls.h', 'tls_context.h')}
MAPS = {'libgev': ROOT / 'src/gev.map',
        'libgev-tls': ROOT / 'src/tls/gev-tls.map'}


def headers_of(library):
    """The headers of what a library has."""
    apart = [name for names in APART.values() for name in names]
    if library in APART:
        return [h for h in HEADERS if h.name in APART[library]]
    return [h for h in HEADERS if h.name not in apart]


def without_comments(text):
    return re.sub(r'/\*.*?\*/', '', text, flags=re.S)


def public_functions(header):
    """The names that a header declares with GEV_API."""
    text = without_comments(header.read_text())
    return re.findall(r'^GEV_API\s[^;]*?\b(gev_\w+)\s*\(', text, re.M)


def functions_of(library):
    return {name for h in headers_of(library) for name in public_functions(h)}


class Tap:
    """Cases in TAP; run(name, complaints) passes if there are none."""

    def __init__(self):
        self.cases = 0
        self.failed = 0

    def run(self, name, complaints):
        complaints = list(complaints)
        for c in complaints:
            print(f'# {c}')
        self.cases += 1
        self.failed += bool(complaints)
        print(f'{"not " if complaints else ""}ok {self.cases} - {name}')

    def done(self):
        print(f'1..{self.cases}')
        sys.exit(self.failed != 0)
