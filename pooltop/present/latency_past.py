"""The past of one cumulative histogram, in little memory and quick to ask.

A busy histogram has 300 buckets, and 200 hosts have two each: whole pictures of every second of
ten minutes would take hundreds of megabytes. So each mark keeps only what was recorded since the
mark before, four bytes a bucket: one mark a second for the last minute, every five seconds before.
What stood at a mark is worked out from the nearest one that is known; as the window of a table
moves on with time, that is nearly always the neighbour.
"""

from __future__ import annotations

import itertools
import math
from array import array
from bisect import bisect_right
from itertools import compress
from operator import sub
from typing import TypeAlias

from pooltop.core.histogram import Histogram, quantile_of, value_of
from pooltop.present.moments import Grid, hold_s

FINE_S = 0.95
"""Least time between marks: a second, less what snapshots may come too early."""
_FINE_FOR_S = 70.0
_COARSE_S = 5.0
_THIN_EVERY = 32
_KNOWN = 1024
"""Quantiles of past intervals that are remembered: three plots' worth of the widest screen."""

Packed: TypeAlias = "array[int]"
"""Bucket indexes, then as many counts: four bytes a bucket as a rule."""
_NOTHING: Packed = array("H")
_NEVER = (-1.0, -1.0)
Quantiles = tuple[float | None, ...]


class LatencyPast:
    """Marks of one histogram; bounded by time."""

    __slots__ = (
        "_answered",
        "_answered_of",
        "_at",
        "_base",
        "_counts",
        "_deltas",
        "_indexes",
        "_known",
        "_last",
        "_new",
        "_now",
        "_old",
        "_order",
        "_thin_in",
    )

    def __init__(self, place: int = 0) -> None:
        """Begin without a past; ``place``: which of many it is, so that they thin out in turn."""
        self._begin(Histogram())
        self._thin_in = 1 + place % _THIN_EVERY

    def _begin(self, base: Histogram) -> None:
        self._at = array("d")
        self._deltas: list[Packed] = []
        # What had been recorded before the first mark's own share.
        self._base = base.buckets
        self._last = base
        self._indexes, self._counts = base.arrays()
        # The last mark's buckets, from when they are first asked for.
        self._now: dict[int, int] | None = None
        # Where a window begins, and where it ends on a screen that shows the past.
        self._old, self._new = _Cursor(), _Cursor()
        self._order: list[int] = []
        # Of the interval that was asked for last: a table wants the same at every key.
        self._answered_of = _NEVER
        self._answered: dict[float, float | None] = {}
        self._known: dict[tuple[float, float, tuple[float, ...]], Quantiles] = {}
        self._thin_in = _THIN_EVERY

    def __len__(self) -> int:
        """Give the number of marks."""
        return len(self._at)

    def mark(self, at: float, now: Histogram) -> None:
        """Keep what stands at ``at``, which never goes back."""
        if now.count < self._last.count:  # a recorder that began anew
            self._begin(Histogram())
        if not self._at:
            self._base = now.buckets
            self._deltas.append(_NOTHING)
            self._indexes, self._counts = now.arrays()
        elif now.count == self._last.count:
            self._deltas.append(_NOTHING)
        else:
            self._deltas.append(self._gained(now))
        self._at.append(at)
        self._last, self._now = now, None
        self._thin_in -= 1
        if self._thin_in <= 0:
            self._thin_in = _THIN_EVERY
            self._thin(at)

    def _gained(self, now: Histogram) -> Packed:
        """Give what was recorded since the last mark, and take the arrays of now."""
        indexes, counts = now.arrays()
        known = len(self._indexes)
        if indexes[:known] == self._indexes:
            # As a recorder's buckets stay in their places, as a rule.
            gained = [*map(sub, counts, self._counts), *counts[known:]]
        else:
            before = dict(zip(self._indexes, self._counts, strict=True))
            gained = [
                count - before.get(index, 0) for index, count in zip(indexes, counts, strict=True)
            ]
        self._indexes, self._counts = indexes, counts
        return _packed([*compress(indexes, gained)], [*filter(None, gained)])

    def _buckets(self) -> dict[int, int]:
        """Give what stood at the last mark, only to be read."""
        if self._now is None:
            self._now = dict(zip(self._indexes, self._counts, strict=True))
        return self._now

    def _thin(self, now: float) -> None:
        """Merge marks that are no longer of the last minute."""
        at = array("d")
        deltas: list[Packed] = []
        pending: list[Packed] = []
        for moment, delta in zip(self._at, self._deltas, strict=True):
            pending.append(delta)
            if now - moment <= _FINE_FOR_S or not at or moment - at[-1] >= _COARSE_S:
                at.append(moment)
                deltas.append(pending[0] if len(pending) == 1 else _merged(pending))
                pending = []
        # The latest mark is fine, so nothing is left pending.
        self._at, self._deltas = at, deltas
        self._old, self._new = _Cursor(), _Cursor()

    def forget_before(self, at: float) -> None:
        """Drop marks older than ``at`` but the last of them: the longest window's baseline."""
        if len(self._at) < 2 or self._at[1] > at:
            return
        first = bisect_right(self._at, at) - 1
        base = self._base
        for delta in self._deltas[: first + 1]:
            _add(base, delta)
        del self._at[:first], self._deltas[:first]
        self._deltas[0] = _NOTHING
        for cursor in (self._old, self._new):
            cursor.index = max(-1, cursor.index - first)

    def before(self, at: float) -> Histogram:
        """Give what stood at the newest mark that is not after ``at``, the oldest if all are."""
        if not self._at:
            return Histogram()
        standing = self._standing(self._old, self._index_at(at))
        kept = {index: count for index, count in standing.buckets.items() if count > 0}
        return Histogram.of(kept)

    def _index_at(self, at: float) -> int:
        return max(0, bisect_right(self._at, at) - 1)

    def _standing(self, cursor: _Cursor, wanted: int) -> _Cursor:
        """Move the cursor to a mark, from wherever that is nearest."""
        last = len(self._at) - 1
        steps = abs(wanted - cursor.index) if cursor.index >= 0 else math.inf
        if steps > wanted:
            cursor.set(0, self._base, sum(self._base.values()))
            steps = wanted
        if steps > last - wanted:
            cursor.set(last, self._buckets(), self._last.count)
        while cursor.index < wanted:
            cursor.index += 1
            cursor.count += _add(cursor.buckets, self._deltas[cursor.index])
        while cursor.index > wanted:
            cursor.count -= _take(cursor.buckets, self._deltas[cursor.index])
            cursor.index -= 1
        return cursor

    def quantile(self, since: float, until: float, q: float) -> float | None:
        """Give a quantile in seconds of what was recorded between two instants.

        From mark to mark: it is up to a second old, and the same whenever it is asked for. None
        when nothing was recorded.
        """
        if not self._at:
            return None
        low, high = self._index_at(since), self._index_at(until)
        of = (self._at[low], self._at[high])
        if self._answered_of != of:
            self._answered_of, self._answered = of, {}
        if q not in self._answered:
            self._answered[q] = self._quantile(low, high, q)
        return self._answered[q]

    def between(self, since: float, until: float) -> Histogram:
        """Give what was recorded between two instants, from mark to mark, without its sum."""
        if not self._at:
            return Histogram()
        low, high = self._index_at(since), self._index_at(until)
        buckets: dict[int, int] = {}
        for delta in self._deltas[low + 1 : high + 1]:
            _add(buckets, delta)
        return Histogram.of(buckets)

    def _quantile(self, low: int, high: int, q: float) -> float | None:
        old = self._standing(self._old, low)
        if high == len(self._at) - 1:
            count, now = self._last.count, self._buckets()
        else:
            new = self._standing(self._new, high)
            count, now = new.count, new.buckets
        total = count - old.count
        if total <= 0:
            return None
        # A recorder's buckets only become more: as many are the same ones.
        if len(self._order) != len(now):
            self._order = sorted(now, reverse=True)
        before = old.buckets.get
        above = total - max(1, math.ceil(q * total))
        seen = 0
        for index in self._order:
            more = now[index] - before(index, 0)
            if more > 0:
                seen += more
                if seen > above:
                    return value_of(index)
        return None

    def series(self, grid: Grid, until: float, quantiles: tuple[float, ...]) -> list[Quantiles]:
        """Give quantiles in seconds for each column; None each where nothing was recorded.

        Args:
            grid: The columns of time.
            until: Marks after it are not looked at.
            quantiles: Which ones, 0..1.
        """
        stop = bisect_right(self._at, until)
        # By the newest: old marks have become coarse, however often the engine is asked.
        hold = hold_s(self._at, len(self._at)) + _COARSE_S
        none: Quantiles = (None,) * len(quantiles)
        out: list[Quantiles] = []
        starts = grid.starts()
        for start, end in itertools.pairwise(starts):
            low = bisect_right(self._at, start, 0, stop) - 1
            high = max(low + 1, bisect_right(self._at, end, 0, stop) - 1)
            gap = low < 0 or high >= stop or self._at[low + 1] - self._at[low] > hold
            out.append(none if gap else self._between(low, high, quantiles))
        return out

    def _between(self, low: int, high: int, quantiles: tuple[float, ...]) -> Quantiles:
        key = (self._at[low], self._at[high], quantiles)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            buckets: dict[int, int] = {}
            count = sum(_add(buckets, delta) for delta in self._deltas[low + 1 : high + 1])
            found = self._known[key] = tuple(quantile_of(buckets, count, q) for q in quantiles)
        return found


