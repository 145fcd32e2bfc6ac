"""How a live edit raises a load: by a factor of two in DOUBLES_IN_S at most. Pure.

A slip of the finger is seen, and taken back, before it has done its worst. Up to EVERYDAY_LOAD, and
down, an edit is at once. Each doubling is linear, so that arrivals can be placed exactly: along
such a line, too, the level DOUBLES_IN_S later is twice the one now.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pooltop.core.edits import EVERYDAY_LOAD
from pooltop.core.stages import Segment

DOUBLES_IN_S = 2.0


def climb(level: float, to: float, *, at: float) -> tuple[Segment, ...]:
    """Give the way from one level to another; nothing where it is reached at once.

    Args:
        level: arrivals per second, or users, that are asked for now.
        to: that are wanted.
        at: when it begins, in seconds from the schedule's start.
    """
    low = max(level, EVERYDAY_LOAD)
    segments = []
    while low < to:
        high = min(2 * low, to)
        over = DOUBLES_IN_S * math.log2(high / low)
        segments.append(Segment(at, at + over, low, (high - low) / over, high))
        at, low = at + over, high
    return tuple(segments)


def climb_onto(
    stages: Sequence[Segment], level: float, *, at: float
) -> tuple[tuple[Segment, ...], float]:
    """Give the way from a level back to stages, and when it meets them.

    Args:
        stages: in their order.
        level: as for ``climb``.
        at: likewise.
    """
    rest = [_from(each, at) for each in stages if each.until > at]
    way = climb(level, max((max(each.level, each.to) for each in rest), default=0.0), at=at)
    taken: list[Segment] = []
    for up in way:
        for stage in rest:
            begins, ends = max(up.at, stage.at), min(up.until, stage.until)
            if begins >= ends:
                continue
            here, there = up.level_at(begins), stage.level_at(begins)
            if here >= there:
                meets = begins
            else:
                closing = up.slope - stage.slope
                meets = begins + (there - here) / closing if closing > 0 else math.inf
            if meets < ends:
                if meets > begins:
                    taken.append(_cut(up, begins, meets))
                return (*taken, *(_from(each, meets) for each in rest if each.until > meets)), meets
            taken.append(_cut(up, begins, ends))
    met = taken[-1].until if taken else at
    return (*taken, *(_from(each, met) for each in rest if each.until > met)), met


def _from(segment: Segment, at: float) -> Segment:
    """Give what is left of a segment at a time."""
    return segment if at <= segment.at else segment._replace(at=at, level=segment.level_at(at))


def _cut(segment: Segment, at: float, until: float) -> Segment:
    return Segment(at, until, segment.level_at(at), segment.slope, segment.level_at(until))
