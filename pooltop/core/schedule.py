"""When a workload's requests are due and which class each is: pure, and the same for one seed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple, Protocol

from pooltop.core.stages import Plan, Route
from pooltop.core.traffic import RequestClass, Think, Workload


class Randomness(Protocol):
    """What is needed of ``random.Random``; passed in, so that a run can be repeated."""

    def random(self) -> float:
        """Give a number in [0, 1)."""
        ...


class _Stretch(NamedTuple):
    """A part of a schedule in which the rate is linear."""

    at: float
    """When it begins, in seconds from the schedule's start."""
    turn: float
    """How far the schedule has come by then, counted in arrivals."""
    rate: float
    """As it begins."""
    slope: float = 0.0
    """What is added to the rate each second."""

    def rate_at(self, at: float) -> float:
        """Give the rate at one of its times."""
        return max(0.0, self.rate + self.slope * (at - self.at))

    def turn_at(self, at: float) -> float:
        """Give how far the schedule has come at one of its times."""
        passed = at - self.at
        return self.turn + passed * (self.rate + self.slope * passed / 2)

    def when(self, turn: float) -> float:
        """Give when it has come so far; inf if it never does."""
        left = turn - self.turn
        if not self.slope:
            # A constant rate is divided out: adding gaps would drift, and n times a rounded gap can
            # fall short of a whole second (49 * (1 / 49) < 1), one arrival more than the rate says.
            return self.at + left / self.rate if self.rate else math.inf
        if left <= 0:
            return self.at
        # The root of slope/2 t^2 + rate t = left, in the form that subtracts nothing from its like.
        square = self.rate * self.rate + 2 * self.slope * left
        below = self.rate + math.sqrt(square) if square > 0 else self.rate
        return self.at + 2 * left / below if below else math.inf


class Arrivals:
    """An open workload's arrivals: one is due, and ``advance`` goes on to the next.

    Arrivals are placed in turns, at one turn a mean gap: constant ones at 0, 1, 2 ..., poisson ones
    at the sums of gaps that are exponential with mean 1. What a rate does is to say how fast the
    turns pass, so a change of it stretches or shortens what is left of the gap under way, and
    nothing of the past: no arrival is lost or made up for, none is drawn anew, and of poisson
    arrivals the process stays exactly poisson, at the new rate, be it a ramp's.
    """

    def __init__(self, workload: Workload, source: Randomness) -> None:
        """Begin with the first arrival: at 0, or after a first poisson gap.

        Args:
            workload: its arrival, rate, stages, duration and max_requests.
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
        if workload.stages:
            plan = Plan(workload)
            self._end = min(self._end, plan.end)
            self._go_along(plan, 0.0)
        self._last_turn = self._turns()
        """Turns from here on are after the end."""
        self.due: float | None = self._due()
        """When the next arrival is due, in seconds from the start; None after the last one, as
        things stand: a higher rate may bring another before the end."""

    @property
    def is_spent(self) -> bool:
        """Whether as many are over as there may be: no other rate brings one more."""
        return self._n >= self._most

    @property
    def end(self) -> float:
        """When no more arrivals come, in seconds from the start; inf for never."""
        return self._end

    def rate(self, at: float) -> float:
        """Give the rate at a time that is not before the arrival that is due last changed."""
        return self._at(at).rate_at(at)

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

    def end_with_this(self) -> None:
        """Have none after the arrival that is due."""
        self._most = self._n + 1

    def change_rate(self, rate: float, *, at: float) -> None:
        """Go on at another rate, off any stages; what was due by ``at`` stays due when it was.

        Args:
            rate: arrivals per second, above 0.
            at: seconds from the start, not before an earlier change.
        """
        self._turn_to(at, rate, 0.0)
        self._changed()

    def follow(self, route: Route, *, at: float) -> None:
        """Go on along a route, from where it is at this time, and hold what it leads to.

        Args:
            route: the workload's stages, or any other.
            at: seconds from the start, not before an earlier change.
        """
        self._go_along(route, at)
        self._changed()

    def _go_along(self, route: Route, at: float) -> None:
        for segment in route.segments:
            if segment.until > at:
                begins = max(at, segment.at)
                self._turn_to(begins, segment.level_at(begins), segment.slope)
        last = route.segments[-1]
        self._turn_to(max(at, last.until), last.to, 0.0)

    def _turn_to(self, at: float, rate: float, slope: float) -> None:
        """Begin another stretch; what was to begin after it does not."""
        while self._later and self._later[-1].at > at:
            self._later.pop()
        last = self._later[-1] if self._later else self._stretch
        self._later.append(_Stretch(at, last.turn_at(at), rate, slope))

    def _changed(self) -> None:
        self._last_turn = self._turns()
        self.due = self._due()

    def _at(self, at: float) -> _Stretch:
        return next((each for each in reversed(self._later) if each.at <= at), self._stretch)

    def _turns(self) -> float:
        """Give how many turns there are until the end; a whole number where that is meant."""
        if math.isinf(self._end):
            return math.inf
        turns = self._at(self._end).turn_at(self._end)
        whole = round(turns)
        return whole if math.isclose(turns, whole, rel_tol=1e-12, abs_tol=1e-9) else turns

    def _due(self) -> float | None:
        while self._later and self._turn >= self._later[0].turn:
            self._stretch = self._later.popleft()
        if self._turn >= self._last_turn or self._n >= self._most:
            return None
        due = self._stretch.when(self._turn)
        # Rounding must not put it behind those of the next stretch.
        return min(due, self._later[0].at) if self._later else min(due, self._end)


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
