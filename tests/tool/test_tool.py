#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_tool.py GEV - the command line itself: help, errors, exit statuses."""

from command import Skip, contains, equal, gev, main, needs_patching


def test_help_goes_to_standard_output():
    for args in (['--help'], ['help'], ['run', '--help'], ['check', '--help'],
                 ['help', 'run'], ['help', 'check'], ['run', '-h']):
        done = gev(*args)
        equal(done.returncode, 0)
        contains(done.stdout, 'Usage: gev')
        equal(done.stderr, '')


def test_help_of_a_command_is_its_own():
    equal(gev('help', 'run').stdout, gev('run', '--help').stdout)
    contains(gev('run', '--help').stdout, '--no-follow')
    contains(gev('check', '--help').stdout, '--json')


def test_version_is_printed():
    for args in (['version'], ['--version'], ['-V']):
        done = gev(*args)
        equal(done.returncode, 0)
        assert done.stdout.startswith('gev 0.'), done.stdout


def test_wrong_usage_is_125_and_says_so():
    for args in ([], ['frobnicate'], ['run'], ['check'], ['run', '--bad', 'ls'],
                 ['check', 'ls', 'ls'], ['version', 'x'], ['help', 'x'], ['run', '--']):
        done = gev(*args)
        equal(done.returncode, 125)
        equal(done.stdout, '')
        assert done.stderr, args


def test_help_that_nobody_can_read_is_an_error():
    with open('/dev/full', 'w', encoding='ascii') as full:
        import subprocess
        import sys
        done = subprocess.run([sys.argv[1], '--help'], stdout=full,
                              stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 125)


def test_a_program_that_is_not_there_is_127():
    for name in ('no-such-program', '/no/such/program', ''):
        done = gev('run', name)
        equal(done.returncode, 127)
        contains(done.stderr, 'not found')


def test_a_program_that_is_not_executable_is_126():
    for name in ('/etc/passwd', '/tmp'):
        equal(gev('run', name).returncode, 126)


def test_a_refused_program_is_125_and_says_why():
    done = gev('run', '/sbin/ldconfig', '--version')
    equal(done.returncode, 125)
    contains(done.stderr, 'statically linked')
    equal(done.stdout, '')


def test_force_runs_it_nevertheless():
    done = gev('run', '--force', '/sbin/ldconfig', '--version')
    if done.stderr.endswith('is missing\n'):
        return
    equal(done.returncode, 0)
    contains(done.stdout, 'ldconfig')


def needs_library():
    """Some builds have none to preload: src/meson.build."""
    said = gev('run', 'true').stderr
    if 'libgev-run.so' in said:
        raise Skip(said.strip())


def test_options_end_at_the_program():
    needs_patching()
    needs_library()
    done = gev('run', '/bin/echo', '--stats', '-v', '--', 'x')
    equal(done.stdout, '--stats -v -- x\n')
    equal(gev('run', '--', '/bin/echo', '-h').stdout, '-h\n')


main(globals())
