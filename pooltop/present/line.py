"""A line of text with inks: what ``present`` hands to whoever paints.

An ink is a meaning, not a colour; the front end's theme decides how it looks. Whatever an ink
says is also said by a word or a glyph in the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pooltop.present.clean import cells, clip

Ink = Literal[
    "text",
    "dim",
    "faint",
    "strong",
    "title",
    "accent",
    "good",
    "warn",
    "bad",
    "bar.use",
    "bar.hot",
    "bar.free",
    "bar.room",
    "sock.active",
    "sock.free",
    "sock.connecting",
    "sock.tls",
    "sock.closing",
    "plot.use",
    "plot.hot",
    "plot.queue",
    "plot.wait",
    "plot.use.body",
    "plot.queue.body",
    "plot.limit",
    "plot.axis",
    "field",
    "field.focus",
    "field.bad",
    "key",
    "tag.live",
    "tag.frozen",
    "tag.open",
    "tag.locked",
    "tag.mode",
    "alert",
]
"""What a piece of text means."""

Span = tuple[str, Ink]
Line = tuple[Span, ...]
Align = Literal["left", "right"]

BLANK: Line = ()


def text_of(line: Line) -> str:
    """Give the line's text without its inks."""
    return "".join(text for text, _ in line)


def width_of(line: Line) -> int:
    """Give the cells that the line takes."""
    return sum(cells(text) for text, _ in line)


def pad(text: str, width: int, align: Align = "left") -> str:
    """Give cleaned text clipped or padded to exactly ``width`` cells."""
    clipped = clip(text, width)
    room = " " * (width - cells(clipped))
    return room + clipped if align == "right" else clipped + room


def fit(line: Iterable[Span], width: int) -> Line:
    """Give the line clipped to ``width`` cells, an ellipsis last when something was cut."""
    spans = tuple(line)
    if width_of(spans) <= width:
        return spans
    out: list[Span] = []
    left = width
    for index, (text, ink) in enumerate(spans):
        size = cells(text)
        rest = any(later for later, _ in spans[index + 1 :])
        if size > left or (size == left and rest):
            if left > 0:
                out.append((clip(text + " ", left) if size == left else clip(text, left), ink))
            break
        out.append((text, ink))
        left -= size
    return tuple(out)


def spread(left: Iterable[Span], right: Iterable[Span], width: int) -> Line:
    """Give one line with ``left`` at its left edge and ``right`` at its right one.

    ``right`` is kept whole as long as it fits; ``left`` is clipped.
    """
    end = fit(right, width)
    room = width - width_of(end)
    start = fit(left, max(0, room - 1))
    return (*start, (" " * (room - width_of(start)), "text"), *end)
