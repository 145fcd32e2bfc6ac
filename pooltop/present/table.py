"""What tables of any kind of row have in common: columns, their place in a line, the order of rows.

A table is rows, each with an ``id`` that it keeps for life, and columns. Of a row a column knows
how it looks (``cell``) and what it is (``value``); sorting, filtering and export need only that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, Generic, Literal, Protocol, TypeVar

from pooltop.present import units
from pooltop.present.clean import cells, clip
from pooltop.present.line import Align, Ink, Line, Span, pad, width_of

Value = float | str | bool | None
"""What a row has in a column. None: it has nothing there."""

Unit = Literal["text", "id", "flag", "count", "s", "/s", "share", "B", "B/s", "time"]
"""What a column's values are: words, the number of a thing, yes or no, how many, seconds, per
second, a share of 1, bytes, bytes per second, or a Unix time."""

GAP = 1
"""Cells between two columns."""
_READABLE = 8
"""Columns that give way are not made narrower than this while others can be left out."""
HIDDEN = 100_000
"""``Column.from_width`` of what no screen shows, for it says again what another column shows in
short: there to sort by, to filter by and to export."""


class Keyed(Protocol):
    """A row: whatever has a key."""

    @property
    def id(self) -> Any:  # noqa: ANN401 - each kind of row has its own, and compares only those
        """What tells it from all others of its table, however these are sorted; ordered."""


Row = TypeVar("Row")
KeyedRow = TypeVar("KeyedRow", bound=Keyed)


@dataclass(frozen=True, slots=True, eq=False)
class Column(Generic[Row]):
    """One column: where it stands, what it says and what that means; equal to itself alone."""

    id: str
    title: str
    """Empty where the column explains itself; the help page and the filter have its id then."""
    width: int
    align: Align
    definition: str
    """What the number is, in a sentence: shown by the help key."""
    cell: Callable[[Row, int], Line]
    """The row's value in at most so many cells."""
    value: Callable[[Row], Value]
    """The row's value as it is: text clean, inf for "no limit"."""
    unit: Unit = "text"
    """What its values are."""
    from_width: int = 0
    """The narrowest table that shows it."""
    most: int = 0
    """The most cells that it takes where there is room; 0 for always ``width``. One that has it
    also gives way where there is none."""
    picture: bool = False
    """Drawn of what other columns say: not to be sorted by, filtered by or exported."""

    @property
    def name(self) -> str:
        """The title, or what stands for it."""
        return self.title or self.id

    @property
    def falling(self) -> bool:
        """Whether people want the greatest first: of amounts, not of names."""
        return self.unit not in ("text", "id")

    def text(self, row: Row) -> str:
        """Give the row's value as it is shown, however little room there is."""
        value = self.value(row)
        if isinstance(value, str):
            return value or units.NONE
        return "".join(text for text, _ in self.cell(row, self.width)).strip()


def number_column(
    id: str,  # noqa: A002 - as the field
    title: str,
    width: int,
    value: Callable[[Row], float | None],
    unit: Unit,
    definition: str,
    *,
    ink: Callable[[Row], Ink] | None = None,
    written: Callable[[float | None], str] | None = None,
    from_width: int = 0,
) -> Column[Row]:
    """Give a column of numbers.

    Args:
        id: its id.
        title: its heading.
        width: in cells.
        value: gives a row's number; None where there is none.
        unit: of the numbers.
        definition: a sentence.
        ink: of a row's number; None: faint where it is nothing.
        written: how a number is written; None: as all of its unit are.
        from_width: the narrowest table that shows it.
    """

    def cell(row: Row, _width: int) -> Line:
        number = value(row)
        text = written(number) if written is not None else as_written(number, unit)
        return ((text, ink(row) if ink is not None else ("text" if number else "faint")),)

    return Column(id, title, width, "right", definition, cell, value, unit, from_width)


def text_column(
    id: str,  # noqa: A002 - likewise
    title: str,
    width: int,
    value: Callable[[Row], str | None],
    definition: str,
    *,
    ink: Ink | Callable[[Row], Ink] = "text",
    from_width: int = 0,
    most: int = 0,
) -> Column[Row]:
    """Give a column of words, clipped at their end.

    Args:
        id: its id.
        title: its heading.
        width: in cells.
        value: gives a row's clean text; None or "" where there is none.
        definition: a sentence.
        ink: of a row's text.
        from_width: the narrowest table that shows it.
        most: the most cells that it takes; 0 for ``width``.
    """

    def cell(row: Row, room: int) -> Line:
        text = value(row)
        if not text:
            return ((units.NONE, "faint"),)
        return ((clip(text, room), ink(row) if callable(ink) else ink),)

    return Column(
        id, title, width, "left", definition, cell, value, from_width=from_width, most=most
    )


def as_written(value: Value, unit: Unit) -> str:
    """Give a value as tables write it; ``-`` for None."""
    if value is None or isinstance(value, str):
        return value or units.NONE
    if isinstance(value, bool) or unit == "flag":
        return "yes" if value else "no"
    match unit:
        case "s":
            return units.duration(value)
        case "/s":
            return units.rate(value)
        case "share":
            return units.share(value)
        case "time":
            return units.clock(value)
        case "id":
            return f"{value:.0f}"
        case _:
            return units.count(value)


