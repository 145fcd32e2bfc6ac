"""What was told of an engine so far: one bounded past, for the log's pane and for its page.

Opens and closes, of which a busy engine makes hundreds a second, are kept apart, so that they push
nothing that matters out.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from heapq import merge

from pooltop.core.snapshot import JournalEntry
from pooltop.present.event_rows import GROUPS

KEPT = 1000
"""Entries kept of each sort."""
NOISE = GROUPS["closes"]
"""Kinds that a busy engine makes hundreds a second."""
LANDMARKS = frozenset({"EDIT", "ALERT", "LOAD"})
"""Kinds that a reader goes back to."""
SORTS: tuple[str, ...] = ("what matters", *GROUPS)
"""What the log can be narrowed to."""


class Logged:
    """An entry, and every time that it was told in a row."""

    __slots__ = ("ats", "entry", "first", "number")

    def __init__(self, number: int, entry: JournalEntry) -> None:
        """Begin with one time."""
        self.first = number
        """Tells it from all others, for good."""
        self.number = number
        """Counts every entry; what is told again takes the next one."""
        self.entry = entry
        """As it was told first."""
        self.ats = array("d", (entry.at,))
        """When it was told, in the engine's seconds."""

    def again(self, number: int, at: float) -> None:
        """Note that it was told once more."""
        self.number = number
        self.ats.append(at)

    def times(self, until: float | None) -> int:
        """Say how often it was told up to an instant; None for now."""
        return len(self.ats) if until is None else bisect_right(self.ats, until)

    def last_at(self, until: float | None) -> float:
        """Give when it was told last, up to an instant, in the engine's seconds."""
        return self.ats[max(0, self.times(until) - 1)]

    def wall_at(self, until: float | None) -> float:
        """Give the Unix time of that."""
        return self.entry.wall_at + self.last_at(until) - self.entry.at


class Logbook:
    """Newest first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._noise: deque[Logged] = deque(maxlen=KEPT)
        self._matters: deque[Logged] = deque(maxlen=KEPT)
        self._count = 0
        self.sort = SORTS[0]
        """What is shown of it."""

    def add(self, entries: Iterable[JournalEntry], dropped: int = 0) -> None:
        """Take what is new."""
        newest: JournalEntry | None = None
        for newest in entries:
            self._append(newest)
        if dropped:
            at, wall_at = (0.0, 0.0) if newest is None else (newest.at, newest.wall_at)
            self.note(at, wall_at, "LOST", f"{dropped} events were not shown: too many at once")

    def note(self, at: float, wall_at: float, kind: str, text: str, *, host: str = "") -> None:
        """Write an entry of the dashboard's own."""
        self._append(JournalEntry(seq=0, at=at, wall_at=wall_at, kind=kind, host=host, text=text))

    def clear(self) -> None:
        """Forget everything: a new engine, or another place in a recording."""
        self._noise.clear()
        self._matters.clear()

    def _append(self, entry: JournalEntry) -> None:
        self._count += 1
        ring = self._noise if entry.kind in NOISE else self._matters
        before = ring[0] if ring else None
        if before is not None and _alike(before.entry, entry) and len(before.ats) < KEPT:
            before.again(self._count, entry.at)
        else:
            ring.appendleft(Logged(self._count, entry))

    def shown(self, until: float | None) -> Iterator[Logged]:
        """Give what the present sort lets through, newest first.

        Args:
            until: nothing that happened later, in the engine's seconds; None for no bound.
        """
        if self.sort == "what matters":
            source: Iterable[Logged] = self._matters
        else:
            source = merge(self._noise, self._matters, key=_number, reverse=True)
        kinds = next((kinds for group, kinds in GROUPS.items() if group == self.sort), None)
        return (
            logged
            for logged in source
            if logged.times(until) and (not kinds or logged.entry.kind in kinds)
        )

    def newer(self, at: float) -> int:
        """Count the entries from after an instant."""
        return sum(
            len(logged.ats) - logged.times(at)
            for ring in (self._noise, self._matters)
            for logged in ring
        )

    def landmarks(self) -> Iterator[float]:
        """Give when edits, alerts and changes of the load were, in no order."""
        return (each for one in self._matters if one.entry.kind in LANDMARKS for each in one.ats)

    def next_sort(self) -> None:
        """Narrow it to the next sort."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]


def _number(logged: Logged) -> int:
    return logged.number


def _alike(one: JournalEntry, other: JournalEntry) -> bool:
    return (one.kind, one.agent, one.host, one.text) == (
        other.kind,
        other.agent,
        other.host,
        other.text,
    )
