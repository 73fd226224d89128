#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""left.py WITHOUT GEV PROGRAM - where threads can't be greenlets.

WITHOUT is without.c: no hub without an eventfd.
"""

import subprocess
import sys


def main():
    without, gev, program = sys.argv[1:]
    if subprocess.run([gev, 'check', program], stdout=subprocess.DEVNULL,
                      check=False).returncode:
        print('1..0 # SKIP it is not run here')
        return
    native = subprocess.run([program], stdout=subprocess.PIPE, check=False)
    left = subprocess.run([without, 'eventfd2', gev, 'run', program],
                          capture_output=True, check=False)
    said = b'threads are left to the kernel: no memory, or no descriptors\n'
    print('ok' if left.stderr.endswith(said) else 'not ok', '1 - it is said')
    same = (left.returncode, left.stdout) == (native.returncode, native.stdout)
    print('ok' if same else 'not ok', '2 - and they are as they were')
    print('1..2')


main()
