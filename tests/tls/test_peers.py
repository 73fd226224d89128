#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_peers.py TLS_HELLO - the example against what others wrote: openssl's
s_client and s_server, curl, nginx, and Python's ssl."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

import pki  # noqa: E402

HELLO = sys.argv[1]
LIMIT = 15  # seconds; a hang ends there
DIRECTORY = tempfile.TemporaryDirectory()
PEM = pki.make(DIRECTORY.name)
GREETING = 'hello stranger, this is localhost over TLSv1.'
NGINX = '''
daemon off; master_process off; pid {dir}/pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir};
  uwsgi_temp_path {dir}; scgi_temp_path {dir};
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {cert}; ssl_certificate_key {cert};
    ssl_client_certificate {ca}; ssl_verify_client optional;
    location / {{ return 200 "you are $ssl_client_s_dn.\\n"; }}
    location /big {{ root {dir}; }}
  }}
}}
'''


class Skip(Exception):
    """A program is not installed."""


def need(program):
    path = shutil.which(program, path=os.environ['PATH'] + ':/usr/sbin')
    if not path:
        raise Skip(f'{program} is not installed')
    return path


class Program:
    """A program that is stopped in the end."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.out, self.err = self.process.communicate(timeout=LIMIT)


class Hello(Program):
    """tls_hello as a server."""

    def __init__(self, *options, cert='good'):
        super().__init__(HELLO, '--cert', PEM[cert], *options, 'serve', '0')
        self.port = self.process.stdout.readline().split()[-1]

    def __exit__(self, *_):
        super().__exit__()
        assert self.process.returncode == 0, self.err


def run(*command, data=''):
    return subprocess.run(command, input=data, text=True, timeout=LIMIT,
                          capture_output=True)


def get(port, *options, ca='ca'):
    return run(HELLO, '--ca', PEM[ca], *options, 'get', 'localhost',
               str(port))


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def wait_for(port, process):
    """Until somebody listens."""
    for _ in range(LIMIT * 100):
        if process.poll() is not None:
            raise AssertionError(process.stderr.read())
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)


def s_client(port, *options, data='GET / HTTP/1.0\n\n'):
    return run('openssl', 's_client', '-connect', f'localhost:{port}',
               '-servername', 'localhost', '-CAfile', PEM['ca'], '-ign_eof',
               '-verify_return_error', *options, data=data)


def openssl_s_client():
    with Hello() as server:
        for version in '-tls1_2', '-tls1_3':
            r = s_client(server.port, version)
            assert GREETING in r.stdout, r.stdout + r.stderr
            assert 'Verify return code: 0 (ok)' in r.stdout


def s_client_resumes():
    session = f'{DIRECTORY.name}/session'
    with Hello() as server:
        s_client(server.port, '-tls1_2', '-sess_out', session)
        r = s_client(server.port, '-tls1_2', '-sess_in', session)
        assert 'again' in r.stdout, r.stdout


def s_client_agrees_by_alpn():
    with Hello('--alpn', 'http/1.1') as server:
        r = s_client(server.port, '-alpn', 'h2,http/1.1')
        assert 'ALPN protocol: http/1.1' in r.stdout, r.stdout


def s_client_updates_keys():
    """K: an update that asks for ours; its answer comes while we read."""
    with Hello() as server:
        r = run('openssl', 's_client', '-connect', f'localhost:{server.port}',
                '-servername', 'localhost', '-CAfile', PEM['ca'],
                data='K\nGET / HTTP/1.0\n')
        assert 'KEYUPDATE' in r.stderr + r.stdout, r.stdout + r.stderr


def old_versions_are_refused():
    with Hello() as server:
        r = s_client(server.port, '-tls1_1', '-cipher', 'ALL@SECLEVEL=0')
        assert r.returncode != 0
    assert 'refused' in server.err and 'unsupported protocol' in server.err, \
        server.err


def openssl_s_server():
    for version in '-tls1_2', '-tls1_3':
        port = free_port()
        with Program('openssl', 's_server', '-accept', str(port), '-www',
                     '-cert', PEM['good'], '-alpn', 'http/1.1', version) as p:
            wait_for(port, p.process)
            r = get(port, '--alpn', 'h2,http/1.1')
            assert r.returncode == 0, r.stderr
            assert 'Ciphers supported in s_server binary' in r.stdout
            assert 'ALPN: http/1.1' in r.stderr


def curl():
    curl_program = need('curl')
    with Hello('--alpn', 'http/1.1') as server:
        url = f'https://localhost:{server.port}/'
        r = run(curl_program, '-sS', '--cacert', PEM['ca'], url, url)
        assert r.stdout.count(GREETING) == 2, r.stderr
        r = run(curl_program, '-sS', url)
        assert r.returncode == 60, r.returncode
    assert 'unknown ca' in server.err, server.err


def curl_shows_a_certificate():
    curl_program = need('curl')
    with Hello('--ca', PEM['ca'], '--verify-clients') as server:
        url = f'https://localhost:{server.port}/'
        r = run(curl_program, '-sS', '--cacert', PEM['ca'], '--cert',
                PEM['alice'], url)
        assert 'hello CN=alice' in r.stdout, r.stderr
        r = run(curl_program, '-sS', '--cacert', PEM['ca'], url)
        assert r.returncode != 0
    assert 'peer did not return a certificate' in server.err, server.err


def nginx():
    port = free_port()
    conf = f'{DIRECTORY.name}/nginx.conf'
    os.mkdir(f'{DIRECTORY.name}/big')
    with open(f'{DIRECTORY.name}/big/file', 'wb') as f:
        f.write(b'0123456789abcdef' * 65536)
    with open(conf, 'w') as f:
        f.write(NGINX.format(dir=DIRECTORY.name, port=port, cert=PEM['good'],
                             ca=PEM['ca']))
    with Program(need('nginx'), '-p', DIRECTORY.name, '-e', 'stderr', '-c',
                 conf) as p:
        wait_for(port, p.process)
        r = get(port)
        assert r.stdout.endswith('you are .\n'), r.stdout + r.stderr
        r = get(port, '--cert', PEM['alice'])
        assert r.stdout.endswith('you are CN=alice.\n'), r.stdout + r.stderr
        r = get(port, '--path', '/big/file')
        assert r.stdout.count('0123456789abcdef') == 65536, r.stderr
        r = get(port, '--name', 'other.test')
        assert r.returncode == 2 and 'hostname mismatch' in r.stderr


def python_client():
    context = ssl.create_default_context(cafile=PEM['ca'])
    context.set_alpn_protocols(['http/1.1'])
    with Hello('--alpn', 'h2,http/1.1') as server:
        with socket.create_connection(('localhost', server.port), LIMIT) as s:
            with context.wrap_socket(s, server_hostname='localhost') as t:
                assert t.selected_alpn_protocol() == 'http/1.1'
                t.sendall(b'GET / HTTP/1.0\r\n')
                t.sendall(b'\r\n')
                data = b''
                while piece := t.recv(1000):  # an end without goodbye raises
                    data += piece
                assert GREETING.encode() in data
                t.unwrap()


def python_server(answer, **wrap):
    """Answers one request on a port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM['good'])
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        with listener:
            s, _ = listener.accept()
            s.settimeout(LIMIT)
            try:
                with context.wrap_socket(s, server_side=True) as t:
                    t.recv(1000)
                    answer(t)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def a_server_in_python():
    def answer(t):
        t.sendall(b'x' * 1000000)
        t.unwrap()

    r = get(python_server(answer))
    assert r.returncode == 0 and r.stdout == 'x' * 1000000, r.stderr


