# SPDX-License-Identifier: MIT
"""Echo servers: CPU per message, against callbacks on raw epoll."""

from statistics import median, quantiles

from . import table
from .program import load_all, servers

REFERENCE = "(epoll callbacks)"
SERVERS = {
    REFERENCE: "net-epoll_echo",
    table.OURS: "gev-echo",
    "(gev on io_uring)": "gev-echo@io_uring",
    "libev": "libev-echo",
    "State Threads": "st-echo",
    "Go": "go-echo",
    "uvloop": "uvloop_echo.py",
    "gevent": "gevent_echo.py",
}
ROUNDS = 11
MILLISECONDS = 200


def print_servers(rounds, ratios, labels):
    for label in labels:
        cpu = median(r[label][0] for r in rounds)
        rate = median(r[label][1] for r in rounds)
        low, middle, high = quantiles(ratios[label])
        table.print_row(label, f"{cpu:.0f}", f"{middle:.3f}",
                        f"{low:.2f} - {high:.2f}", f"{rate:.0f}")


def measure(name, running, missing, connections, target):
    rounds = [load_all(running, missing, "net-load", connections, MILLISECONDS)
              for _ in range(ROUNDS)]
    ratios = {label: [r[label][0] / r[REFERENCE][0] for r in rounds]
              for label in running}
    table.print_heading(
        f"{name}: {connections} connections, CPU of the server per message "
        f"(target: {target} x epoll)",
        "ns", "x epoll", "quartiles", "messages/s")
    print_servers(rounds, ratios, running)
    medians = {label: median(r) for label, r in ratios.items()}
    return table.figures(name, medians, target)


def echo(connections, target):
    def bench(name):
        with servers(SERVERS) as (running, missing):
            figures = measure(name, running, missing, connections, target)
        table.print_missing(missing)
        return figures
    return bench


BENCHES = {
    "echo1": echo(1, 1.02),
    "echo50": echo(50, 1.02),
    "echo1000": echo(1000, 1.08),
}
