# SPDX-License-Identifier: MIT
"""Programs of others, natively and under gev run: both must do the same.

A case is a function of how commands begin: [] or [GEV, 'run'].  It does its
work with a program and returns what came of it.  Natively the program must be
seen with threads, under gev run with one kernel thread only.
"""

import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'tool'))
# pylint: disable=wrong-import-position,unused-import
from command import Skip, equal, main, needs_patching  # noqa: E402,F401
from kernel_threads import kernel_threads  # noqa: E402

GEV = os.path.abspath(sys.argv[1])
LIMIT = float(os.environ.get('GEV_LIMIT', 20))  # seconds, for one command
PR_SET_PDEATHSIG = 1


def find(name):
    """The path of a program, or the case is skipped."""
    path = shutil.which(name, path=os.environ['PATH'] + ':/usr/sbin:/sbin')
    if not path:
        raise Skip(f'no program {name} here')
    return path


def needs_time():
    """Some take long: they are for `make programs`."""
    if 'GEV_LIMIT' not in os.environ:
        raise Skip('takes long: `make programs` runs it')


def free_port():
    """Below those that connections are given, which could take it again."""
    first = 10000 + os.getpid() * 7 % 20000
    for port in range(first, first + 1000):
        with socket.socket() as s:
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                pass
    raise Skip('no free port')


def family(pid):
    """The process and those that came of it."""
    pids = [pid]
    for one in pids:
        try:
            for task in os.listdir(f'/proc/{one}/task'):
                path = f'/proc/{one}/task/{task}/children'
                with open(path, encoding='ascii') as f:
                    pids += [int(child) for child in f.read().split()]
        except OSError:
            pass  # it ended
    return pids


class Watch(threading.Thread):
    """Looks how many threads any process of a family has, at most."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.005):
            self.most = max(self.most, *map(kernel_threads, family(self.pid)),
                            0)

    def stop(self):
        self.ended.set()
        self.join()
        return self.most


class Place:
    """A directory of a case's own, and whom it belongs to."""

    def __init__(self):
        self.owner = pwd.getpwnam('nobody') if os.geteuid() == 0 else None
        # Short: paths of sockets are.
        self.path = tempfile.mkdtemp(prefix='gev-', dir='/tmp')
        self.give(self.path)

    def give(self, path):
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def file(self, name, data=b''):
        path = os.path.join(self.path, name)
        with open(path, 'wb') as f:
            f.write(data.encode() if isinstance(data, str) else data)
        self.give(path)
        return path

    def settle(self):
        """What a program does before it is one."""
        if self.owner:
            os.setgroups([])
            os.setgid(self.owner.pw_gid)
            os.setuid(self.owner.pw_uid)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def start(self, way, *command, **popen):
        options = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE,
                   'stderr': subprocess.PIPE, 'cwd': self.path,
                   'preexec_fn': self.settle, 'start_new_session': True,
                   'env': {**os.environ, 'HOME': self.path, 'LC_ALL': 'C'}}
        return subprocess.Popen([*way, find(command[0]), *command[1:]],
                                **{**options, **popen})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def threads_of(way, most):
    """Complains unless it is one exactly under gev run."""
    if way:
        assert most == 1, f'{most} kernel threads under gev run'
    else:
        assert most > 1, 'natively it made no threads: nothing is shown'


def kill_all(process):
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()


def run(place, way, *command, threaded=True, **popen):
    """(exit status, output, errors) of a program that ends by itself."""
    process = place.start(way, *command, **popen)
    watch = Watch(process.pid)
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        out, err = kill_all(process)
        raise AssertionError(
            f'{command[0]} took more than {LIMIT} s; its last words: '
            f'{out[-300:]!r} {err[-300:]!r}') from None
    most = watch.stop()
    if threaded:
        threads_of(way, most)
    return process.returncode, out, err


class Daemon:
    """A server, from when it @answers() until SIGTERM; @status after that."""

    def __init__(self, place, way, *command, answers):
        self.place, self.way, self.status = place, way, None
        self.log = open(place.file('log'), 'r+b')
        self.process = place.start(way, *command, stdout=self.log,
                                   stderr=self.log)
        self.watch = Watch(self.process.pid)
        self.wait(answers)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors='replace')

    def wait(self, answers):
        end = time.monotonic() + LIMIT
        while not answers():
            if self.process.poll() is not None:
                raise AssertionError('it ended: ' + self.said())
            if time.monotonic() > end:
                kill_all(self.process)
                raise AssertionError('it does not answer: ' + self.said())
            time.sleep(0.02)

    def stop(self):
        most = self.watch.stop()
        self.process.terminate()
        try:
            self.status = self.process.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.status = 'it does not end'
        if self.process.poll() is None:
            kill_all(self.process)
        threads_of(self.way, most)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print('# ' + self.said().replace('\n', '\n# '))
            kill_all(self.process)
        else:
            self.stop()
        self.log.close()


def answers_at(port):
    """Whether somebody listens there; a path is a local socket's."""
    def answers():
        local = isinstance(port, str)
        with socket.socket(socket.AF_UNIX if local else socket.AF_INET) as s:
            return s.connect_ex(port if local else ('127.0.0.1', port)) == 0
    return answers


def needs_way_in():
    """Skips if nobody, whom root's programs run as, can't come to the build."""
    if os.geteuid():
        return
    for directory in pathlib.Path(GEV).parents:
        if not directory.stat().st_mode & stat.S_IXOTH:
            raise Skip(f'nobody may not enter {directory}')


def same(work):
    """The case of @work: what it returns is the same both ways."""
    needs_patching()
    needs_way_in()
    native = work([])
    equal(work([GEV, 'run']), native)
