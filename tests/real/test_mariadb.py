#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""MariaDB: clients at the same time, and what the tables hold afterwards."""

import concurrent.futures

from api import (Daemon, Place, answers_at, find, main, needs_time, run, same)

CLIENTS = 8
ROWS = 40
TABLE = ('create table t (k int primary key, v text, n int, key (n)) '
         'engine=innodb')


def statements(number):
    """Each client's rows; and one row that all of them count in."""
    for i in range(ROWS):
        key = number * ROWS + i + 1
        yield (f"start transaction; insert into t values ({key}, "
               f"repeat('{key}', 50), {i}); "
               f"update t set n = n + 1 where k = 0; commit;")
    yield f'delete from t where k > {number * ROWS} and n = {number};'


def work(way):
    with Place() as place:
        user = place.owner.pw_name if place.owner else None
        paths = [f'--datadir={place.path}/data']
        run(place, [], 'mariadb-install-db', '--no-defaults', *paths,
            '--auth-root-authentication-method=normal', '--skip-test-db',
            threaded=False)
        path = place.path + '/s'

        def ask(sql):
            said = run(place, [], 'mariadb', '--no-defaults', '-N', '-B', '-S',
                       path, '-u', 'root', 'mysql', '-e', sql, threaded=False)
            assert said[0] == 0, said
            return said[1]

        with Daemon(place, way, 'mariadbd', '--no-defaults', *paths,
                    f'--socket={path}', '--skip-networking',
                    '--innodb-buffer-pool-size=16M',
                    *([f'--user={user}'] if user else []),
                    answers=answers_at(path)) as daemon:
            ask(TABLE)
            ask("insert into t values (0, '', 1000)")
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(lambda i: ask('\n'.join(statements(i))),
                              range(CLIENTS)))
            said = ask('check table t; checksum table t; select count(*), '
                       'sum(k), max(n) from t')
        return said, daemon.status


def test_mariadb():
    find('mariadbd')
    needs_time()
    same(work)


main(globals())
