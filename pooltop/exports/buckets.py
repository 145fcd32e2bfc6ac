"""From our logarithmic buckets to the few that OpenTelemetry asks for.

A bucket of ours is never split: it goes whole to where its middle is. So counts stay whole numbers
and only grow, and what is said of a bound ``b`` is exact for a bound that is less than 1 % from it
(``histogram.GROWTH``): a duration that close to ``b`` may count on its other side.
"""

from __future__ import annotations

from bisect import bisect_left

from pooltop.core.histogram import Histogram, value_of

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds. Source: OpenTelemetry semantic conventions, http.client.request.duration."""
_LAST = tuple(max(i for i in range(2501) if value_of(i) <= bound) for bound in BOUNDS)
"""Of each bound, the last bucket of ours that is not above it."""


def counts_of(histogram: Histogram) -> list[int]:
    """Give how many durations are in each of OpenTelemetry's buckets, the one above all last."""
    counts = [0] * (len(BOUNDS) + 1)
    for index, count in zip(*histogram.arrays(), strict=True):
        counts[bisect_left(_LAST, index)] += count
    return counts
