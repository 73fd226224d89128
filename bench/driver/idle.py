# SPDX-License-Identifier: MIT
"""Connections that do nothing: what they weigh, and whether others feel it."""

import re
import resource
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from . import table
from .echo import SERVERS
from .machine import LOAD_CORE
from .program import Missing, command, failure, load, pin, servers

ACTIVE = 1000
ROUNDS = 5
MILLISECONDS = 300
SPARE = 100  # descriptors for everything else


def figure(path, name):
    """The bytes that a /proc file says there are of something."""
    return 1024 * int(re.search(rf"^{name}:\s+(\d+)", path.read_text(),
                                re.M).group(1))


def memory(server):
    """(user, page tables, kernel) in bytes; the kernel's for both ends."""
    status = Path(f"/proc/{server.pid}/status")
    meminfo = Path("/proc/meminfo")
    return (figure(status, "VmRSS"), figure(status, "VmPTE"),
            figure(meminfo, "Slab"))


@contextmanager
def idle_connections(server, count):
    process = subprocess.Popen(
        command("net-idle", server.port, count), preexec_fn=pin(LOAD_CORE),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    try:
        if process.stdout.readline() != "ready\n":
            raise failure(process.communicate()[1])
        yield
    finally:
        process.communicate()


def cpu(server):
    """ns per message of the active ones."""
    return median(load("net-load", server, ACTIVE, MILLISECONDS)[0]
                  for _ in range(ROUNDS))


def measure(server, count):
    """Bytes of each kind per connection; CPU per message without and with."""
    alone = cpu(server)
    before = memory(server)
    with idle_connections(server, count):
        time.sleep(0.2)
        weight = [(after - b) / count
                  for after, b in zip(memory(server), before)]
        return [*weight, alone, cpu(server)]


def idle(count):
    def bench(name):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if limit < count + ACTIVE + SPARE:
            print(f"\n{name}: only {limit} descriptors are allowed")
            return []
        table.print_heading(
            f"{name}: {count} idle connections, bytes for each (the kernel's "
            f"for both ends); ns of CPU per message of {ACTIVE} active ones",
            "user", "page tables", "kernel", "ns without", "ns with")
        found, missing = {}, {}
        for label, program in SERVERS.items():
            with servers({label: program}) as (running, absent):
                missing.update(absent)
                try:
                    found.update({label: measure(s, count)
                                  for s in running.values()})
                except Missing as reason:
                    missing[label] = reason
            if label in found:
                table.print_row(label, *(f"{v:.0f}" for v in found[label]))
        table.print_missing(missing)
        return []
    return bench


BENCHES = {"idle10000": idle(10000), "idle18000": idle(18000)}
