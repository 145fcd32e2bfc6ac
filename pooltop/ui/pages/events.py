"""Page 5: the event log in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pooltop.present.blocks import lay_out
from pooltop.present.event_rows import COLUMNS, EventKey, EventRow, event_row
from pooltop.present.inspect_event import event_blocks, event_title
from pooltop.present.line import Line
from pooltop.ui.choice import Choice
from pooltop.ui.inspecting import card_of_event
from pooltop.ui.layout import Plan
from pooltop.ui.logbook import Logbook, Logged
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import Painter


class EventsPage(TablePage[EventRow]):
    """What happened, newest first; the cursor stays on its event while others arrive."""

    name = "Events"
    key = "page_events"
    noun = "EVENTS"
    shows_log = True
    all_columns = COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin with the newest."""
        super().__init__(painter, Choice("time", descending=True))
        self._rows: dict[int, EventRow] = {}

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        del view
        return "nothing has happened yet"

    def scope(self, view: View) -> str:
        """Say which sort of events is shown."""
        return f"  {view.logbook.sort} ({view.keys.first('events')})"

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show what the log holds, up to the instant."""
        self._rows = dict(self._numbered(view.logbook, view.until))
        self.show_rows(view, plan, width, list(self._rows.values()))

    def _numbered(self, logbook: Logbook, until: float | None) -> Iterator[tuple[int, EventRow]]:
        """Give the rows by their entries' numbers, most of which were made before."""
        before = self._rows.get
        for logged in logbook.shown(until):
            times = logged.times(until)
            row = before(logged.first)
            if row is None or row.times != times:
                row = _row(logged, until)
            yield logged.first, row

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give the event in full, and the card of the edit that it tells of."""
        row = self.row
        if row is None:
            return ("EVENT", [])
        at = None if view.snapshot is None else view.snapshot.at
        blocks = event_blocks(row, at, card_of_event(view, row.entry, width))
        return (event_title(row), lay_out(blocks, width, height))


def _row(logged: Logged, until: float | None) -> EventRow:
    return replace(
        event_row(logged.entry),
        id=EventKey(logged.entry.at, logged.first),
        wall_at=logged.wall_at(until),
        times=logged.times(until),
    )
