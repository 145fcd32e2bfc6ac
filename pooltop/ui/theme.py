"""What each ink looks like: every colour of the dashboard, in one place."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from pooltop.present.line import Ink

DARK = Theme(
    name="pooltop",
    primary="#4f9fd9",
    secondary="#2f6f9f",
    accent="#62d0ff",
    warning="#ffb454",
    error="#ff6b6b",
    success="#63d297",
    foreground="#cbd6e2",
    background="#0d1218",
    surface="#111820",
    panel="#1a2430",
    dark=True,
)
LIGHT = Theme(
    name="pooltop-light",
    primary="#1f6fae",
    secondary="#8fb8d8",
    accent="#006d9c",
    warning="#a85f00",
    error="#c22f2f",
    success="#1b7f4b",
    foreground="#1d2733",
    background="#f6f8fa",
    surface="#eef2f6",
    panel="#dde5ed",
    dark=False,
)
THEMES = (DARK, LIGHT)

Palette = dict[str, Style]
"""Ink, or the name of a background, to style."""


def palette(variables: dict[str, str], *, dark: bool) -> Palette:
    """Give the styles for a theme's variables, so that every theme of Textual works."""
    fallback = THEMES[0 if dark else 1].to_color_system().generate()

    def color(name: str) -> Color:
        for source in (variables, fallback):
            found = _parsed(source.get(name, ""))
            if found is not None and found.ansi is None:
                return found
        return Color(128, 128, 128)

    back = color("background")
    fore = color("foreground")
    accent = color("accent")
    good, warn, bad = color("success"), color("warning"), color("error")
    use, violet = color("primary"), _parsed("#c08bf0" if dark else "#7a3fb0") or accent

    def ink(front: Color, behind: Color | None = None, *, bold: bool = False) -> Style:
        return Style(
            color=front.rich_color,
            bgcolor=None if behind is None else behind.rich_color,
            bold=bold or None,
        )

    def tint(front: Color, strength: float) -> Color:
        return back.blend(front, strength)

    dim, faint = tint(fore, 0.62), tint(fore, 0.38)
    styles: dict[Ink, Style] = {
        "text": ink(fore),
        "dim": ink(dim),
        "faint": ink(faint),
        "strong": ink(fore.blend(back.inverse, 0.6), bold=True),
        "title": ink(tint(use, 0.85)),
        "accent": ink(accent, bold=True),
        "good": ink(good),
        "warn": ink(warn),
        "bad": ink(bad, bold=True),
        "bar.use": ink(tint(good, 0.95), tint(good, 0.42)),
        "bar.hot": ink(tint(bad, 1.0), tint(bad, 0.48)),
        "bar.free": ink(tint(use, 0.95), tint(use, 0.32)),
        "bar.room": ink(tint(fore, 0.22), tint(fore, 0.05)),
        "sock.active": ink(tint(good, 0.95), tint(good, 0.42), bold=True),
        "sock.free": ink(tint(use, 0.95), tint(use, 0.32)),
        "sock.connecting": ink(warn, tint(warn, 0.28), bold=True),
        "sock.tls": ink(violet, tint(violet, 0.3), bold=True),
        "sock.closing": ink(bad, tint(bad, 0.22)),
        "plot.use": ink(good),
        "plot.hot": ink(bad),
        "plot.use.body": ink(tint(good, 0.42)),
        "plot.queue.body": ink(tint(warn, 0.42)),
        "plot.queue": ink(warn),
        "plot.wait": ink(violet),
        "plot.limit": ink(tint(bad, 0.6)),
        "plot.axis": ink(faint),
        "field": ink(fore, tint(use, 0.16)),
        "field.focus": ink(back, accent, bold=True),
        "field.bad": ink(back, bad, bold=True),
        "key": ink(accent),
        "tag.live": ink(back, good, bold=True),
        "tag.frozen": ink(back, accent, bold=True),
        "tag.open": ink(good, tint(good, 0.18), bold=True),
        "tag.locked": ink(back, warn, bold=True),
        "tag.mode": ink(accent, tint(accent, 0.18), bold=True),
        "alert": ink(tint(bad, 1.0).blend(fore, 0.25), tint(bad, 0.22), bold=True),
    }
    named: Palette = {str(name): style for name, style in styles.items()}
    named["row"] = Style(bgcolor=back.rich_color)
    named["row.cursor"] = Style(bgcolor=tint(use, 0.26).rich_color, bold=True)
    named["row.hot"] = Style(bgcolor=tint(bad, 0.10).rich_color)
    named["row.hot.cursor"] = Style(bgcolor=tint(bad, 0.24).rich_color, bold=True)
    return named


@lru_cache(maxsize=256)
def _parsed(text: str) -> Color | None:
    try:
        return Color.parse(text)
    except ColorParseError:
        return None
