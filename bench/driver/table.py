# SPDX-License-Identifier: MIT
"""Print figures."""

from dataclasses import dataclass

WIDTH = 28
OURS = "gev"


@dataclass
class Figure:
    """What we wanted, what we got, and who came next."""
    what: str
    ours: float
    target: float
    best: str = "-"     # peer
    ratio: float = 0.0  # of its figure to ours

    def verdict(self):
        return "met" if self.ours <= self.target else "missed"


def figures(what, values, target):
    """One Figure of the values by label; none without ours.

    What is in brackets does another job, and is not among the best.
    """
    ours = values.get(OURS)
    peers = {label: value for label, value in values.items()
             if label != OURS and not label.startswith("(")}
    if ours is None:
        return []
    if not peers:
        return [Figure(what, ours, target)]
    best = min(peers, key=peers.get)
    return [Figure(what, ours, target, best, peers[best] / ours)]


def print_heading(title, *columns):
    print("\n" + title)
    if columns:
        print_row("", *columns)


def print_row(label, *columns):
    print(f"  {label:{WIDTH}}" + "".join(f"{c:>14}" for c in columns),
          flush=True)


def print_missing(missing):
    for label, reason in missing.items():
        print(f"  {label:{WIDTH}}{'missing':>14}  {reason}")


def print_summary(figures):
    print("\nsummary" + " " * 39 +
          "gev    target           best peer  peer/gev")
    for f in figures:
        ratio = f"{f.ratio:.1f}" if f.ratio else "-"
        print(f"  {f.what:36}{f.ours:12.5g}{f.target:10g} {f.verdict():7}"
              f"{f.best:>13}{ratio:>9}")
