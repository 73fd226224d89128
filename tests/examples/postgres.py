# SPDX-License-Identifier: MIT
"""A PostgreSQL server of one's own: in a directory that goes when it goes."""

import ctypes
import glob
import os
import pwd
import signal
import subprocess
import tempfile
import time

PROGRAMS = sorted(glob.glob('/usr/lib/postgresql/*/bin'))
PR_SET_PDEATHSIG = 1
# What keeps data safe is off, and nothing is left behind in memory.
SETTINGS = {
    'listen_addresses': '', 'fsync': 'off', 'autovacuum': 'off',
    'shared_buffers': '4MB', 'max_wal_senders': '0',
    'dynamic_shared_memory_type': 'mmap',
}


class Postgres:
    """Answers on a socket in its directory.  It must not be root."""

    def __init__(self, connections=100, prepare=lambda: None):
        self.owner = pwd.getpwnam('nobody') if os.geteuid() == 0 else None
        self.prepare = prepare
        self.home = tempfile.TemporaryDirectory(prefix='gev-postgres-')
        at = self.home.name
        if self.owner:
            os.chown(at, self.owner.pw_uid, self.owner.pw_gid)
        self.conninfo = f'host={at} user=gev dbname=postgres'
        self.log = os.path.join(at, 'log')
        self.run('initdb', '--pgdata=data', '--username=gev', '--auth=trust',
                 '--no-sync', '--locale=C', '--encoding=UTF8').wait()
        self.process = self.run(
            'postgres', '-D', 'data', f'--max_connections={connections}',
            f'--unix_socket_directories={at}',
            *(f'--{name}={value}' for name, value in SETTINGS.items()))
        while self.ask('select 1') != '1':
            if self.process.poll() is not None:
                with open(self.log, encoding='utf-8') as log:
                    raise RuntimeError(log.read())
            time.sleep(0.02)

    def settle(self):
        if self.owner:
            os.setgroups([])
            os.setgid(self.owner.pw_gid)
            os.setuid(self.owner.pw_uid)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        self.prepare()

    def run(self, program, *arguments):
        with open(self.log, 'ab') as log:
            return subprocess.Popen(
                [os.path.join(PROGRAMS[-1], program), *arguments],
                cwd=self.home.name, preexec_fn=self.settle,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ask(self, sql):
        """The first column of the first row, or ''."""
        r = subprocess.run(
            [os.path.join(PROGRAMS[-1], 'psql'), '-XAtc', sql, self.conninfo],
            capture_output=True, text=True, check=False)
        return r.stdout.strip()

    def stop(self):
        """At once, whoever is still connected."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.home.cleanup()
