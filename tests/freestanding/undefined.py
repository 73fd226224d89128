#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""undefined.py ARCHIVE HOST.H - the archive needs only what host.h names."""

import pathlib
import re
import subprocess
import sys

LINKERS_OWN = {'_GLOBAL_OFFSET_TABLE_'}


def symbols(archive):
    """What the objects define for each other, and what they want."""
    text = subprocess.run(['nm', '-A', archive], check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    defined, wanted = set(), {}
    for line in text.splitlines():
        place, kind, name = re.match(
            r'(.*):(?:[0-9a-f]+| +) (\w) (\S+)$', line).groups()
        if kind == 'U':
            wanted.setdefault(name, place.split(':')[-1])
        elif kind.isupper():
            defined.add(name)
    return defined, wanted


archive, host = sys.argv[1:]
defined, wanted = symbols(archive)
allowed = set(re.findall(r'\bgev__host_\w+', pathlib.Path(host).read_text()))
allowed |= defined | LINKERS_OWN
missing = {n: w for n, w in wanted.items() if n not in allowed}
for name, place in sorted(missing.items()):
    print(f'# {place} wants {name}')
print('not ok' if missing else 'ok', '1 - nothing_undefined_but_the_host')
print('1..1')
sys.exit(bool(missing))
