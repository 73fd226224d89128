# SPDX-License-Identifier: MIT
"""A program that serves, and says where in its first line."""

import re
import socket
import subprocess

from peer import LIMIT


class Program:
    """@program with @arguments; its first line has a port last of all."""

    def __init__(self, program, *arguments, **popen):
        self.process = subprocess.Popen(
            [program, *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **popen)
        self.line = self.process.stdout.readline()
        self.port = self.port_in(self.line)

    @staticmethod
    def port_in(line):
        found = re.search(r'(?:port |:)(\d+)', line)
        return int(found.group(1)) if found else None

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
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=LIMIT)


class Lines:
    """A connection to talk to in lines."""

    def __init__(self, s):
        self.socket = s
        self.file = s.makefile('rw', newline='\n')

    def ask(self, line):
        self.file.write(line + '\n')
        self.file.flush()
        return self.read()

    def read(self):
        return self.file.readline().rstrip('\n')

    def close(self):
        self.file.close()
        self.socket.close()
