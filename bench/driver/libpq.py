# SPDX-License-Identifier: MIT
"""libpq's blocking interface in greenlets, in threads, and its pipeline."""

import sys
from statistics import median

from . import table
from .build import ROOT
from .machine import LOAD_CORE
from .program import Missing, pin, run

sys.path.append(str(ROOT / "tests" / "examples"))
from postgres import PROGRAMS, Postgres  # noqa: E402

CLIENTS = 1000
QUERIES = 50  # of each
ROUNDS = 5
THREADS = "threads"
PROGRAMS_OF = {
    table.OURS: "gev-libpq",
    THREADS: "libpq-threads",
    "(pipeline, one connection)": "libpq-pipeline",
}


def measure(conninfo):
    """Rounds of figures by label; who is missing, with the reason."""
    rounds = {label: [] for label in PROGRAMS_OF}
    missing = {}
    for _ in range(ROUNDS):
        for label, program in PROGRAMS_OF.items():
            if label in missing:
                continue
            try:
                rounds[label].append(run(program, conninfo, CLIENTS, QUERIES))
            except Missing as reason:
                missing[label] = reason
    return {label: [median(column) for column in zip(*figures)]
            for label, figures in rounds.items() if figures}, missing


def with_server():
    if not PROGRAMS:
        return {}, {"PostgreSQL": Missing("postgresql is not installed")}
    server = Postgres(CLIENTS + 10, pin(LOAD_CORE))
    try:
        return measure(server.conninfo)
    finally:
        server.stop()


def compare(name, found, column):
    """Against threads, which is what blocking code had so far."""
    if THREADS not in found:
        return []
    return table.figures(name, {
        label: values[column] / found[THREADS][column]
        for label, values in found.items()}, 1)


def bench(name):
    table.print_heading(
        f"{name}: {CLIENTS} clients of PostgreSQL, {QUERIES} queries each",
        "queries/s", "us of CPU", "MiB in all", "KiB a client")
    found, missing = with_server()
    for label, (clock, cpu, mib, kib) in found.items():
        table.print_row(label, f"{1e6 / clock:.0f}", f"{cpu:.1f}",
                        f"{mib:.1f}", f"{kib:.1f}")
    table.print_missing(missing)
    return (compare("libpq, time of threads", found, 0) +
            compare("libpq, CPU of threads", found, 1) +
            compare("libpq, memory of threads", found, 3))


BENCHES = {"libpq": bench}
