"""What the guard asks of a parser, and how a parser says no.

A parser is only ever given octets that the guard has proved: one whole head at a time, then
body octets up to the end of the response and not one further. It decodes them and gives its
own opinion of where the response ends; the guard delivers only what both agree on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pooltop.engine.codecs.base import ResponseHead


class ParserRefusedError(Exception):
    """The parser does not accept octets that the guard found right; never leaves the guard."""


class Parser(Protocol):
    """One connection's response parser."""

    is_complete: bool
    """In the parser's opinion, the response that began last has ended."""

    def begin(self, method: bytes) -> None:
        """Expect the response to a request with this method; forget what came before."""

    def feed_head(self, octets: bytes, head: ResponseHead) -> None:
        """Take a whole head, interim or final; ``head`` is what the guard read in it.

        Raises:
            ParserRefusedError: it is no head to this parser, or says something else.
        """

    def feed_body(self, octets: bytes | memoryview) -> Sequence[bytes]:
        """Take body octets; give the decoded pieces, valid until the next call.

        Raises:
            ParserRefusedError: they are malformed to this parser.
        """
        ...

    def feed_whole(self, octets: bytes, head: ResponseHead) -> Sequence[bytes]:
        """Take a head and all of its body of known length at once; give the decoded body.

        Raises:
            ParserRefusedError: the parser cannot read it, or reads a head differently.
        """
        ...

    def abandon(self) -> None:
        """Accept that the head just fed had no body, whatever the parser expects."""
