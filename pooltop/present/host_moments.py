"""What is kept of a host at every moment."""

from __future__ import annotations

import math
from typing import Literal

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.present.marks import in_use, limit_of
from pooltop.present.moments import Moments

Column = Literal[
    "in_use",
    "free",
    "limit",
    "queued",
    "submitted",
    "completed",
    "failed",
    "errors",
    "opened",
    "assigned",
    "reused",
    "stale",
    "retried",
    "bytes_in",
    "bytes_out",
]
"""``in_use`` to ``queued`` are levels, the others totals since the start."""
HostMoments = Moments[Column]

PLACES: dict[Column, int] = {
    "in_use": 0,
    "free": 1,
    "limit": 2,
    "queued": 3,
    "submitted": 4,
    "completed": 5,
    "failed": 6,
    "errors": 7,
    "opened": 8,
    "assigned": 9,
    "reused": 10,
    "stale": 11,
    "retried": 12,
    "bytes_in": 13,
    "bytes_out": 14,
}
"""The place of each in a row."""
UNUSED = tuple(math.nan if name == "limit" else 0.0 for name in PLACES)
"""The row of a host that has done nothing yet; what its limit was is not known."""


def host_moments() -> HostMoments:
    """Give an empty past."""
    return Moments(PLACES)


def row_of(agent: AgentSnapshot, origin: OriginSnapshot) -> tuple[float, ...]:
    """Give a host's row at the instant of its snapshot."""
    counters = origin.counters
    failed = counters.faults if counters.failed else 0
    refused = 0  # answered 5xx: the server's own word that it failed
    for status, count in counters.statuses.items():
        if status >= 500:
            refused += count
    return (
        in_use(origin),
        origin.free,
        limit_of(agent, origin),
        origin.queued,
        counters.submitted,
        counters.completed,
        failed,
        failed + refused,
        counters.opened,
        counters.assigned,
        counters.reused,
        counters.stale_reuse,
        counters.retried,
        counters.bytes_in,
        counters.bytes_out,
    )
