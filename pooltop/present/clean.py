r"""The one place where text from the network, a profile or a person is made safe to show.

A terminal obeys what it is sent: ESC and C1 start commands (OSC 52 writes the clipboard), bidi
overrides reorder what is read, zero-width characters hide. Everything that is not plainly
visible becomes a visible escape such as ``\x1b``. Markup is no concern here: no front end
parses it from data.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

LONGEST = 4096
"""Characters looked at: what follows is cut before any work is done on it."""
ELLIPSIS = "\u2026"
_MAX_MARKS = 2
"""Combining marks in a row; more of them paint over neighbouring lines."""
_INVISIBLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Printable by category, yet drawn as nothing."""
_UNSURE = frozenset(
    {
        *range(0x1160, 0x1200),  # vowels and finals that Hangul syllables are composed of
        *range(0xD7B0, 0xD800),
        *range(0x1F3FB, 0x1F400),  # skin tones
        *range(0x2630, 0x2638),  # symbols that became wide with Unicode 16
        *range(0x268A, 0x2690),
        *range(0x4DC0, 0x4E00),
        *range(0x1D300, 0x1D357),
        *range(0x1D360, 0x1D377),
    }
)
"""Of one width by Python's tables and of another by Rich's, which lays the screen out: a line with
them would lose its end, or reach into what is beside it. So would spacing marks (Mc), all of which
are one cell wide to the one and none to the other."""
_ESCAPED = _INVISIBLE | _UNSURE


def clean(text: str, width: int | None = None) -> str:
    """Give text that a terminal shows and never obeys.

    Args:
        text: Anything, lone surrogates included.
        width: Cells to clip to, the last one an ellipsis when something was cut; None for no
            limit other than LONGEST.
    """
    shown = text if text.isascii() and text.isprintable() else _escaped(text[:LONGEST])
    if len(text) > LONGEST and width is None:
        shown = shown[:LONGEST] + ELLIPSIS
    return shown if width is None else clip(shown, width)


@lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        code = ord(char)
        category = unicodedata.category(char)
        if not char.isprintable() or category == "Mc" or code in _ESCAPED:
            out.append(_escape(code))
            marks = 0
        elif category in ("Mn", "Me"):
            marks += 1
            fits = marks <= _MAX_MARKS and bool(out)
            out.append(char if fits else _escape(code))
        else:
            out.append(char)
            marks = 0
    return "".join(out)


def _escape(code: int) -> str:
    named = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}.get(code)
    if named is not None:
        return named
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def cells(text: str) -> int:
    """Give the number of terminal cells that cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(_char_cells(char) for char in text)


@lru_cache(maxsize=4096)
def _char_cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def clip(text: str, width: int) -> str:
    """Give cleaned text in at most ``width`` cells, an ellipsis last when something was cut."""
    if width <= 0:
        return ""
    if text.isascii() and len(text) <= width:
        return text
    if cells(text) <= width:
        return text
    used = 0
    kept: list[str] = []
    for char in text:
        size = _char_cells(char)
        if used + size > width - 1:
            break
        kept.append(char)
        used += size
    return "".join(kept) + ELLIPSIS


def clip_start(text: str, width: int) -> str:
    """Give the end of cleaned text in at most ``width`` cells, an ellipsis first if cut."""
    if width <= 0:
        return ""
    left = cells(text)
    if left <= width:
        return text
    for place, char in enumerate(text):
        if left <= width - 1 and _char_cells(char):  # no mark of a letter that is gone
            return ELLIPSIS + text[place:]
        left -= _char_cells(char)
    return ELLIPSIS
