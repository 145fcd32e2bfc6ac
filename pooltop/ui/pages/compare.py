"""Page 6: two sides under the same traffic: what each holds open, its numbers, its latencies."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import Any

from textual.containers import Horizontal
from textual.widget import Widget

from pooltop.present.export import Export
from pooltop.present.line import Line
from pooltop.present.versus import Letter, Pair, Side, pair_of, traffic_words
from pooltop.present.versus_card import card_json, card_text
from pooltop.present.versus_cells import cell_lines, cells_legend, state_line
from pooltop.present.versus_columns import COLUMNS
from pooltop.present.versus_measures import Measured, measured, times_words
from pooltop.present.versus_plots import (
    latency_of,
    latency_title,
    request_lines,
    request_title,
    requests_of,
    spread_columns,
    spread_lines,
    spreads,
)
from pooltop.ui.choice import Choice
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import LinePane, Painter

_MOST_LINES = 16
"""Of cells that a side is given."""
_ROOMY = 100
"""Cells from which on the title says what both are sent."""
_LETTERS: tuple[Letter, Letter] = ("A", "B")


class ComparePage(TablePage[Measured]):
    """Two agents of the profile, side by side and to one scale."""

    name = "Compare"
    key = "page_compare"
    noun = "NUMBERS"
    all_columns = COLUMNS
    exports_as = "json"

    def __init__(self, painter: Painter) -> None:
        """Begin in the card's own order."""
        self._cells = tuple(LinePane(painter, id=f"compare-cells-{one}") for one in _LETTERS)
        self._spreads = tuple(LinePane(painter, id=f"compare-latency-{one}") for one in _LETTERS)
        self._request = LinePane(painter, id="compare-request")
        self._cell_row = Horizontal(*self._cells, classes="plots")
        self._spread_row = Horizontal(*self._spreads, classes="plots")
        self._request_row = Horizontal(self._request, classes="plots")
        self._pair: Pair | None = None
        self._most: tuple[object, int] = (None, 0)
        self._width = 0
        super().__init__(painter, Choice("", descending=False))

    def above(self) -> tuple[Widget, ...]:
        """Give what each side holds open."""
        return (self._cell_row,)

    def below(self) -> tuple[Widget, ...]:
        """Give the latencies, and one request of each."""
        return (self._spread_row, self._request_row)

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (*super().panes, *self._cells, *self._spreads, self._request)

    def cells_wanted(self, view: View, width: int) -> int:
        """Give the most lines that the cells have wanted so far: what is below must not jump."""
        pair = pair_of(view.snapshot)
        if pair is None:
            return 0
        half = max(1, width // 2 - 2)
        now = max(len(cell_lines(side, half, _MOST_LINES)) for side in (pair.a, pair.b))
        of = (pair.a.name, pair.b.name, width)
        before = self._most[1] if self._most[0] == of else 0
        self._most = (of, max(now, before))
        return self._most[1]

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        if view.snapshot is None or self._pair is not None:
            return super().nothing(view)
        return "nothing is compared: pooltop demo compare, or [compare] a, b in the profile"

    def scope(self, view: View) -> str:
        """Say whose numbers they are, of which time, and of which traffic if both have the same."""
        del view
        pair = self._pair
        if pair is None:
            return ""
        traffic = traffic_words(pair) if self._width >= _ROOMY else ""
        return f"  {pair.a.name} against {pair.b.name}, since the start{traffic}"

    def sort_next(self, by: int) -> None:
        """Leave the rows as they are: their units differ, and the most telling comes first."""
        del by

    def sort_at(self, cell: int) -> None:
        """Leave them: see ``sort_next``."""
        del cell

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show both sides."""
        snapshot = view.snapshot
        self._width = width
        pair = self._pair = pair_of(snapshot)
        rows: list[Measured] = []
        if snapshot is not None and pair is not None:
            rows = self._made.get(snapshot, None, lambda: measured(pair))
        self.show_rows(view, plan, width, rows)
        if snapshot is None or pair is None:
            for row in (self._cell_row, self._spread_row, self._request_row):
                row.display = False
            return
        self._draw_cells(pair, plan, width)
        self._draw_spreads(view, pair, plan, width)
        self._draw_request(view, pair, plan, width)

    def _draw_cells(self, pair: Pair, plan: Plan, width: int) -> None:
        wanted = self._most[1]

        def drawn(side: Side, inner: int, height: int) -> list[Line]:
            # The legend only where it takes no room from the cells.
            legend = [cells_legend(side, inner)] if height >= 2 + min(wanted, 4) else []
            rest = max(1, height - 1 - len(legend))
            cells = cell_lines(side, inner, rest)
            return [*cells, *[()] * (rest - len(cells)), state_line(side, inner), *legend]

        self._show(self._cell_row, self._cells, pair, plan, width, plan.cells, drawn)
        for pane, side in zip(self._cells, (pair.a, pair.b), strict=True):
            pane.title(f"{side.letter}  {side.name}  {side.policy}")

    def _draw_spreads(self, view: View, pair: Pair, plan: Plan, width: int) -> None:
        at, window_s = (view.snapshot.at if view.snapshot else 0.0), view.header.window_s
        sides = (pair.a, pair.b)
        told = [latency_of(side, view.history, at, window_s) for side in sides]
        inner = width // 2 - plan.sides
        spread = dict(zip(_LETTERS, spreads(told[0], told[1], spread_columns(inner)), strict=True))

        def drawn(side: Side, inner: int, height: int) -> list[Line]:
            del inner
            return spread_lines(spread[side.letter], height, ascii_only=view.ascii_only)

        self._show(self._spread_row, self._spreads, pair, plan, width, plan.plots, drawn)
        for pane, side, histogram in zip(self._spreads, sides, told, strict=True):
            pane.title(latency_title(side, histogram, window_s))

    def _show(
        self,
        row: Horizontal,
        panes: tuple[LinePane, ...],
        pair: Pair,
        plan: Plan,
        width: int,
        height: int,
        drawn: Callable[[Side, int, int], list[Line]],
    ) -> None:
        """Put what each side gives into its half of a row."""
        row.display = height > 0
        if not height:
            return
        row.styles.height = height
        half = width // 2
        for pane, side, size in zip(panes, (pair.a, pair.b), (half, width - half), strict=True):
            pane.styles.width = size
            pane.show(drawn(side, size - plan.sides, height - plan.frame))

    def _draw_request(self, view: View, pair: Pair, plan: Plan, width: int) -> None:
        self._request_row.display = plan.request > 0
        if not plan.request or view.snapshot is None:
            return
        self._request_row.styles.height = plan.request
        window_s = view.header.window_s
        requests = requests_of(pair, view.history, view.snapshot.at, window_s)
        self._request.title(request_title(requests, window_s))
        inner, height = width - plan.sides, plan.request - plan.frame
        self._request.show(request_lines(requests, inner, height, ascii_only=view.ascii_only))

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give what the number is that the cursor is on, and where it comes from."""
        del view
        row = self.row
        if row is None:
            return ("NUMBER", [])
        lines: list[Line] = [
            (("A  ", "dim"), (row.written("A"), "text")),
            (("B  ", "dim"), (row.written("B"), "text"), (f"  {times_words(row)}", "accent")),
            (),
            *(((part, "text"),) for part in wrap(row.definition, max(16, width))),
        ]
        return (f"NUMBER  {row.name.strip()}", lines[:height])

    def copied(self, view: View) -> tuple[str, str]:
        """Give the card, whatever the cursor is on."""
        pair = pair_of(view.snapshot)
        if view.snapshot is None or pair is None:
            return ("", "")
        return ("\n".join(card_text(pair, view.snapshot)) + "\n", "the result card")

    def document(self, view: View, export: Export[Any]) -> str:
        """Give the card, of this instant."""
        pair = pair_of(view.snapshot)
        if view.snapshot is None or pair is None:
            return super().document(view, export)
        return card_json(pair, view.snapshot)
