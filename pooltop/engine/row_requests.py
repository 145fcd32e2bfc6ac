"""A request class with places for a data feed's rows: cut once, put together for each request.

``prepare`` makes the request with a mark in every place, checks it and serialises it; the wire is
cut at the marks. What a row puts there needs no check any more: the profile's reader did that.
"""

from __future__ import annotations

import os
import re

import msgspec

from pooltop.core.rows import DataFeed, RowText, filled_in
from pooltop.engine.codecs.base import PreparedRequest


class Marks:
    """The marks of one request: where which text is to stand."""

    def __init__(self) -> None:
        """Begin with none; nothing else that is sent can look like one of them."""
        self._secret = os.urandom(8).hex()
        self.texts: list[RowText] = []

    def of(self, text: str | RowText) -> str:
        """Give what ``prepare`` is to be given: the text itself, or its mark."""
        if isinstance(text, str):
            return text
        self.texts.append(text)
        return f"row-{self._secret}-{len(self.texts) - 1}-end"

    def of_body(self, body: bytes | RowText) -> bytes:
        """Likewise of a body."""
        return body if isinstance(body, bytes) else self.of(body).encode()

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """What finds them, and the number of the text."""
        return re.compile(rb"row-%b-(\d+)-end" % self._secret.encode())


class RowRequest:
    """Makes a class's request for each row."""

    def __init__(self, prepared: PreparedRequest, marks: Marks, feed: DataFeed) -> None:
        """Cut a request at its marks.

        Args:
            prepared: with the marks in it.
            marks: what they stand for.
            feed: whose rows.
        """
        self._marked = prepared
        self._texts = tuple(marks.texts)
        self._pattern = marks.pattern
        self._feed = feed
        self._head = prepared.wire[: len(prepared.wire) - len(prepared.body)]
        self._length = re.compile(
            rb"(\r\ncontent-length: )%d\r\n" % len(prepared.body), re.IGNORECASE
        )
        self._has_row_body = self._pattern.search(prepared.body) is not None

    def prepared(self, row: int) -> PreparedRequest:
        """Give the request of a row."""
        values = [filled_in(text, self._feed, row) for text in self._texts]
        marked, head = self._marked, self._head
        body = marked.body
        if self._has_row_body:
            body = self._filled(body, values)
            head = self._length.sub(rb"\g<1>%d\r\n" % len(body), head)
        return msgspec.structs.replace(
            marked,
            target=self._filled(marked.target, values),
            headers=tuple((name, self._filled(value, values)) for name, value in marked.headers),
            body=body,
            wire=self._filled(head, values) + body,
        )

    def _filled(self, octets: bytes, values: list[bytes]) -> bytes:
        return self._pattern.sub(lambda found: values[int(found[1])], octets)
