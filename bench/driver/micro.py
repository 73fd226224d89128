# SPDX-License-Identifier: MIT
"""What one program measures by itself: switches, memory, timers."""

from dataclasses import dataclass
from statistics import median

from . import machine, table
from .program import Missing, run
from .table import OURS


@dataclass
class Micro:
    """A figure of ours and those of peers."""
    title: str
    target: float
    programs: dict  # label: program and arguments
    runs: int = 5
    memory: int = 0  # GiB that must be free

    def __call__(self, name):
        values, missing = self.measure()
        table.print_heading(f"{name}: {self.title} (target: {self.target:g})",
                            "", "peer/gev")
        ours = values.get(OURS)
        for label, value in values.items():
            ratio = f"{value / ours:.2f}" if ours else "-"
            table.print_row(label, f"{value:.2f}", ratio)
        table.print_missing(missing)
        return table.figures(name, values, self.target)

    def measure(self):
        values = {label: [] for label in self.programs}
        missing = {}
        if machine.available_memory() < self.memory << 30:
            reason = f"{self.memory} GiB of free memory"
            return {}, {label: reason for label in values}
        for _ in range(self.runs):
            for label in [label for label in values if label not in missing]:
                try:
                    values[label] += run(*self.programs[label])
                except Missing as reason:
                    missing[label] = reason
        return {label: median(figures) for label, figures in values.items()
                if label not in missing}, missing


@dataclass
class Relative(Micro):
    """Figures as multiples of that of one of the programs."""
    one: str = ""

    def measure(self):
        values, missing = super().measure()
        one = values.get(self.one)
        return {label: value / one for label, value in values.items()
                if one}, missing


FULL = "(after gev_patch_all)"


def spawn(batch):
    return {
        OURS: ["gev-spawn", batch],
        FULL: ["gev-spawn", batch, 1],
        "State Threads": ["st-spawn", batch],
        "Go": ["go-spawn", batch],
        "boost.fiber": ["boost-fiber_spawn", batch],
        "GNU Pth": ["pth-spawn", batch],
        "gevent": ["gevent_spawn.py", batch],
    }


NATIVE = "(not patched)"


def patched(receives):
    return {
        OURS: ["gev-patched", receives],
        NATIVE: ["gev-patched", receives, 1],
    }


def timers(changing):
    return {
        OURS: ["gev-timers", changing],
        "libev": ["libev-timers", changing],
        "Go": ["go-timers", changing],
    }


BENCHES = {
    "yield": Micro("two take turns, ns per yield", 8, {
        OURS: ["gev-yield"],
        FULL: ["gev-yield", 1],
        "(boost.context, bare jump)": ["boost-context_yield"],
        "State Threads": ["st-yield"],
        "Go": ["go-yield"],
        "boost.fiber": ["boost-fiber_yield"],
        "gevent": ["gevent_yield.py"],
        "GNU Pth": ["pth-yield"],
    }),
    "spawn": Micro("spawn, run and join one, ns", 35, spawn(1)),
    "spawn100": Micro("spawn, run and join 100 at a time, ns for each",
                      35, spawn(100)),
    "chan": Micro("a round trip over two channels, ns", 45, {
        OURS: ["gev-chan"],
        "Go": ["go-chan"],
        "boost.fiber": ["boost-fiber_chan"],
        "gevent": ["gevent_chan.py"],
    }),
    "chan-buffered": Micro("send to a buffer, or receive from it, ns", 10, {
        OURS: ["gev-chan", 1],
        "Go": ["go-chan", 1],
        "boost.fiber": ["boost-fiber_chan", 1],
    }),
    "choose": Micro("choose among four ready channels, and send again, ns",
                    60, {
                        OURS: ["gev-choose"],
                        "Go": ["go-choose"],
                    }),
    "patched-call": Relative("a call that only the kernel answers, x native",
                             1.25, patched(0), one=NATIVE),
    "patched-recv": Relative("receive a byte that is there, x native",
                             1.25, patched(1), one=NATIVE),
    "queue": Micro("put an item and get it, ns", 15, {
        OURS: ["gev-queue"],
        "gevent": ["gevent_queue.py"],
    }),
    "mutex": Micro("acquire or release a free mutex, ns", 3, {
        OURS: ["gev-lock"],
        "(gev's semaphore)": ["gev-lock", 1],
        "Go": ["go-lock"],
        "boost.fiber": ["boost-fiber_lock"],
    }),
    "post": Micro("post to a hub that is asleep, in eventfd writes", 2, {
        OURS: ["gev-post"],
    }),
    "offload": Micro("run a function on another thread, and back, ns", 50000, {
        OURS: ["gev-offload"],
        "(Go, to a locked thread)": ["go-thread_queue", 1],
        "gevent": ["gevent_offload.py"],
    }),
    "thread-queue": Micro("an item through a queue between two hubs, ns", 300, {
        OURS: ["gev-thread_queue"],
        "Go, locked threads": ["go-thread_queue"],
    }),
    "thread-round": Micro("a round trip over two of those, ns", 50000, {
        OURS: ["gev-thread_queue", 1],
        "Go, locked threads": ["go-thread_queue", 1],
    }),
    "shuffled": Micro("a million yield in random order, ns per yield", 100, {
        OURS: ["gev-shuffled"],
        "Go": ["go-shuffled"],
    }, runs=2, memory=8),
    "parked": Micro("a million parked, bytes for each", 4.4 * 1024, {
        OURS: ["gev-parked"],
        "Go": ["go-parked"],
    }, runs=1, memory=8),
    "timers": Micro("cancel and set one of 1,000 timers among a million, ns",
                    130, timers(1000), runs=3),
    "timers-random": Micro("cancel and set one of a million timers, ns",
                           130, timers(1000000), runs=3),
}
