#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_multicore_server.py PROGRAM - several threads, replaced under load."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

from peer import LIMIT, run_cases
from program import Lines, Program

PROGRAM = sys.argv[1]


def all_are_answered():
    with Program(PROGRAM, '127.0.0.1:0', '3') as server:
        peers = [Lines(server.connect()) for _ in range(30)]
        for _ in range(3):
            for peer in peers:
                assert peer.ask('?') == str(server.process.pid)
        for peer in peers:
            peer.close()
        assert server.stop() == (0, '', '')


class Load(threading.Thread):
    """Connects and asks, over and over; notes who answers."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.pids = []
        self.failures = []
        self.over = False
        self.start()

    def run(self):
        while not self.over:
            try:
                peer = Lines(self.server.connect())
                pid = peer.ask('?')
                peer.close()
                if pid not in self.pids:
                    self.pids.append(pid)
            except OSError as e:
                self.failures.append(e)

    def wait_for(self, pids):
        limit = time.monotonic() + LIMIT
        while len(self.pids) < pids and time.monotonic() < limit:
            time.sleep(0.01)


def await_end(pid):
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with open(f'/proc/{pid}/stat', encoding='ascii') as f:
            if ') Z ' in f.read():
                return
        time.sleep(0.01)


def replace_three_times(load):
    try:
        for i in range(3):
            load.wait_for(i + 1)
            os.kill(int(load.pids[i]), signal.SIGUSR2)
        load.wait_for(4)
    finally:
        load.over = True
        load.join()
    assert load.failures == [], load.failures
    assert len(load.pids) == 4, load.pids


def replaced_while_it_serves():
    with Program(PROGRAM, '127.0.0.1:0', '2') as server:
        idle = Lines(server.connect())
        assert idle.ask('?') == str(server.process.pid)
        load = Load(server)
        try:
            replace_three_times(load)
            assert idle.ask('?') == str(server.process.pid)
            idle.close()
            assert server.process.wait(LIMIT) == 0
            for pid in load.pids[1:-1]:  # else the last has not told them yet
                await_end(int(pid))
        finally:
            os.kill(int(load.pids[-1]), signal.SIGTERM)
            await_end(int(load.pids[-1]))


def a_listener_from_systemd():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        listener.setblocking(False)
        script = 'exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" :1' % \
            listener.fileno()
        process = subprocess.Popen(
            ['sh', '-c', script, PROGRAM], stdout=subprocess.PIPE,
            pass_fds=[listener.fileno()], text=True)
        port = listener.getsockname()[1]
        assert process.stdout.readline() == \
            f'{process.pid} serves port {port}\n'
    peer = Lines(socket.create_connection(('127.0.0.1', port), LIMIT))
    assert peer.ask('?') == str(process.pid)
    peer.close()
    process.terminate()
    assert process.wait(LIMIT) == 0
    process.stdout.close()


run_cases([all_are_answered, replaced_while_it_serves,
           a_listener_from_systemd])
