"""A workload's plan: how its rate, or its users, go up and down over time. Pure.

Levels are linear within a stage. Time is in seconds from the start, pauses left out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pooltop.core.traffic import Workload

LEAST_S = 0.01
"""Between two changes of the users: a steep ramp adds many at once."""


class Segment(NamedTuple):
    """One stage, placed in time."""

    at: float
    """When it begins."""
    until: float
    level: float
    """Arrivals per second, or users, as it begins."""
    slope: float
    """What is added to it each second."""
    to: float
    """As it ends."""

    def level_at(self, at: float) -> float:
        """Give the level at a time of its own; exact at both ends."""
        return self.to if at >= self.until else self.level + self.slope * (at - self.at)


class Route:
    """Segments, one after the other, and what the last one leads to for ever after."""

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        """Follow them.

        Args:
            segments: at least one; each begins where the one before ends.
        """
        self.segments = segments

    @property
    def end(self) -> float:
        """When the last of them is over."""
        return self.segments[-1].until

    def level(self, at: float) -> float:
        """Give the rate, or the users as a fraction, that is asked for at a time."""
        return self._segment(at)[1].level_at(at)

    def users(self, at: float) -> int:
        """Give the whole users that are asked for at a time: one joins where half of it is due."""
        return math.floor(self.level(at) + 0.5)

    def most_from(self, at: float) -> float:
        """Give the highest level from a time on."""
        rest = [s for s in self.segments if s.until > at] or [self.segments[-1]]
        return max(max(s.level_at(max(at, s.at)), s.to) for s in rest)

    def next_change(self, at: float) -> float:
        """Give when the whole users are next another number, at least LEAST_S on; inf for never."""
        now = self.users(at)
        for segment in self.segments:
            if segment.until <= at:
                continue
            start = max(at, segment.at)
            if math.floor(segment.level_at(start) + 0.5) != now:
                return max(start, at + LEAST_S)
            if math.floor(segment.to + 0.5) != now and segment.slope:
                bound = now + math.copysign(0.5, segment.slope)
                when = segment.at + (bound - segment.level) / segment.slope
                return max(when, at + LEAST_S)
        return math.inf

    def _segment(self, at: float) -> tuple[int, Segment]:
        for place, segment in enumerate(self.segments):
            if at < segment.until:
                return place, segment
        return len(self.segments) - 1, self.segments[-1]


class Plan(Route):
    """The stages of a workload."""

    def __init__(self, workload: Workload) -> None:
        """Place them.

        Args:
            workload: its stages, at least one, and the rate or users that they begin with.
        """
        self._is_open = workload.model == "open"
        at, level = 0.0, float(workload.rate if self._is_open else workload.users)
        segments = []
        for stage in workload.stages:
            to = level if stage.to is None else stage.to
            slope = (to - level) / stage.over_s if stage.over_s else 0.0
            segments.append(Segment(at, at + stage.over_s, level, slope, to))
            at, level = at + stage.over_s, to
        super().__init__(tuple(segments))

    def next_stage(self, at: float) -> float | None:
        """Give when the next stage begins after a time, jumps left out; None after the last."""
        begins = (each.at for each in self.segments if each.at > at and each.until > each.at)
        return next(begins, None)

    def words(self, at: float) -> str:
        """Name the stage of a time, as ``stage 1 of 3: 50/s to 200/s in 30 s``."""
        place, segment = self._segment(at)
        unit = "/s" if self._is_open else ""
        if segment.level == segment.to:
            shape = f"{segment.to:g}{unit} for"
        else:
            shape = f"{segment.level:g}{unit} to {segment.to:g}{unit} in"
        length = f"{segment.until - segment.at:g} s"
        return f"stage {place + 1} of {len(self.segments)}: {shape} {length}"
