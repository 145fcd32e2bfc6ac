"""Whether a load was what was asked for; where it was not, by how much, and why.

Said wherever a run is summed up: a server that was sent less than was meant looks better than it
is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.present import units
from pooltop.present.clean import clean

LATE_SHARE = 0.01
"""A workload with a larger share of late starts was not delivered as asked for."""


class Shortfall(NamedTuple):
    """One way in which a load was less, or later, than was asked for; clean."""

    kind: Literal["dropped", "late", "held", "paced"]
    label: str
    """In capitals, as a line begins."""
    words: str

    def __str__(self) -> str:
        """Give the whole sentence."""
        return f"{self.label}: {self.words}"


def shortfalls(workload: WorkloadSnapshot, max_rate: float | None) -> Iterator[Shortfall]:
    """Give what was not delivered of a workload since its start, the gravest first.

    Args:
        workload: at an instant.
        max_rate: ``Snapshot.max_rate``.
    """
    offered = workload.offered
    if workload.dropped:
        words = (
            f"{workload.dropped} of {offered} arrivals were dropped because max_in_flight was "
            "reached: the load was less than asked for"
        )
        yield Shortfall("dropped", "NOT DELIVERED", words)
    if workload.late > offered * LATE_SHARE:
        worst = units.duration(workload.lateness.quantile(0.99))
        words = (
            f"{workload.late} of {offered} arrivals started more than 10 ms late (p99 {worst}): "
            "this machine could not keep the rate"
        )
        yield Shortfall("late", "NOT DELIVERED ON TIME", words)
    if workload.held and workload.breaker is not None:
        what = "arrivals were not sent" if workload.model == "open" else "requests were delayed"
        words = (
            f"{workload.held} {what} by the breaker, which is at {workload.breaker.state!r}: "
            f"{clean(workload.breaker.reason)}"
        )
        yield Shortfall("held", "HELD BACK", words)
    if workload.paced:
        words = (
            f"{workload.paced} of {offered} requests of its users waited: all workloads together "
            f"may send {units.rate(max_rate)}/s (max_rate)"
        )
        yield Shortfall("paced", "PACED", words)
