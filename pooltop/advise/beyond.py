"""What a run that was cut short would have come to by its horizon.

Where so many wait in the end that it is no chance, the queue goes on as it went: it grows, or is
worked off. Else the rest is as the last third was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import repeat

from pooltop.advise.simulate import Run
from pooltop.advise.traffic import Traffic

_NO_CHANCE = 3.0
"""Times the square root of those that got a socket: more than so many do not wait by chance."""
_PARTS = 100
"""Pieces that a queue's course is told in."""

Weighed = Sequence[tuple[float, float]]
"""Waits in seconds, in order, each with how many requests it stands for."""


def waits_by(run: Run, traffic: Traffic, horizon_s: float) -> Weighed:
    """Give the waits of all requests that get a socket until the horizon.

    Args:
        run: how far it went.
        traffic: what it was simulated with.
        horizon_s: seconds after the edit.
    """
    waits, left_s = run.waits, horizon_s - run.span_s
    if not waits or not run.is_cut or left_s <= 0:
        return [*zip(sorted(waits), repeat(1.0))]
    served = len(waits) / run.span_s
    last = waits[-max(1, len(waits) // 3) :]
    if run.queued > _NO_CHANCE * math.sqrt(len(waits)):
        more = (run.queued - traffic.begin.queued) / run.span_s
        # Of a request that gets its socket a second later, so much less of that second it waited.
        slope = more / (served + more) if served + more > 0 else 0.0
        end = sum(last[-_PARTS:]) / len(last[-_PARTS:])
        most = min(traffic.queue_limit_s, _most_queued(traffic) / served)
        last = [
            max(0.0, min(most, end + slope * left_s * (part + 0.5) / _PARTS))
            for part in range(_PARTS)
        ]
    weight = served * left_s / len(last)
    return sorted([*zip(waits, repeat(1.0)), *zip(last, repeat(weight))])


def quantile(ordered: Weighed, q: float) -> float:
    """Give the wait in seconds that a share ``q`` of the requests does not exceed; 0 of none."""
    wanted = q * sum(weight for _, weight in ordered) * (1 - 1e-9)
    seen = 0.0
    for value, weight in ordered:
        seen += weight
        if seen >= wanted:
            return value
    return 0.0


def _most_queued(traffic: Traffic) -> float:
    streams = sum(each.most for each in traffic.streams)
    return max(1.0, streams + sum(each.number for each in traffic.users))
