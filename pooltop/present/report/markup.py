"""HTML, in which no text can become markup.

A ``Markup`` is safe as it is; any other text is cleaned (``present.clean``) and escaped as it is
put into one. Only what is written in this package's source is ever made a Markup by ``raw``.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from pooltop.present.clean import clean

_EMPTY = frozenset({"meta", "path", "rect", "line", "circle"})
"""Elements that hold nothing: those of SVG end with a slash, which HTML forgives."""


class Markup(str):
    """A piece of HTML that is safe to put into a page."""

    __slots__ = ()


def raw(text: str) -> Markup:
    """Give a text of this package's source as markup."""
    return Markup(text)


def text(value: object) -> Markup:
    """Give anything as text: cleaned and escaped, unless it is markup already."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(clean(str(value)), quote=True))


def joined(parts: Iterable[object], between: str = "") -> Markup:
    """Give several parts in a row."""
    return Markup(between.join(text(part) for part in parts))


def el(name: str, /, *children: object, **attributes: object) -> Markup:
    """Give an element.

    Args:
        name: of the element; of this package's source.
        children: text or markup.
        attributes: by name, ``_`` for ``-``, one at the end dropped (``class_``); None for none.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Markup(f"<{name}{told}/>")
    return Markup(f"<{name}{told}>{joined(children)}</{name}>")


def table(
    titles: Sequence[tuple[str, str]],
    rows: Iterable[Iterable[object]],
    *,
    words: int,
    words_after: int = 0,
) -> Markup:
    """Give a table that scrolls by itself where it is wider than the page; "" without rows.

    Args:
        titles: of each column, with what it is: its definition.
        rows: their cells.
        words: so many columns from the left are words; the others are numbers.
        words_after: so many from the right are words too.
    """
    numbers = range(words, len(titles) - words_after)
    looks = ["n" if n in numbers else None for n in range(len(titles))]
    body = [
        el("tr", *(el("td", cell, class_=look) for cell, look in zip(row, looks, strict=True)))
        for row in rows
    ]
    if not body:
        return Markup("")
    head = el(
        "tr",
        *(
            el("th", title, title=meaning or None, scope="col", class_=look)
            for (title, meaning), look in zip(titles, looks, strict=True)
        ),
    )
    return el("div", el("table", el("thead", head), el("tbody", *body)), class_="scroll")
