# SPDX-License-Identifier: MIT
"""Echo servers under a flood: what the neighbours feel."""

from statistics import median

from . import table
from .echo import SERVERS
from .program import load_all, servers

ROUNDS = 3
MILLISECONDS = 1000
TARGET = 2


def flood(name):
    with servers(SERVERS) as (running, missing):
        rounds = [load_all(running, missing, "net-flood", MILLISECONDS)
                  for _ in range(ROUNDS)]
    table.print_heading(
        f"{name}: latency of 4 neighbours of 4 floods, ms "
        f"(target for the 99th percentile: {TARGET})",
        "99 %", "worst", "flood, MB/s")
    medians = {label: [median(r[label][i] for r in rounds) for i in range(3)]
               for label in running}
    for label, (p99, worst, rate) in medians.items():
        table.print_row(label, f"{p99:.2f}", f"{worst:.2f}", f"{rate:.0f}")
    table.print_missing(missing)
    p99 = {label: m[0] for label, m in medians.items()}
    return table.figures(name, p99, TARGET)


BENCHES = {"flood": flood}
