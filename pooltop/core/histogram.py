"""Durations in logarithmic buckets: recording costs an index, and two histograms add up.

Bucket ``i`` holds the durations from ``SMALLEST_S * GROWTH**i`` up to the next bound; its
representative value is the geometric middle, so the relative error of any quantile is at most
``sqrt(GROWTH) - 1``, just under 1 %. Durations below the smallest bound count in bucket 0.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import log2

import msgspec

SMALLEST_S = 1e-6
GROWTH = 1.0198
_PER_LOG = 1.0 / math.log2(GROWTH)  # to base 2: math.log takes twice as long for the same
_OFFSET = -math.log2(SMALLEST_S) * _PER_LOG
LARGEST_INDEX = 2500
"""Of a bucket that an engine can have told: beyond 1e15 s."""
MOST_COUNT = 2**48
"""More than any engine has counted: 65,000 such histograms can be put together."""
_WIDTHS = {1: "H", 2: "I", 4: "Q"}
"""How counts are packed, by their size against that of an index, which has two bytes."""


def value_of(bucket: int) -> float:
    """Give the representative duration of a bucket, in seconds."""
    return float(SMALLEST_S * GROWTH ** (bucket + 0.5))


def quantile_of(buckets: Mapping[int, int], count: int, q: float) -> float | None:
    """Give the duration in seconds at quantile ``q`` (0..1); None when ``count`` is 0.

    Args:
        buckets: how many durations by bucket index.
        count: all of them together.
        q: which.
    """
    if count <= 0:
        return None
    rank = max(1, math.ceil(q * count))
    seen = 0
    for index in sorted(buckets):
        seen += buckets[index]
        if seen >= rank:
            return value_of(index)
    return value_of(max(buckets))


class Histogram(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A frozen, sparse picture of a Recorder: what snapshots carry.

    Packed, as most are sent four times a second and looked at once a second or never: as plain
    numbers they are two thirds of what reading an update of 200 busy hosts costs. Told without the
    names of its fields, as in ``snapshot``.
    """

    count: int = 0
    sum_s: float = 0.0
    indexes: bytes = b""
    """Of the buckets that are not empty, as they were first met: two bytes each, little-endian."""
    counts: bytes = b""
    """As many counts, of two, four or eight bytes each."""

    @classmethod
    def of(cls, buckets: Mapping[int, int], sum_s: float = 0.0) -> Histogram:
        """Give the histogram with these counts by bucket index."""
        values = buckets.values()
        most = max(values, default=0)
        width = 1 if most <= 0xFFFF else 2 if most <= 0xFFFFFFFF else 4
        indexes, counts = array("H", buckets), array(_WIDTHS[width], values)
        return cls(sum(values), sum_s, _little(indexes).tobytes(), _little(counts).tobytes())

    def arrays(self) -> tuple[array[int], array[int]]:
        """Give the buckets' indexes and counts, in the same order.

        Raises:
            ValueError: they do not belong together, in a picture that no Recorder made.
        """
        indexes = array("H", self.indexes)
        places = len(self.indexes)
        width = len(self.counts) // places if places else 1
        if width not in _WIDTHS or len(self.counts) != width * places:
            problem = f"{len(self.counts)} bytes of counts for {places} bytes of indexes"
            raise ValueError(problem)
        return _little(indexes), _little(array(_WIDTHS[width], self.counts))

    @property
    def buckets(self) -> dict[int, int]:
        """Bucket index to count, empty buckets left out; a new one each time."""
        return dict(zip(*self.arrays(), strict=True))

    @property
    def is_sound(self) -> bool:
        """Whether a Recorder can have made it."""
        try:
            indexes, counts = self.arrays()
        except ValueError:
            return False
        is_counted = sum(counts) == self.count <= MOST_COUNT
        return is_counted and max(indexes, default=0) <= LARGEST_INDEX

    def quantile(self, q: float) -> float | None:
        """Give the duration in seconds at quantile ``q`` (0..1); None when nothing was recorded."""
        return quantile_of(self.buckets, self.count, q)

    def since(self, earlier: Histogram) -> Histogram:
        """Give what was recorded after ``earlier``, an older picture of the same recorder."""
        buckets, before = {}, earlier.buckets
        for index, count in self.buckets.items():
            more = count - before.get(index, 0)
            if more > 0:
                buckets[index] = more
        return Histogram.of(buckets, self.sum_s - earlier.sum_s)

    def plus(self, other: Histogram) -> Histogram:
        """Give both together."""
        return Histogram.total((self, other))

    @classmethod
    def total(cls, parts: Iterable[Histogram]) -> Histogram:
        """Give all of them together; of none an empty one."""
        buckets: defaultdict[int, int] = defaultdict(int)
        sum_s = 0.0
        for part in parts:
            sum_s += part.sum_s
            for index, count in part.buckets.items():
                buckets[index] += count
        return cls.of(buckets, sum_s)


class Recorder:
    """Collects durations; memory grows with their spread, not with their number."""

    __slots__ = ("_counts", "_frozen", "sum_s")

    def __init__(self) -> None:
        """Begin empty."""
        self._counts: defaultdict[int, int] = defaultdict(int)
        self._frozen = Histogram()
        self.sum_s = 0.0

    def record(self, duration_s: float) -> int:
        """Count one duration in seconds; a negative one counts as 0. Gives its bucket."""
        # No function of its own: two of these are made for every request.
        index = int(log2(duration_s) * _PER_LOG + _OFFSET) if duration_s > SMALLEST_S else 0
        self._counts[index] += 1
        if duration_s > 0:
            self.sum_s += duration_s
        return index

    def record_in(self, bucket: int, duration_s: float) -> None:
        """Count a duration, not below 0, whose bucket another recorder gave: a quarter the work."""
        self._counts[bucket] += 1
        self.sum_s += duration_s

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return sum(self._counts.values())

    def freeze(self, zeros: int = 0) -> Histogram:
        """Give the picture of now; the same as before when nothing was recorded since.

        Args:
            zeros: durations of 0 that were counted elsewhere and belong to it.
        """
        if self._frozen.count != self.count + zeros:
            buckets: Mapping[int, int] = self._counts
            if zeros:  # in front, so that the order of the others stays
                buckets = {0: 0, **self._counts}
                buckets[0] += zeros
            self._frozen = Histogram.of(buckets, self.sum_s)
        return self._frozen


def _little(numbers: array[int]) -> array[int]:
    """Turn numbers into little-endian ones or back, where ours are not."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
