"""A step of a lesson as one picture to print: what was asked, what was measured, and why.

SVG 1.1 with nothing of the network in it: no fonts, no scripts, no links. All numbers are of the
run that it was made in.
"""

from __future__ import annotations

import textwrap
from html import escape

from pooltop.lessons.catalogue import number_of
from pooltop.lessons.lesson import Lesson, Number
from pooltop.lessons.player import Result
from pooltop.lessons.words import LETTERS

_WIDTH, _HEIGHT = 960, 600
_MARGIN = 48
_LINE = 26
"""Pixels from one line of plain text to the next."""
_CHARACTERS = 74
"""Of text that fit into a line, bold and in a wide font."""
_FONT = "system-ui, Segoe UI, Helvetica, Arial, sans-serif"
_OPENED = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
    f'font-family="{_FONT}">'
)
_INKS = {"text": "#1d2733", "dim": "#5b6875", "good": "#1b7f4b", "bad": "#c22f2f"}


def handout_name(lesson: Lesson, place: int) -> str:
    """Give the name of the file of a step: ``lesson-03-queue-step-1.svg``."""
    return f"lesson-{number_of(lesson):02}-{lesson.name}-step-{place + 1}.svg"


def handout(lesson: Lesson, place: int, result: Result) -> str:
    """Give the picture of a step that was judged.

    Args:
        lesson: whose step it is.
        place: of the step, from 0.
        result: what became of it.
    """
    page = _Page()
    step, verdict = result.step, result.verdict
    page.heading(
        f"Lesson {number_of(lesson)}, step {place + 1} of {len(lesson.steps)}", lesson.title
    )
    page.paragraph(step.question, bold=True)
    page.gap()
    for at, choice in enumerate(step.choices):
        is_right = at == step.answer
        mark = "\N{CHECK MARK}" if is_right else "\N{NO-BREAK SPACE}"
        text = f"{mark}\N{NO-BREAK SPACE}{LETTERS[at]}\N{NO-BREAK SPACE} {choice}"
        page.paragraph(text, ink="good" if is_right else "text")
    page.numbers(verdict.numbers)
    page.paragraph(
        verdict.says if verdict.held else f"Not held: {verdict.says}",
        ink="text" if verdict.held else "bad",
        bold=True,
    )
    page.gap()
    for line in step.why:
        page.paragraph(line)
    page.foot(f"In Node's words: {', '.join(lesson.terms)}. pooltop demo lesson {lesson.name}")
    return page.svg(f"{lesson.title}: {step.question}")


class _Page:
    """Lines from the top downwards."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._y = _MARGIN

    def heading(self, above: str, title: str) -> None:
        """Write the title, and a small line above it."""
        self._text(_MARGIN, self._y, above, size=15, ink="dim")
        self._text(_MARGIN, self._y + 40, title, size=28, bold=True)
        self._y += 90

    def gap(self) -> None:
        """Leave half a line."""
        self._y += _LINE // 2

    def paragraph(self, text: str, *, ink: str = "text", bold: bool = False) -> None:
        """Write a text, broken where it is long."""
        for line in textwrap.wrap(text, _CHARACTERS):
            self._text(_MARGIN, self._y, line, size=18, ink=ink, bold=bold)
            self._y += _LINE

    def numbers(self, numbers: tuple[Number, ...]) -> None:
        """Write what was measured, large, side by side."""
        self._y += 54
        width = (_WIDTH - 2 * _MARGIN) / max(1, len(numbers))
        for place, number in enumerate(numbers):
            x = _MARGIN + place * width
            self._text(x, self._y, number.text, size=52, bold=True)
            self._text(x, self._y + 26, number.name, size=15, ink="dim")
        self._y += 76

    def foot(self, text: str) -> None:
        """Write the last line, at the bottom."""
        self._text(_MARGIN, _HEIGHT - _MARGIN / 2, text, size=14, ink="dim")

    def svg(self, title: str) -> str:
        """Give the whole."""
        return "\n".join(
            (
                '<?xml version="1.0" encoding="UTF-8"?>',
                _OPENED,
                f"<title>{escape(title)}</title>",
                f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
                *self._parts,
                "</svg>",
                "",
            )
        )

    def _text(
        self, x: float, y: float, text: str, *, size: int, ink: str = "text", bold: bool = False
    ) -> None:
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{_INKS[ink]}"{weight}>'
            f"{escape(text)}</text>"
        )
