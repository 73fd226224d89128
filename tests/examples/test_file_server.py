#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_file_server.py PROGRAM - file_server under well-behaved clients and
others."""

import http.client
import os
import re
import resource
import signal
import socket
import subprocess
import sys

from peer import LIMIT, Server, receive_all, reset, run_cases

PROGRAM = sys.argv[1]
BIG = bytes(range(256)) * 8192


def get(server, path, method='GET', headers=None):
    c = http.client.HTTPConnection('127.0.0.1', server.port, timeout=LIMIT)
    c.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        c.putheader(name, value)
    c.endheaders()
    r = c.getresponse()
    data = r.read()
    c.close()
    return r, data


def raw(server, request):
    """The whole answer to bytes after which we send no more."""
    with server.connect() as s:
        s.sendall(request)
        s.shutdown(socket.SHUT_WR)
        return receive_all(s)


def statuses(answer):
    return [int(n) for n in re.findall(rb'HTTP/1.1 (\d+) ', answer)]


def files_and_types():
    with Server(PROGRAM) as server:
        server.write('a.html', b'<p>')
        server.write('sub/big', BIG)
        server.write('empty.txt', b'')
        r, data = get(server, '/a.html')
        assert (r.status, data) == (200, b'<p>')
        assert r.getheader('Content-Type') == 'text/html'
        assert r.getheader('Content-Length') == '3'
        assert r.getheader('Date')
        r, data = get(server, '/sub/big?query#fragment')
        assert data == BIG
        assert r.getheader('Content-Type') == 'application/octet-stream'
        r, data = get(server, '/empty.txt')
        assert (r.status, data) == (200, b'')


def head_has_no_body():
    with Server(PROGRAM) as server:
        server.write('a.txt', b'12345')
        answer = raw(server, b'HEAD /a.txt HTTP/1.1\r\nHost: x\r\n\r\n'
                             b'HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n')
        assert statuses(answer) == [200, 404]
        assert b'Content-Length: 5\r\n' in answer
        assert answer.endswith(b'\r\n\r\n') and b'12345' not in answer


def names_are_decoded():
    with Server(PROGRAM) as server:
        server.write('a b%c', b'x')
        assert get(server, '/a%20b%25c')[1] == b'x'
        for bad in '/%', '/%4', '/%zz', '/%00', '/a%0', 'x':
            assert get(server, bad)[0].status == 400, bad


def no_path_leads_out():
    with Server(PROGRAM) as server:
        with open(server.root + '/../secret', 'wb') as f:
            f.write(b'secret')
        os.symlink('/etc', server.root + '/absolute')
        os.symlink('../secret', server.root + '/relative')
        server.write('sub/file', b'y')
        for path in ('/../secret', '/%2e%2e/secret', '/sub/../../secret',
                     '/relative', '/absolute/passwd', '/..', '/..%2fsecret'):
            r, data = get(server, path)
            assert r.status == 403 and b'secret' != data, path
        assert get(server, '/sub/../sub/file')[1] == b'y'
        assert get(server, '//etc/passwd')[0].status == 404


def what_is_no_file():
    with Server(PROGRAM) as server:
        server.write('file', b'x')
        os.mkfifo(server.root + '/fifo')
        assert get(server, '/none')[0].status == 404
        assert get(server, '/file/')[0].status == 404
        assert get(server, '/' + 300 * 'x')[0].status == 404
        assert get(server, '/fifo')[0].status == 403


def directories_are_listed():
    with Server(PROGRAM) as server:
        server.write('sub/<b> &".txt', b'x')
        server.write('sub/deeper/file', b'x')
        r, data = get(server, '/sub')
        assert r.getheader('Content-Type') == 'text/html'
        links = re.findall(rb'href="([^"]*)"', data)
        assert links == [b'/sub/../', b'/sub/%3Cb%3E%20%26%22.txt',
                         b'/sub/deeper/'], links
        assert b'<b>' not in data
        assert get(server, links[1].decode())[1] == b'x'
        assert re.findall(rb'href="([^"]*)"', get(server, '/')[1]) == [b'/sub/']


def one_connection_many_requests():
    with Server(PROGRAM) as server:
        server.write('a', b'A')
        one = b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
        assert statuses(raw(server, 50 * one)) == 50 * [200]
        with server.connect() as s:
            for byte in one + b'\r\n' + one:
                s.sendall(bytes([byte]))
            s.shutdown(socket.SHUT_WR)
            assert statuses(receive_all(s)) == [200, 200]


def who_wants_to_close_may():
    with Server(PROGRAM) as server:
        server.write('a', b'A')
        for request, answers, told in (
                (b'GET /a HTTP/1.1\r\nHost: x\r\n'
                 b'Connection: x, Close\r\n\r\n', 1, True),
                (b'GET /a HTTP/1.0\r\n\r\n', 1, True),
                (b'GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n',
                 2, False)):
            answer = raw(server, request + request)
            assert statuses(answer) == answers * [200], answer
            assert (b'Connection: close' in answer) == told, answer


def bad_requests_are_refused():
    host = b'\r\nHost: x\r\n'
    with Server(PROGRAM) as server:
        server.write('a', b'A')
        for request, status in (
                (b'nonsense\r\n\r\n', 400),
                (b'\x16\x03\x01\0\0\r\n\r\n', 400),
                (b'GET /a HTTP/1.1\r\n\r\n', 400),
                (b'GET /a b HTTP/1.1' + host + b'\r\n', 400),
                (b'GET /a HTTP/1.1' + host + b' folded\r\n\r\n', 400),
                (b'GET /a HTTP/1.1' + host + b'a b: c\r\n\r\n', 400),
                (b'GET /a HTTP/1.1' + host + b'a: \0\r\n\r\n', 400),
                (b'GET /a HTTP/1.1' + host + b'Content-Length: -1\r\n\r\n',
                 400),
                (b'GET /a HTTP/1.1' + host +
                 b'Content-Length: 1\r\nContent-Length: 2\r\n\r\n', 400),
                (b'GET /a HTTP/2.0' + host + b'\r\n', 505),
                (b'GET http://x/a HTTP/1.1' + host + b'\r\n', 200),
                (b'POST /a HTTP/1.1' + host +
                 b'Content-Length: 3\r\n\r\nabc', 405),
                (b'GET /a HTTP/1.1' + host + 70 * b'a: b\r\n' + b'\r\n', 431),
                (b'GET /' + 20000 * b'a' + b' HTTP/1.1' + host + b'\r\n', 431),
        ):
            answer = raw(server, request)
            assert statuses(answer) == [status], (request, answer)
        assert get(server, '/a')[1] == b'A'


def the_answer_survives_unread_input():
    with Server(PROGRAM) as server:
        with server.connect() as s:
            s.sendall(b'PUT /a HTTP/1.1\r\nHost: x\r\n'
                      b'Content-Length: 500000\r\n\r\n')
            s.sendall(500000 * b'x')
            s.shutdown(socket.SHUT_WR)
            answer = receive_all(s)
        assert statuses(answer) == [405], answer
        assert b'Allow: GET, HEAD\r\n' in answer


def the_slow_are_told_and_left():
    with Server(PROGRAM, '--timeout', '1') as server:
        server.write('a', b'A')
        with server.connect() as slow, server.connect() as mute:
            slow.sendall(b'GET /a HT')
            assert statuses(receive_all(slow)) == [408]
            assert receive_all(mute) == b''


def who_does_not_read_is_left():
    with Server(PROGRAM, '--timeout', '1') as server:
        server.write('huge', 64 * BIG)
        with server.connect() as s:
            s.sendall(b'GET /huge HTTP/1.1\r\nHost: x\r\n\r\n')
            server.process.stdout.readline()
            assert get(server, '/')[0].status == 200
            wait_until_alone(server)


def what_can_not_be_served():
    for options, wrong in ((['--root', '/none'], 'cannot serve /none'),
                           (['--root', PROGRAM], 'Not a directory'),
                           (['--bind', 'example.org'], 'must be a numeric address'),
                           (['--bind', '192.0.2.1'], 'cannot listen'),
                           (['--port', 'x'], 'the port'),
                           (['--latency', '-1'], 'wants a number'),
                           (['x'], 'what is "x"')):
        r = subprocess.run([PROGRAM, *options], capture_output=True,
                           text=True, timeout=LIMIT, check=False)
        assert r.returncode == 2 and wrong in r.stderr, (options, r)


def wait_until_alone(server):
    """Until the server has no connection left: looks at its descriptors."""
    path = f'/proc/{server.process.pid}/fd'
    sockets = 2
    while sockets > 1:
        links = []
        for fd in os.listdir(path):
            try:
                links.append(os.readlink(path + '/' + fd))
            except FileNotFoundError:
                pass
        os.sched_yield()
        sockets = sum(link.startswith('socket:') for link in links)


def peers_that_vanish():
    with Server(PROGRAM) as server:
        server.write('big', BIG)
        request = b'GET /big HTTP/1.1\r\nHost: x\r\n\r\n'
        for sent in b'', request[:10], request, 20 * request:
            for _ in range(10):
                s = server.connect()
                s.sendall(sent)
                reset(s)
        assert get(server, '/big')[1] == BIG
        wait_until_alone(server)


def the_log_plays_no_tricks():
    with Server(PROGRAM) as server:
        raw(server, b'GET /\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n')
        assert server.process.stdout.readline() == \
            '404 GET /?[31m HTTP/1.1\n'


def sigterm_lets_answers_finish():
    with Server(PROGRAM, '--latency', '1000') as server:
        server.write('a', b'A')
        with server.connect() as busy, server.connect() as idle:
            idle.sendall(b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
            assert idle.recv(4096)
            busy.sendall(b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
            wait_for_input_to_be_read(server, busy)
            server.process.send_signal(signal.SIGTERM)
            answer = receive_all(busy)
            assert statuses(answer) == [200] and answer.endswith(b'A')
            assert b'Connection: close' in answer
        assert server.process.wait(LIMIT) == 0
        assert server.stop()[2] == ''


def wait_for_input_to_be_read(server, s):
    """Until the server's end of @s has an empty receive queue."""
    mine = f':{s.getsockname()[1]:04X}'
    while True:
        with open('/proc/net/tcp', encoding='ascii') as f:
            for line in f:
                fields = line.split()
                if (fields[1].endswith(f':{server.port:04X}') and
                        fields[2].endswith(mine) and
                        fields[4].endswith(':00000000')):
                    return


