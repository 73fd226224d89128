# SPDX-License-Identifier: MIT
"""How many kernel threads a process has, as seen from outside."""

import os

PF_IO_WORKER = 0x10  # of io_uring, which the kernel makes and runs


def is_the_programs(thread):
    """Whether a directory of /proc is about a thread that can run code."""
    try:
        with open(f'{thread}/stat', encoding='utf-8', errors='replace') as f:
            flags = int(f.read().rpartition(')')[2].split()[6])
    except (OSError, ValueError, IndexError):
        return False
    return not flags & PF_IO_WORKER


def kernel_threads(pid):
    """How many the process has; 0: it is gone."""
    try:
        threads = list(os.scandir(f'/proc/{pid}/task'))
    except OSError:
        return 0
    return sum(is_the_programs(t.path) for t in threads)
