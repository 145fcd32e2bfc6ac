"""What is measured of a lesson's step in digits that the last row of a room can read."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits

from pooltop.lessons.lesson import Number
from pooltop.present.line import Line
from pooltop.ui.widgets.lines import LinePane, Painter

MOST = 4
"""Numbers side by side; a claim rests on no more."""


class Stage(Vertical):
    """Up to MOST numbers, each with its caption, and what they say together."""

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin with none."""
        super().__init__(id=id)
        self._digits = tuple(Digits("", id=f"digits-{place}") for place in range(MOST))
        self._captions = tuple(LinePane(painter, id=f"caption-{place}") for place in range(MOST))
        self._columns = tuple(
            Vertical(digits, caption, classes="number")
            for digits, caption in zip(self._digits, self._captions, strict=True)
        )
        self._says = LinePane(painter, id="stage-says")

    def compose(self) -> ComposeResult:
        """Give the numbers above, and the sentence below."""
        yield Horizontal(*self._columns, id="numbers")
        yield self._says

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (*self._captions, self._says)

    def show(self, numbers: tuple[Number, ...], says: list[Line]) -> None:
        """Show these numbers, and these lines below them."""
        for place, column in enumerate(self._columns):
            column.display = place < len(numbers)
            if place < len(numbers):
                self._digits[place].update(numbers[place].text)
                self._captions[place].show([((numbers[place].name, "strong"),)])
        self._says.show(says)
