#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Apache's worker MPM and haproxy with threads, under wrk."""

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


def get(port):
    with socket.create_connection(('127.0.0.1', port), LIMIT) as s:
        s.sendall(b'GET /body HTTP/1.0\r\n\r\n')
        return s.makefile('rb').read().partition(b'\r\n\r\n')[2]


def work(way, config, *command):
    port = free_port()
    with Place() as place:
        directory = place.path + '/files'
        os.mkdir(directory)
        place.give(directory)
        place.file('files/body', BODY)
        place.file('conf', config.format(path=place.path, port=port))
        with Daemon(place, way, *command, place.path + '/conf',
                    answers=answers_at(port)) as daemon:
            _, out, _ = run(place, [], 'wrk', '-t2', '-c30', '-d1s',
                            f'http://127.0.0.1:{port}/body')
            body = get(port)
        assert int(re.search(rb'(\d+) requests in', out)[1]) > 100, out
        assert b'Socket errors' not in out and b'Non-2xx' not in out, out
        assert body == BODY, body
        return daemon.status


def test_apache():
    same(lambda way: work(way, APACHE, 'apache2', '-D', 'FOREGROUND', '-f'))


def test_haproxy():
    same(lambda way: work(way, HAPROXY, 'haproxy', '-db', '-f'))


main(globals())