def an_end_without_goodbye():
    def answer(t):
        t.sendall(b'all of it?')
        t.shutdown(socket.SHUT_RDWR)

    r = get(python_server(answer))
    assert r.returncode == 1 and r.stdout == 'all of it?', r.stdout
    assert 'unexpected eof' in r.stderr, r.stderr


def a_server_nobody_trusts():
    r = get(python_server(lambda t: None), ca='other')
    assert r.returncode == 2 and 'verify failed' in r.stderr, r.stderr


def strangers_knock():
    """Plain HTTP, silence, half a hello: the server goes on."""
    with Hello() as server:
        for data in b'GET / HTTP/1.0\r\n\r\n', b'', b'\x16\x03\x01\x02\x00\x01':
            with socket.create_connection(('localhost', server.port)) as s:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                s.recv(100)
        assert GREETING in s_client(server.port).stdout
    assert 'http request' in server.err, server.err


def sigterm_ends_it():
    with Hello() as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(LIMIT) == 0


CASES = [openssl_s_client, s_client_resumes, s_client_agrees_by_alpn,
         s_client_updates_keys, old_versions_are_refused, openssl_s_server,
         curl, curl_shows_a_certificate, nginx, python_client,
         a_server_in_python, an_end_without_goodbye, a_server_nobody_trusts,
         strangers_knock, sigterm_ends_it]


def main():
    failed = 0
    for number, case in enumerate(CASES, 1):
        verdict, why = 'ok', ''
        try:
            case()
        except Skip as reason:
            why = f' # SKIP {reason}'
        except Exception as error:  # pylint: disable=broad-except
            print('\n'.join(f'# {line}' for line in
                            f'{type(error).__name__} {error}'.splitlines()))
            verdict = 'not ok'
            failed += 1
        print(f'{verdict} {number} - {case.__name__}{why}', flush=True)
    print(f'1..{len(CASES)}')
    return failed > 0


try:
    status = main()
finally:
    DIRECTORY.cleanup()
sys.exit(status)
