# SPDX-License-Identifier: MIT
"""The machine: what it is, and which of its cores are for whom."""

import os
import platform
import re
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[-1]
LOAD_CORE = CORES[0]


def describe():
    model = re.search(r"^model name\s*: (.*)",
                      Path("/proc/cpuinfo").read_text(), re.M)
    return "%s, %d cores, Linux %s, load %.1f" % (
        model.group(1) if model else platform.machine(),
        len(CORES), platform.release(), os.getloadavg()[0])


def available_memory():
    """Bytes that programs can have without making others swap."""
    status = Path("/proc/meminfo").read_text()
    return int(re.search(r"MemAvailable: +(\d+)", status).group(1)) * 1024
