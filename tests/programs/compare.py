#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py GEV PROGRAM [ARGUMENT...] - native, and under gev run.

The program says line by line what is right.  Run by itself all has to be; under
gev run it has to say the same, and end the same way, in one kernel thread.
"""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'tool'))
# pylint: disable=wrong-import-position
from kernel_threads import kernel_threads  # noqa: E402

LIMIT = 25  # seconds; a hang ends there


class Watch(threading.Thread):
    """Looks at a process again and again while it runs."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.most = 0
        self.start()

    def run(self):
        while True:
            n = kernel_threads(self.pid)
            if not n:
                return
            self.most = max(self.most, n)
            time.sleep(0.001)


def outcome(command):
    """(exit status, what it said, most kernel threads seen)."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               start_new_session=True)
    watch = Watch(process.pid)
    try:
        said, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        said += f'and then nothing for {LIMIT} seconds\n'
    return process.returncode, said, watch.most


def case(number, ok, name, notes=''):
    if not ok:
        for line in notes.splitlines():
            print('# ' + line)
    print(f"{'ok' if ok else 'not ok'} {number} - {name}")


def main():
    gev, *command = sys.argv[1:]
    refused = subprocess.run([gev, 'check', command[0]], capture_output=True,
                             text=True, check=False)
    status, said, _ = outcome(command)
    case(1, 'WRONG' not in said and 'nothing for' not in said,
         'natively it is right', said)
    if refused.returncode:
        why = ' '.join(refused.stdout.split())
        print(f'ok 2 - under gev run # SKIP {why}')
        print('1..2')
        return
    run_status, run_said, threads = outcome([gev, 'run', *command])
    case(2, run_said == said, 'it says the same under gev run', run_said)
    case(3, run_status == status, 'and ends the same way',
         f'natively {status}, under gev run {run_status}')
    # One that ends at once may be gone before anybody looks.
    case(4, threads <= 1, 'with one kernel thread', f'there were {threads}')
    print('1..4')


main()
