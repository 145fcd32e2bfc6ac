"""At most so many starts a second, evenly: when the next one may be, and whose it is. Pure.

Who has to wait stands in line, and with each turn goes to its end: else of two who wake at the same
moment it would be the same one every time.
"""

from __future__ import annotations

import math

SLACK_S = 0.01
"""How much of a turn that came late is made good: timers are late, and the pace is not to be."""


class Pace:
    """The turns of all who share it."""

    __slots__ = ("_gap", "_line", "due", "rate")

    def __init__(self, rate: float) -> None:
        """Begin with a turn that is due.

        Args:
            rate: starts per second, above 0.
        """
        self.rate = rate
        self._gap = 1 / rate
        self.due = -math.inf
        """When the next turn is."""
        self._line: dict[object, None] = {}

    def due_for(self, who: object) -> float:
        """Give when somebody has a turn: after all who stand in line before."""
        line = self._line
        if not line:
            return self.due
        place = next((n for n, each in enumerate(line) if each is who), len(line))
        return self.due + place * self._gap

    def wait(self, who: object) -> None:
        """Stand in line, at its end unless somebody is in it already."""
        self._line.setdefault(who)

    def leave(self, who: object) -> None:
        """Be in line no more; nothing for who is not."""
        self._line.pop(who, None)

    def take(self, now: float, who: object = None) -> None:
        """Let somebody start now, who asked first whether it is due, or could not wait.

        Args:
            now: monotonic seconds.
            who: leaves the line; None for who could not wait.
        """
        self.due = max(self.due, now - SLACK_S) + self._gap
        self._line.pop(who, None)
