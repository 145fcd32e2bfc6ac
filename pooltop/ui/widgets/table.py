"""A table of painted lines whose cursor belongs to a row's key, not to a place.

DataTable was measured at 140 ms a frame for one changed cell, and its cursor stays at a
position while the rows move under it; this one paints only the visible rows that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from textual import events

from pooltop.present.line import BLANK, Line
from pooltop.ui.messages import CursorMoved, HeadingClicked
from pooltop.ui.widgets.lines import LinePane, Painter


def _place_of(keys: Sequence[Hashable], key: Hashable, likely: int) -> int | None:
    """Give where a key stands; None for nowhere. ``likely``: where it stood before."""
    if likely < len(keys) and keys[likely] == key:
        return likely
    return keys.index(key) if key in keys else None


def _plain(_index: int) -> str:
    return "row"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a table shows: worked out by a page, painted by the table, only where it is seen."""

    keys: tuple[Hashable, ...]
    """One a row, in the order shown."""
    heading: Line
    line: Callable[[int, bool], Line]
    """Gives the line of the row at an index; the flag says whether the cursor is on it."""
    ground: Callable[[int], str] = _plain
    """Gives the palette's name of a row's background."""
    note: Line = BLANK
    """What stands in the place of the rows when there are none."""
    has_cursor: bool = True
    """Whether the row that the cursor is on is told apart."""
    pinned: bool = False
    """Whether the cursor stays on a row that is gone: it is being looked at closely."""


_EMPTY = Sheet((), BLANK, lambda _index, _cursor: BLANK)


class TableGrid(LinePane):
    """Rows under a heading that stays."""

    can_focus = True

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin without rows."""
        super().__init__(painter, id=id)
        self._sheet = _EMPTY
        self._top = 0
        self._place = 0
        self.cursor: Hashable | None = None
        """The key of the row that the cursor is on; None while there is none."""

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """The rows' keys in the order shown."""
        return self._sheet.keys

    @property
    def place(self) -> int:
        """Index of the row that the cursor is on; 0 when there is none."""
        return self._place

    @property
    def pinned(self) -> bool:
        """Whether the cursor stays on a row that is gone."""
        return self._sheet.pinned

    @property
    def visible_rows(self) -> int:
        """How many rows fit under the heading."""
        return max(0, self.size.height - 1)

    @property
    def first_visible(self) -> int:
        """Index of the uppermost row that is shown."""
        return self._top

    def show_sheet(self, sheet: Sheet) -> None:
        """Take the rows as they are to be shown, and keep the cursor on its row.

        A cursor whose row is gone goes to the row at its old place.
        """
        self._sheet = sheet
        self._anchor()
        self._paint()

    def _anchor(self) -> None:
        keys = self._sheet.keys
        place = _place_of(keys, self.cursor, self._place)
        if place is None and self._sheet.pinned and self.cursor is not None:
            return
        if place is None:
            place = min(self._place, len(keys) - 1)
            if place < 0:
                self._top = 0
                return
            self._go(place)
            return
        self._place = place
        self._follow()

    def _follow(self) -> None:
        fits = max(1, self.visible_rows)
        top = min(self._top, max(0, len(self._sheet.keys) - fits))
        if self._place < top:
            top = self._place
        elif self._place >= top + fits:
            top = self._place - fits + 1
        self._top = max(0, top)

    def _go(self, place: int) -> None:
        keys = self._sheet.keys
        self._place = place
        before, self.cursor = self.cursor, keys[place]
        self._follow()
        if before != self.cursor:
            self.post_message(CursorMoved())

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, stopping at the ends."""
        count = len(self._sheet.keys)
        if count:
            self._place = min(self._place, count - 1)
            self._go(max(0, min(count - 1, self._place + by)))
            self._paint()

    def go_to(self, key: Hashable) -> None:
        """Put the cursor on a row, now or as soon as it is shown."""
        if key == self.cursor:
            return
        self.cursor = key
        self._anchor()
        self._paint()
        self.post_message(CursorMoved())

    def _paint(self) -> None:
        sheet = self._sheet
        last = min(len(sheet.keys), self._top + self.visible_rows)
        lines = [sheet.heading]
        lines += [sheet.line(i, i == self._place) for i in range(self._top, last)]
        if not sheet.keys and sheet.note:
            lines.append(sheet.note)
        self.show(lines)

    def ground_of(self, row: int) -> str:
        """Give the background of a line: the row's own, and whether the cursor is on it."""
        index = self._top + row - 1
        if row < 1 or index >= len(self._sheet.keys):
            return "row"
        ground = self._sheet.ground(index)
        here = self._sheet.has_cursor and index == self._place
        return f"{ground}.cursor" if here else ground

    def on_resize(self) -> None:
        """Keep the cursor in sight, and paint as many rows as fit now."""
        self._follow()
        self._paint()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked; a heading sorts."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < 1:
            self.post_message(HeadingClicked(offset.x))
            return
        index = self._top + offset.y - 1
        if index < len(self._sheet.keys):
            self._go(index)
            self._paint()

    def on_mouse_scroll_down(self) -> None:
        """Move one row down."""
        self.move(1)

    def on_mouse_scroll_up(self) -> None:
        """Move one row up."""
        self.move(-1)
