"""When a workload's requests are due and which class each is: pure, and the same for one seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate
from typing import Protocol

from pooltop.core.model import RequestClass, Think, Workload


class Randomness(Protocol):
    """What is needed of ``random.Random``; passed in, so that a run can be repeated."""

    def random(self) -> float:
        """Give a number in [0, 1)."""
        ...


def arrivals(workload: Workload, source: Randomness) -> Iterator[float]:
    """Give the due times of an open workload's arrivals, in seconds from its start, ascending.

    Ends at ``duration`` or after ``max_requests``; without either it does not end. Constant
    arrivals are ``1 / rate`` apart, the first at 0; poisson gaps are exponential with that mean.
    """
    gap = 1.0 / workload.rate
    poisson = workload.arrival == "poisson"
    end = math.inf if workload.duration is None else workload.duration
    most = math.inf if workload.max_requests is None else workload.max_requests
    at = -math.log(1.0 - source.random()) * gap if poisson else 0.0
    n = 0
    while at < end and n < most:
        yield at
        n += 1
        # A constant rate is divided out: adding gaps would drift, and n times a rounded gap can
        # fall short of a whole second (49 * (1 / 49) < 1), one arrival more than the rate says.
        at = at - math.log(1.0 - source.random()) * gap if poisson else n / workload.rate


class Mix:
    """Draws request classes by weight."""

    def __init__(self, classes: tuple[RequestClass, ...], source: Randomness) -> None:
        """Keep the shares."""
        self._bounds = list(accumulate(c.weight for c in classes))
        self._source = source

    def draw(self) -> int:
        """Give the index of the next request's class."""
        bounds = self._bounds
        if len(bounds) == 1:
            return 0
        mark = self._source.random() * bounds[-1]
        return next(i for i, bound in enumerate(bounds) if mark < bound)


def pause(think: Think, source: Randomness) -> float:
    """Give a user's next pause in seconds, uniform between the bounds."""
    return think.min_s + (think.max_s - think.min_s) * source.random()
