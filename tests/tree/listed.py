#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every source file is built and every test run: Meson's lists are complete."""

import api


def meson_files(path):
    """The meson.build files that may list @path: its folder's and those above."""
    folder = path.parent
    while folder != api.ROOT.parent:
        if (folder / 'meson.build').exists():
            yield folder / 'meson.build'
        folder = folder.parent


def is_listed(path):
    names = [path.name, path.stem, path.stem.removeprefix('test_')]
    return any(f"'{name}'" in m.read_text()
               for m in meson_files(path) for name in names)


def unlisted(paths):
    return [f'{p.relative_to(api.ROOT)} is in no meson.build'
            for p in sorted(paths) if not is_listed(p)]


def sources():
    return [p for p in (api.ROOT / 'src').rglob('*') if p.suffix in ('.c', '.S')]


tap = api.Tap()
tap.run('sources_are_listed', unlisted(sources()))
tap.run('tests_are_listed', unlisted((api.ROOT / 'tests').glob('*/test_*')))
tap.run('examples_are_listed', unlisted((api.ROOT / 'examples').glob('*.c')))
tap.done()
