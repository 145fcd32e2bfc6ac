"""All terms together: which one is meant by a word, and which one probably was."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pooltop.glossary.term import Found, Shelf

_LONGEST = 64
"""Characters of a word that are compared: difflib's cost grows with the product of the lengths."""
_LEAST_LIKENESS = 0.6


class Book:
    """Shelves, and an index over the names of their terms."""

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        """Index them; what comes first is told first."""
        self.shelves = tuple(shelves)
        self._index: dict[str, list[Found]] = {}
        for shelf in self.shelves:
            for found in shelf.found():
                names = (found.term.name, *found.term.also)
                for name in dict.fromkeys(folded(each) for each in names):
                    self._index.setdefault(name, []).append(found)
        self._families = tuple(
            (found.term.name.removesuffix("*"), found)
            for shelf in self.shelves
            for found in shelf.found()
            if found.term.name.endswith("_*")
        )

    def find(self, word: str) -> tuple[Found, ...]:
        """Give every term of that name, whatever the case and however its words are joined.

        ``max_sockets``, ``maxSockets`` and ``max sockets`` are one name; a sign is only itself. A
        term that ends in ``*`` is found by what begins as it does.
        """
        found = self._index.get(folded(word), ())
        return tuple(found) or tuple(one for start, one in self._families if word.startswith(start))

    def near(self, word: str, most: int = 3) -> tuple[str, ...]:
        """Give the names that were probably meant, the likeliest first; none is too far off."""
        wanted = folded(word)[:_LONGEST]
        likely = difflib.get_close_matches(wanted, self._index, n=most, cutoff=_LEAST_LIKENESS)
        if len(wanted) > 2:
            parts = (name for name in self._index if wanted in name)
            likely += sorted(parts, key=len)
        return tuple(dict.fromkeys(self._index[name][0].term.name for name in likely))[:most]


def folded(name: str) -> str:
    """Give what names that mean the same have in common; a sign stays what it is."""
    letters = "".join(letter for letter in name.casefold() if letter.isalnum())
    return letters or name.strip()
