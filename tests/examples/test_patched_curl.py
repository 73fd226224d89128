#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_patched_curl.py PROGRAM THREADS - libcurl in greenlets, against nginx,
and against peers that answer late or not at all.  THREADS: whether greenlets
are threads of their own to libc, 'true' or 'false'."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from peer import LIMIT, run_cases

PROGRAM, THREADS = sys.argv[1:]
# Threads have queues of errors, of OpenSSL's.
TLS_ERROR = 'SSL certificate problem' if THREADS == 'true' else '.*SSL'
NGINX = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
CONFIGURATION = """\
daemon off;
master_process off;
pid {directory}/pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {directory};
    proxy_temp_path {directory};
    fastcgi_temp_path {directory};
    uwsgi_temp_path {directory};
    scgi_temp_path {directory};
    ssl_certificate {directory}/certificate;
    ssl_certificate_key {directory}/key;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl http2;
        root {directory};
    }}
}}
"""


def patched_curl(*arguments):
    """(exit status, stdout, stderr)"""
    r = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                       timeout=LIMIT, check=False)
    return r.returncode, r.stdout, r.stderr


def free_ports():
    with socket.socket() as s, socket.socket() as t:
        s.bind(('127.0.0.1', 0))
        t.bind(('127.0.0.1', 0))
        return s.getsockname()[1], t.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
    except OSError:
        return False
    return True


class Nginx:
    """Serves what is in its directory, with TLS too."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.port, self.tls_port = free_ports()
        at = self.directory.name
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost',
             '-keyout', at + '/key', '-out', at + '/certificate'],
            stderr=subprocess.DEVNULL, check=True)
        self.write('nginx.conf', CONFIGURATION.format(
            directory=at, port=self.port, tls_port=self.tls_port).encode())
        self.process = subprocess.Popen(
            [NGINX, '-p', at, '-c', at + '/nginx.conf', '-e', 'stderr'])
        while not answers(self.tls_port):
            if self.process.poll() is not None:
                raise RuntimeError('nginx does not start')
            time.sleep(0.01)

    def write(self, name, data):
        with open(os.path.join(self.directory.name, name), 'wb') as f:
            f.write(data)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()


class Gate:
    """Answers when so many have asked, and not before."""

    def __init__(self, many):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=many)
        self.many = many
        self.url = 'http://localhost:%d/' % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        waiting = [self.listener.accept()[0] for _ in range(self.many)]
        for s in waiting:
            request = b''
            while not request.endswith(b'\r\n\r\n'):
                request += s.recv(4096)
        for s in waiting:
            s.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
            s.close()


def two_hundred_wait_at_once():
    status, said, err = patched_curl('--count', '200', Gate(200).url)
    assert (status, err) == (0, ''), err
    assert said.startswith('200 of 200 downloaded, 1000 bytes, '), said


def two_hundred_files_of_nginx():
    for i in range(200):
        SERVER.write(f'f{i}', i * 1000 * b'x')
    status, said, err = patched_curl(
        *(f'http://127.0.0.1:{SERVER.port}/f{i}' for i in range(200)))
    assert (status, err) == (0, ''), err
    assert said.startswith('200 of 200 downloaded, 19900000 bytes, '), said


def each_is_told_its_own_error():
    good = f'http://127.0.0.1:{SERVER.port}/f1'
    bad = [f'http://127.0.0.1:{SERVER.port}/none',
           f'https://127.0.0.1:{SERVER.tls_port}/f1', 'http://127.0.0.1:1/']
    status, said, err = patched_curl('--count', '20', good, *bad)
    assert status == 1
    assert said.startswith('20 of 80 downloaded, '), said
    for url, why in zip(bad, ('status 404', TLS_ERROR,
                              'Failed to connect to ')):
        assert len(re.findall(f'^{re.escape(url)}: {why}', err, re.M)) == 20, err


def a_timeout_ends_what_never_answers():
    with socket.create_server(('127.0.0.1', 0), backlog=50) as mute:
        url = f'http://127.0.0.1:{mute.getsockname()[1]}/'
        status, said, err = patched_curl('--timeout', '1', '--count', '20',
                                         url)
    assert status == 1 and said.startswith('0 of 20 downloaded, '), said
    assert err.count(f'{url}: out of time (') == 20, err


def wrong_usage():
    assert patched_curl()[0] == 2
    assert patched_curl('--x')[0] == 2
    assert patched_curl('--count', '0', 'http://127.0.0.1/')[0] == 2


def can_not_be_run():
    """Why not; or None."""
    if not NGINX or not shutil.which('openssl'):
        return 'nginx or openssl is not installed'
    said = patched_curl('http://127.0.0.1:1/')[2]
    return said if "can't be patched" in said else None


WHY_NOT = can_not_be_run()
if WHY_NOT:
    print(WHY_NOT)
    sys.exit(77)
SERVER = Nginx()
try:
    run_cases([two_hundred_wait_at_once, two_hundred_files_of_nginx,
               each_is_told_its_own_error, a_timeout_ends_what_never_answers,
               wrong_usage])
finally:
    SERVER.stop()
