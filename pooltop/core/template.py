"""A text with places for the columns of a data feed: read once, never parsed again.

A profile's ``${row.COLUMN}`` becomes one when the profile is loaded, after everything else that
could stand in the text was put in. What came from the environment or a file is plain text by then,
so it cannot name a column.
"""

from __future__ import annotations

import msgspec


class Template(msgspec.Struct, frozen=True):
    """The text around the columns, and the columns, in their order."""

    parts: tuple[str, ...]
    """One more than there are columns: before, between and after them; any may be empty."""
    columns: tuple[str, ...] = ()
    """Their names; one that is wanted twice stands twice."""

    def __repr__(self) -> str:
        """Show the columns alone: the text may hold a secret."""
        return f"Template(columns={self.columns!r})"
