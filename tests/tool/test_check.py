#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_check.py GEV - what gev check says of programs of all kinds."""

import json
import os
import shutil
import subprocess
import tempfile

from command import Skip, contains, equal, gev, main, needs_patching

work = tempfile.TemporaryDirectory(prefix='gev-check-')


def path(name):
    return os.path.join(work.name, name)


def make(name, text, mode=0o755):
    with open(path(name), 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(path(name), mode)
    return path(name)


def build(name, code, *options):
    source = make(name + '.c', code, 0o644)
    done = subprocess.run(['cc', source, '-o', path(name), *options],
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Skip(f'cc: {done.stderr.splitlines()[-1]}')
    return path(name)


def refuses(program, *parts):
    done = gev('check', program)
    equal(done.returncode, 1)
    first = done.stdout.splitlines()[0]
    contains(first, "can't be run")
    for part in parts:
        contains(first, part)
    return done


def accepts(program):
    needs_patching()
    done = gev('check', program)
    equal((done.returncode, done.stdout.splitlines()[0]),
          (0, f'{program}: can be run'))
    return done.stdout


def patched_elf(name, *changes):
    """/bin/true with bytes changed, as (offset, bytes)."""
    shutil.copy('/bin/true', path(name))
    with open(path(name), 'r+b') as f:
        for at, data in changes:
            f.seek(at)
            f.write(data)
    return path(name)


def test_an_ordinary_program_can_be_run():
    said = accepts('/bin/ls')
    contains(said, 'dynamically linked')
    contains(said, 'system calls')
    contains(said, 'kernel')


def test_a_name_is_looked_up_as_a_shell_does():
    contains(accepts('true'), 'bin/true is')


def test_threads_are_mentioned():
    code = '#include <pthread.h>\nstatic void *f(void *p) { return p; }\n' \
        'int main(void) { pthread_t t; return pthread_create(&t, 0, f, 0); }'
    contains(accepts(build('threads', code, '-pthread')), 'pthread_create')
    contains(accepts('/bin/true'), 'makes none itself')


def test_what_is_not_there_is_said():
    refuses('no-such-program', 'not found')
    refuses(make('plain', 'text', 0o644), 'Permission denied')
    refuses('/tmp', 'Is a directory')


def test_a_script_is_followed_to_its_interpreter():
    said = accepts(make('script', '#!/bin/sh -e\n:\n'))
    contains(said, 'is run by /bin/sh')


def test_env_is_followed_to_what_it_runs():
    contains(accepts(make('env-script', '#!/usr/bin/env true\n')), '/true is')
    refuses(make('env-none', '#!/usr/bin/env nonesuch\n'), 'nonesuch')


def test_env_is_followed_if_it_splits_its_argument():
    said = accepts(make('env-split', '#!/usr/bin/env -S true -u x\n'))
    contains(said, '/true is')


def test_text_without_a_first_line_is_the_shells():
    contains(accepts(make('bare', 'echo hello\n')), 'is run by /bin/sh')


def test_a_script_without_interpreter_is_refused():
    refuses(make('lost', '#!/no/such/interpreter\n'), 'no interpreter')


def test_scripts_that_run_each_other_for_ever_are_refused():
    make('loop', f'#!{path("loop")}\n')
    refuses(path('loop'), 'too many scripts')


def test_a_static_program_is_refused():
    code = 'int main(void) { return 0; }'
    refuses(build('static', code, '-static'), 'statically linked')
    refuses(build('static-pie', code, '-static-pie'), 'statically linked')


def test_a_go_program_is_refused():
    if not shutil.which('go'):
        raise Skip('no Go compiler')
    go = subprocess.run(['go', 'env', 'GOROOT'], stdout=subprocess.PIPE,
                        text=True, check=True).stdout.strip()
    refuses(go + '/bin/go', 'Go')


def test_another_libc_is_refused():
    loader = path('ld-musl-x86_64.so.1')
    shutil.copy('/bin/true', loader)
    code = 'int main(void) { return 0; }'
    refuses(build('musl', code, f'-Wl,--dynamic-linker={loader}'),
            'other than glibc', 'ld-musl')


def test_a_missing_loader_is_refused():
    code = 'int main(void) { return 0; }'
    refuses(build('orphan', code, '-Wl,--dynamic-linker=/no/such/loader'),
            'not there')


def test_another_cpu_is_refused():
    refuses(patched_elf('riscv', (18, b'\xf3\0')), 'another CPU')
    refuses(patched_elf('narrow', (4, b'\x01')), '32-bit')
    refuses(patched_elf('big', (5, b'\x02')), 'big-endian')
    refuses(patched_elf('object', (16, b'\x01\0')), 'no program')


def test_setuid_is_refused():
    if os.getuid() != 0:
        raise Skip('must be root to make a setuid program')
    shutil.copy('/bin/true', path('setuid'))
    os.chown(path('setuid'), 65534, 65534)
    os.chmod(path('setuid'), 0o4755)
    refuses(path('setuid'), 'setuid')
    os.chmod(path('setuid'), 0o2755)
    refuses(path('setuid'), 'setgid')


def test_seccomp_is_refused():
    build('libseccomp.so.2', 'int seccomp_load(void *p) { return !p; }',
          '-shared', '-fPIC', '-Wl,-soname,libseccomp.so.2')
    code = 'int seccomp_load(void *); int main(void) { ' \
        'return seccomp_load(0); }'
    refuses(build('filters', code, path('libseccomp.so.2')), 'libseccomp')


def library(name, code, *options):
    """The program's options for one that is found at run time too."""
    build(f'lib{name}.so', code, '-shared', '-fPIC', *options,
          f'-Wl,-soname,lib{name}.so')
    return ['-L' + work.name, '-Wl,-rpath,' + work.name, '-l' + name]


def test_a_library_that_filters_is_mentioned():
    build('libseccomp.so.2', 'int seccomp_load(void *p) { return !p; }',
          '-shared', '-fPIC', '-Wl,-soname,libseccomp.so.2')
    options = library('filter', 'int seccomp_load(void *); '
                      'int f(void) { return seccomp_load(0); }',
                      path('libseccomp.so.2'), '-Wl,-rpath,' + work.name)
    code = 'int f(void); int main(void) { return f(); }'
    contains(accepts(build('by-library', code, *options)),
             'libfilter.so can filter')


def test_a_link_to_a_program_is_about_where_that_is():
    needs_patching()
    library('beside', 'int f(void) { return 0; }')
    program = build('beside', 'int f(void); int main(void) { return f(); }',
                    '-L' + work.name, '-Wl,-rpath,$ORIGIN', '-lbeside')
    with tempfile.TemporaryDirectory() as elsewhere:
        os.symlink(program, elsewhere + '/link')
        accepts(elsewhere + '/link')


def test_a_missing_library_is_refused():
    needs_patching()
    options = library('gone', 'int f(void) { return 0; }')
    code = 'int f(void); int main(void) { return f(); }'
    program = build('lacking', code, *options)
    accepts(program)
    os.unlink(path('libgone.so'))
    refuses(program, 'needs libgone.so, which is not there')
    done = gev('run', program)
    if 'libgev-run.so is missing' not in done.stderr:
        equal(done.returncode, 127)


def test_what_has_to_be_loaded_first_is_refused():
    code = 'int main(void) { return 0; }'
    program = build('sanitized', code, '-fsanitize=address')
    with open(program, 'rb') as f:
        if b'libasan.so' not in f.read():
            raise Skip('cc links AddressSanitizer statically')
    refuses(program, 'AddressSanitizer')


def test_what_replaces_libc_is_refused():
    if not shutil.which('clang'):
        raise Skip('no clang')
    make('raceless.c', 'int main(void) { return 0; }', 0o644)
    if subprocess.run(['clang', '-fsanitize=thread', path('raceless.c'), '-o',
                       path('raceless')], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip("clang's ThreadSanitizer is not installed")
    refuses(path('raceless'), 'ThreadSanitizer')


def test_another_libc_is_refused_by_a_real_one():
    if not shutil.which('musl-gcc'):
        raise Skip('no musl-gcc')
    make('with-musl.c', 'int main(void) { return 0; }', 0o644)
    subprocess.run(['musl-gcc', path('with-musl.c'), '-o', path('with-musl')],
                   check=True)
    refuses(path('with-musl'), 'other than glibc')


def test_capabilities_are_refused():
    if os.getuid() or not shutil.which('setcap'):
        raise Skip('must be root and have setcap(8)')
    os.chmod(work.name, 0o755)
    shutil.copy('/bin/true', path('capable'))
    if subprocess.run(['setcap', 'cap_net_raw+ep', path('capable')],
                      stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip('no capabilities of files here')
    try:
        done = gev('check', path('capable'), user=65534)
    except PermissionError as error:
        raise Skip(str(error)) from None
    equal(done.returncode, 1)
    contains(done.stdout.splitlines()[0], 'has capabilities')


def test_a_libc_that_looks_otherwise_is_refused():
    needs_patching()
    os.mkdir(path('other'))
    build('other/libc.so.6', 'int nothing;', '-shared', '-fPIC', '-nostdlib',
          '-Wl,-z,noseparate-code')
    done = gev('check', '/bin/true', env={'LD_LIBRARY_PATH': ''})
    equal(done.returncode, 0)
    code = 'int main(void) { return 0; }'
    program = build('runpath', code, f'-Wl,-rpath,{path("other")}')
    refuses(program, 'other/libc.so.6')


def test_json_says_the_same():
    for program in ('/bin/ls', '/sbin/ldconfig', 'nön\n"\\e'):
        done = gev('check', '--json', program)
        said = json.loads(done.stdout)
        equal(said['runs'], done.returncode == 0)
        plain = gev('check', program)
        equal(plain.returncode, done.returncode)
        for finding in said['findings']:
            assert finding['level'] in ('fine', 'note', 'bad'), finding
            if finding['text'].isascii():
                contains(plain.stdout, finding['text'])


main(globals())
