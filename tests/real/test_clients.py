#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wrk -t4 and pgbench -j4: loads that are threads themselves."""

import pathlib
import re
import sys

from api import Place, Skip, answers_at, free_port, main, run, same

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'examples'))
# pylint: disable=wrong-import-position
from postgres import PROGRAMS, Postgres  # noqa: E402

CLIENTS = 8
TRANSACTIONS = 50

NGINX = '''
daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {{ }}
http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{ listen 127.0.0.1:{port};
    location / {{ return 200 'gev'; }} }} }}
'''


def wrk(way):
    """wrk counts what is not as it should be."""
    port = free_port()
    with Place() as place:
        place.file('conf', NGINX.format(port=port))
        server = place.start([], 'nginx', '-p', place.path, '-c', 'conf')
        try:
            while not answers_at(port)():
                assert server.poll() is None, server.communicate()
            status, out, err = run(place, way, 'wrk', '-t4', '-c40', '-d1s',
                                   f'http://127.0.0.1:{port}/')
        finally:
            server.terminate()
            server.communicate()
    assert int(re.search(rb'(\d+) requests in', out)[1]) > 100, out
    assert b'Socket errors' not in out and b'Non-2xx' not in out, out
    return status, err, re.findall(rb'\d+ threads and \d+ connections', out)


def pgbench(way):
    if not PROGRAMS:
        raise Skip('no PostgreSQL here')
    server = Postgres()
    try:
        with Place() as place:
            place.owner = server.owner
            command = [PROGRAMS[-1] + '/pgbench', '-h', server.home.name, '-U',
                       'gev']
            run(place, [], *command, '-i', '-q', 'postgres', threaded=False)
            status, out, _ = run(place, way, *command, '-c', str(CLIENTS),
                                 '-j4', '-t', str(TRANSACTIONS), 'postgres')
        # What a bank must not get wrong.
        sums = [server.ask(f'select {what}') for what in (
            'count(*) from pgbench_history',
            '(select sum(delta) from pgbench_history) = '
            '(select sum(abalance) from pgbench_accounts)',
            '(select sum(tbalance) from pgbench_tellers) = '
            '(select sum(bbalance) from pgbench_branches)')]
    finally:
        server.stop()
    return status, re.findall(rb'(?:processed|failed).*: (\d+)', out), sums


def test_wrk():
    same(wrk)


def test_pgbench():
    same(pgbench)


main(globals())
