# SPDX-License-Identifier: MIT
"""Start programs and read their figures."""

import os
import subprocess
from contextlib import contextmanager

from .build import BUILD, SOURCE
from .machine import LOAD_CORE, SERVER_CORE

PACKAGES = {
    "boost": "libboost-fiber-dev",
    "go": "golang-go",
    "libev": "libev-dev",
    "pth": "libpth-dev",
    "st": "libst-dev",
}

GEV_RUN = [BUILD / "src" / "tool" / "gev", "run"]


class Missing(Exception):
    """A program can't be run; the reason is for the user."""


def command(name, *args):
    """NAME.py is in python/; DIRECTORY-FILE was built.

    run:NAME is NAME under gev run.
    """
    if name.startswith("run:"):
        return GEV_RUN + command(name[len("run:"):], *args)
    if name.endswith(".py"):
        program = ["/usr/bin/python3", "-B", SOURCE / "python" / name]
    else:
        program = [BUILD / "bench" / name]
        if not program[0].exists():
            package = PACKAGES.get(name.split("-")[0])
            raise Missing(f"{package} is not installed" if package else
                          f"{name} was not built")
    return program + [str(arg) for arg in args]


def pin(core):
    return lambda: os.sched_setaffinity(0, {core})


def failure(stderr):
    lines = stderr.strip().splitlines()
    return Missing(lines[-1] if lines else "it failed")


def run(name, *args, core=SERVER_CORE):
    """The figures that a program prints."""
    result = subprocess.run(command(name, *args), preexec_fn=pin(core),
                            capture_output=True, text=True, check=False)
    if result.returncode:
        raise failure(result.stderr)
    return [float(word) for word in result.stdout.split()]


def load(name, server, *args):
    """The figures of a program that loads a server."""
    return run(name, server.port, server.pid, *args, core=LOAD_CORE)


class Server:
    """NAME, or NAME@BACKEND of gev's loop."""

    def __init__(self, name):
        name, _, backend = name.partition("@")
        self.process = subprocess.Popen(
            command(name), preexec_fn=pin(SERVER_CORE), text=True,
            env={**os.environ, "GEV_LOOP": backend or "epoll"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.process.pid
        self.port = self.process.stdout.readline().strip()
        if not self.port:
            raise failure(self.process.communicate()[1])

    def stop(self):
        self.process.kill()
        self.process.communicate()


@contextmanager
def servers(names):
    """All of the servers at once, by label; who is missing, with the reason."""
    running, missing = {}, {}
    started = []
    try:
        for label, name in names.items():
            try:
                running[label] = Server(name)
                started.append(running[label])
            except Missing as reason:
                missing[label] = reason
        yield running, missing
    finally:
        for server in started:
            server.stop()


def load_all(running, missing, name, *args):
    """What a load finds out about each server; one that fails is dropped."""
    figures = {}
    for label, server in list(running.items()):
        try:
            figures[label] = load(name, server, *args)
        except Missing as reason:
            missing[label] = reason
            del running[label]
    return figures
