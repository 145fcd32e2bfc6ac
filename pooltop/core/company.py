"""Who watches an engine, and which of them may change it: what all of them are told.

An engine that nobody else can reach has no company: its only viewer may do everything.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec


class ViewerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One viewer of an engine."""

    number: int
    """Counts from 1 in each engine; never given twice."""
    pid: int
    """Of its process, as the kernel tells it; 0 where it cannot."""
    wall_since: float
    """When it came, in Unix time."""
    kind: str = "dashboard"
    """"dashboard" or "headless"."""
    read_only: bool = False
    """It never holds the write lock."""
    wall_holds_since: float | None = None
    """Since when it holds the write lock, in Unix time; None if it does not."""

    def __str__(self) -> str:
        """Give e.g. ``viewer 2 (pid 123)``."""
        return f"viewer {self.number} (pid {self.pid})"


class Standing(StrEnum):
    """How one viewer stands to the write lock."""

    MINE = "mine"
    FREE = "free"
    THEIRS = "theirs"


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """The viewers of an engine, as one of them sees them."""

    you: int
    """The number of the viewer that is told this."""
    viewers: tuple[ViewerInfo, ...] = ()
    """All of them, the longest there first."""

    @property
    def holder(self) -> ViewerInfo | None:
        """Who holds the write lock; None for nobody."""
        held = (each for each in self.viewers if each.wall_holds_since is not None)
        return next(held, None)

    @property
    def standing(self) -> Standing:
        """Whose the write lock is, for the viewer that is told this."""
        if self.holder is None:
            return Standing.FREE
        return Standing.MINE if self.holder.number == self.you else Standing.THEIRS

    def refusal(self, clock: Callable[[float], str]) -> str:
        """Say why this viewer may change nothing, and what helps; empty when it may.

        Args:
            clock: gives the local time of day of a Unix time, in words.
        """
        me = next((each for each in self.viewers if each.number == self.you), None)
        remedy = "this viewer was started read-only" if me and me.read_only else "take it first"
        holder = self.holder
        if holder is None:
            return f"read-only: nobody holds the write lock; {remedy}"
        if holder.number == self.you:
            return ""
        assert holder.wall_holds_since is not None
        since = clock(holder.wall_holds_since)
        who = f"viewer {holder.number} (pid {holder.pid}, since {since})"
        return f"read-only: {who} holds the write lock; {remedy}"
