"""Names of keys: as somebody writes them, as they are shown, and as Textual tells them.

A name is Textual's: ``space``, ``ctrl+x``, ``G``, ``question_mark``. Only keys are known that a
terminal can tell from all others.
"""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from string import ascii_letters, ascii_lowercase

_SHOWN = {"space": "spc", "enter": "ret", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn"}
_ALIASES = {
    **{shown: name for name, shown in _SHOWN.items()},
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "backtab": "shift+tab",
    "page_up": "pageup",
    "page_down": "pagedown",
}
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Textual's own words for some of Unicode's names (``textual.keys.KEY_NAME_REPLACEMENTS``)."""
_MOVES = ("up", "down", "left", "right", "home", "end")
_PLAIN = (
    *_MOVES,
    *("pageup", "pagedown", "insert", "delete", "space", "enter", "escape", "tab", "backspace"),
    *(f"f{number}" for number in range(1, 13)),
)
_SAME = {
    "ctrl+h": "backspace",
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}
"""What a terminal sends for these is what it sends for those."""


def name_of_character(character: str) -> str:
    """Give Textual's name of the key that types a character."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


_SIGNS = {
    name_of_character(sign): sign
    for sign in map(chr, (*range(0x21, 0x7F), *range(0xA1, 0x100)))
    if sign.isprintable() and not sign.isalnum()
}
"""Signs by the names of their keys; letters and digits are their own."""
NAMED = (
    *_PLAIN,
    "shift+tab",
    *(f"{held}+{move}" for held in ("shift", "ctrl", "ctrl+shift") for move in _MOVES),
    *(f"ctrl+{letter}" for letter in ascii_lowercase if f"ctrl+{letter}" not in _SAME),
    *(f"alt+{letter}" for letter in ascii_lowercase),
)
"""Every key that types no character but the space."""
_KNOWN = frozenset((*NAMED, *_SIGNS))


def key_named(written: str) -> str | None:
    """Give the name of a key that is written in any usual way; None for no key.

    Args:
        written: a character, ``[``; a name, ``left_square_bracket``; what is shown, ``^x`` or
            ``ret``; letters with shift are capitals.
    """
    if len(written) == 1:
        known = written == " " or name_of_character(written) in _SIGNS
        known = known or (written.isalnum() and written.isprintable())
        return name_of_character(written) if known else None
    name = written.lower()
    if name.startswith("^"):
        name = f"ctrl+{name[1:]}"
    name = _ALIASES.get(name, name)
    held, _, last = name.rpartition("+")
    if held == "shift" and len(last) == 1 and last in ascii_letters:
        return last.upper()
    name = f"{held}+{_ALIASES.get(last, last)}" if held else name
    return name if name in _KNOWN else None


def why_no_key(written: str) -> str:
    """Say why something is no key, and what was probably meant."""
    name = written.lower()
    name = f"ctrl+{name[1:]}" if name.startswith("^") else name
    same = _SAME.get("ctrl+left_square_bracket" if name == "ctrl+[" else name)
    if same is not None:
        return f"a terminal sends {same} for it."
    near = get_close_matches(name[:64], (*NAMED, *_SIGNS, *_ALIASES), n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return (
        f"no key that a terminal sends.{hint} "
        'Allowed are a character, a name like "space", "pagedown" or "f5", and "ctrl+x".'
    )


def shown_key(name: str) -> str:
    """Give a key as it stands on the screen: ``spc``, ``^x``, ``[``."""
    held, _, last = name.rpartition("+")
    if held == "ctrl" and len(last) == 1:
        return f"^{last}"
    last = _SIGNS.get(last, _SHOWN.get(last, last))
    return f"{held}+{last}" if held else last


def types_nothing(name: str) -> bool:
    """Tell whether a key can be taken from whatever is being typed: it types and edits nothing."""
    held, _, last = name.rpartition("+")
    return (len(last) == 1 and held in ("ctrl", "alt")) or (not held and name in _FUNCTION)


_FUNCTION = frozenset(name for name in _PLAIN if name[0] == "f" and name[1:].isdigit())
