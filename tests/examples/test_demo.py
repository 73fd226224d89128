#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_demo.py DEMO BUILD_DIR - what "make demo" does, without a terminal."""

import os
import re
import subprocess
import sys
import tempfile

from peer import run_cases

DEMO, BUILD = sys.argv[1:3]


def the_demo_runs_and_cleans_up():
    with tempfile.TemporaryDirectory() as tmp:
        r = subprocess.run([DEMO, BUILD], capture_output=True, text=True,
                           check=False, env={**os.environ, 'TMPDIR': tmp})
        assert r.returncode == 0, r.stderr
        assert os.listdir(tmp) == []
    for row in (r'files +2000, every checksum right', r'threads +1',
                r'one by one +1\d\d\.\d s, \d+ times as long',
                r'greenlets +200\d at one time'):
        assert re.search(f'^{row}', r.stdout, re.M), (row, r.stdout)
    assert '2000 of 2000 files' in r.stderr
    if 'gev run: not here' not in r.stdout:
        for row in (r'natively +1001 ', r'under gev run +1 '):
            assert re.search(f'^  {row}', r.stdout, re.M), (row, r.stdout)


run_cases([the_demo_runs_and_cleans_up])
