# SPDX-License-Identifier: MIT
"""Names from a DNS server on the loopback, dnsmasq."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

from . import table
from .machine import LOAD_CORE
from .micro import Micro
from .program import Missing, pin


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def is_up(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def dnsmasq():
    """The port of a server that has an address for all of bench.test."""
    program = shutil.which("dnsmasq", path="/usr/sbin:/usr/local/sbin")
    if not program:
        raise Missing("dnsmasq-base is not installed")
    port = free_port()
    process = subprocess.Popen(
        [program, "--keep-in-foreground", "--conf-file=/dev/null",
         "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1",
         "--bind-interfaces", "--pid-file=", "--user=", f"--port={port}",
         "--local=/test/", "--address=/bench.test/10.0.0.1"],
        preexec_fn=pin(LOAD_CORE), stderr=subprocess.DEVNULL)
    try:
        while not is_up(port) and process.poll() is None:
            time.sleep(0.01)
        yield port
    finally:
        process.kill()
        process.wait()


def dns(title, target, *args):
    def bench(name):
        try:
            with dnsmasq() as port:
                return Micro(title, target, {
                    table.OURS: ["gev-dns", port, *args],
                    "gevent, its c-ares": ["gevent_dns.py", port, *args],
                })(name)
        except Missing as reason:
            table.print_heading(f"{name}: {title}")
            table.print_missing({table.OURS: reason})
            return []
    return bench


BENCHES = {
    "dns": dns("10,000 names through 100 greenlets, ns for each", 60000),
    "dns-cpu": dns("the same, ns of CPU for each", 15000, "cpu"),
}
