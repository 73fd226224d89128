# SPDX-License-Identifier: MIT
"""TLS echo servers: CPU against callbacks on epoll and OpenSSL."""

from statistics import median, quantiles

from . import table
from .program import load_all, servers

REFERENCE = "(epoll and OpenSSL)"
SERVERS = {
    REFERENCE: "net-epoll_tls",
    table.OURS: "gev-tls",
}
ROUNDS = 15
TARGET = 1.03


def tls(what, unit, count):
    def bench(name):
        with servers(SERVERS) as (running, missing):
            rounds = [load_all(running, missing, "net-load_tls", what, count)
                      for _ in range(ROUNDS)]
        table.print_heading(
            f"{name}: CPU of the server for each {unit}"
            f" (target: {TARGET} x epoll)",
            "us", "x epoll", "quartiles", "in a second")
        ratios = {}
        for label in running:
            values = [r[label][0] / r[REFERENCE][0] for r in rounds]
            low, ratios[label], high = quantiles(values)
            table.print_row(label,
                            f"{median(r[label][0] for r in rounds):.1f}",
                            f"{ratios[label]:.3f}", f"{low:.2f} - {high:.2f}",
                            f"{median(r[label][1] for r in rounds):.0f}")
        table.print_missing(missing)
        return table.figures(name, ratios, TARGET)
    return bench


BENCHES = {
    "tls": tls("handshakes", "handshake", 300),
    "tls-bulk": tls("bulk", "MiB there and back", 60),
    "tls-messages": tls("messages", "message of 64 bytes", 6000),
}
