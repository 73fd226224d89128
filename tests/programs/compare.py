#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py [--alone] GEV PROGRAM [ARGUMENT...] - native, and under gev run.

The program says line by line what is right.  Run by itself all has to be; under
gev run it has to say the same, and end the same way, in one kernel thread.
With --alone it is run only there.
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


def is_right(said):
    return 'WRONG' not in said and 'nothing for' not in said


def refusal(gev, program):
    """Why gev can't run it, or None."""
    check = subprocess.run([gev, 'check', program], capture_output=True,
                           text=True, check=False)
    return ' '.join(check.stdout.split()) if check.returncode else None


def alone(gev, *command):
    """What depends on the machine's load natively."""
    why = refusal(gev, command[0])
    if why:
        print(f'ok 1 - under gev run # SKIP {why}')
        print('1..1')
        return
    status, said, threads = outcome([gev, 'run', *command])
    case(1, is_right(said), 'under gev run it is right', said)
    case(2, status == 0, 'and ends well', f'it ended with {status}')
    case(3, threads <= 1, 'with one kernel thread', f'there were {threads}')
    print('1..3')


def compared(gev, *command):
    why = refusal(gev, command[0])
    status, said, _ = outcome(command)
    case(1, is_right(said), 'natively it is right', said)
    if why:
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


if sys.argv[1] == '--alone':
    alone(*sys.argv[2:])
else:
    compared(*sys.argv[1:])
