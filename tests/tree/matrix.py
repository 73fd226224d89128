#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of libraries in docs/ is that of the tests."""

import re

import api

DOCS = (api.ROOT / 'docs' / 'matrix.md').read_text()
ROWS = {m[1].strip() for m in re.finditer(r'^\| ([^|]*) \| .*\|$', DOCS, re.M)}
ROWS -= {'library', *(r for r in ROWS if set(r) == {'-'})}
TESTS = {p.name: p.read_text()
         for p in sorted((api.ROOT / 'tests' / 'matrix').glob('test_*.c'))}


def tests_without_a_row():
    for name, text in TESTS.items():
        if not any(f'"{row}"' in text for row in ROWS):
            yield f'tests/matrix/{name} is not in docs/matrix.md'


def rows_without_a_test():
    for row in sorted(ROWS):
        if not any(f'"{row}"' in text for text in TESTS.values()):
            yield f'docs/matrix.md has {row}, which no test has'


tap = api.Tap()
tap.run('every_test_has_a_row', tests_without_a_row())
tap.run('every_row_has_a_test', rows_without_a_test())
tap.done()
