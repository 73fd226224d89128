# SPDX-License-Identifier: MIT
"""What the Python programs share; see bench.h and net/net.h."""

import resource
import statistics

BUFFER_SIZE = 4096


def print_median(once):
    """Print the median of what once() gives, in nanoseconds."""
    once()
    print("%.2f" % statistics.median(once() for _ in range(7)))


def listen(sock):
    """Make sock a listener on a port that is free, and print that."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sock.bind(("127.0.0.1", 0))
    sock.listen(4096)
    print(sock.getsockname()[1], flush=True)
    return sock
