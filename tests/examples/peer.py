# SPDX-License-Identifier: MIT
"""What the tests of the examples share: TAP cases, programs, raw sockets."""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import traceback

LIMIT = 20  # seconds: far more than anything takes; a hang ends there


def run_cases(cases):
    """Runs the functions as TAP cases; a failed assert fails its case."""
    failed = 0
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f'ok {number} - {case.__name__}')
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
            print(f'not ok {number} - {case.__name__}')
        sys.stdout.flush()
    print(f'1..{len(cases)}')
    sys.exit(failed > 0)


class Server:
    """A file_server of a temporary directory, or of @root."""

    def __init__(self, program, *options, root=None, **popen):
        self.directory = tempfile.TemporaryDirectory()
        self.root = root or os.path.join(self.directory.name, 'root')
        os.makedirs(self.root, exist_ok=True)
        self.process = subprocess.Popen(
            [program, '--root', self.root, '--port', '0', *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **popen)
        self.url = self.process.stdout.readline().split(' at ')[1].strip()
        self.port = int(self.url.rstrip('/').rsplit(':', 1)[1])

    def write(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data)

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), LIMIT)

    def stop(self):
        """SIGTERM: (exit status, stdout, stderr)."""
        if self.process.poll() is None:
            self.process.terminate()
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.directory.cleanup()


def receive_all(s):
    data = b''
    while True:
        more = s.recv(65536)
        if not more:
            return data
        data += more


def reset(s):
    """Closes with a RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()
