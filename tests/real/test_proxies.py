#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers with threads: Apache's worker MPM, haproxy, nginx's thread pool."""

import concurrent.futures
import os
import re
import socket

from api import LIMIT, Daemon, Place, answers_at, free_port, main, run, same

BODY = b'gev' * 1000

APACHE = '''
ServerName localhost
ServerRoot {path}
DocumentRoot {path}/files
Listen 127.0.0.1:{port}
PidFile {path}/pid
ErrorLog /dev/stderr
LoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
Mutex file:{path}
StartServers 1
ServerLimit 1
ThreadsPerChild 32
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
'''

HAPROXY = '''
global
    nbthread 4
    log stderr format raw local0 err
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend in
    bind 127.0.0.1:{port}
    http-request return content-type text/plain file {path}/files/body
'''


NGINX = '''
daemon off;
pid {path}/pid;
error_log stderr;
worker_processes 1;
thread_pool readers threads=4;
events {{ }}
http {{
    access_log off; client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        root {path}/files;
        sendfile off;
        aio threads=readers;
    }}
}}
'''


def get(port):
    with socket.create_connection(('127.0.0.1', port), LIMIT) as s:
        s.sendall(b'GET /body HTTP/1.0\r\n\r\n')
        return s.makefile('rb').read().partition(b'\r\n\r\n')[2]


def wrk(place, port):
    _, out, _ = run(place, [], 'wrk', '-t2', '-c30', '-d1s',
                    f'http://127.0.0.1:{port}/body')
    assert int(re.search(rb'(\d+) requests in', out)[1]) > 100, out
    assert b'Socket errors' not in out and b'Non-2xx' not in out, out


def readers(_, port):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(get, [port] * 200)) == {BODY}


def work(way, load, config, *command):
    port = free_port()
    with Place() as place:
        directory = place.path + '/files'
        os.mkdir(directory)
        place.give(directory)
        place.file('files/body', BODY)
        place.file('conf', config.format(path=place.path, port=port))
        with Daemon(place, way, *command, place.path + '/conf',
                    answers=answers_at(port)) as daemon:
            load(place, port)
            body = get(port)
        assert body == BODY, body
        return daemon.status


def test_apache():
    same(lambda way: work(way, wrk, APACHE, 'apache2', '-D', 'FOREGROUND',
                          '-f'))


def test_haproxy():
    same(lambda way: work(way, wrk, HAPROXY, 'haproxy', '-db', '-f'))


def test_nginx_with_a_thread_pool():
    same(lambda way: work(way, readers, NGINX, 'nginx', '-e', 'stderr', '-p',
                          '.', '-c'))


main(globals())
