"""When a workload's requests are due and which class each is: pure, and the same for one seed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple, Protocol

from pooltop.core.traffic import RequestClass, Think, Workload


class Randomness(Protocol):
    """What is needed of ``random.Random``; passed in, so that a run can be repeated."""

    def random(self) -> float:
        """Give a number in [0, 1)."""
        ...


class _Stretch(NamedTuple):
    """A part of a schedule in which the rate is one."""

    at: float
    """When it begins, in seconds from the schedule's start."""
    turn: float
    """How far the schedule has come by then, counted in arrivals."""
    rate: float


class Arrivals:
    """An open workload's arrivals: one is due, and ``advance`` goes on to the next.

    Arrivals are placed in turns, at one turn a mean gap: constant ones at 0, 1, 2 ..., poisson ones
    at the sums of gaps that are exponential with mean 1. What a rate does is to say how fast the
    turns pass, so a change of it stretches or shortens what is left of the gap under way, and
    nothing of the past: no arrival is lost or made up for, none is drawn anew, and of poisson
    arrivals the process stays exactly poisson, at the new rate.
    """

    def __init__(self, workload: Workload, source: Randomness) -> None:
        """Begin with the first arrival: at 0, or after a first poisson gap.

        Args:
            workload: its arrival, rate, duration and max_requests.
            source: of the poisson gaps: one number for each, drawn when it is next.
        """
        self._source = source
        self._is_poisson = workload.arrival == "poisson"
        self._end = math.inf if workload.duration is None else workload.duration
        self._most = math.inf if workload.max_requests is None else workload.max_requests
        self._n = 0
        self._turn: float = -math.log(1.0 - source.random()) if self._is_poisson else 0
        self._stretch = _Stretch(0.0, 0, workload.rate)
        self._later: deque[_Stretch] = deque()
        """Stretches that begin after the arrival that is due."""
        self.due: float | None = self._due()
        """When the next arrival is due, in seconds from the start; None after the last one, as
        things stand: a higher rate may bring another before the end."""

    @property
    def is_spent(self) -> bool:
        """Whether as many are over as there may be: no other rate brings one more."""
        return self._n >= self._most

    def __iter__(self) -> Iterator[float]:
        """Give the due times from here on, ascending, each when the one before is over."""
        while self.due is not None:
            yield self.due
            self.advance()

    def advance(self) -> None:
        """Let the arrival that is due be over."""
        self._n += 1
        if self._is_poisson:
            self._turn -= math.log(1.0 - self._source.random())
        else:
            self._turn = self._n
        self.due = self._due()

    def change_rate(self, rate: float, *, at: float) -> None:
        """Go on at another rate; what was due by ``at`` already stays due when it was.

        Args:
            rate: arrivals per second, above 0.
            at: seconds from the start, not before an earlier change.
        """
        last = self._later[-1] if self._later else self._stretch
        self._later.append(_Stretch(at, last.turn + (at - last.at) * last.rate, rate))
        self.due = self._due()

    def _due(self) -> float | None:
        while self._later and self._turn >= self._later[0].turn:
            self._stretch = self._later.popleft()
        at, turn, rate = self._stretch
        # A constant rate is divided out: adding gaps would drift, and n times a rounded gap can
        # fall short of a whole second (49 * (1 / 49) < 1), one arrival more than the rate says.
        due = at + (self._turn - turn) / rate
        return due if due < self._end and self._n < self._most else None


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
