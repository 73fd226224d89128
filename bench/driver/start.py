# SPDX-License-Identifier: MIT
"""To start programs that do nothing: native, and under gev run."""

import resource
import subprocess
from statistics import median

from . import table
from .machine import SERVER_CORE
from .program import GEV_RUN, pin

NATIVE = "native"
ROUNDS = 9
PROGRAMS = 100
LOOP = f"for i in $(seq {PROGRAMS}); do"


def cpu_of(argv):
    """us of CPU for each program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, preexec_fn=pin(SERVER_CORE), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime +
            after.ru_stime - before.ru_stime) * 1e6 / PROGRAMS


def shell(program):
    return ["sh", "-c", f"{LOOP} {program}; done"]


def start(title, ours, target):
    def bench(name):
        table.print_heading(f"{name}: {title} (target: {target:g})",
                            "us of CPU", "gev/native")
        programs = {table.OURS: ours, NATIVE: shell("/bin/true")}
        rounds = [{label: cpu_of(argv) for label, argv in programs.items()}
                  for _ in range(ROUNDS)]
        for label in programs:
            table.print_row(
                label, f"{median(r[label] for r in rounds):.0f}",
                f"{median(r[label] / r[NATIVE] for r in rounds):.2f}")
        return table.figures(
            name, {label: median(r[label] / r[NATIVE] for r in rounds)
                   for label in programs}, target)
    return bench


BENCHES = {
    "run-start": start("gev run /bin/true",
                       shell(f"{GEV_RUN[0]} run /bin/true"), 4),
    "run-children": start("/bin/true, from a shell under gev run",
                          GEV_RUN + shell("/bin/true"), 1.5),
}
