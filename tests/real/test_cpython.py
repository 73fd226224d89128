#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython's own tests of threads: as many fail as natively, the same ones."""

import re
import subprocess

from api import GEV, Place, Skip, main, needs_patching, needs_time, run

PYTHON = '/usr/bin/python3'
NAMES = ['thread', 'threading', 'queue', 'socket', 'socketserver',
         'subprocess', 'signal']
ENDED = re.compile(r'^(\S+ \(\S+\))(?:\n.*?)? \.\.\. (?:.*\b)?'
                   r"(ok|FAIL|ERROR|expected failure|skipped ['\"].*)$", re.M)


def outcomes(place, way, name):
    """What became of each of its tests."""
    _, out, err = run(place, way, PYTHON, '-m', 'unittest', '-v',
                      f'test.test_{name}', threaded=False)
    found = ENDED.findall((out + err).decode(errors='replace'))
    assert found, err
    return dict(found)


def compare(name):
    needs_patching()
    needs_time()
    have = subprocess.run([PYTHON, '-c', f'import test.test_{name}'],
                          check=False, capture_output=True)
    if have.returncode:
        raise Skip('no libpython3-testsuite here')
    with Place() as place:
        native = outcomes(place, [], name)
        ours = outcomes(place, [GEV, 'run'], name)
    other = {case: (native.get(case), ours.get(case))
             for case in {**native, **ours}
             if native.get(case) != ours.get(case)}
    assert not other, f'natively and under gev run: {other}'


for one in NAMES:
    globals()[f'test_{one}'] = lambda one=one: compare(one)

main(globals())
