"""The line that names the pages; a click shows one."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from pooltop.present.clean import cells
from pooltop.present.line import Span, fit
from pooltop.ui.messages import PageAsked
from pooltop.ui.widgets.lines import LinePane


class Tabs(LinePane):
    """Numbers are the keys."""

    _ends: tuple[tuple[int, str], ...] = ()
    """Of each page, the first cell behind its name."""

    def show_pages(self, pages: Sequence[tuple[str, str]], here: str, width: int) -> None:
        """Name the pages.

        Args:
            pages: number and name of each, in order.
            here: the name of the one that is shown.
            width: in cells.
        """
        spans: list[Span] = []
        ends: list[tuple[int, str]] = []
        end = 0
        for number, name in pages:
            spans += [(f" {number}", "key"), (f" {name} ", "tag.mode" if name == here else "dim")]
            end += cells(f" {number} {name} ")
            ends.append((end, name))
        self._ends = tuple(ends)
        self.show([fit(spans, width)])

    def on_click(self, event: events.Click) -> None:
        """Ask for the page whose name was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        name = next((name for end, name in self._ends if offset.x < end), None)
        if name is not None:
            self.post_message(PageAsked(name))
