#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Languages that make threads for themselves, and stop them at their will."""

import hashlib
import http.client
import pathlib
import subprocess

from api import LIMIT, Daemon, Place, answers_at, find, free_port, main, run, \
    same

SOURCES = pathlib.Path(__file__).resolve().parent / 'runtimes'
CLIENTS = 20
ROUNDS = 5
SMALL = ['-Xmx32m', '-XX:+UseParallelGC', '-XX:TieredStopAtLevel=1']


def get(client, path):
    client.request('GET', path)
    return client.getresponse().read()


def load(port):
    """What all said, which goes on by turns."""
    clients = [http.client.HTTPConnection('127.0.0.1', port, timeout=LIMIT)
               for _ in range(CLIENTS)]
    said = [get(client, f'/{n}.{i}') for i in range(ROUNDS)
            for n, client in enumerate(clients)]
    for client in clients:
        client.close()
    return hashlib.sha256(b''.join(said)).hexdigest()


def serve(place, way):
    port = free_port()
    with Daemon(place, way, 'java', *SMALL, 'Server', str(port),
                answers=answers_at(port)) as java:
        said = load(port)
    with open(place.path + '/log', encoding='utf-8') as log:
        return said, java.status, log.read()


def test_openjdk():
    with Place() as place:
        subprocess.run([find('javac'), '-proc:none', '-d', place.path,
                        '-J-XX:TieredStopAtLevel=1', SOURCES / 'Server.java'],
                       check=True, timeout=30)
        same(lambda way: serve(place, way))


def script(name, *command):
    """The case of a script, which says what came of it."""
    def work(way):
        with Place() as place:
            return run(place, way, *command,
                       place.file(name, (SOURCES / name).read_bytes()))
    same(work)


def test_node():
    script('workers.js', 'node')


def test_ruby():
    script('threads.rb', 'ruby')


def test_erlang():
    script('echo.escript', 'escript')


main(globals())
