"""What each ink looks like: every colour of the dashboard, in one place."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from pooltop.present.line import Ink
from pooltop.ui.contrast import legible

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
CONTRAST = Theme(
    name="pooltop-contrast",
    primary="#7cc4ff",
    secondary="#7cc4ff",
    accent="#7fe9ff",
    warning="#ffd21f",
    error="#ff8a8a",
    success="#5dff9f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#101010",
    dark=True,
)
"""For projectors, and for eyes that want more of it: text has 7:1 on whatever it stands."""
THEMES = (DARK, LIGHT, CONTRAST)
TEXT_RATIO, GLYPH_RATIO = 4.5, 3.0
"""The contrast of text and of glyphs with what is behind them. Source: WCAG 2.2, 1.4.3, 1.4.11."""
STRONG_RATIO = 7.0

Palette = dict[str, Style]
"""Ink, or the name of a background, to style."""


def palette(variables: dict[str, str], *, dark: bool, text_ratio: float = TEXT_RATIO) -> Palette:
    """Give the styles for a theme's variables, so that every theme of Textual works.

    A theme's own colours are kept as far as they can be read: what has too little contrast with
    any of the backgrounds that it may stand on is mixed with white or black until it has enough.

    Args:
        variables: The theme's.
        dark: Whether its background is.
        text_ratio: The contrast that text gets at least; glyphs, and what is refused, get 3.
    """
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

    def tint(front: Color, strength: float) -> Color:
        return back.blend(front, strength)

    grounds = {
        "row": back,
        "row.cursor": tint(use, 0.26),
        "row.hot": tint(bad, 0.10),
        "row.hot.cursor": tint(bad, 0.24),
    }

    def ink(
        front: Color, behind: Color | None = None, *, bold: bool = False, ratio: float = text_ratio
    ) -> Style:
        under = tuple(grounds.values()) if behind is None else (behind,)
        return Style(
            color=legible(front, under, ratio).rich_color,
            bgcolor=None if behind is None else behind.rich_color,
            bold=bold or None,
        )

    def glyph(front: Color, behind: Color | None = None, *, bold: bool = False) -> Style:
        return ink(front, behind, bold=bold, ratio=GLYPH_RATIO)

    dim, faint = tint(fore, 0.62), tint(fore, 0.38)
    styles: dict[Ink, Style] = {
        "text": ink(fore),
        "dim": ink(dim),
        "faint": glyph(faint),
        "strong": ink(fore.blend(back.inverse, 0.6), bold=True),
        "title": ink(tint(use, 0.85)),
        "accent": ink(accent, bold=True),
        "good": ink(good),
        "warn": ink(warn),
        "bad": ink(bad, bold=True),
        "bar.use": glyph(tint(good, 0.95), tint(good, 0.42)),
        "bar.hot": glyph(tint(bad, 1.0), tint(bad, 0.48)),
        "bar.free": glyph(tint(use, 0.95), tint(use, 0.32)),
        "bar.room": glyph(tint(fore, 0.22), tint(fore, 0.05)),
        "sock.active": glyph(tint(good, 0.95), tint(good, 0.42), bold=True),
        "sock.free": glyph(tint(use, 0.95), tint(use, 0.32)),
        "sock.connecting": glyph(warn, tint(warn, 0.28), bold=True),
        "sock.tls": glyph(violet, tint(violet, 0.3), bold=True),
        "sock.closing": glyph(bad, tint(bad, 0.22)),
        "plot.use": glyph(good),
        "plot.hot": glyph(bad),
        "plot.use.body": glyph(tint(good, 0.6)),
        "plot.queue.body": glyph(tint(warn, 0.6)),
        "plot.queue": glyph(warn),
        "plot.wait": glyph(violet),
        "plot.limit": glyph(tint(bad, 0.6)),
        "plot.axis": glyph(faint),
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
    for name, ground in grounds.items():
        named[name] = Style(bgcolor=ground.rich_color, bold=name.endswith("cursor") or None)
    return named


@lru_cache(maxsize=256)
def _parsed(text: str) -> Color | None:
    try:
        return Color.parse(text)
    except ColorParseError:
        return None
