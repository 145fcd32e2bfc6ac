"""At most so many starts a second, evenly: when the next one may be. Pure."""

from __future__ import annotations

import math

SLACK_S = 0.01
"""How much of a turn that came late is made good: timers are late, and the pace is not to be."""


class Pace:
    """The turns of all who share it."""

    __slots__ = ("_gap", "due", "rate")

    def __init__(self, rate: float) -> None:
        """Begin with a turn that is due.

        Args:
            rate: starts per second, above 0.
        """
        self.rate = rate
        self._gap = 1 / rate
        self.due = -math.inf
        """When the next turn is."""

    def take(self, now: float) -> None:
        """Let somebody start now: who asked first whether ``due`` is over, or could not wait."""
        self.due = max(self.due, now - SLACK_S) + self._gap
