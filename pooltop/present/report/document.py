"""What every page has around its sections: its policy, its style, its name."""

from __future__ import annotations

from collections.abc import Iterable

from pooltop.present.report.markup import Markup, el, raw
from pooltop.present.report.style import CSS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The last two are not among what ``default-src`` stands for."""


def document(name: str, sections: Iterable[Markup]) -> str:
    """Give a whole page.

    Args:
        name: of the page, for the browser.
        sections: what it shows.
    """
    head = el(
        "head",
        raw('<meta charset="utf-8"/>'),
        el("meta", http_equiv="Content-Security-Policy", content=raw(_POLICY)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", name),
        el("style", CSS),
    )
    return f"<!DOCTYPE html>\n{el('html', head, el('body', *sections), lang='en')}\n"


def section(title: str, content: Markup) -> Markup:
    """Give a section with its heading; "" where there is nothing in it."""
    return el("section", el("h2", title), content) if content else Markup("")