def filled(column: Column[Row], row: Row, size: int) -> Line:
    """Give a row's value in exactly ``size`` cells, clipped where it must be."""
    cell = column.cell(row, size)
    if len(cell) == 1 and cell[0][0]:
        # As nearly all are, a thousand in a frame.
        room = size - cells(cell[0][0])
        if room > 0:
            blank: Span = (" " * room, "text")
            return (blank, cell[0]) if column.align == "right" else (cell[0], blank)
        if not room:
            return cell
    else:
        room = size - width_of(cell)
    if room < 0:
        return ((pad("".join(text for text, _ in cell), size), cell[0][1]),)
    blank = (" " * room, "text")
    spans = (blank, *cell) if column.align == "right" else (*cell, blank)
    return tuple(span for span in spans if span[0])


def shown_columns(
    columns: Sequence[Column[Row]], width: int, *, margin: int = 1
) -> tuple[Column[Row], ...]:
    """Give the columns that a table of this width shows.

    On the narrowest the last ones are left out, so that names can still be read: a number that
    belongs to nobody says nothing.
    """
    shown = [column for column in columns if width >= column.from_width]
    while _least(shown) + margin > width:
        last = next((column for column in reversed(shown) if not column.most), None)
        if last is None or last is shown[0]:
            break
        shown.remove(last)
    return tuple(shown)


def _least(columns: Sequence[Column[Row]]) -> int:
    """Give the cells of a line without margin in which each column can be read."""
    sizes = (min(column.width, _READABLE) if column.most else column.width for column in columns)
    return sum(size + GAP for size in sizes) - GAP


@lru_cache(maxsize=64)  # asked for every row
def sizes(columns: tuple[Column[Any], ...], width: int, *, margin: int = 1) -> tuple[int, ...]:
    """Give each column's cells, so that the line fills ``width`` as far as columns can stretch.

    Those that stretch grow from the left on, and give way from the right on: as far as they can be
    read, then to nothing. The others never change: a line narrower than they need is cut off.
    """
    given = [column.width for column in columns]
    spare = width - margin - sum(given) - GAP * len(given)  # one cell is left free at the end
    stretching = [place for place, column in enumerate(columns) if column.most]
    if spare > 0:
        for place in stretching:
            more = min(spare, max(0, columns[place].most - given[place]))
            given[place] += more
            spare -= more
        return tuple(given)
    for least in (_READABLE, 0):
        for place in reversed(stretching):
            less = min(-spare, max(0, given[place] - least))
            given[place] -= less
            spare += less
    return tuple(given)


def title_line(
    columns: tuple[Column[Row], ...], width: int, *, sorted_by: str = "", margin: int = 1
) -> Line:
    """Give the table's heading.

    Args:
        columns: those that are shown.
        width: of the table in cells.
        sorted_by: id of the column to accent.
        margin: cells before the first column, for the cursor.
    """
    spans: list[Span] = [(" " * margin, "title")] if margin else []
    for column, size in zip(columns, sizes(columns, width, margin=margin), strict=True):
        ink: Ink = "accent" if column.id == sorted_by else "title"
        spans += [(pad(column.title, size, column.align), ink), (" " * GAP, "title")]
    return tuple(spans[:-1])


def row_line(
    row: Row,
    columns: tuple[Column[Row], ...],
    width: int,
    *,
    cursor: bool = False,
    margin: int = 1,
) -> Line:
    """Give a row's line, every column at its place; ``>`` before it where the cursor is."""
    spans: list[Span] = [((">" if cursor else " ").ljust(margin), "accent")] if margin else []
    for column, size in zip(columns, sizes(columns, width, margin=margin), strict=True):
        spans += [*filled(column, row, size), (" " * GAP, "text")]
    return tuple(spans[:-1])


def column_at(
    columns: tuple[Column[Row], ...], width: int, cell: int, *, margin: int = 1
) -> Column[Row] | None:
    """Give the column whose heading is at this cell of the line; None where none is."""
    start = margin
    for column, size in zip(columns, sizes(columns, width, margin=margin), strict=True):
        if start <= cell < start + size:
            return column
        start += size + GAP
    return None


def column_named(columns: Iterable[Column[Row]], name: str) -> Column[Row] | None:
    """Give the column with this id; None if there is none."""
    return next((column for column in columns if column.id == name), None)


def sort_rows(
    rows: Iterable[KeyedRow],
    column: Column[KeyedRow],
    *,
    descending: bool,
    held: Sequence[Hashable] | None = None,
) -> list[KeyedRow]:
    """Give the rows sorted; those without a value last in either direction, equal ones by key.

    Args:
        rows: what to sort.
        column: by what.
        descending: the greatest first.
        held: keys in the order to keep instead (the reader is moving through it); new rows come
            last, and rows that are gone leave no gap.
    """
    if held is not None:
        left = {row.id: row for row in rows}
        kept = [left.pop(key) for key in held if key in left]
        return kept + sort_rows(left.values(), column, descending=descending)
    known: list[tuple[float | str, KeyedRow]] = []
    unknown: list[KeyedRow] = []
    for row in sorted(rows, key=_id):
        value = _sortable(column.value(row))
        if value is None:
            unknown.append(row)
        else:
            known.append((value, row))
    # reverse=True keeps equal rows in their order, as sort() promises.
    known.sort(key=_first, reverse=descending)
    return [row for _, row in known] + unknown


def _sortable(value: Value) -> float | str | None:
    if isinstance(value, str):
        return value.casefold() or None
    return None if value is None or math.isnan(value) else value


# A column's values are alike, and so are a table's keys.
_first: Callable[[tuple[float | str, object]], Any] = itemgetter(0)
_id: Callable[[Keyed], Any] = attrgetter("id")
