"""The host table: a grid of painted lines whose cursor belongs to a host, not to a place.

DataTable was measured at 140 ms a frame for one changed cell, and its cursor stays at a
position while the rows move under it; this grid paints only the visible rows that changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from pooltop.present.history import HostId
from pooltop.present.hosts import HostRow
from pooltop.present.line import BLANK, Line
from pooltop.present.marks import Mark
from pooltop.present.table import Column, row_line, title_line
from pooltop.ui.messages import CursorMoved, FilterChanged
from pooltop.ui.widgets.lines import LinePane, Painter

_LONGEST_FILTER = 60


class HostGrid(LinePane):
    """Rows of hosts under a heading that stays; the cursor is a HostId."""

    can_focus = True

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin without hosts."""
        super().__init__(painter, id=id)
        self._rows: tuple[HostRow, ...] = ()
        self._columns: tuple[Column[HostRow], ...] = ()
        self._sorted_by = ""
        self._note: Line = BLANK
        self._top = 0
        self._place = 0
        self.cursor: HostId | None = None
        """The host that the cursor is on; None while there is none."""
        self.filtering = False
        """Whether keys go into the filter."""
        self._needle = ""

    @property
    def rows(self) -> tuple[HostRow, ...]:
        """The rows in the order shown."""
        return self._rows

    @property
    def visible_rows(self) -> int:
        """How many hosts fit under the heading."""
        return max(0, self.size.height - 1)

    @property
    def first_visible(self) -> int:
        """Index of the uppermost host that is shown."""
        return self._top

    def show_rows(
        self,
        rows: Sequence[HostRow],
        columns: tuple[Column[HostRow], ...],
        *,
        sorted_by: str,
        note: Line = BLANK,
    ) -> None:
        """Take the rows as they are to be shown, and keep the cursor on its host.

        A cursor whose host is gone goes to the row at its old place.
        """
        self._rows = tuple(rows)
        self._columns = columns
        self._sorted_by = sorted_by
        self._note = note
        self._anchor()
        self._paint()

    def _anchor(self) -> None:
        place = next((i for i, row in enumerate(self._rows) if row.id == self.cursor), None)
        if place is None:
            place = min(self._place, len(self._rows) - 1)
            if place < 0:
                return
            self._go(place)
            return
        self._place = place
        self._follow()

    def _follow(self) -> None:
        fits = max(1, self.visible_rows)
        top = min(self._top, max(0, len(self._rows) - fits))
        if self._place < top:
            top = self._place
        elif self._place >= top + fits:
            top = self._place - fits + 1
        self._top = max(0, top)

    def _go(self, place: int) -> None:
        self._place = max(0, min(place, len(self._rows) - 1))
        host = self._rows[self._place].id
        self._follow()
        if host != self.cursor:
            self.cursor = host
            self.post_message(CursorMoved(host))

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, stopping at the ends."""
        if self._rows:
            self._go(self._place + by)
            self._paint()

    def begin_filter(self, needle: str) -> None:
        """Take keys for the filter until Enter or Esc, beginning with what it is now."""
        self._needle = needle
        self.filtering = True

    def take_key(self, key: str, char: str | None) -> Message:
        """Type into the filter; Enter keeps it, Esc clears it.

        Args:
            key: Textual's name of it.
            char: What it types; None for keys that type nothing.
        """
        if key in ("enter", "tab"):
            self.filtering = False
        elif key == "escape":
            self.filtering, self._needle = False, ""
        elif key in ("backspace", "ctrl+h"):
            self._needle = self._needle[:-1]
        elif key in ("up", "down"):
            self.move(-1 if key == "up" else 1)
        elif char is not None and char.isprintable():
            self._needle = (self._needle + char)[:_LONGEST_FILTER]
        return FilterChanged(self._needle)

    def _paint(self) -> None:
        width = self.size.width
        lines = [title_line(self._columns, width, sorted_by=self._sorted_by)]
        lines += [
            row_line(row, self._columns, width, cursor=row.id == self.cursor)
            for row in self._rows[self._top : self._top + self.visible_rows]
        ]
        if not self._rows and self._note:
            lines.append(self._note)
        self.show(lines)

    def ground_of(self, row: int) -> str:
        """Give the background: the cursor's, a saturated host's, or the plain one."""
        index = self._top + row - 1
        if row < 1 or index >= len(self._rows):
            return "row"
        shown = self._rows[index]
        hot = ".hot" if Mark.SATURATED in shown.marks else ""
        return f"row{hot}.cursor" if shown.id == self.cursor else f"row{hot}"

    def on_resize(self) -> None:
        """Keep the cursor in sight, and lay the columns out anew."""
        self._follow()
        self._paint()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the host that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return
        index = self._top + offset.y - 1
        if index < len(self._rows):
            self._go(index)
            self._paint()

    def on_mouse_scroll_down(self) -> None:
        """Move one host down."""
        self.move(1)

    def on_mouse_scroll_up(self) -> None:
        """Move one host up."""
        self.move(-1)
