"""The inks on a terminal of 8 or 16 colours, and on one that is to show none (NO_COLOR).

Rules: only the eight colours that every terminal has, bold, faint, underlined and reversed; the
terminal's own foreground and background, so that a light one stays light. What is said by reversing
or by bold stays when the colours are taken away.
"""

from __future__ import annotations

from rich.style import Style

from pooltop.present.line import Ink
from pooltop.ui.theme import Palette


def few_colours(*, dark: bool) -> Palette:
    """Give the styles.

    Args:
        dark: Whether the terminal's background is taken for dark: yellow and cyan cannot be read
            on a light one, blue not on a dark one.
    """
    warn, use = ("yellow", "cyan") if dark else ("magenta", "blue")

    def ink(
        name: str = "",
        *,
        bold: bool = False,
        dim: bool = False,
        underline: bool = False,
        reverse: bool = False,
    ) -> Style:
        return Style(
            color=name or None,
            bold=bold or None,
            dim=dim or None,
            underline=underline or None,
            reverse=reverse or None,
        )

    styles: dict[Ink, Style] = {
        "text": ink(),
        "dim": ink(dim=True),
        "faint": ink(dim=True),
        "strong": ink(bold=True),
        "title": ink(use),
        "accent": ink(use, bold=True),
        "good": ink("green"),
        "warn": ink(warn, bold=True),
        "bad": ink("red", bold=True),
        "bar.use": ink("green"),
        "bar.hot": ink("red", bold=True),
        "bar.free": ink(use),
        "bar.room": ink(dim=True),
        "sock.active": ink("green", bold=True),
        "sock.free": ink(use),
        "sock.connecting": ink(warn, bold=True),
        "sock.tls": ink("magenta", bold=True),
        "sock.closing": ink("red"),
        "plot.use": ink("green"),
        "plot.hot": ink("red"),
        "plot.queue": ink(warn),
        "plot.wait": ink("magenta"),
        "plot.use.body": ink("green"),
        "plot.queue.body": ink(warn),
        "plot.limit": ink("red"),
        "plot.axis": ink(dim=True),
        "field": ink(underline=True),
        "field.focus": ink(bold=True, reverse=True),
        "field.bad": ink("red", bold=True, reverse=True),
        "key": ink(use, bold=True),
        "tag.live": ink("green", bold=True, reverse=True),
        "tag.frozen": ink(use, bold=True, reverse=True),
        "tag.open": ink("green", bold=True),
        "tag.locked": ink(warn, bold=True, reverse=True),
        "tag.mode": ink(bold=True, underline=True),
        "alert": ink("red", bold=True),
    }
    named: Palette = {str(name): style for name, style in styles.items()}
    cursor = ink(bold=True, reverse=True)
    named |= {"row": ink(), "row.hot": ink(), "row.cursor": cursor, "row.hot.cursor": cursor}
    return named
