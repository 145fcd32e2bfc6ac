"""What a workload is asked for, and on which way: its stages, an edit's climb, or neither. Pure.

Times are in seconds from the workload's start, pauses left out; levels are arrivals per second of
an open workload, users of a closed one.
"""

from __future__ import annotations

import math
from enum import Enum

from pooltop.core.climb import climb, climb_onto
from pooltop.core.stages import Plan, Route
from pooltop.core.traffic import Workload


class Turn(Enum):
    """What an edit did with the stages."""

    NEITHER = "neither"
    """There are none, or it was off them before."""
    LEAVES = "leaves"
    RETURNS = "returns"


class Course:
    """Where one workload is led."""

    __slots__ = (
        "_climbs_until",
        "_level_of",
        "initial",
        "on_stages",
        "plan",
        "route",
    )

    def __init__(self, workload: Workload) -> None:
        """Begin on its stages, or at its own level where it has none."""
        self.initial = workload
        """As the profile had it."""
        self.plan = Plan(workload) if workload.stages else None
        self.route: Route | None = self.plan
        """What is followed now: the stages, or the way to what an edit asked for; None for neither.
        After its end it is where it leads to."""
        self.on_stages = self.plan is not None
        """The stages count: no edit holds it."""
        self._climbs_until = -math.inf
        self._level_of = Route.level if workload.model == "open" else Route.users

    def asked(self, workload: Workload, at: float) -> float:
        """Give what is asked for at a time: also on the way to more.

        Args:
            workload: as it is by now.
            at: when.
        """
        return level_of(workload) if self.route is None else self._level_of(self.route, at)

    def in_force(self, workload: Workload, at: float) -> float:
        """Give what an edit put in force, be it on its way there; on stages, what they ask for."""
        if self.on_stages and self.plan is not None:
            return self._level_of(self.plan, at)
        return level_of(workload)

    def asked_at_first(self, at: float) -> float:
        """Give what the profile asks for at a time."""
        return level_of(self.initial) if self.plan is None else self._level_of(self.plan, at)

    def leads(self, at: float) -> tuple[float, float] | None:
        """Give where an edit leads it, and in how many seconds it is there; None where it is."""
        left = self._climbs_until - at
        if left <= 0 or self.route is None:
            return None
        return self.route.level(self._climbs_until), left

    def most(self, edited: Workload, at: float, *, returns: bool) -> float:
        """Give the most that would be asked for from a time on.

        Args:
            edited: as it would be.
            at: when.
            returns: it would be on its stages.
        """
        return self.plan.most_from(at) if returns and self.plan is not None else level_of(edited)

    def turn(self, workload: Workload, edited: Workload, *, returns: bool, at: float) -> Turn:
        """Take the way that an edit asks for, from a time on; give what that does.

        Args:
            workload: as it was.
            edited: as it is to be.
            returns: it puts it back on its stages, where they are by now.
            at: when.
        """
        returns = returns and self.plan is not None
        leaves = self.on_stages and not returns
        level = self.asked(workload, at)
        self.on_stages = returns
        self.route, self._climbs_until = self._way(level, edited, at)
        if returns:
            return Turn.RETURNS
        return Turn.LEAVES if leaves else Turn.NEITHER

    def _way(self, level: float, edited: Workload, at: float) -> tuple[Route | None, float]:
        """Give the way from a level to what is in force now, and when it is there."""
        if self.on_stages and self.plan is not None:
            segments, met = climb_onto(self.plan.segments, level, at=at)
            # Over with its last stage, nothing is left of the plan: it stays where that led.
            return (Route(segments) if segments else self.plan), (met if met > at else -math.inf)
        way = climb(level, level_of(edited), at=at)
        return (Route(way), way[-1].until) if way else (None, -math.inf)


def level_of(workload: Workload) -> float:
    """Give what it is asked for apart from any stages."""
    return workload.rate if workload.model == "open" else workload.users
