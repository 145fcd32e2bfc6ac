"""What every page has: one table with a cursor, its order and filter, and an inspector."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Generic

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from pooltop.present.export import Export, Picture, to_json
from pooltop.present.inspector import Picture as SubjectPicture
from pooltop.present.inspector import Subject, picture_of
from pooltop.present.key_line import PageName
from pooltop.present.line import Line, fit
from pooltop.present.memo import Memo
from pooltop.present.table import (
    Column,
    KeyedRow,
    column_at,
    column_named,
    row_line,
    shown_columns,
    sort_rows,
    title_line,
)
from pooltop.ui.choice import Choice
from pooltop.ui.layout import Plan
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import LinePane, Painter
from pooltop.ui.widgets.table import Sheet, TableGrid


class Page(ABC):
    """One of the views; ``draw`` is the only thing that changes what its panes show."""

    name: ClassVar[PageName]
    """For the tabs, the palette and the help page."""
    key: ClassVar[str]
    """Id of the key that shows it."""
    has_plots: ClassVar[bool] = False
    """Whether plots stand below its table."""
    shows_log: ClassVar[bool] = False
    """Whether the event log is on it."""
    is_of_a_host: ClassVar[bool] = False
    """Whether it shows what belongs to the host in focus, unless it is asked for all hosts'."""
    exports_as: ClassVar[str] = "csv"
    """How the name of what is exported ends, unless another is typed."""
    choice: Choice
    """Order and filter of its table."""

    def __init__(self, painter: Painter) -> None:
        """Make its panes, once and for all: panes are shown and hidden, never made anew."""
        name = self.name.lower()
        self.table = TableGrid(painter, id=f"{name}-table")
        self.inspector = LinePane(painter, id=f"{name}-inspector")
        self._top = Horizontal(self.table, self.inspector, classes="top")
        self.container = Vertical(
            *self.above(), self._top, *self.below(), id=f"page-{name}", classes="page"
        )

    def above(self) -> tuple[Widget, ...]:
        """Give what stands above the table."""
        return ()

    def below(self) -> tuple[Widget, ...]:
        """Give what stands below the table."""
        return ()

    def cells_wanted(self, view: View, width: int) -> int:
        """Give the lines of cells that two sides want above its table; 0 where there are none."""
        del view, width
        return 0

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (self.table, self.inspector)

    @property
    @abstractmethod
    def subject(self) -> Subject | None:
        """What the cursor is on; None when there is nothing."""

    def picture(self, view: View) -> SubjectPicture | None:
        """Give what is known of what the cursor is on; None for nothing."""
        subject = self.subject
        return (
            None if view.snapshot is None or subject is None else picture_of(view.snapshot, subject)
        )

    @abstractmethod
    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Put one View on the page's panes, which are ``width`` cells wide together."""

    @abstractmethod
    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give the title and the lines that tell all of what the cursor is on."""

    @abstractmethod
    def export(self, view: View) -> Export[Any]:
        """Give the table as it is now, filtered and sorted."""

    def document(self, view: View, export: Export[Any]) -> str:
        """Give what is exported as JSON: the table, unless a page has more to say."""
        del view
        return to_json(export)

    def copied(self, view: View) -> tuple[str, str]:
        """Give the text to copy where no subject is under the cursor, and what it is."""
        del view
        return (self.row_text, "the row")

    @property
    @abstractmethod
    def row_text(self) -> str:
        """The row that the cursor is on, uncut; empty while there is none."""

    @abstractmethod
    def sort_next(self, by: int) -> None:
        """Sort by a column to the right or to the left of the present one."""

    @abstractmethod
    def sort_at(self, cell: int) -> None:
        """Sort by the column whose heading is at this cell."""

    def vary(self) -> None:  # noqa: B027 - most have one sort of rows
        """Show another sort of rows, where there are several."""

    def lay_out(self, view: View, plan: Plan, width: int) -> int:
        """Divide the upper row; give the width of the table's content.

        A table that is covered by the inspector is kept up all the same: j and k go through it.
        """
        covered = view.inspecting and not plan.inspector
        self._top.styles.height = plan.body if covered else plan.table
        self.table.display = not covered
        self.inspector.display = covered or plan.inspector > 0
        self.inspector.styles.width = width if covered else max(1, plan.inspector)
        own = width if covered else width - plan.inspector
        self.table.styles.width = own
        return own - plan.sides

    def show_inspector(self, view: View, plan: Plan, width: int) -> None:
        """Tell all of what the cursor is on, where there is room for it or it was asked for.

        After the rows: one that is gone takes the cursor to another.
        """
        covered = view.inspecting and not plan.inspector
        if not covered and not plan.inspector:
            return
        inner = max(1, (width if covered else plan.inspector) - plan.sides)
        lines = (plan.body if covered else plan.table) - plan.frame
        title, shown = self.inspect(view, inner - 2, max(1, lines))
        self.inspector.title(title)
        self.inspector.show([((" ", "text"), *fit(line, inner - 1)) for line in shown])


class TablePage(Page, Generic[KeyedRow]):
    """A page whose table has rows of one kind."""

    all_columns: tuple[Column[KeyedRow], ...]
    """Of its table, whether shown or not."""
    noun: ClassVar[str]
    """What its rows are, for the title."""

    def __init__(self, painter: Painter, choice: Choice) -> None:
        """Begin with this order."""
        super().__init__(painter)
        self.choice = choice
        self.rows: tuple[KeyedRow, ...] = ()
        """The rows in the order shown."""
        self.shown: tuple[Column[KeyedRow], ...] = ()
        """The columns shown."""
        self._made: Memo[list[KeyedRow]] = Memo()
        self._given: Sequence[KeyedRow] = ()
        self._asked: object = None
        self._held: tuple[Hashable, ...] | None = None
        self._looked_at: tuple[Hashable, Subject] | None = None
        self._keys: tuple[Hashable, ...] = ()
        self._lines: dict[tuple[int, bool], Line] = {}
        self._lines_of: object = None

    @property
    def row(self) -> KeyedRow | None:
        """The row that the cursor is on; None while there is none."""
        place = self.table.place
        row = self.rows[place] if place < len(self.rows) else None
        return row if row is not None and row.id == self.table.cursor else None

    def subject_of(self, row: KeyedRow) -> Subject | None:
        """Give what a row is about; None for nothing that can be acted on."""
        del row
        return None

    @property
    def subject(self) -> Subject | None:
        """What the cursor is on, or was when the inspector was opened: that is told to its end.

        Else a row that is gone is no subject: keys would act on what is not on the screen.
        """
        row = self.row
        found = None if row is None else self.subject_of(row)
        if row is not None and found is not None:
            self._looked_at = (row.id, found)
        elif not self.table.pinned:
            self._looked_at = None
        kept = self._looked_at
        return kept[1] if kept is not None and kept[0] == self.table.cursor else None

    def show_rows(self, view: View, plan: Plan, width: int, rows: Sequence[KeyedRow]) -> None:
        """Filter, sort and show these rows, and what the cursor is on, in so many cells."""
        inner = self.lay_out(view, plan, width)
        self._show_table(view, plan, inner, rows)
        self.show_inspector(view, plan, width)

    def _show_table(self, view: View, plan: Plan, width: int, rows: Sequence[KeyedRow]) -> None:
        choice = self.choice
        shown = self.shown = shown_columns(self.all_columns, width + plan.sides)
        self._order(rows, choice.held(view.now))
        ordered = self.rows
        self._forget_lines(width)
        note = view.note or (
            f"no {self.noun.lower()} match the filter" if rows else self.nothing(view)
        )
        self.table.show_sheet(
            Sheet(
                keys=self._keys,
                heading=title_line(shown, width, sorted_by=choice.sort),
                line=lambda i, cursor: self._line(i, width, cursor=cursor),
                ground=lambda i: self.ground(ordered[i]),
                note=((f"  {note}", "dim"),),
                pinned=view.inspecting,
            )
        )
        fits = max(1, plan.table - plan.frame - 1)
        self.table.title(self._title(view, len(ordered), len(rows), fits))

    def _forget_lines(self, width: int) -> None:
        """Keep the lines that were made, if they are of the same rows, columns and width."""
        before = self._lines_of
        self._lines_of = now = (self.rows, self.shown, width)
        same = isinstance(before, tuple) and before[0] is now[0] and before[1:] == now[1:]
        if not same:
            self._lines = {}

    def _line(self, index: int, width: int, *, cursor: bool) -> Line:
        """Give a row's line; the cursor that moves on leaves all but two as they are."""
        line = self._lines.get((index, cursor))
        if line is None:
            line = row_line(self.rows[index], self.shown, width, cursor=cursor)
            self._lines[index, cursor] = line
        return line

    def _order(self, rows: Sequence[KeyedRow], held: tuple[Hashable, ...] | None) -> None:
        """Filter and sort, unless these very rows were in just this way the last time."""
        choice, columns = self.choice, self.all_columns
        asked = (choice.needle, choice.sort, choice.descending, columns)
        is_asked = rows is self._given and asked == self._asked
        # To hold the order that is shown anyway changes nothing.
        if is_asked and held in (self._held, self._keys):
            return
        found = choice.matching(rows, columns)
        column = column_named(columns, choice.sort)
        if column is not None:
            found = sort_rows(found, column, descending=choice.descending, held=held)
        self.rows = tuple(found)
        self._keys = tuple(row.id for row in self.rows)
        self._given, self._asked, self._held = rows, asked, held

    def ground(self, row: KeyedRow) -> str:
        """Give the palette's name of a row's background."""
        del row
        return "row"

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        del view
        return f"no {self.noun.lower()}"

    def scope(self, view: View) -> str:
        """Say whose rows they are; empty for all there are."""
        del view
        return ""

    def _title(self, view: View, found: int, total: int, fits: int) -> str:
        choice = self.choice
        title = f"{self.noun} {total}" if found == total else f"{self.noun} {found} of {total}"
        title += self.scope(view)
        if found > fits:
            first = self.table.first_visible + 1
            title += f"  rows {first}-{min(first + fits - 1, found)}"
        column = column_named(self.all_columns, choice.sort)
        if column is not None:
            title += f"  sort {column.name} {'desc' if choice.descending else 'asc'}"
        if choice.filtering:
            title += f"  filter /{choice.needle}_  (ret keeps, esc clears)"
        elif choice.needle:
            title += f"  filter /{choice.needle}"
        if choice.problem:
            title += f"  {choice.problem}"
        if choice.held(view.now) is not None:
            title += "  order held while you move"
        return title

    @property
    def row_text(self) -> str:
        """The columns that are shown, of the row that the cursor is on."""
        row = self.row
        if row is None:
            return ""
        texts = (column.text(row) for column in self.shown if not column.picture)
        return "  ".join(texts)

    def export(self, view: View) -> Export[KeyedRow]:
        """Give the table as it is now, filtered and sorted."""
        picture = Picture(
            table=self.noun.lower(),
            wall_at=view.snapshot.wall_at if view.snapshot is not None else 0.0,
            profile=view.snapshot.profile if view.snapshot is not None else "",
            filter=self.choice.needle,
            sorted_by=self.choice.sort,
            descending=self.choice.descending,
            window_s=view.header.window_s,
        )
        return Export(picture, self.rows, self.all_columns)

    def sort_next(self, by: int) -> None:
        """Sort by a column to the right or to the left of the present one, around the ends."""
        columns = [column for column in self.shown or self.all_columns if not column.picture]
        if not columns:
            return
        place = next((i for i, c in enumerate(columns) if c.id == self.choice.sort), -by)
        column = columns[(place + by) % len(columns)]
        self.choice.sort_by(column.id, descending=column.falling)

    def sort_at(self, cell: int) -> None:
        """Sort by the column whose heading is at this cell; by the same one the other way."""
        column = column_at(self.shown, self.table.size.width, cell)
        if column is not None and not column.picture:
            self.choice.sort_by(column.id, descending=column.falling)
