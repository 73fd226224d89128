#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_hosted.py NAME PROGRAM - greenlets in the loop of another library."""

import re
import socket
import subprocess
import sys
import time

from peer import LIMIT, run_cases

NAME, PROGRAM = sys.argv[1:]
CLIENTS = 9


def talk(port):
    """Three rounds with each of the clients."""
    clients = [socket.create_connection(('127.0.0.1', port), LIMIT)
               for _ in range(CLIENTS)]
    for number in b'1', b'2', b'3':
        for s in clients:
            s.sendall(number)
        for s in clients:
            assert s.recv(9) == number
        time.sleep(0.05)  # several ticks
    for s in clients:
        s.close()


def greenlets_run_while_it_ticks():
    with subprocess.Popen([PROGRAM], stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            first = process.stdout.readline()
            talk(int(re.fullmatch(r'echoing on port (\d+)\n', first)[1]))
            process.terminate()
            out, _ = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert out == f'echoed 27 bytes while {NAME} ticked\n', out
    assert process.returncode == 0, process.returncode


run_cases([greenlets_run_while_it_ticks])
