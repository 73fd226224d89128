# SPDX-License-Identifier: MIT
"""What the tests of the gev command share: running it, and TAP."""

import os
import subprocess
import sys

GEV = sys.argv[1]


class Skip(Exception):
    """A case that can't be run here."""


def gev(*args, env=None, **more):
    """Runs the command; the completed process."""
    return subprocess.run(
        [GEV, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False, timeout=15,
        env={**os.environ, **(env or {})}, **more)


def needs_patching():
    """Skips where no program can be run at all."""
    done = gev('check', '/bin/true')
    if done.returncode:
        raise Skip(done.stdout.splitlines()[0])


def main(names):
    """Runs what the module calls test_..., in order."""
    cases = failed = 0
    for name, function in list(names.items()):
        if not name.startswith('test_'):
            continue
        cases += 1
        verdict, remark = 'ok', ''
        try:
            function()
        except Skip as skip:
            remark = f' # SKIP {skip}'
        except (AssertionError, OSError, ValueError, KeyError,
                subprocess.SubprocessError) as error:
            failed += 1
            verdict = 'not ok'
            for line in f'{type(error).__name__}: {error}'.splitlines():
                print(f'# {line}')
        print(f'{verdict} {cases} - {name[5:]}{remark}', flush=True)
    print(f'1..{cases}')
    sys.exit(failed != 0)


def equal(got, wanted):
    assert got == wanted, f'{got!r}, not {wanted!r}'


def contains(text, part):
    assert part in text, f'{part!r} is not in {text!r}'
