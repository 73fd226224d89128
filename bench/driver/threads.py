# SPDX-License-Identifier: MIT
"""Unmodified threaded programs: native, and under gev run."""

import resource
import time
from pathlib import Path
from statistics import median

from . import table
from .idle import SPARE, figure, idle_connections, memory
from .micro import Relative
from .program import Missing, load_all, servers

NATIVE = "threads"
CALLBACKS = "(callbacks on epoll)"
DISPATCHED = "(the kernel looks whose)"
ROUNDS = 7
MILLISECONDS = 300


def programs(name, *args):
    return {table.OURS: (f"run:{name}", *args), NATIVE: (name, *args)}


def echo_servers():
    """The last has no threads: what the kernel takes in any case."""
    return {**programs("threads-echo"),
            CALLBACKS: ("net-epoll_echo",)}


def weigh(server):
    """All that the machine holds because of it, in bytes."""
    return (sum(memory(server)) +
            figure(Path("/proc/meminfo"), "KernelStack"))


def weight(label, connections):
    """KiB for each connection, of a server of its own."""
    names = {label: echo_servers()[label][0]}
    with servers(names) as (running, missing):
        if missing:
            raise missing[label]
        server = running[label]
        before = weigh(server)
        with idle_connections(server, connections):
            time.sleep(1)
            return (weigh(server) - before) / connections / 1024


def rates(connections):
    """ns of CPU and messages a second, by label; who is missing."""
    names = {label: program[0] for label, program in echo_servers().items()}
    with servers(names) as (running, missing):
        rounds = [load_all(running, missing, "net-load", connections,
                           MILLISECONDS) for _ in range(ROUNDS)]
        return {label: [median(r[label][i] for r in rounds) for i in (0, 1)]
                for label in running}, missing


def compare(what, found, column, target):
    if NATIVE not in found:
        return []
    return table.figures(what, {label: values[column] / found[NATIVE][column]
                                for label, values in found.items()}, target)


def without_clients(found):
    """The kernel has as much for the client's end of a connection as for the
    server's, and a server with callbacks has hardly anything else."""
    if CALLBACKS not in found:
        return found
    client = found[CALLBACKS][2] / 2
    return {label: [*values[:2], values[2] - client]
            for label, values in found.items()}


def echo(connections):
    def bench(name):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if limit < connections + SPARE:
            print(f"\n{name}: only {limit} descriptors are allowed")
            return []
        table.print_heading(
            f"{name}: an echo server with a thread for each of {connections} "
            "connections, native and under gev run",
            "messages/s", "ns of CPU", "KiB, both ends")
        found, missing = rates(connections)
        for label, (cpu, rate) in list(found.items()):
            try:
                kib = weight(label, connections)
            except Missing as reason:
                missing[label] = reason
                del found[label]
                continue
            found[label] = [1 / rate, cpu, kib]
            table.print_row(label, f"{rate:.0f}", f"{cpu:.0f}", f"{kib:.1f}")
        table.print_missing(missing)
        return (compare(f"{name}, time of threads", found, 0, 1 / 1.5) +
                compare(f"{name}, memory of threads",
                        without_clients(found), 2, 0.5))
    return bench


def micro(title, what, target, also=None):
    return Relative(f"{title} under gev run, of native", target,
                    {**programs("threads-micro", what), **(also or {})},
                    one=NATIVE)


BENCHES = {
    "threads-echo1000": echo(1000),
    "threads-echo10000": echo(10000),
    "threads-hand-over": micro("a turn handed over by a condition variable",
                               "hand-over", 1 / 6),
    "threads-create": micro("to create and join a thread", "create", 1 / 2.5),
    "threads-spin": micro("a turn handed over to one who spins", "spin", 1),
    "threads-call": micro("a system call nobody waits in", "call", 1.25,
                          {DISPATCHED: ("threads-micro", "dispatched")}),
}
