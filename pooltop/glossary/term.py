"""What a term of the field is, and a shelf of terms of one sort.

Rules of this package: words alone, in the field's own language; no number of a run, no clock, no
file. What a table of the code says already (columns, metrics, instruments) is made into terms
where that table is, and not written down again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec


class Term(msgspec.Struct, frozen=True):
    """One term: what it means in a phrase, and what there is to know of it."""

    name: str
    """As it is written: ``maxSockets``, ``connect refused``, ``ECONNRESET``."""
    means: str
    """A phrase that can stand behind a colon, or a sentence."""
    text: str = ""
    """Paragraphs, apart by an empty line; lines may be broken anywhere."""
    default: str = ""
    """Of an option: what it is where nobody sets it."""
    unit: str = ""
    """What it is counted in; empty for what has none."""
    edges: str = ""
    """What 0 and Infinity, or "none", mean; empty where they mean what they say."""
    also: tuple[str, ...] = ()
    """Other ways to write it, beside those that differ in case, ``_``, ``-`` and blanks."""
    see: tuple[str, ...] = ()
    """Terms that belong to it, by name."""
    source: str = ""
    """Whose rule it is: an RFC, or a file of Node's or undici's with its version."""

    @property
    def sentence(self) -> str:
        """What it means, as a sentence."""
        return sentence(self.means)


class Shelf(NamedTuple):
    """Terms of one sort."""

    title: str
    """Of all of them: "why a request waits"."""
    one: str
    """Of one of them: "reason to wait"."""
    terms: tuple[Term, ...]

    def means(self, name: str) -> str:
        """Give what one of its terms means, by any of its names as they are written here.

        Raises:
            KeyError: there is none.
        """
        for term in self.terms:
            if name == term.name or name in term.also:
                return term.means
        raise KeyError(name)

    def found(self) -> tuple[Found, ...]:
        """Give its terms, each with this."""
        return tuple(Found(self, term) for term in self.terms)


class Found(NamedTuple):
    """A term, and where it stands."""

    shelf: Shelf
    term: Term


def sentence(words: str) -> str:
    """Give a phrase as a sentence: a capital, unless it begins with a name, and a full stop."""
    first = words.split(" ", 1)[0]
    if first.isalpha() and first.islower():
        words = words[0].upper() + words[1:]
    return words if not words or words[-1] in ".!?" else f"{words}."


def paragraphs(text: str) -> Iterator[str]:
    """Give the paragraphs of a text, each on one line."""
    for paragraph in text.strip().split("\n\n"):
        if words := " ".join(paragraph.split()):
            yield words
