#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_output.py HELLO - the small examples print what they should."""

import subprocess
import sys

from peer import LIMIT, run_cases

HELLO, = sys.argv[1:]


def prints(program, text):
    r = subprocess.run([program], capture_output=True, text=True,
                       timeout=LIMIT, check=True)
    assert r.stdout == text, r.stdout


def hello():
    prints(HELLO, 'tick 1\ntock 1\ntick 2\ntock 2\ntick 3\ntock 3\n')


run_cases([hello])
