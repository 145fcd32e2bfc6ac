"""How many of something an agent may have."""

from __future__ import annotations

import math

from pooltop.profiles.kinds import Whole

MOST_SOCKETS = 1_000_000
MOST_SESSIONS = 1_000_000


def sockets(on_zero: str) -> Whole:
    """Give what a number of sockets may be; with what to say of 0."""
    return Whole(1, MOST_SOCKETS, no_limit=math.inf, on_zero=on_zero)
