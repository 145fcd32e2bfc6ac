"""What is kept at every moment of a host that has had HTTP/2 sessions: of no other."""

from __future__ import annotations

import math
from typing import Literal

from pooltop.core.snapshot import OriginSnapshot
from pooltop.present.moments import Moments
from pooltop.present.undici_stats import streams_of

Column = Literal["open", "cap"]
StreamMoments = Moments[Column]

_PLACES: dict[Column, int] = {"open": 0, "cap": 1}


def stream_moments() -> StreamMoments:
    """Give an empty past."""
    return Moments(_PLACES)


def row_of(origin: OriginSnapshot) -> tuple[float, float] | None:
    """Give the open streams of all sessions together and their cap; None without a session."""
    load = streams_of(origin)
    if load is None:
        return None
    return (load.running, math.inf if load.cap is None else load.cap)


NO_SESSION = (0.0, math.nan)
"""The row of a moment without one: what a cap would be is not known."""
