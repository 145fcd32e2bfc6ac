"""The event log's pane: drawn once per update however many events came, newest first."""

from __future__ import annotations

from itertools import islice

from pooltop.present.journal import event_line
from pooltop.present.keys import Keymap
from pooltop.present.line import Line
from pooltop.ui.logbook import Logbook, Logged
from pooltop.ui.widgets.lines import LinePane, Painter


class EventLog(LinePane):
    """As many lines of the logbook as fit, from an offset on."""

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin at the newest."""
        super().__init__(painter, id=id)
        self._offset = 0
        self._drawn: tuple[Logbook, float | None, Keymap] | None = None

    def on_resize(self) -> None:
        """Fill the new height: no update may be coming that would."""
        if self._drawn is not None:
            self.draw(*self._drawn)

    def scroll_by(self, pages: int) -> None:
        """Go to older (1) or newer (-1) events by so many pages; ``draw`` shows it."""
        self._offset = max(0, self._offset + pages * max(1, self.size.height - 1))

    def draw(self, logbook: Logbook, until: float | None, keys: Keymap) -> None:
        """Paint what fits.

        Args:
            logbook: what there is.
            until: nothing that happened later; None for no bound.
            keys: which keys do what.
        """
        self._drawn = (logbook, until, keys)
        height = max(1, self.size.height)
        lines = _lines(logbook, until, self._offset, height)
        while self._offset and len(lines) < height:
            # Past the oldest: back to where they fill the pane, or to the newest.
            self._offset = max(0, self._offset - (height - len(lines)))
            lines = _lines(logbook, until, self._offset, height)
        older = f", {self._offset} newer above" if self._offset else ""
        self.title(f"EVENTS  {logbook.sort} ({keys.first('events')}){older}")
        self.show(lines)


def _lines(logbook: Logbook, until: float | None, offset: int, height: int) -> list[Line]:
    shown = islice(logbook.shown(until), offset, offset + height)
    return [_line(logged, until) for logged in shown]


def _line(logged: Logged, until: float | None) -> Line:
    entry, times = logged.entry, logged.times(until)
    more = f"  ({times} times)" if times > 1 else ""
    host = entry.host or entry.agent
    return event_line(logged.wall_at(until), entry.kind, host, entry.text, more=more)
