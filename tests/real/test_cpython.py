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


# What of it does not take long.
QUICK = ['test.test_thread', 'test.test_threading.ConditionTests']


def outcomes(place, way, *names):
    """What became of each of their tests."""
    _, out, err = run(place, way, PYTHON, '-m', 'unittest', '-v', *names,
                      threaded=False)
    found = ENDED.findall((out + err).decode(errors='replace'))
    assert found, err
    return dict(found)


def compare(*names):
    needs_patching()
    have = subprocess.run([PYTHON, '-c', 'import test.test_thread'],
                          check=False, capture_output=True)
    if have.returncode:
        raise Skip('no libpython3-testsuite here')
    with Place() as place:
        native = outcomes(place, [], *names)
        ours = outcomes(place, [GEV, 'run'], *names)
    other = {case: (native.get(case), ours.get(case))
             for case in {**native, **ours}
             if native.get(case) != ours.get(case)}
    assert not other, f'natively and under gev run: {other}'


def compare_all(name):
    needs_time()
    compare(f'test.test_{name}')


def test_some():
    compare(*QUICK)


for one in NAMES:
    globals()[f'test_{one}'] = lambda one=one: compare_all(one)

main(globals())
