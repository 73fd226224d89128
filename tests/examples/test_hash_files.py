#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_hash_files.py HASH_FILES - it prints what sha256sum prints."""

import hashlib
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time

from peer import LIMIT, run_cases

HASH_FILES, = sys.argv[1:]
DIRECTORY = tempfile.TemporaryDirectory()
SIZES = [0, 1, 55, 56, 63, 64, 65, 65535, 65536, 65537, 1 << 20]


def path(name):
    return os.path.join(DIRECTORY.name, name)


def write(name, data):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), 'wb') as f:
        f.write(data)
    return path(name)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT)


def same_as_sha256sum(*files, options=(), status=0):
    expected = run('sha256sum', *files)
    r = run(HASH_FILES, *options, *files)
    assert r.stdout == expected.stdout, (r, expected)
    assert r.stderr == expected.stderr.replace('sha256sum', 'hash_files'), r
    assert r.returncode == expected.returncode == status, r


def in_the_order_of_the_arguments():
    files = [write(f'sizes/{n}', os.urandom(n)) for n in SIZES]
    for n in '1', '3', '100':
        same_as_sha256sum(*files, options=['-j', n])
        same_as_sha256sum(*reversed(files), *files, options=['-j', n])


def many_files():
    same_as_sha256sum(*[write(f'many/{n}', b'%d' % n) for n in range(1000)])


def names_with_newlines():
    same_as_sha256sum(*[write(f'names/{name}', b'x') for name in
                        ('a b', 'a\nb', 'a\\b', '\\n', 'é')])


def what_cannot_be_read():
    fine = write('fine', b'fine')
    same_as_sha256sum(path('nothing'), fine, DIRECTORY.name, fine, status=1)


def directories():
    names = ['d/b/2', 'd/a', 'd/b/1', 'd/c/x/y', 'e']
    for name in names:
        write(name, name.encode())
    os.symlink(path('e'), path('d/link'))
    os.mkfifo(path('d/fifo'))
    r = run(HASH_FILES, '-r', path('d'), path('e'), path('none'))
    assert r.returncode == 1, r
    assert r.stderr == \
        f'hash_files: {path("none")}: No such file or directory\n', r
    sums = [line.split('  ') for line in r.stdout.splitlines()]
    assert sums == [[hashlib.sha256(n.encode()).hexdigest(), path(n)]
                    for n in sorted(names)], r


def unfinished(*files):
    """hash_files at work on @files and a fifo, which it has opened."""
    os.mkfifo(path('endless'))
    p = subprocess.Popen([HASH_FILES, *files, path('endless')],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fifo = os.open(path('endless'), os.O_WRONLY)
    os.remove(path('endless'))
    return p, fifo


def signals_end_it():
    """At once if the threads are at work; else when they had their time."""
    for number, feed in ((signal.SIGTERM, True), (signal.SIGINT, True),
                         (signal.SIGTERM, False)):
        p, fifo = unfinished(write('first', b'1'))
        time.sleep(0.02)  # main waits by then; it works either way
        p.send_signal(number)
        while feed and p.poll() is None:
            try:
                os.write(fifo, b'more')
            except BrokenPipeError:
                break
        out, err = p.communicate(timeout=LIMIT)
        os.close(fifo)
        first = hashlib.sha256(b'1').hexdigest() + f'  {path("first")}\n'
        assert out.decode() in ('', first) and err == b'', (out, err)
        assert p.returncode == 128 + number, p.returncode


def read_all(fd):
    data = b''
    try:
        while True:
            more = os.read(fd, 4096)
            if not more:
                return data
            data += more
    except OSError:  # the other side of the terminal is closed
        return data


def progress_on_a_terminal():
    ours, theirs = pty.openpty()
    fifo = path('slow')
    os.mkfifo(fifo)
    p = subprocess.Popen([HASH_FILES, write('fast', b''), fifo],
                         stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    slow = os.open(fifo, os.O_WRONLY)
    shown = b''
    while b'1 of 2 files' not in shown:
        shown += os.read(ours, 4096)
    os.close(slow)
    shown += read_all(ours)
    assert p.communicate(timeout=LIMIT)[0].count(b'\n') == 2
    assert p.returncode == 0 and shown.endswith(b'\r\x1b[K'), shown
    os.close(ours)


def usage():
    assert run(HASH_FILES, '-h').stdout.startswith('usage: hash_files ')
    for bad in [[], ['-j', '0', 'x'], ['-j', 'x', 'x'], ['-x', 'x']]:
        r = run(HASH_FILES, *bad)
        assert (r.returncode, r.stdout) == (2, '') and r.stderr, r


def a_full_disk_is_told():
    with open('/dev/full', 'w', encoding='ascii') as full:
        r = subprocess.run([HASH_FILES, write('one', b'1')], stdout=full,
                           stderr=subprocess.PIPE, text=True, timeout=LIMIT)
    assert r.returncode == 2 and 'No space left' in r.stderr, r


os.environ['LC_ALL'] = 'C'
run_cases([in_the_order_of_the_arguments, many_files, names_with_newlines,
           what_cannot_be_read, directories, signals_end_it,
           progress_on_a_terminal, usage, a_full_disk_is_told])
