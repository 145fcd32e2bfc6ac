"""The open model: arrivals are due when they are due, whatever became of the ones before.

How late starts were is a histogram of its own.
"""

from __future__ import annotations

import math

from pooltop.core.schedule import Arrivals
from pooltop.core.traffic import Workload
from pooltop.engine.carrier import Carrier
from pooltop.engine.chance import stream
from pooltop.engine.edit_words import rate_effect
from pooltop.engine.workload import MOST_AT_ONCE, NOTHING_AROUND, Around, WorkloadRunner

LATE_S = 0.010
"""A start later than this after its time is counted as late."""


class OpenRunner(WorkloadRunner):
    """Fires arrivals on time."""

    __slots__ = ("_arrivals",)

    def __init__(self, workload: Workload, agent: Carrier, around: Around = NOTHING_AROUND) -> None:
        """As ``WorkloadRunner``; the first arrival is drawn."""
        super().__init__(workload, agent, around)
        self._arrivals = Arrivals(workload, stream("arrivals", workload))

    @property
    def pattern(self) -> str:
        """As ``open poisson 50/s``; by stages ``open poisson, stage 1 of 3: 200/s for 60 s``."""
        kind = f"open {self.workload.arrival}"
        plan = self.course.plan
        if plan is None:
            return f"{kind} {self.workload.rate:g}/s"
        if self.course.on_stages:
            return f"{kind}, {plan.words(self.elapsed)}"
        return f"{kind} {self.workload.rate:g}/s, off its stages"

    def _put_in_force(self) -> str:
        if self.is_at_work:
            self._shell.touch()
            route = self.course.route
            if route is not None:
                self._arrivals.follow(route, at=self.elapsed)
            else:
                self._arrivals.change_rate(self.workload.rate, at=self.elapsed)
            if self.state == "running":
                self._cancel_timers()
                self._arm()
            self._shell.after_this_turn()
        return rate_effect(self.state)

    def _begin(self) -> None:
        self._arm()

    def _go_on(self) -> None:
        self._arm()

    def _end_with_this(self) -> None:
        self._arrivals.end_with_this()

    @property
    def _is_spent(self) -> bool:
        return self._arrivals.is_spent

    def throttle_changed(self) -> None:
        """Nothing is to be done: each arrival asks as it is due."""

    def _arm(self) -> None:
        next_at, end = self._arrivals.due, self._arrivals.end
        if next_at is not None:
            self._timer = self._loop.call_at(self._started_at + next_at, self._fire_due)
        elif math.isinf(end) or self._arrivals.is_spent:
            self._done_if_over()
        else:
            # None more at this rate; it may be another one before the time is over.
            self._timer = self._loop.call_at(self._started_at + end, self._finish)

    def _fire_due(self) -> None:
        now = self._shell.touch()
        fired = 0
        arrivals = self._arrivals
        while (next_at := arrivals.due) is not None and fired < MOST_AT_ONCE:
            due = self._started_at + next_at
            if due > now:
                break
            self._arrive(due, now)
            fired += 1
            arrivals.advance()
        self._shell.after()
        if self.state == "running":
            self._arm()

    def _arrive(self, due: float, now: float) -> None:
        self.offered += 1
        lateness = now - due
        self._lateness.record(lateness)
        if lateness > LATE_S:
            self.late += 1
        if self.guard is not None and not self.guard.throttle.lets(now):
            self.held += 1
            return
        if self.in_flight >= self.workload.max_in_flight:
            self.dropped += 1
            if self.dropped == 1:
                self.around.on_dropped(self)
            return
        if self._pace is not None:
            self._pace.take(now)
        self._shoot(due)
