#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_concurrent_download.py PROGRAM FILE_SERVER - concurrent_download
against our server, and against peers that say what they like."""

import hashlib
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading

from peer import LIMIT, Server, reset, run_cases

PROGRAM, FILE_SERVER = sys.argv[1:3]
HEAD = b'HTTP/1.1 200 OK\r\n'
CHUNKED = HEAD + b'Transfer-Encoding: chunked\r\n\r\n'
LENGTH = HEAD + b'Content-Length: %d\r\n\r\n'


def download(*arguments, **popen):
    """(exit status, stdout, stderr)"""
    r = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                       timeout=LIMIT, check=False, **popen)
    return r.returncode, r.stdout, r.stderr


class Peer:
    """Says @pieces, each in a packet of its own, to whoever asks."""

    def __init__(self, *pieces, end=socket.socket.close):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.url = f'http://127.0.0.1:{self.port}/'
        self.pieces, self.end = pieces, end
        self.request = b''
        self.thread = threading.Thread(target=self.talk, daemon=True)
        self.thread.start()

    def talk(self):
        s, _ = self.listener.accept()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not self.request.endswith(b'\r\n\r\n'):
            self.request += s.recv(4096)
        for piece in self.pieces:
            s.sendall(piece)
        self.end(s)


def fetch(*pieces, end=socket.socket.close, options=()):
    """What is kept of a peer's answer (None: nothing), and what is said."""
    peer = Peer(*pieces, end=end)
    with tempfile.TemporaryDirectory() as out:
        status, _, err = download('--quiet', '--output', out, *options,
                                  peer.url + 'file')
        assert (status == 0) == (err == ''), err
        assert set(os.listdir(out)) <= {'file'}
        if status:
            assert os.listdir(out) == []
            return None, err.removeprefix(peer.url + 'file: ').strip()
        with open(out + '/file', 'rb') as f:
            return f.read(), ''


def sums_of(files):
    return ''.join(f'{hashlib.sha256(data).hexdigest()}  ./{name}\n'
                   for name, data in files.items())


def many_files_are_fetched_and_checked():
    files = {f'd{i % 7}/f {i}%': bytes([i % 256]) * (i * 97)
             for i in range(300)}
    with Server(FILE_SERVER, '--latency', '20') as server, \
            tempfile.TemporaryDirectory() as out:
        for name, data in files.items():
            server.write(name, data)
        status, said, err = download('--sums', '-', '--output', out, '--sample',
                                     '3', server.url, input=sums_of(files))
        assert status == 0, err
        assert 'files           300, every checksum right\n' in said
        assert 'threads         1\n' in said
        assert int(re.search(r'greenlets +(\d+)', said)[1]) >= 300
        assert 'measured on 3)' in said
        assert '300 of 300 files' in err
        for name, data in files.items():
            with open(os.path.join(out, name), 'rb') as f:
                assert f.read() == data


def a_wrong_checksum_is_noticed():
    with Server(FILE_SERVER) as server:
        server.write('good', b'good')
        server.write('bad', b'evil')
        status, said, err = download(
            '--sums', '-', server.url,
            input=sums_of({'good': b'good', 'bad': b'bad'}))
        assert status == 1
        assert f'{server.url}bad: the checksum differs\n' in err
        assert 'files           1' in said and 'failed          1\n' in said


def fewer_at_a_time():
    with Server(FILE_SERVER, '--latency', '5') as server:
        server.write('a', b'A')
        status, said, _ = download('--concurrency', '7',
                                   *(30 * [server.url + 'a']))
        assert status == 0
        assert re.search(r'greenlets +[78] at', said), said
        assert re.search(r'files +30\n', said), said


def few_descriptors_lower_the_concurrency():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with Server(FILE_SERVER) as server:
        server.write('a', b'A')
        status, _, err = download(*(100 * [server.url + 'a']),
                                  preexec_fn=limit)
        assert status == 0, err
        assert '24 at a time' in err


def bodies_come_in_many_ways():
    assert fetch(LENGTH % 5 + b'12345')[0] == b'12345'
    assert fetch(LENGTH % 0)[0] == b''
    assert fetch(LENGTH % 3 + b'12345')[0] == b'123'
    assert fetch(HEAD + b'\r\nuntil ', b'the end')[0] == b'until the end'
    assert fetch(CHUNKED + b'3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\n'
                 b'Trailer: x\r\n\r\n')[0] == b'abc0123456789'
    answer = (b'HTTP/1.1 100 Continue\r\n\r\n' + CHUNKED +
              b'5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n')
    assert fetch(*(bytes([b]) for b in answer))[0] == b'hello!'
    tiny = 30000 * b'1\r\nx\r\n'
    assert fetch(CHUNKED + tiny + b'0\r\n\r\n')[0] == 30000 * b'x'
    big = os.urandom(3000000)
    assert fetch(LENGTH % len(big) + big)[0] == big
    assert fetch(CHUNKED + b'%x\r\n' % len(big), big,
                 b'\r\n0\r\n\r\n')[0] == big


