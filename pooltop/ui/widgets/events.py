"""The event log: bounded, drawn once per update however many events came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from pooltop.present.journal import event_line
from pooltop.present.line import Line
from pooltop.sources.base import JournalEntry
from pooltop.ui.widgets.lines import LinePane, Painter

KEPT = 500
"""Lines kept of each sort."""
NOISE = frozenset({"OPEN", "CLOSE"})
"""Kinds that a busy engine makes hundreds of a second; kept apart, so that they push nothing
that matters out of the log."""


class _Shown(NamedTuple):
    number: int
    same: tuple[str, str, str]
    times: int
    line: Line


class EventLog(LinePane):
    """Newest line first."""

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin empty."""
        super().__init__(painter, id=id)
        self._all: deque[_Shown] = deque(maxlen=KEPT)
        self._matters: deque[_Shown] = deque(maxlen=KEPT)
        self._count = 0
        self._held: int | None = None
        self._offset = 0
        self.everything = False
        """Whether opens and closes are shown too."""

    def add(self, entries: Iterable[JournalEntry], dropped: int = 0) -> None:
        """Take what is new; drawn at the next ``draw``."""
        newest = list(entries)
        wall_at = newest[-1].wall_at if newest else 0.0
        for entry in newest[-KEPT:]:
            self._append(entry.wall_at, entry.kind, entry.host or entry.agent, entry.text)
        lost = dropped + max(0, len(newest) - KEPT)
        if lost:
            text = f"{lost} events were not shown: too many at once"
            self._append(wall_at, "LOST", "", text)

    def note(self, wall_at: float, kind: str, text: str) -> None:
        """Write a line of the dashboard's own."""
        self._append(wall_at, kind, "", text)

    def _append(self, wall_at: float, kind: str, host: str, text: str) -> None:
        self._count += 1
        lines = [self._all] if kind in NOISE else [self._all, self._matters]
        for ring in lines:
            times = 1
            if ring and ring[0].same == (kind, host, text) and ring[0].number > (self._held or 0):
                times = ring.popleft().times + 1
            more = f"  ({times} times)" if times > 1 else ""
            line = event_line(wall_at, kind, host, text, more=more)
            ring.appendleft(_Shown(self._count, (kind, host, text), times, line))

    def hold(self, *, held: bool) -> None:
        """Show nothing newer from now on, or everything again."""
        self._held = self._count if held else None
        self._offset = 0

    @property
    def newer(self) -> int:
        """Events that came since it is held."""
        return 0 if self._held is None else self._count - self._held

    def scroll_by(self, pages: int) -> None:
        """Go to older (1) or newer (-1) events by so many pages."""
        page = max(1, self.size.height - 1)
        shown = len(self._shown())
        self._offset = max(0, min(self._offset + pages * page, max(0, shown - page)))
        self.draw()

    def _shown(self) -> list[Line]:
        source = self._all if self.everything else self._matters
        until = self._count if self._held is None else self._held
        return [shown.line for shown in source if shown.number <= until]

    def draw(self) -> None:
        """Paint what fits."""
        what = "all" if self.everything else "without opens and closes"
        older = f", {self._offset} newer above" if self._offset else ""
        self.title(f"EVENTS  {what} (v){older}")
        self.show(self._shown()[self._offset : self._offset + max(1, self.size.height)])

    def on_resize(self) -> None:
        """Show as many lines as fit now."""
        self.draw()
