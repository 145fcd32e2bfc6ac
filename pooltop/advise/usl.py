"""A target's knee: throughput against concurrency, fitted to what was measured (F4).

Two shapes are told apart. The Universal Scalability Law,

    X(N) = X₁·N / (1 + σ(N - 1) + κN(N - 1)),

is that of a target whose work shares something (σ) and has to agree about it (κ): it serves most
with N* = √((1 - σ)/κ) requests at a time, and less with more. A *wall* is that of one that does a
fixed number of things at a time: X(N) = X₁·min(N, C). Beyond C its throughput is flat, and the law
would fit that with a knee far away, or none.

Source: N. J. Gunther, "Guerrilla Capacity Planning", 2007, chapters 4 to 6.
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


class Level(msgspec.Struct, frozen=True, gc=False):
    """What was measured at one level of concurrency."""

    concurrency: float
    """N: requests at the target at a time, on average; above 0."""
    throughput: float
    """X: responses per second; above 0."""


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
    alone = _relative_mean([x.throughput / x.concurrency for x in ordered])
    walls = [_wall(ordered, alone, math.inf)]
    for first_flat in range(1, len(ordered)):
        rising, flat = ordered[:first_flat], ordered[first_flat:]
        alone = _relative_mean([x.throughput / x.concurrency for x in rising])
        knee = _relative_mean([x.throughput for x in flat]) / alone
        if knee < _MET * ordered[-1].concurrency:
            walls.append(_wall(ordered, alone, knee))
    return min(walls, key=lambda wall: wall.error)


def _wall(levels: Sequence[Level], alone: float, knee: float) -> Wall:
    fitted = [alone * min(x.concurrency, knee) for x in levels]
    return Wall(alone=alone, knee=knee, error=_error(levels, fitted))


def _relative_mean(values: Sequence[float]) -> float:
    # What minimises the sum of (1 - mean/value)²: large values do not outweigh small ones.
    return sum(1 / value for value in values) / sum(1 / value**2 for value in values)


def _error(levels: Sequence[Level], fitted: Sequence[float]) -> float:
    squares = [(f / x.throughput - 1) ** 2 for x, f in zip(levels, fitted, strict=True)]
    return math.sqrt(sum(squares) / len(squares))


def _law_with(levels: Sequence[Level], terms: Sequence[int]) -> Law | None:
    # In units of the greatest level, so that all numbers are of one size.
    most = max(x.concurrency for x in levels)
    scales = (1.0, most, most**2)
    rows = []
    for x in levels:
        cost = x.concurrency / x.throughput
        values = (1.0, x.concurrency - 1, x.concurrency * (x.concurrency - 1))
        rows.append([values[term] / scales[term] / cost for term in terms])
    matrix = [
        [
            *(sum(row[i] * row[j] for row in rows) for j in range(len(terms))),
            sum(r[i] for r in rows),
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
