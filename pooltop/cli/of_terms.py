"""``pooltop explain TERM``: the field's words, and everything that pooltop shows."""

from __future__ import annotations

from pooltop.cli.telling import refuse, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pooltop.cli.args import Request
    from pooltop.glossary import Book, Found

_LISTED = """\
pooltop explain TERM                 says what one of these is
pooltop explain KEY --profile FILE   says what counts for a key of a profile, and why
"""


def explain(request: Request) -> int:
    """Say what a term is; without one list them all."""
    from pooltop.glossary.page import listing, page

    every, word = book(), request.key
    if word is None:
        if request.json:
            return _say_json([found for shelf in every.shelves for found in shelf.found()])
        return say(f"{listing(every.shelves)}\n{_LISTED}")
    found = every.find(word)
    if not found:
        near = every.near(word)
        hint = f"Did you mean {_either(near)}?" if near else "pooltop explain lists them."
        return refuse(f'there is no term "{word[:64]}". {hint}\n')
    return _say_json(found) if request.json else say(page(found))


def book() -> Book:
    """Give every term: the glossary's own, and those that stand in the tables that make screens."""
    from pooltop.exports import terms as exported
    from pooltop.glossary import SHELVES, Book
    from pooltop.present import terms as shown
    from pooltop.profiles import terms as written

    return Book((*SHELVES, *shown.shelves(), exported.shelf(), written.shelf()))


def _say_json(found: Sequence[Found]) -> int:
    import json

    from pooltop.glossary.page import as_data

    return say(json.dumps(as_data(found), indent=2, ensure_ascii=False) + "\n")


def _either(names: Sequence[str]) -> str:
    shown = [f'"{name}"' for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
