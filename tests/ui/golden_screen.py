"""A screen as lines that a diff can be read of: its text, and the ink of every cell."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual.app import App

from pooltop import ui
from pooltop.ui.app import PoolTopApp
from pooltop.ui.theme import Palette
from pooltop.ui.widgets.lines import Painter

GOLDEN = Path(__file__).with_name("golden")
REWRITE = "POOLTOP_WRITE_GOLDEN"
"""Set to anything, this environment variable has the files written instead of compared."""

_GROUND, _INK = "ground", "ink"
_FRAME = "frame"
"""What is not painted by a pane: borders, their titles, the empty screen."""
_MOST_LINES = 40
"""Of a difference, so many lines are told."""


class NamingApp(PoolTopApp):
    """A dashboard in which each cell knows the name of its ink, whatever that looks like."""

    CSS_PATH = Path(ui.__file__).with_name("pooltop.tcss")

    def _new_painter(self) -> Painter:
        return Painter(_named(super()._new_painter().palette))


def _named(palette: Palette) -> Palette:
    return {
        name: style + Style(meta={_GROUND if name.startswith("row") else _INK: name})
        for name, style in palette.items()
    }


@dataclass(frozen=True)
class Screen:
    """What was on a screen."""

    text: tuple[str, ...]
    inks: tuple[str, ...]
    """For each line, runs of cells: ``dim*3 row.hot/bad*12``."""
    looks: frozenset[tuple[str, str, str]]
    """Ground, ink and what they looked like, of every cell that a pane painted."""


def screen_of(app: App[None]) -> Screen:
    """Give what is on the screen of an app."""
    strips = app.screen._compositor.render_strips()
    width = app.size.width
    return Screen(
        text=tuple(strip.text.ljust(width) for strip in strips),
        inks=tuple(_runs(list(strip)) for strip in strips),
        looks=frozenset(_look(one.style) for strip in strips for one in strip if one.style),
    )


def _runs(segments: list[Segment]) -> str:
    runs = groupby(segments, key=_name)
    counted = ((name, sum(one.cell_length for one in group)) for name, group in runs)
    return " ".join(f"{name}*{cells}" for name, cells in counted if cells)


def _name(segment: Segment) -> str:
    ground, ink = _of(segment.style)
    if not ground:
        return _FRAME
    if ground == "row":
        return ink or "-"
    return f"{ground}/{ink}" if ink else ground


def _of(style: Style | None) -> tuple[str, str]:
    """Give the names of a cell's ground and ink; both "" for what no pane painted."""
    meta = style.meta if style is not None else {}
    return (meta.get(_GROUND, ""), meta.get(_INK, ""))


def _look(style: Style) -> tuple[str, str, str]:
    return (*_of(style), look(style))


def look(style: Style) -> str:
    """Give what a style looks like: ``bold #cbd6e2 on #0d1218``."""
    front, back = (
        "default" if color is None else color.get_truecolor().hex
        for color in (style.color, style.bgcolor)
    )
    return f"{'bold ' if style.bold else ''}{front} on {back}"


def written(screen: Screen) -> str:
    """Give a screen as a golden file has it: the text between bars, then the inks of each line."""
    text = "".join(f"|{line}|\n" for line in screen.text)
    inks = "".join(f"{number:3} {runs}\n" for number, runs in enumerate(screen.inks, 1))
    return f"{text}\ninks\n{inks}"


def compare(name: str, found: str) -> str:
    """Compare with a golden file, or write it anew; gives the difference in words, "" for none."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get(REWRITE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
        return ""
    if not path.exists():
        return f"{name}: there is no golden file {path.name}; {REWRITE}=1 writes it\n"
    golden = path.read_text(encoding="utf-8")
    if golden == found:
        return ""
    lines = list(
        difflib.unified_diff(
            golden.splitlines(), found.splitlines(), "golden", "now", n=0, lineterm=""
        )
    )
    more = len(lines) - _MOST_LINES
    told = "\n".join(lines[:_MOST_LINES]) + (f"\n... {more} more lines" if more > 0 else "")
    return f"{name} is not what it was; if it is better, {REWRITE}=1 writes it anew:\n{told}\n"
