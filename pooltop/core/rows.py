"""A data feed's rows, and what of them goes into a request: each value escaped for its place. Pure.

A value is data: it cannot end the text that it stands in. In a path what may not stand in a request
target is percent-encoded, and the rest left, so that a row can hold ``a/b?c=d``; JSON and forms
have their own escapes; a header's values were checked when the profile was read.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Literal, Protocol
from urllib.parse import quote_plus

import msgspec

from pooltop.core.template import Template

Place = Literal["path", "header", "text", "json", "form", "basic"]
"""Where in a request a text stands: "basic" is user and password, which are encoded together."""
Mode = Literal["cycle", "random", "once"]

_NOT_IN_A_TARGET = re.compile(r"[^A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]|%(?![0-9A-Fa-f]{2})")
"""RFC 3986, 3.3 and 3.4, and the brackets that queries have nonetheless."""


class RowText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a request that every row fills in anew."""

    place: Place
    template: Template
    """Around the columns, with what its place asks for already done."""

    def __str__(self) -> str:
        """Give it as a profile has it; of what may be a secret nothing."""
        if self.place in ("header", "basic"):
            return "..."
        pairs = zip(self.template.columns, self.template.parts[1:], strict=True)
        rest = "".join(f"${{row.{column}}}{part}" for column, part in pairs)
        return self.template.parts[0] + rest


class DataFeed(msgspec.Struct, frozen=True, kw_only=True):
    """Rows for requests, column by column: those that some request uses."""

    mode: Mode = "cycle"
    """"cycle" begins anew after the last, "random" draws one for each request, "once" ends the
    workload with the last."""
    count: int
    """How many rows there are, at least 1."""
    columns: dict[str, tuple[str, ...]]

    def __repr__(self) -> str:
        """Show how much there is: a row may hold a secret."""
        return f"DataFeed(mode={self.mode!r}, count={self.count}, columns={tuple(self.columns)!r})"


class FeedSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far a workload has come with its data."""

    mode: Mode
    count: int
    """How many rows there are."""
    taken: int = 0
    """Rows that were handed out since the start: of mode "cycle" and "random" more than there are
    in the end."""


class Randomness(Protocol):
    """What is needed of ``random.Random``."""

    def random(self) -> float:
        """Give a number in [0, 1)."""
        ...


class Rows:
    """Hands out a feed's rows, one for each request that has a place for them."""

    def __init__(self, feed: DataFeed, source: Randomness) -> None:
        """Begin with the first.

        Args:
            feed: whose.
            source: of the draws, in mode "random" alone.
        """
        self._feed = feed
        self._source = source
        self._taken = 0

    @property
    def is_over(self) -> bool:
        """Whether there is none left: in mode "once" alone."""
        return self._feed.mode == "once" and self._taken >= self._feed.count

    def take(self) -> int:
        """Give the number of a row, counting from 0."""
        count = self._feed.count
        row = self._taken % count
        self._taken += 1
        return int(self._source.random() * count) if self._feed.mode == "random" else row

    def snapshot(self) -> FeedSnapshot:
        """Give the picture of now."""
        return FeedSnapshot(mode=self._feed.mode, count=self._feed.count, taken=self._taken)


def in_path(value: str) -> str:
    """Percent-encode what may not stand in a request target, an escape that is one left alone."""
    return _NOT_IN_A_TARGET.sub(lambda found: _percent(found[0]), value)


def in_json(value: str) -> str:
    """Give a text as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(value).decode()[1:-1]


ESCAPES: dict[Place, Callable[[str], str]] = {
    "path": in_path,
    "header": str,
    "text": str,
    "json": in_json,
    "form": quote_plus,
    "basic": str,
}


def filled_in(text: RowText, feed: DataFeed, row: int) -> bytes:
    """Give the octets of a text with the values of a row."""
    template, escape = text.template, ESCAPES[text.place]
    pieces = [template.parts[0]]
    for column, part in zip(template.columns, template.parts[1:], strict=True):
        pieces += (escape(feed.columns[column][row]), part)
    whole = "".join(pieces)
    if text.place == "header":
        return whole.strip(" \t").encode("latin-1")
    if text.place == "basic":
        return b"Basic " + base64.b64encode(whole.encode())
    return whole.encode()


def _percent(text: str) -> str:
    return "".join(f"%{octet:02X}" for octet in text.encode())
