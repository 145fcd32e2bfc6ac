"""Numbers by time: a few named columns of doubles, one row a moment.

What a plot draws and what a rate is taken from. Rows lie behind one another in a single array:
adding a moment is one call, whatever the number of columns, and 200 hosts are added 4 times a
second.
"""

from __future__ import annotations

import itertools
import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import sub
from typing import Generic, TypeVar

HOLD_S = 3.0
"""A value counts as unchanged until the next moment; with more than this between, it is a gap:
or with more than ``_HOLD_GAPS`` of the usual, where an engine is seldom asked."""
_HOLD_GAPS = 2.5
_LATEST = 8
"""Moments by which the usual time between two is judged."""
_SLACK = 256
"""Moments let grow over the bound before the front is cut off, all at once."""

NameT = TypeVar("NameT", bound=str)


@dataclass(frozen=True, slots=True)
class Grid:
    """Time cut into columns of one fixed length, so that a plot never shimmers."""

    first: int
    """Number of the leftmost column since time 0."""
    columns: int
    column_s: float

    @classmethod
    def ending(cls, at: float, *, window_s: float, columns: int) -> Grid:
        """Give ``columns`` columns that span ``window_s``, the last one holding ``at``."""
        columns = max(1, columns)
        column_s = window_s / columns
        return cls(math.floor(at / column_s) - columns + 1, columns, column_s)

    def starts(self) -> list[float]:
        """Give every column's first instant, and the end of the last: one more than columns."""
        return [(self.first + i) * self.column_s for i in range(self.columns + 1)]

    def column_of(self, at: float) -> int | None:
        """Give the column that holds an instant, 0 the leftmost; None outside of all."""
        column = math.floor(at / self.column_s) - self.first
        return column if 0 <= column < self.columns else None


def hold_s(at: array[float], stop: int) -> float:
    """Give for how long a value counts as unchanged, in seconds.

    Args:
        at: The moments, ascending.
        stop: How many of them count: what comes later is not looked at.
    """
    first = max(0, stop - _LATEST)
    if stop - first < 3 or at[stop - 1] - at[first] <= HOLD_S:
        return HOLD_S
    # The median: neither a silence nor an update out of turn changes it.
    gaps = sorted(after - before for before, after in itertools.pairwise(at[first:stop]))
    return max(HOLD_S, _HOLD_GAPS * gaps[(len(gaps) - 1) // 2])


class Moments(Generic[NameT]):
    """Columns of doubles by ascending time; bounded by whoever adds."""

    __slots__ = ("_places", "_rows", "_width", "at")

    def __init__(self, places: Mapping[NameT, int]) -> None:
        """Begin without a moment; ``places`` gives every column its place in a row."""
        self.at = array("d")
        """The moments, ascending."""
        self._rows = array("d")
        self._places = places
        self._width = len(places)

    def add(self, at: float, row: Sequence[float]) -> None:
        """Keep one moment, a value for every column; ``at`` never goes back."""
        self.at.append(at)
        self._rows.extend(row)

    def index_at(self, at: float) -> int:
        """Give the newest moment that is not after ``at``; the oldest when all are after it."""
        return max(0, bisect_right(self.at, at) - 1)

    def value(self, name: NameT, index: int) -> float:
        """Give a column's value at a moment."""
        return self._rows[index * self._width + self._places[name]]

    def gained(self, name: NameT, old: int, new: int) -> float:
        """Give by how much a total grew between two moments; 0 where it began anew."""
        return max(0.0, self.value(name, new) - self.value(name, old))

    def gains(self, old: int, new: int) -> list[float]:
        """Give for every column, in its place, the difference of two moments."""
        rows, width = self._rows, self._width
        before = rows[old * width : (old + 1) * width]
        return list(map(sub, rows[new * width : (new + 1) * width], before))

    def values(self, name: NameT, low: int, high: int) -> array[float]:
        """Give a column's values of the moments ``low`` to ``high``, the last one excluded."""
        place, width = self._places[name], self._width
        return self._rows[low * width + place : high * width : width]

    def slope(self, name: NameT, at: float, over_s: float) -> float | None:
        """Give the column's change per second over the last ``over_s``; None if too young."""
        if not self.at:
            return None
        new = self.index_at(at)
        old = self.index_at(self.at[new] - over_s)
        span = self.at[new] - self.at[old]
        if span < min(1.0, over_s / 2):
            return None
        return (self.value(name, new) - self.value(name, old)) / span

    def mean(self, name: NameT, at: float, over_s: float) -> float:
        """Give the mean of a column's values within the last ``over_s``; 0 without any."""
        if not self.at:
            return 0.0
        new = self.index_at(at)
        values = self.values(name, self.index_at(self.at[new] - over_s), new + 1)
        return math.fsum(values) / len(values)

    def series(self, name: NameT, grid: Grid, until: float) -> list[float | None]:
        """Give the column's highest value in each column of the grid; None is a gap.

        Args:
            name: What to give; a limit may be inf.
            grid: The columns of time.
            until: Moments after it are not looked at (a frozen screen's instant).
        """
        stop = bisect_right(self.at, until)
        starts = grid.starts()
        bounds = [min(stop, bisect_left(self.at, start)) for start in starts]
        hold = hold_s(self.at, stop)
        out: list[float | None] = []
        for index, start in enumerate(starts[:-1]):
            low, high = bounds[index], bounds[index + 1]
            if low < high:
                value = max(self.values(name, low, high))
            elif low > 0 and start <= until and self._gap(low, stop, start) <= hold:
                value = self.value(name, low - 1)
            else:
                value = math.nan
            out.append(None if math.isnan(value) else value)
        return out

    def _gap(self, after: int, stop: int, start: float) -> float:
        """Give from the moment before ``after`` the seconds to that, or to ``start`` without."""
        end = self.at[after] if after < stop else start
        return end - self.at[after - 1]

    def rate_series(self, name: NameT, grid: Grid, until: float) -> list[float | None]:
        """Give by how much a total grew per second in each column of the grid; None is a gap.

        A column narrower than the time between two moments takes the rate between these.
        """
        stop = bisect_right(self.at, until)
        hold = hold_s(self.at, stop)
        out: list[float | None] = []
        starts = grid.starts()
        for start, end in itertools.pairwise(starts):
            low = bisect_right(self.at, start, 0, stop) - 1
            high = max(low + 1, bisect_right(self.at, end, 0, stop) - 1)
            if low < 0 or high >= stop or self.at[low + 1] - self.at[low] > hold:
                out.append(None)
            else:
                span = self.at[high] - self.at[low]
                out.append(self.gained(name, low, high) / span)
        return out

    def forget_before(self, at: float) -> bool:
        """Drop what is older than ``at``, in large bites; tell whether anything was dropped."""
        if len(self.at) < _SLACK or self.at[_SLACK - 1] >= at:
            return False
        old = bisect_left(self.at, at)
        del self.at[:old]
        del self._rows[: old * self._width]
        return True
