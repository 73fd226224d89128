#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""headers.py [LAYER...] - each header compiles alone; the public ones in C11
and C++ too.  What the internal ones of the LAYERs need is not there."""

import subprocess
import sys

import api

LONGEST = 300
STRICT = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
          f'-I{api.ROOT}/include', '-']
LANGUAGES = {
    'c11': ['cc', '-std=c11', '-x', 'c', *STRICT],
    'c++11': ['c++', '-std=c++11', '-x', 'c++', *STRICT],
    'c++20': ['c++', '-std=c++20', '-x', 'c++', *STRICT],
}
INTERNAL = ['cc', '-std=gnu11', '-D_GNU_SOURCE', f'-I{api.ROOT}/src', '-x', 'c',
            *STRICT[1:]]
INITIALISERS = '''
#include <gev.h>
gev_waiter waiter = GEV_WAITER_INIT("test");
gev_callback callback = GEV_CALLBACK_INIT;
gev_choice choice = GEV_CHOOSE_READ(0);
gev_event event = GEV_EVENT_INIT;
gev_thread_event thread_event = GEV_THREAD_EVENT_INIT;
gev_countdown countdown = GEV_COUNTDOWN_INIT(3);
gev_queue queue = GEV_QUEUE_INIT(10);
gev_queue lifo = GEV_LIFO_QUEUE_INIT(0);
gev_queue priority = GEV_PRIORITY_QUEUE_INIT(0, 0);
gev_async_result result = GEV_ASYNC_RESULT_INIT;
gev_sem sem = GEV_SEM_INIT(1);
gev_sem bounded = GEV_BOUNDED_SEM_INIT(2);
gev_pool pool = GEV_POOL_INIT(10);
gev_group group = GEV_GROUP_INIT;
gev_scope scope = GEV_SCOPE_INIT;
gev_mutex mutex = GEV_MUTEX_INIT;
gev_rlock rlock = GEV_RLOCK_INIT;
gev_cond cond = GEV_COND_INIT;
gev_rwlock rwlock = GEV_RWLOCK_INIT;
gev_once once = GEV_ONCE_INIT;
gev_local_key key = GEV_LOCAL_KEY_INIT(0);
'''


def compile_errors(command, source):
    done = subprocess.run(command, input=source, text=True,
                          stderr=subprocess.PIPE)
    return done.stderr.splitlines() if done.returncode else []


def internal_errors():
    for header in sorted((api.ROOT / 'src').rglob('*.h')):
        name = header.relative_to(api.ROOT / 'src')
        if name.parts[0] in sys.argv[1:]:
            continue
        yield from compile_errors(INTERNAL, f'#include "{name}"\n')


def too_long(header):
    lines = len(header.read_text().splitlines())
    if lines > LONGEST:
        yield f'{header.name} has {lines} lines'


def not_in_the_whole():
    whole, *headers = api.headers_of('libgev')
    whole = whole.read_text()
    for header in headers:
        if f'#include <gev/{header.name}>' not in whole:
            yield f'gev.h does not include {header.name}'


tap = api.Tap()
for header in api.HEADERS:
    name = header.relative_to(api.ROOT / 'include')
    for language, command in LANGUAGES.items():
        tap.run(f'{name} is {language}',
                compile_errors(command, f'#include <{name}>\n'))
    tap.run(f'{name} is about one topic', too_long(header))
for language, command in LANGUAGES.items():
    tap.run(f'initialisers are {language}',
            compile_errors(command, INITIALISERS))
tap.run('gev.h includes all of them', not_in_the_whole())
tap.run('internal headers stand alone', internal_errors())
tap.done()