def few_descriptors_make_others_wait():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

    with Server(PROGRAM, preexec_fn=limit) as server:
        server.write('a', b'A')
        peers = [server.connect() for _ in range(40)]
        for s in peers:
            s.sendall(b'GET /a HTTP/1.0\r\n\r\n')
        for s in peers:
            assert statuses(receive_all(s)) == [200]
            s.close()
        assert 'limit of descriptors' in server.stop()[2]


def too_few_descriptors_are_told():
    for most in 14, 17:
        r = subprocess.run(
            ['sh', '-c', f'ulimit -n {most}; exec "$0" --port 0', PROGRAM],
            capture_output=True, text=True, timeout=LIMIT, check=False)
        assert (r.returncode, r.stdout) == (2, ''), r
        assert f'only {most} descriptors' in r.stderr, r


run_cases([
    what_can_not_be_served, files_and_types, head_has_no_body,
    names_are_decoded, no_path_leads_out,
    what_is_no_file, directories_are_listed, one_connection_many_requests,
    who_wants_to_close_may, bad_requests_are_refused,
    the_answer_survives_unread_input, the_slow_are_told_and_left,
    who_does_not_read_is_left, peers_that_vanish, the_log_plays_no_tricks,
    sigterm_lets_answers_finish, few_descriptors_make_others_wait,
    too_few_descriptors_are_told])
