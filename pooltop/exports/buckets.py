"""From our logarithmic buckets to the few that OpenTelemetry asks for.

A bucket of ours is never split: it goes whole to where its middle is. So counts stay whole numbers
and only grow, and what is said of a bound ``b`` is exact for a bound that is less than 1 % from it
(``histogram.GROWTH``): a duration that close to ``b`` may count on its other side.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache

from pooltop.core.histogram import LARGEST_INDEX, Histogram, value_of

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds. Source: OpenTelemetry semantic conventions, http.client.request.duration."""
LONG_BOUNDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Likewise, http.client.connection.duration."""


@cache
def _last_of(bounds: tuple[float, ...]) -> tuple[int, ...]:
    """Give of each bound the last bucket of ours that is not above it."""
    return tuple(
        max(i for i in range(LARGEST_INDEX + 1) if value_of(i) <= bound) for bound in bounds
    )


def counts_of(histogram: Histogram, bounds: tuple[float, ...] = BOUNDS) -> list[int]:
    """Give how many durations are below each bound and not below another, those above all last."""
    last = _last_of(bounds)
    counts = [0] * (len(bounds) + 1)
    for index, count in zip(*histogram.arrays(), strict=True):
        counts[bisect_left(last, index)] += count
    return counts
