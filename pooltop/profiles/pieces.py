"""Texts put together of others, some of which have places for the columns of a data feed."""

from __future__ import annotations

from collections.abc import Callable

from pooltop.core.template import Template
from pooltop.profiles.filled import Filled


class Pieces:
    """A Template that grows."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._parts = [""]
        self._columns: list[str] = []

    def add(self, text: str | Template, escape: Callable[[str], str] = str) -> None:
        """Add a text; what a row will put into it is escaped when there is the row.

        Args:
            text: plain, or with columns.
            escape: what its plain parts need where they will stand.
        """
        if isinstance(text, str):
            text = text.template if isinstance(text, Filled) else Template((text,))
        first, *rest = text.parts
        self._parts[-1] += escape(first)
        self._columns += text.columns
        self._parts += map(escape, rest)

    def template(self) -> Template:
        """Give the whole."""
        return Template(tuple(self._parts), tuple(self._columns))
