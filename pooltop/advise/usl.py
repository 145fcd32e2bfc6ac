"""A target's knee: throughput against concurrency, fitted to what was measured (F4).

Three shapes are told apart. The Universal Scalability Law,

    X(N) = X₁·N / (1 + σ(N - 1) + κN(N - 1)),

is that of a target whose work shares something (σ) and has to agree about it (κ): it serves most
with N* = √((1 - σ)/κ) requests at a time, and less with more. A *wall* is that of one that does a
fixed number of things at a time: X(N) = X₁·min(N, C). Beyond C its throughput is flat, and the law
would fit that with a knee far away, or none. A *station* is that of one whose requests each need
something that they all share, a core or a lock, for 1/K of their time: by mean value analysis

    X(N) = N/(Z + R(N)),  R(N) = D·(1 + X(N - 1)·R(N - 1)),  K = (Z + D)/D,

it bends softly, and K is where what one and what endlessly many would get meet.

Sources: N. J. Gunther, "Guerrilla Capacity Planning", 2007, chapters 4 to 6; M. Reiser and
S. S. Lavenberg, "Mean-Value Analysis of Closed Multichain Queuing Networks", 1980.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

LEAST_LEVELS = 6
"""Different levels of concurrency below which no law is fitted."""
_TINY = 1e-12
_MET = 0.98
"""Of the highest level: a wall that nothing lies beyond was not met."""
_FAR, _FINE = 3.0, 0.01
"""Knees of a station that are tried: to so many times the highest level, in steps of so much."""


class Level(msgspec.Struct, frozen=True, gc=False):
    """What was measured at one level of concurrency."""

    concurrency: float
    """N: requests at the target at a time, on average; above 0."""
    throughput: float
    """X: responses per second; above 0."""
    weight: float = 1.0
    """Of how many answers it is: the more, the less is chance."""


class Law(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The Universal Scalability Law of one target."""

    alone: float
    """X₁: responses per second of a single request at a time."""
    sigma: float
    """σ, from 0: the share of the work that is done one after the other."""
    kappa: float
    """κ, from 0: what each two at a time cost each other."""
    error: float
    """Root of the mean square of the relative error of X."""

    def throughput(self, concurrency: float) -> float:
        """Give X(N) in responses per second."""
        n = concurrency
        return self.alone * n / (1 + self.sigma * (n - 1) + self.kappa * n * (n - 1))

    @property
    def knee(self) -> float:
        """N*, at which it serves most; inf where it only ever flattens."""
        if self.kappa < _TINY:
            return math.inf
        return math.sqrt(max(0.0, 1 - self.sigma) / self.kappa)


class Wall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A target that does so many things at a time and no more."""

    alone: float
    """X₁: responses per second of a single request at a time."""
    knee: float
    """C: from here on what is added waits; inf where none was met."""
    error: float
    """As of a Law."""

    def throughput(self, concurrency: float) -> float:
        """Give X(N) in responses per second."""
        return self.alone * min(concurrency, self.knee)


class Station(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A target whose requests each need something that all of them share."""

    alone: float
    """X₁: responses per second of a single request at a time."""
    knee: float
    """K, from 1: the whole of a request's time over what it needs of what is shared."""
    error: float
    """As of a Law."""

    def throughput(self, concurrency: float) -> float:
        """Give X(N) in responses per second; between whole numbers on a straight line."""
        return self.alone * _between(_shared(self.knee, math.ceil(concurrency)), concurrency)


Shape = Law | Wall | Station


def fit_law(levels: Sequence[Level]) -> Law | None:
    """Fit the law by least squares of N/X, which is linear in 1/X₁, σ/X₁ and κ/X₁.

    Errors count relative to what they are errors of, as both grow with the level.

    Returns:
        None with fewer than LEAST_LEVELS different levels: three numbers would fit chance.
    """
    if len({level.concurrency for level in levels}) < LEAST_LEVELS:
        return None
    best: Law | None = None
    # Neither σ nor κ can be below 0: where the free fit says so, the best is on an edge.
    for terms in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        law = _law_with(levels, terms)
        if law is not None and (best is None or law.error < best.error):
            best = law
    return best


def fit_wall(levels: Sequence[Level]) -> Wall | None:
    """Fit a wall: between every two neighbouring levels one is tried, and none at all.

    Returns:
        None without any level.
    """
    if not levels:
        return None
    ordered = sorted(levels, key=lambda level: level.concurrency)
    alone = _relative_mean(ordered, [x.throughput / x.concurrency for x in ordered])
    walls = [_wall(ordered, alone, math.inf)]
    for first_flat in range(1, len(ordered)):
        rising, flat = ordered[:first_flat], ordered[first_flat:]
        alone = _relative_mean(rising, [x.throughput / x.concurrency for x in rising])
        knee = _relative_mean(flat, [x.throughput for x in flat]) / alone
        if knee < _MET * ordered[-1].concurrency:
            walls.append(_wall(ordered, alone, knee))
    return min(walls, key=lambda wall: wall.error)


