"""What the reader has chosen in one table: order, filter, and an order that is held."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from pooltop.present.query import parse
from pooltop.present.table import Column, KeyedRow

HOLD_S = 3.0
"""Rows keep their order for so long after the cursor moved."""
_LONGEST_NEEDLE = 120


class Choice:
    """One table's; every method answers one key."""

    def __init__(self, sort: str, *, descending: bool) -> None:
        """Begin with all rows.

        Args:
            sort: Id of the column to sort by.
            descending: The greatest first.
        """
        self.sort = sort
        self.descending = descending
        self.needle = ""
        """What is shown must match it; empty matches all."""
        self.filtering = False
        """Whether keys go into it."""
        self.problem = ""
        """Why a part of it is not looked at; empty when all is."""
        self._held: tuple[Hashable, ...] | None = None
        self._held_until = 0.0

    def sort_by(self, column: str, *, descending: bool) -> None:
        """Sort by a column; by the same one again, the other way round."""
        self.descending = not self.descending if column == self.sort else descending
        self.sort = column
        self._held = None

    def reverse(self) -> None:
        """Turn the order round."""
        self.descending = not self.descending
        self._held = None

    def hold(self, keys: Sequence[Hashable], now: float) -> None:
        """Keep this order for a while: the reader is moving through it."""
        self._held = tuple(keys)
        self._held_until = now + HOLD_S

    def held(self, now: float) -> tuple[Hashable, ...] | None:
        """Give the order to keep; None when rows may be sorted."""
        return self._held if now < self._held_until else None

    def matching(
        self, rows: Sequence[KeyedRow], columns: Sequence[Column[KeyedRow]]
    ) -> Sequence[KeyedRow]:
        """Give the rows that the filter lets through, as far as it is understood."""
        if not self.needle:
            self.problem = ""
            return rows
        query = parse(self.needle, columns)
        self.problem = query.problem
        return query.filtered(rows)

    def take_key(self, key: str, char: str | None) -> bool:
        """Type into the filter; Enter keeps it, Esc clears it. False: the key is not its own.

        Args:
            key: Textual's name of it.
            char: What it types; None for keys that type nothing.
        """
        if key in ("enter", "tab"):
            self.filtering = False
        elif key == "escape":
            self.filtering, self.needle = False, ""
        elif key in ("backspace", "ctrl+h"):
            self.needle = self.needle[:-1]
        elif key == "ctrl+u":
            self.needle = ""
        elif char is not None and char.isprintable():
            self.take_text(char)
        else:
            return False
        return True

    def take_text(self, text: str) -> None:
        """Type a paste into the filter: none of it is a command."""
        typed = "".join(char for char in text if char.isprintable())
        self.needle = (self.needle + typed)[:_LONGEST_NEEDLE]