def bad_answers_are_told():
    early = 'the connection ended early'
    nonsense = 'the answer is not HTTP'
    for answer, wrong in (
            (b'', early),
            (b'HTTP/1.1 200 OK\r\nContent-', early),
            (LENGTH % 5 + b'1234', early),
            (CHUNKED + b'5\r\n1234', early),
            (CHUNKED + b'4\r\n1234\r\n', early),
            (CHUNKED + b'4\r\n1234\r\n0\r\n', early),
            (CHUNKED + b'4\r\n12345\r\n0\r\n\r\n', nonsense),
            (CHUNKED + b'-1\r\n', nonsense),
            (CHUNKED + b'0x4\r\n', nonsense),
            (CHUNKED + 20 * b'f' + b'\r\n', nonsense),
            (b'SSH-2.0-x\r\n\r\n', nonsense),
            (b'\0\1\2\n\n', nonsense),
            (HEAD + b'Content-Length: 1x\r\n\r\n1', nonsense),
            (HEAD + b'Content-Length: \r\n\r\n', nonsense),
            (HEAD + b'Transfer-Encoding: gzip\r\n\r\n', nonsense),
            (HEAD + 70 * b'a: b\r\n' + b'\r\n',
             'the answer\'s head is too long'),
            (HEAD + b'a: ' + 20000 * b'b', 'the answer\'s head is too long'),
            (b'HTTP/1.1 404 Not Found\r\n\r\n', '404 Not Found'),
            (b'HTTP/1.1 204 No Content\r\n\r\n', '204 No Content'),
    ):
        kept, said = fetch(answer)
        assert kept is None and said == wrong, (answer, said)


def peers_that_reset():
    for answer in b'', HEAD, LENGTH % 5 + b'12', CHUNKED, HEAD + b'\r\nabc':
        assert fetch(answer, end=reset) == (
            None, 'the connection ended early'), answer


def a_peer_that_says_nothing_more_times_out():
    kept = []
    for answer in b'', HEAD, LENGTH % 5 + b'12', HEAD + b'\r\nabc':
        assert fetch(answer, end=kept.append, options=('--timeout', '1')) == (
            None, 'timed out'), answer


def nobody_there():
    with socket.create_server(('127.0.0.1', 0)) as s:
        url = f'http://127.0.0.1:{s.getsockname()[1]}/'
    status, said, err = download(url)
    assert status == 1
    assert err.startswith(url + ': Connection refused\n'), err
    assert re.search(r'failed +1\n', said)


def strangers_do_not_choose_where_to_write():
    with Server(FILE_SERVER) as server, \
            tempfile.TemporaryDirectory() as out:
        server.write('a', b'A')
        os.mkdir(out + '/in')
        status, _, err = download('--output', out + '/in',
                                  server.url + 'x/..%2f../../a')
        assert status == 1 and 'Operation not permitted' in err or \
            '404' in err or '403' in err, err
        assert os.listdir(out) == ['in'] and os.listdir(out + '/in') == []


def urls_that_can_not_be():
    for url, wrong in (
            ('ftp://127.0.0.1/', 'does not begin with http://'),
            ('http:///a', 'no host'),
            ('http://127.0.0.1:99999/', 'the port'),
            ('http://127.0.0.1:/', 'the port'),
            ('http://[::1/', 'bracket'),
            ('http://[::1]x/', 'behind the address'),
            ('http://127.0.0.1/a b', 'blanks')):
        status, _, err = download(url)
        assert status == 2 and wrong in err and url in err, (url, err)
    assert download()[0] == 2
    assert download('--sums', '-', 'http://127.0.0.1/',
                    input='nonsense\n')[0] == 2
    assert download('--timeout', 'x')[0] == 2
    assert 'no TLS' in download('--help')[1]


def localhost_and_ipv6():
    with Server(FILE_SERVER) as server:
        server.write('a', b'A')
        assert download(f'http://localhost:{server.port}/a')[0] == 0
    with Server(FILE_SERVER, '--bind', '::1') as server:
        server.write('a', b'A')
        assert server.url.startswith('http://[::1]:')
        assert download(server.url + 'a')[0] == 0


def hosts_have_names():
    with Server(FILE_SERVER) as server, tempfile.NamedTemporaryFile() as hosts:
        hosts.write(b'127.0.0.1 files.test\n')
        hosts.flush()
        server.write('a', b'A')
        url = f'http://files.test:{server.port}/a'
        environment = os.environ | {'GEV_RESOLVER_HOSTS': hosts.name}
        assert download(url, url, env=environment)[0] == 0
    status, _, err = download('http://a..b/', 'http://127.0.0.1:1/')
    assert status == 1
    assert 'http://a..b/: there is no such host\n' in err, err


run_cases([
    many_files_are_fetched_and_checked, a_wrong_checksum_is_noticed,
    fewer_at_a_time, few_descriptors_lower_the_concurrency,
    bodies_come_in_many_ways, bad_answers_are_told, peers_that_reset,
    a_peer_that_says_nothing_more_times_out, nobody_there,
    strangers_do_not_choose_where_to_write, urls_that_can_not_be,
    localhost_and_ipv6, hosts_have_names])