def _wall(levels: Sequence[Level], alone: float, knee: float) -> Wall:
    fitted = [alone * min(x.concurrency, knee) for x in levels]
    return Wall(alone=alone, knee=knee, error=_error(levels, fitted))


def fit_station(levels: Sequence[Level]) -> Station | None:
    """Fit a station: of knees from 1 to far beyond the highest level the one that fits best.

    Returns:
        None without any level.
    """
    if not levels:
        return None
    top = max(x.concurrency for x in levels)
    # A little over _FINE from one to the next.
    steps = math.ceil(math.log(_FAR * max(1.0, top)) / _FINE)
    knees = (math.exp(_FINE * step) for step in range(steps + 1))
    return min((_station(levels, knee, top) for knee in knees), key=lambda one: one.error)


def _station(levels: Sequence[Level], knee: float, top: float) -> Station:
    shape = _shared(knee, math.ceil(top))
    fitted = [_between(shape, x.concurrency) for x in levels]
    alone = _relative_mean(levels, [x.throughput / f for x, f in zip(levels, fitted, strict=True)])
    error = _error(levels, [alone * each for each in fitted])
    return Station(alone=alone, knee=knee, error=error)


def _shared(knee: float, most: int) -> list[float]:
    """Give X(0), X(1) ... of a station with X(1) = 1."""
    found, waiting = [0.0], 0.0
    for number in range(1, most + 1):
        there = (1 + waiting) / knee
        found.append(number / (1 - 1 / knee + there))
        waiting = found[-1] * there
    return found


def _between(values: Sequence[float], place: float) -> float:
    low = min(int(place), len(values) - 1)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def _relative_mean(levels: Sequence[Level], values: Sequence[float]) -> float:
    # What minimises the sum of (1 - mean/value)²: large values do not outweigh small ones.
    weighed = [*zip((x.weight for x in levels), values, strict=True)]
    return sum(w / value for w, value in weighed) / sum(w / value**2 for w, value in weighed)


def _error(levels: Sequence[Level], fitted: Sequence[float]) -> float:
    squares = [x.weight * (f / x.throughput - 1) ** 2 for x, f in zip(levels, fitted, strict=True)]
    return math.sqrt(sum(squares) / sum(x.weight for x in levels))


def _law_with(levels: Sequence[Level], terms: Sequence[int]) -> Law | None:
    # In units of the greatest level, so that all numbers are of one size.
    most = max(x.concurrency for x in levels)
    scales = (1.0, most, most**2)
    rows = []
    for x in levels:
        cost = x.concurrency / x.throughput / math.sqrt(x.weight)
        values = (1.0, x.concurrency - 1, x.concurrency * (x.concurrency - 1))
        rows.append([values[term] / scales[term] / cost for term in terms])
    wanted = [math.sqrt(x.weight) for x in levels]
    matrix = [
        [
            *(sum(row[i] * row[j] for row in rows) for j in range(len(terms))),
            sum(row[i] * each for row, each in zip(rows, wanted, strict=True)),
        ]
        for i in range(len(terms))
    ]
    solved = _solved(matrix)
    if solved is None or min(solved) < 0 or solved[0] == 0:
        return None
    found = [0.0, 0.0, 0.0]
    for term, value in zip(terms, solved, strict=True):
        found[term] = value / scales[term]
    law = Law(alone=1 / found[0], sigma=found[1] / found[0], kappa=found[2] / found[0], error=0)
    fitted = [law.throughput(x.concurrency) for x in levels]
    return msgspec.structs.replace(law, error=_error(levels, fitted))


def _solved(matrix: list[list[float]]) -> list[float] | None:
    """Solve linear equations by Gauss and Jordan; None where they are not independent."""
    size = len(matrix)
    least = _TINY * max(abs(value) for row in matrix for value in row)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(matrix[row][column]))
        if abs(matrix[pivot][column]) <= least:
            return None
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        for row in range(size):
            if row != column:
                factor = matrix[row][column] / matrix[column][column]
                matrix[row] = [
                    a - factor * b for a, b in zip(matrix[row], matrix[column], strict=True)
                ]
    return [matrix[row][size] / matrix[row][row] for row in range(size)]
