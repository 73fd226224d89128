#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_cache.py GEV - what was found out about libc is kept, and believed only
where it is what would be found again."""

import os
import re
import shutil
import tempfile

from command import Skip, contains, equal, gev, main, needs_patching

work = tempfile.TemporaryDirectory(prefix='gev-cache-')
CACHE = work.name + '/cache'
HASH = 17


def hash_of(data):
    """As src/tool/cache.c does it."""
    def mix(value, word):
        product = (value ^ word) * 0x9e3779b97f4a7c15
        return product % 2 ** 64 ^ product >> 64
    lanes = [1, 2, 3, 4]
    padded = data + bytes(32 - len(data) % 32)
    for at in range(0, len(padded), 8):
        i = at // 8 % 4
        lanes[i] = mix(lanes[i], int.from_bytes(padded[at:at + 8], 'little'))
    value = len(data)
    for lane in lanes:
        value = mix(value, lane)
    return b'%016x\n' % value


def calls(**env):
    """How many system calls gev check finds, by the cache or without."""
    done = gev('check', '/bin/true', env={'XDG_CACHE_HOME': CACHE, **env})
    equal((done.returncode, done.stderr), (0, ''))
    return int(re.search(r'makes (\d+) system calls', done.stdout)[1])


def entry():
    """The file that there is, made anew."""
    needs_patching()
    shutil.rmtree(CACHE, ignore_errors=True)
    calls()
    names = os.listdir(CACHE + '/gev')
    if not names:
        raise Skip('gev has no build id here')
    equal(len(names), 1)
    return f'{CACHE}/gev/{names[0]}'


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def forged(path, old, new):
    """As if something else had been found, and been written with care."""
    body = read(path)[:-HASH]
    assert old in body, body
    body = body.replace(old, new, 1)
    write(path, body + hash_of(body))


def forge_calls(path):
    forged(path, b'\n%d ' % calls(), b'\n9999 ')


def test_what_was_found_is_kept_for_its_owner():
    path = entry()
    equal(os.stat(path).st_mode & 0o777, 0o600)
    equal(os.stat(CACHE + '/gev').st_mode & 0o777, 0o700)
    data = read(path)
    equal(hash_of(data[:-HASH]), data[-HASH:])


def test_what_is_kept_is_not_searched_for_again():
    forge_calls(entry())
    equal(calls(), 9999)


def test_a_program_is_told_the_same_either_way():
    hints = []
    path = entry()
    for cache in (CACHE, '/dev/null'):
        done = gev('run', 'cat', '/proc/self/environ',
                   env={'XDG_CACHE_HOME': cache})
        if 'libgev-run.so' in done.stderr:
            raise Skip(done.stderr.strip())
        hints.append(re.search('GEV_RUN_LIBC=([^\0]*)', done.stdout)[1])
    equal(hints[0], hints[1])
    contains(read(path).decode(), hints[0])


def test_a_damaged_file_is_not_believed_but_replaced():
    path = entry()
    whole = read(path)
    real = calls()
    for damaged in (b'', whole[:-1], whole[:100], whole + b'\n',
                    whole.replace(b'\n%d ' % real, b'\n9999 '),
                    bytes(len(whole))):
        write(path, damaged)
        equal(calls(), real)
        equal(read(path), whole)


def test_another_gev_or_libc_is_not_believed():
    path = entry()
    real = calls()
    data = read(path)
    libc_hash = re.search(rb', ([0-9a-f]{16})\n', data)[1]
    for old, new in ((b'gev 0.', b'gev 9.'), (data[10:30], b'0' * 20),
                     (libc_hash, b'0' * 16)):
        write(path, data)
        forge_calls(path)
        forged(path, old, new)
        equal(calls(), real)


def test_a_file_that_others_can_write_is_not_believed():
    path = entry()
    real = calls()
    forge_calls(path)
    os.chmod(path, 0o666)
    equal(calls(), real)
    forge_calls(path)
    os.chmod(path, 0o600)
    if os.getuid() == 0:
        os.chown(path, 65534, 65534)
        equal(calls(), real)


def test_a_link_is_not_followed():
    path = entry()
    real = calls()
    forge_calls(path)
    os.rename(path, work.name + '/elsewhere')
    os.symlink(work.name + '/elsewhere', path)
    equal(calls(), real)


def test_a_directory_that_is_a_link_is_none_of_ours():
    forge_calls(entry())
    real = calls(XDG_CACHE_HOME='/dev/null')
    os.rename(CACHE + '/gev', work.name + '/directory')
    os.symlink(work.name + '/directory', CACHE + '/gev')
    equal(calls(), real)


def test_the_place_itself_may_be_a_link():
    forge_calls(entry())
    os.symlink(CACHE, work.name + '/place')
    equal(calls(XDG_CACHE_HOME=work.name + '/place'), 9999)


def test_without_a_place_it_is_searched_each_time():
    needs_patching()
    real = calls(XDG_CACHE_HOME='/dev/null/none')
    equal(calls(XDG_CACHE_HOME='/proc'), real)
    equal(calls(XDG_CACHE_HOME='', HOME='/no/such/home'), real)
    if os.getuid() == 0:
        others = tempfile.mkdtemp(dir=work.name)
        os.chown(others, 65534, 65534)
        equal(calls(XDG_CACHE_HOME='', HOME=others), real)
        equal(os.listdir(others), [])


def test_the_place_is_as_the_desktops_agree():
    needs_patching()
    home = tempfile.mkdtemp(dir=work.name)
    calls(XDG_CACHE_HOME='relative', HOME=home)
    equal(os.listdir(home + '/.cache'), ['gev'])


main(globals())
