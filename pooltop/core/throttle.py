"""What a breaker lets through: a share of arrivals, or a pace of users. Pure."""

from __future__ import annotations

import math

from pooltop.core.pace import Pace


class Throttle:
    """Asked for every start of a workload that a breaker guards."""

    __slots__ = ("_credit", "_is_shut", "_pace", "_share", "until")

    def __init__(self) -> None:
        """Let everything through."""
        self._share = 1.0
        self._credit = 0.0
        self._pace: Pace | None = None
        self._is_shut = False
        """No user starts before another part is let through: nobody knows yet which."""
        self.until = -math.inf
        """Nothing is let through before."""

    def set(self, *, share: float, rate: float | None, until: float | None) -> None:
        """Let another part through from now on.

        Args:
            share: of an open model's arrivals, evenly, 0 to 1; of those that come the first.
            rate: of a closed model's users, starts per second; None for all, 0 for none until it
                is set anew, be ``until`` over or not.
            until: nothing before; None for no hold.
        """
        if share != self._share:
            self._share = share
            self._credit = 1.0 - share
        self._is_shut = rate == 0
        if rate is None or rate <= 0:
            self._pace = None
        elif self._pace is None or self._pace.rate != rate:
            self._pace = Pace(rate)
        self.until = -math.inf if until is None else until

    def lets(self, now: float) -> bool:
        """Say whether an arrival is let through."""
        if now < self.until:
            return False
        if self._share >= 1:
            return True
        self._credit += self._share
        if self._credit < 1:
            return False
        self._credit -= 1
        return True

    @property
    def due(self) -> float:
        """When the next user may start; inf where that is not known yet."""
        if self._is_shut:
            return math.inf
        return self.until if self._pace is None else max(self.until, self._pace.due)

    def take(self, now: float) -> None:
        """Let a user start."""
        if self._pace is not None:
            self._pace.take(now)
