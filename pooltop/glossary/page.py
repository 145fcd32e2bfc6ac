"""One screen on a term, and the list of them all, as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from textwrap import wrap

from pooltop.glossary.term import Found, Shelf, Term, paragraphs

WIDTH = 80
_INDENT = "  "
_LABEL = 10
_LEAST_WIDTH = 40


def page(found: Sequence[Found], width: int = WIDTH) -> str:
    """Give all that there is to say of a word: what it is as one thing, and as another.

    Args:
        found: the terms of that name.
        width: in cells, taken for 40 where it is less.
    """
    width = max(width, _LEAST_WIDTH)
    return "\n\n".join("\n".join(_lines(each, width)) for each in found) + "\n"


def _lines(found: Found, width: int) -> Iterable[str]:
    yield _head(found, width)
    for paragraph in (found.term.sentence, *paragraphs(found.term.text)):
        yield ""
        yield from _wrapped(paragraph, width, _INDENT, _INDENT)
    facts = [fact for fact in _facts(found.term) if fact[1]]
    if facts:
        yield ""
    for label, text in facts:
        first = f"{_INDENT}{label:<{_LABEL}}"
        yield from _wrapped(text, width, first, " " * len(first))


def _head(found: Found, width: int) -> str:
    name, one = found.term.name, found.shelf.one
    gap = width - len(name) - len(one)
    return f"{name}{' ' * gap}{one}" if gap >= 2 else f"{name}, {one}"


def _facts(term: Term) -> tuple[tuple[str, str], ...]:
    return (
        ("default", term.default),
        ("unit", term.unit),
        ("limits", term.edges),
        ("also", ", ".join(term.also)),
        ("see", ", ".join(term.see)),
        ("source", term.source),
    )


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def listing(shelves: Iterable[Shelf], width: int = WIDTH) -> str:
    """Give every term's name, shelf by shelf, and how to read on."""
    return "\n".join(chain.from_iterable(_shelf(shelf, width) for shelf in shelves))


def _shelf(shelf: Shelf, width: int) -> Iterable[str]:
    yield shelf.title.upper()
    names = ", ".join(term.name.replace(" ", "\N{NO-BREAK SPACE}") for term in shelf.terms)
    for line in _wrapped(names, width, _INDENT, _INDENT):
        yield line.replace("\N{NO-BREAK SPACE}", " ")
    yield ""


def as_data(found: Iterable[Found]) -> list[dict[str, object]]:
    """Give terms for JSON: all that there is of each, its shelf's word as ``sort``."""
    return [
        {
            "term": each.term.name,
            "sort": each.shelf.one,
            "means": each.term.sentence,
            "text": list(paragraphs(each.term.text)),
            "default": each.term.default,
            "unit": each.term.unit,
            "limits": each.term.edges,
            "also": list(each.term.also),
            "see": list(each.term.see),
            "source": each.term.source,
        }
        for each in found
    ]
