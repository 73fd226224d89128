# SPDX-License-Identifier: MIT
"""Running programs under gev, and without; TAP as the gev command's tests."""

import os
import pathlib
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'tool'))
# pylint: disable=wrong-import-position,unused-import
from command import Skip, contains, equal, gev, main, needs_patching  # noqa

GEV, LIBRARY = (os.path.abspath(path) for path in sys.argv[1:3])


def outcome(command, env=None, **more):
    """Exit status and output of a command, which may be a shell's."""
    done = subprocess.run(
        command, shell=isinstance(command, str), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=15, env={**os.environ, **(env or {})}, **more)
    return done.returncode, done.stdout, done.stderr


# Says what the library is told, which nobody else sees.
TOLD = 'cat', '/proc/self/environ'


def hint():
    """What `gev run` tells the library of libc."""
    for line in gev('run', *TOLD).stdout.split('\0'):
        if line.startswith('GEV_RUN_LIBC='):
            return line.partition('=')[2]
    raise Skip('gev run gave no GEV_RUN_LIBC')
