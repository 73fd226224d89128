#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_patched_libpq.py PROGRAM POOL - libpq in greenlets, and a pool of its
connections, against PostgreSQL."""

import re
import subprocess
import sys

from peer import LIMIT, run_cases
from postgres import PROGRAMS, Postgres

PROGRAM, POOL = sys.argv[1:]


def run(program, *arguments):
    """(exit status, stdout, stderr)"""
    r = subprocess.run([program, *arguments], capture_output=True, text=True,
                       timeout=LIMIT, check=False)
    return r.returncode, r.stdout, r.stderr


def two_hundred_queries_at_a_time():
    status, out, err = run(PROGRAM, SERVER.conninfo)
    assert (status, err) == (0, ''), err
    assert out.startswith('200 of 200 queries answered, up to 200 at a time')


def errors_are_told():
    status, _, err = run(PROGRAM, 'host=/nowhere')
    assert status == 2 and 'No such file or directory' in err, err


def pool(requests, connections):
    """(answered, late, killed, failed, opened, replaced)"""
    status, out, err = run(POOL, SERVER.conninfo, str(requests),
                           str(connections))
    assert (status, err) == (0, ''), (out, err)
    return tuple(map(int, re.findall(r'\d+', out)))


def few_connections_serve_many_requests():
    answered, late, killed, failed, opened, replaced = pool(60, 3)
    assert (answered, late, killed, failed) == (48, 6, 6, 0)
    assert late <= replaced <= late + killed
    assert opened - replaced <= 3


def all_of_them_are_good():
    """Three requests, none of which is late or killed."""
    assert pool(3, 2)[0:4] == (3, 0, 0, 0)


def the_server_is_told_to_give_up():
    pool(20, 4)
    for _ in range(100):
        left = SERVER.ask("select count(*) from pg_stat_activity"
                          " where query like '%pg_sleep(3600)'")
        if left == '0':
            return
    raise AssertionError(f'{left} queries go on')


def a_server_that_is_not_there():
    status, out, _ = run(POOL, 'host=/nowhere', '6')
    assert status == 1 and out.startswith('0 answered, 0 too late, 0 killed, ')


def wrong_usage():
    for program in PROGRAM, POOL:
        for arguments in [], ['-x'], ['', '0'], ['', '1', 'x']:
            assert run(program, *arguments)[0] == 2


def can_not_be_run():
    """Why not; or None."""
    if not PROGRAMS:
        return 'PostgreSQL is not installed'
    said = run(POOL, 'host=/nowhere', '1')[2]
    return said if "can't be patched" in said else None


WHY_NOT = can_not_be_run()
if WHY_NOT:
    print(WHY_NOT)
    sys.exit(77)
SERVER = Postgres(connections=220)
try:
    run_cases([two_hundred_queries_at_a_time, errors_are_told,
               few_connections_serve_many_requests, all_of_them_are_good,
               the_server_is_told_to_give_up, a_server_that_is_not_there,
               wrong_usage])
finally:
    SERVER.stop()
