#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public function has a manual page, and every page reads well."""

import re
import subprocess

import api

MAN = api.ROOT / 'man'


def links():
    """{alias: page} of man/links, both with their section."""
    lines = (MAN / 'links').read_text().splitlines()
    return dict(line.split() for line in lines
                if line and not line.startswith('#'))


def undocumented():
    for name in sorted(api.all_public_functions()):
        page = f'{name}.3'
        page = links().get(page, page)
        if not (MAN / page).exists():
            yield f'{name}: no page'
        elif name not in (MAN / page).read_text():
            yield f'{name}: not in {page}'


def pages_of_nothing():
    functions = api.all_public_functions()
    pages = {*links(), *(p.name for p in MAN.glob('*.3'))}
    for page in sorted(pages):
        name = page.removesuffix('.3')
        if name.startswith('gev_') and name not in functions:
            yield f'{page}: there is no such function'


def faults(page):
    done = subprocess.run(['groff', '-mandoc', '-ww', '-z', '-Tutf8', page],
                          stderr=subprocess.PIPE, text=True)
    return done.stderr.splitlines()


def example(page):
    """The program of the page's EXAMPLES, or None."""
    section = page.read_text().partition('.Sh EXAMPLES')[2]
    m = re.search(r'^\.Bd -literal.*?\n(.*?)^\.Ed', section, re.M | re.S)
    return m and m[1].replace(r'\e', '\\').replace(r'\-', '-')


def compile_errors(page):
    program = example(page)
    if program is None:
        return [f'{page.name}: no example']
    done = subprocess.run(
        ['cc', '-std=gnu11', '-Wall', '-Werror', '-fsyntax-only', '-x', 'c',
         f'-I{api.ROOT}/include', '-'],
        input=program, stderr=subprocess.PIPE, text=True)
    return [f'{page.name}: {line}' for line in done.stderr.splitlines()]


tap = api.Tap()
tap.run('every_function_has_a_page', undocumented())
tap.run('every_page_has_its_function', pages_of_nothing())
tap.run('pages_have_no_faults', [
    line for page in sorted(MAN.glob('*.[37]')) for line in faults(page)])
tap.run('examples_compile', [
    line for page in sorted(MAN.glob('*.3')) for line in compile_errors(page)])
tap.done()
