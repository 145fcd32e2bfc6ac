"""The fast parser: llhttp, Node's own, through httptools.

What httptools lacks is made up for here and in the guard: it cannot be told that the request
was HEAD (so a parser that still waits for a body is thrown away), it has no end-of-input call
(the guard ends EOF-framed bodies), and ``should_keep_alive`` is only right inside
``on_message_complete`` (so it is asked there, to know whether the parser can go on).

Measured: calling back into Python for every header costs more than llhttp itself (3.2 us
against 0.8 us for a small nginx response), so fields are not asked for: the guard has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httptools

from pooltop.engine.codecs.parser import ParserRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pooltop.engine.codecs.base import ResponseHead

_REFUSALS: Final = (httptools.HttpParserError, httptools.HttpParserUpgrade)


class LlhttpParser:
    """A ``Parser`` over httptools.HttpResponseParser, one object for a connection's life."""

    __slots__ = ("_can_go_on", "_parser", "_pieces", "is_complete", "on_body")

    on_body: Callable[[bytes], None]
    """httptools finds its callbacks by name; this one runs no Python code of ours."""

    def __init__(self) -> None:
        """Begin with a parser that has read nothing."""
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append
        self.is_complete = False
        self._renew()

    def on_message_complete(self) -> None:
        """Note the end of a message; called by httptools."""
        self.is_complete = True
        self._can_go_on = self._parser.should_keep_alive()

    def begin(self, method: bytes) -> None:  # noqa: ARG002 - llhttp has no use for it
        """Take a new parser unless the one at hand can read a further response."""
        if not self._can_go_on:
            self._renew()
        self._can_go_on = False
        self.is_complete = False

    def feed_head(self, octets: bytes, head: ResponseHead) -> None:
        """Take a whole head; only its status is compared, for httptools gives no more cheaply."""
        self.is_complete = False
        parser = self._parser
        try:
            parser.feed_data(octets)
        except _REFUSALS as exc:
            raise ParserRefusedError(str(exc)) from exc
        if parser.get_status_code() != head.status:
            message = f"status read as {parser.get_status_code()} and as {head.status}"
            raise ParserRefusedError(message)

    def feed_body(self, octets: bytes | memoryview) -> Sequence[bytes]:
        """Take body octets and give what llhttp decoded of them."""
        self._pieces.clear()
        try:
            self._parser.feed_data(octets)
        except _REFUSALS as exc:
            raise ParserRefusedError(str(exc)) from exc
        return self._pieces

    def feed_whole(self, octets: bytes, head: ResponseHead) -> Sequence[bytes]:
        """Take a response that is here whole: a head and the body of its length."""
        self._pieces.clear()
        self.feed_head(octets, head)
        return self._pieces

    def abandon(self) -> None:
        """Throw the parser away if it waits for a body that cannot come, or is closed.

        It is closed after ``Connection: close`` or HTTP/1.0, even in an interim response.
        """
        if not (self.is_complete and self._can_go_on):
            self._renew()

    def _renew(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._can_go_on = True
