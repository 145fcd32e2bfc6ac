"""Since when, and from when to when, something held: without a break, to the moment.

What comes back within a few seconds is the same *episode*: a queue that is empty for one glance
is no new incident, and is not over either. Spells are told apart, as a row's "since" wants them; an
episode is what an alert and its two lines in the log are about, and what is acknowledged once.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

SAME_EPISODE_S = 5.0
"""What comes back in less is what it was before; what stays away for so many seconds is over."""

KindT = TypeVar("KindT")


class Spell(msgspec.Struct, frozen=True, gc=False):
    """One unbroken time in which something held."""

    begin: float
    end: float
    """The first moment at which it did not hold any more; inf while it holds."""
    episode: float
    """When the first spell of its episode began: the same for all of them."""


class _Line:
    """The spells of one kind, ascending."""

    __slots__ = ("begins", "ends", "episodes")

    def __init__(self) -> None:
        self.begins = array("d")
        self.ends = array("d")
        self.episodes = array("d")

    def spell(self, index: int) -> Spell:
        return Spell(self.begins[index], self.ends[index], self.episodes[index])


class Spells(Generic[KindT]):
    """The spells of several kinds; bounded by whoever notes."""

    __slots__ = ("_lines", "_now")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lines: dict[KindT, _Line] = {}
        self._now: tuple[KindT, ...] = ()

    def note(self, at: float, holding: tuple[KindT, ...]) -> None:
        """Say what holds at a moment, in a fixed order; ``at`` never goes back."""
        if holding == self._now:
            return
        for kind in self._now:
            if kind not in holding:
                self._lines[kind].ends[-1] = at
        for kind in holding:
            if kind not in self._now:
                line = self._lines.setdefault(kind, _Line())
                back = bool(line.ends) and at - line.ends[-1] < SAME_EPISODE_S
                line.begins.append(at)
                line.ends.append(math.inf)
                line.episodes.append(line.episodes[-1] if back else at)
        self._now = holding

    @property
    def now(self) -> tuple[KindT, ...]:
        """What held at the newest moment."""
        return self._now

    def __bool__(self) -> bool:
        """Tell whether anything ever held, as far as it is kept."""
        return bool(self._lines)

    def at(self, kind: KindT, at: float) -> Spell | None:
        """Give the spell of a kind that holds at an instant; None if it does not hold then."""
        line = self._lines.get(kind)
        if line is None:
            return None
        index = bisect_right(line.begins, at) - 1
        return line.spell(index) if index >= 0 and at < line.ends[index] else None

    def holding(self, at: float, *, lately_s: float = 0.0) -> list[tuple[KindT, Spell]]:
        """Give every kind that holds at an instant, or did less than ``lately_s`` before it."""
        found: list[tuple[KindT, Spell]] = []
        for kind, line in self._lines.items():
            index = bisect_right(line.begins, at) - 1
            if index >= 0 and at < line.ends[index] + lately_s:
                found.append((kind, line.spell(index)))
        return found

    def holds_from(self, kind: KindT, episode: Spell, at: float) -> float | None:
        """Give the first moment from ``at`` on at which an episode held; None: it did not."""
        line = self._lines[kind]
        index = bisect_right(line.ends, at)
        if index == len(line.ends) or line.episodes[index] != episode.episode:
            return None
        return max(at, line.begins[index])

    def episodes(self, kind: KindT, start: float, until: float) -> list[Spell]:
        """Give the episodes that touch a time, as they were known at its end: one spell each.

        Args:
            kind: Whose.
            start: Those that ended before are left out.
            until: What came after it is not looked at.
        """
        line = self._lines.get(kind)
        if line is None:
            return []
        # From the newest on: of ten minutes that came and went, few touch the latest instant.
        found: list[Spell] = []
        index = bisect_right(line.begins, until) - 1
        while index >= 0:
            end = line.ends[index] if line.ends[index] <= until else math.inf
            if end < start:
                break
            episode = line.episodes[index]
            found.append(Spell(episode, end, episode))
            index = bisect_left(line.episodes, episode) - 1
        found.reverse()
        return found

    def kinds(self) -> Iterable[KindT]:
        """Give every kind that ever held, as far as it is kept."""
        return self._lines.keys()

    def forget_before(self, at: float) -> None:
        """Drop spells that ended before ``at``; what still holds keeps its beginning."""
        for kind, line in list(self._lines.items()):
            if line.ends[0] >= at:
                continue
            old = bisect_left(line.ends, at)
            if old == len(line.ends):
                del self._lines[kind]
            else:
                del line.begins[:old], line.ends[:old], line.episodes[:old]
