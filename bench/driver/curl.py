# SPDX-License-Identifier: MIT
"""libcurl's blocking interface in greenlets, against its own ways."""

import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from . import table
from .build import BUILD
from .http import Nginx
from .machine import LOAD_CORE, SERVER_CORE
from .program import Missing, pin, run

PROGRAMS = {
    table.OURS: "gev-curl",
    "curl_multi": "curl-multi",
    "100 threads": "curl-threads",
}
TARGETS = {"curl_multi": 1.25, "100 threads": 1}
ROUNDS = 5


@contextmanager
def fast():
    """The URL of what nginx has in memory."""
    nginx = Nginx()
    try:
        yield f"http://127.0.0.1:{nginx.port}/"
    finally:
        nginx.stop()


@contextmanager
def slow():
    """The URL of what comes after 50 ms."""
    program = BUILD / "examples/file_server"
    with tempfile.TemporaryDirectory() as root:
        Path(root, "file").write_text("hello, world\n", encoding="ascii")
        process = subprocess.Popen(
            [program, "--root", root, "--port", "0", "--latency", "50",
             "--quiet"],
            preexec_fn=pin(SERVER_CORE), stdout=subprocess.PIPE, text=True)
        try:
            url = process.stdout.readline().split(" at ")[1].strip()
            yield url + "file"
        finally:
            process.kill()
            process.communicate()


def measure(url, requests):
    """By label: requests per second, us of CPU for each, KiB; who is missing."""
    rounds = {label: [] for label in PROGRAMS}
    missing = {}
    for _ in range(ROUNDS):
        for label in list(rounds):
            try:
                rounds[label].append(
                    run(PROGRAMS[label], url, requests, core=LOAD_CORE))
            except Missing as reason:
                missing[label] = reason
                del rounds[label]
    return {label: [median(column) for column in zip(*r)]
            for label, r in rounds.items()}, missing


def curl(title, server, requests):
    def bench(name):
        table.print_heading(f"{name}: {title}", "requests/s", "CPU us each",
                            "peak MiB")
        try:
            with server() as url:
                figures, missing = measure(url, requests)
        except Missing as reason:
            figures, missing = {}, {"nginx": reason}
        for label, (speed, cpu, memory) in figures.items():
            table.print_row(label, f"{speed:.0f}", f"{cpu:.1f}",
                            f"{memory / 1024:.1f}")
        table.print_missing(missing)
        return compared(name, {label: row[1] for label, row in figures.items()})
    return bench


def compared(name, cpu):
    """CPU of a download as a share of each peer's."""
    return [table.Figure(f"{name}, CPU x that of {peer}",
                         cpu[table.OURS] / cpu[peer], target)
            for peer, target in TARGETS.items()
            if table.OURS in cpu and peer in cpu]


BENCHES = {
    "curl": curl("10,000 downloads with libcurl, 100 at a time, from nginx, "
                 "all on one core", fast, 10000),
    "curl-slow": curl("2,000 of them from a server that takes 50 ms", slow,
                      2000),
}
