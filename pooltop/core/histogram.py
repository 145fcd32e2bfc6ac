"""Durations in logarithmic buckets: recording costs an index, and two histograms add up.

Bucket ``i`` holds the durations from ``SMALLEST_S * GROWTH**i`` up to the next bound; its
representative value is the geometric middle, so the relative error of any quantile is at most
``sqrt(GROWTH) - 1``, just under 1 %. Durations below the smallest bound count in bucket 0.
"""

from __future__ import annotations

import math
from collections import defaultdict
from math import log

import msgspec

SMALLEST_S = 1e-6
GROWTH = 1.0198
_PER_LOG = 1.0 / math.log(GROWTH)
_OFFSET = -math.log(SMALLEST_S) * _PER_LOG


def value_of(bucket: int) -> float:
    """Give the representative duration of a bucket, in seconds."""
    return float(SMALLEST_S * GROWTH ** (bucket + 0.5))


class Histogram(msgspec.Struct, frozen=True, gc=False):
    """A frozen, sparse picture of a Recorder: what snapshots carry."""

    count: int = 0
    sum_s: float = 0.0
    buckets: dict[int, int] = {}
    """Bucket index to count, empty buckets left out."""

    def quantile(self, q: float) -> float | None:
        """Give the duration in seconds at quantile ``q`` (0..1); None when nothing was recorded."""
        if self.count <= 0:
            return None
        rank = max(1, math.ceil(q * self.count))
        seen = 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen >= rank:
                return value_of(index)
        return value_of(max(self.buckets))

    def since(self, earlier: Histogram) -> Histogram:
        """Give what was recorded after ``earlier``, an older picture of the same recorder."""
        buckets = {}
        for index, count in self.buckets.items():
            more = count - earlier.buckets.get(index, 0)
            if more > 0:
                buckets[index] = more
        return Histogram(self.count - earlier.count, self.sum_s - earlier.sum_s, buckets)

    def plus(self, other: Histogram) -> Histogram:
        """Give both together."""
        buckets = dict(self.buckets)
        for index, count in other.buckets.items():
            buckets[index] = buckets.get(index, 0) + count
        return Histogram(self.count + other.count, self.sum_s + other.sum_s, buckets)


class Recorder:
    """Collects durations; memory grows with their spread, not with their number."""

    __slots__ = ("_counts", "sum_s")

    def __init__(self) -> None:
        """Begin empty."""
        self._counts: defaultdict[int, int] = defaultdict(int)
        self.sum_s = 0.0

    def record(self, duration_s: float) -> None:
        """Count one duration in seconds; a negative one counts as 0."""
        # No function of its own: three of these are made for every request.
        index = int(log(duration_s) * _PER_LOG + _OFFSET) if duration_s > SMALLEST_S else 0
        self._counts[index] += 1
        if duration_s > 0:
            self.sum_s += duration_s

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return sum(self._counts.values())

    def freeze(self) -> Histogram:
        """Give the picture of now."""
        return Histogram(self.count, self.sum_s, dict(self._counts))
