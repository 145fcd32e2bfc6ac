"""A pane of painted lines: the one way in which this dashboard puts text on the screen.

Textual's own text widgets read markup and were measured to cost ten times as much. A pane is
handed Lines; only those that changed are painted again, from cached Strips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from pooltop.present.clean import clean
from pooltop.present.line import Line, Span, fit
from pooltop.ui.theme import Palette


class Painter:
    """Turns Lines into Strips for one theme; a new theme means a new Painter."""

    def __init__(self, palette: Palette, mask: Callable[[str], str] | None = None) -> None:
        """Begin with an empty cache.

        Args:
            palette: what each ink looks like.
            mask: given every text before it is painted, and gives one as wide; None for none.
        """
        self.palette = palette
        self.mask = mask
        self._plain = frozenset(name for name, style in palette.items() if _is_plain(style))
        # A few frames' worth of the largest screen: each takes some 5 KiB.
        self.strip = lru_cache(maxsize=1024)(self._strip)

    def _strip(self, line: Line, width: int, ground: str) -> Strip:
        base = self.palette[ground]
        segments = [
            Segment(text, base + self.palette[ink]) for text, ink in self._joined(line, width)
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _joined(self, line: Line, width: int) -> list[Span]:
        """Give as few spans as look the same: half of what a screen takes is by their number."""
        spans: list[Span] = []
        for shown, ink in fit(line, width):
            text = shown if self.mask is None else self.mask(shown)
            if spans:
                before, same = spans[-1]
                blank = ink in self._plain and same in self._plain and text.isspace()
                if ink == same or blank:
                    spans[-1] = (before + text, same)
                    continue
            if text:
                spans.append((text, ink))
        return spans


def _is_plain(style: Style) -> bool:
    """Tell whether its blanks are like any other's: they look so, and carry no name."""
    marked = style.reverse or style.underline or style.strike or style.meta
    return style.bgcolor is None and not marked


class LinePane(Widget):
    """Shows as many of its lines as fit, from the first."""

    can_focus = False
    ALLOW_SELECT = False

    def __init__(self, painter: Painter, *, id: str, ground: str = "row") -> None:  # noqa: A002 - Textual's word
        """Begin empty.

        Args:
            painter: Paints for the present theme.
            id: For style sheets.
            ground: The palette's name of the background.
        """
        super().__init__(id=id)
        self.painter = painter
        self._ground = ground
        self._lines: tuple[Line, ...] = ()
        self._title = ""
        self._subtitle = ""

    @property
    def lines(self) -> tuple[Line, ...]:
        """What was handed over last."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Paint these lines from now on; only changed ones are painted again."""
        old, new = self._lines, tuple(lines)
        if old == new:
            return
        self._lines = new
        longest = max(len(old), len(new))
        changed = [
            row
            for row in range(longest)
            if (old[row] if row < len(old) else None) != (new[row] if row < len(new) else None)
        ]
        if len(changed) * 2 > longest:
            self.refresh()
        else:
            width = self.size.width
            self.refresh(*(Region(0, row, width, 1) for row in changed))

    def title(self, left: str, right: str = "") -> None:
        """Write into the border: plain text, never markup."""
        left, right = self._masked(clean(left)), self._masked(clean(right))
        if left != self._title:
            self._title = left
            self.border_title = Content(f" {left} ") if left else ""
        if right != self._subtitle:
            self._subtitle = right
            self.border_subtitle = Content(f" {right} ") if right else ""

    def _masked(self, text: str) -> str:
        mask = self.painter.mask
        return text if mask is None else mask(text)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Give Textual's but the one that looks for a terminal's own colours, segment by segment.

        A palette has them only where Textual leaves them alone.
        """
        filters = super().get_line_filters()
        return [each for each in filters if not isinstance(each, ANSIToTruecolor)]

    def repaint(self, painter: Painter) -> None:
        """Use another theme's painter."""
        self.painter = painter
        self.refresh()

    def ground_of(self, row: int) -> str:
        """Give the palette's name of a row's background."""
        del row
        return self._ground

    def render_line(self, y: int) -> Strip:
        """Give one painted line of the content."""
        line = self._lines[y] if 0 <= y < len(self._lines) else ()
        return self.painter.strip(line, max(0, self.size.width), self.ground_of(y))
