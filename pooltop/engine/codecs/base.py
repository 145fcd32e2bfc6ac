"""The interface of every HTTP/1.1 codec, and the values that cross it.

A codec belongs to one connection and serves its requests one after another. It does no I/O:
``start`` gives the bytes to write, ``receive`` takes the bytes that came, and what they mean
goes to the sink, in order: any number of ``on_informational``, one ``on_head``, any number of
``on_data``, one ``on_end``. After ``on_end`` with ``keep`` the next ``start`` may follow; after
``on_end`` without it, or after an error, the connection is of no further use. Where the request
asked for another protocol and gets it, ``on_switched`` comes in place of body and end: from there
on the connection's octets are no HTTP, and the codec's work is over.

The guard (guard.py) stands over every codec and is what the connection really holds.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import msgspec

from pooltop.core.states import CloseReason
from pooltop.core.undici.records import Ask

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(Enum):
    """What the answer to a request can be, as far as the request decides it."""

    PLAIN = "a response"
    TO_HEAD = "a response without a body"
    TO_UPGRADE = "a response, or the end of HTTP (101)"
    TO_CONNECT = "the end of HTTP, whatever the status"


class PreparedRequest(msgspec.Struct, frozen=True):
    """A request, checked and serialised once, to be sent any number of times.

    ``prepare`` in request.py is the only maker.
    """

    method: bytes
    target: bytes
    headers: Headers
    """As sent, Host and Connection included."""
    body: bytes
    """The whole body; empty when it is streamed or there is none."""
    streamed: bool
    """The body follows through ``send_body`` and ``end_body``, chunked or by Content-Length."""
    wants_close: bool
    """The socket is not used again whatever the server says: the agent keeps none, and said
    ``Connection: close`` (Node's shouldKeepAlive is false). A caller's own close is not this."""
    wire: bytes
    """The head, and the body unless it is streamed, as they go to the socket."""
    answer: Answer
    idempotent: bool = False
    """The server may have it twice: by its method (RFC 9110, 9.2.2), or as the caller says."""
    ask: Ask | None = None
    """What decides where one of undici's dispatchers sends it; None for an http.Agent's."""

    def __repr__(self) -> str:
        """Show what is asked for; of the fields the names alone, and no query, no body."""
        names = ", ".join(ascii(name.decode("latin-1"))[1:-1] for name, _ in self.headers)
        asked = b"%b %b" % (self.method, self.target.partition(b"?")[0])
        return f"<PreparedRequest {ascii(asked.decode('latin-1'))[1:-1]} ({names})>"


class ResponseHead(msgspec.Struct, frozen=True):
    """Status line and fields of a final response, raw."""

    status: int
    reason: bytes
    http_version: str
    """"1.0" or "1.1"."""
    headers: Headers
    """Names in lower case, values stripped of outer white space, in the order received."""


class ResponseEnd(msgspec.Struct, frozen=True):
    """The verdict when a response is complete."""

    keep: bool
    """The messages and their framing allow the connection to be used again."""
    reason: CloseReason | None
    """Why not; None when ``keep``."""
    hint: bytes | None
    """The response's Keep-Alive field, raw; None if it had none."""


class ResponseSink(Protocol):
    """Who is told what the bytes mean. No method may raise."""

    def on_informational(self, head: ResponseHead) -> None:
        """Take a 1xx response (not 101)."""

    def on_head(self, head: ResponseHead) -> None:
        """Take the final response's head."""

    def on_data(self, data: bytes) -> None:
        """Take a piece of the body, transfer coding removed, content coding left alone."""

    def on_end(self, end: ResponseEnd) -> None:
        """Take the end of the response: no byte of it is missing."""

    def on_switched(self, early: bytes) -> None:
        """Take the connection over, and what came behind the head: it is no HTTP any more."""


class Codec(Protocol):
    """One connection's HTTP/1.1 client side."""

    @property
    def is_idle(self) -> bool:
        """Between two exchanges: any byte received now is unsolicited."""
        ...

    @property
    def ends_at_eof(self) -> bool:
        """The response under way ends where the input does, so that no one can tell a cut one."""
        ...

    def start(self, request: PreparedRequest, sink: ResponseSink) -> bytes:
        """Begin an exchange; give what to write first. The codec must be idle."""
        ...

    def send_body(self, data: bytes) -> bytes:
        """Give the wire form of a piece of a streamed body."""
        ...

    def end_body(self) -> bytes:
        """Give what ends a streamed body.

        Raises:
            UsageError: fewer bytes than Content-Length promised.
        """
        ...

    def receive(self, data: memoryview) -> None:
        """Take bytes from the peer; the memory is only valid during the call.

        Raises:
            PeerError: they are not a response, or bytes came while idle; ``code`` is Node's
                (HPE_INVALID_CONSTANT ...) where Node has one.
        """
        ...

    def receive_eof(self) -> None:
        """The peer ended its side. Ends an EOF-framed response through the sink.

        Raises:
            PeerError: ECONNRESET "socket hang up" before a head, "aborted" inside a body; with
                ``received`` and ``expected`` body bytes in the message where they are known.
        """
        ...