class _Cursor:
    """The buckets that stood at one mark."""

    __slots__ = ("buckets", "count", "index")

    def __init__(self) -> None:
        self.index = -1
        """The mark; -1 for none."""
        self.buckets: dict[int, int] = {}
        self.count = 0

    def set(self, index: int, buckets: dict[int, int], count: int) -> None:
        """Put it at a mark whose buckets are known."""
        self.index = index
        self.buckets = dict(buckets)
        self.count = count


def packed(histogram: Histogram) -> Packed:
    """Give what a histogram counted in little memory; its sum is left out."""
    return _packed(*map(list, histogram.arrays()))


def unpacked(counted: Packed) -> Histogram:
    """Give the histogram that was packed, without its sum."""
    half = len(counted) // 2
    return Histogram.of(dict(zip(counted[:half], counted[half:], strict=True)))


def _packed(indexes: list[int], counts: list[int]) -> Packed:
    if not indexes:
        return _NOTHING
    return array("H" if max(counts) <= 0xFFFF else "Q", indexes + counts)


def _add(buckets: dict[int, int], delta: Packed) -> int:
    half = len(delta) // 2
    counts = delta[half:]
    for index, count in zip(delta[:half], counts, strict=True):
        buckets[index] = buckets.get(index, 0) + count
    return sum(counts)


def _take(buckets: dict[int, int], delta: Packed) -> int:
    half = len(delta) // 2
    counts = delta[half:]
    for index, count in zip(delta[:half], counts, strict=True):
        buckets[index] -= count
    return sum(counts)


def _merged(deltas: list[Packed]) -> Packed:
    buckets: dict[int, int] = {}
    for delta in deltas:
        _add(buckets, delta)
    return _packed(list(buckets), list(buckets.values()))
