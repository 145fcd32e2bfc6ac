"""The interface of an HTTP/2 session, and whom it tells.

A session is the client side of one connection. It does no I/O and reads no clock: ``receive``
takes the octets that came, ``take`` gives the octets to write. Of each stream the response goes
to its own ``ResponseSink`` (codecs/base.py) as on HTTP/1.1: any number of ``on_informational``,
one ``on_head``, any number of ``on_data``, one ``on_end``, whose verdict is always to keep. What
is of the connection, and how a stream ends otherwise, goes to the ``SessionSink``. Sinks may call
the session from inside what they are told.

A stream is over when its response has ended and its request is sent, when either side has reset
it, or when a GOAWAY left it out; its sink hears nothing after that, and ``send``, ``reset`` and
``consumed`` of it do nothing. ``guard.py`` is the one implementation, over whatever ``Machine`` it
is given.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from pooltop.core.model import H2Codec
from pooltop.engine.codecs.base import ResponseSink
from pooltop.engine.h2.faults import StreamFault
from pooltop.engine.h2.form import H2Form
from pooltop.engine.h2.peer_settings import MAX_WINDOW, PeerSettings
from pooltop.errors import UsageError


class SessionOptions(msgspec.Struct, frozen=True):
    """What we allow the peer; the defaults are undici's."""

    initial_window_size: int = 262_144
    """Octets of body a stream may have on the way to us; from 1 to 2^31-1."""
    connection_window_size: int = 524_288
    """The same of all streams together; at least 65,535, which HTTP/2 begins with."""
    max_header_list_size: int | None = None
    """Octets of response head that the peer is told we take; None tells it nothing, as Node. What
    is taken is 64 KiB either way."""

    def __post_init__(self) -> None:
        """Refuse windows that cannot be had.

        Raises:
            UsageError: a window below 1 or over 2^31-1.
        """
        for name in ("initial_window_size", "connection_window_size"):
            size = getattr(self, name)
            if not 1 <= size <= MAX_WINDOW:
                raise UsageError(f"{name} is 1 to {MAX_WINDOW}, not {size}")


class SessionSink(Protocol):
    """Who is told what concerns the connection. No method may raise."""

    def on_settings(self, settings: PeerSettings) -> None:
        """Take what the peer allows, at first and whenever it says so again."""

    def on_goaway(self, code: int, last: int, debug: bytes) -> None:
        """Take the peer's farewell: streams above ``last`` are over, unprocessed; others go on.

        Args:
            code: RFC 9113, 7; 0 is no error.
            last: the highest stream that it has begun to answer, or may; it can fall later.
            debug: at most 256 octets of what it says to people: as hostile as a body.
        """

    def on_stream_reset(self, stream: int, code: int) -> None:
        """Take that the peer reset a stream, which is over.

        Also after ``on_end``, where the request was still being sent: the peer wants no more.
        """

    def on_stream_fault(self, stream: int, fault: StreamFault) -> None:
        """Take that a stream was reset by us, as its peer broke a rule; it is over."""

    def on_ping_ack(self, rtt_s: float) -> None:
        """Take that the oldest ``ping`` unanswered came back after so many seconds."""

    def on_sendable(self, stream: int) -> None:
        """Take that ``send`` on this stream, which had not taken all, would take more now."""


class Session(Protocol):
    """One connection's HTTP/2 client side."""

    @property
    def codec(self) -> H2Codec:
        """Who speaks HTTP/2 in it; no verdict on the peer depends on that."""
        ...

    @property
    def streams(self) -> int:
        """Streams open now: what the peer's limit counts."""
        ...

    @property
    def peer(self) -> PeerSettings:
        """What the peer allows."""
        ...

    @property
    def has_settings(self) -> bool:
        """The peer's SETTINGS have come: until then ``peer`` is a guess."""
        ...

    @property
    def takes_streams(self) -> bool:
        """A stream may still be opened: no GOAWAY either way, no fault, and an id is left.

        Says nothing of ``peer.max_concurrent_streams``.
        """
        ...

    @property
    def window_in(self) -> int:
        """Octets of body that may still come on all streams together."""
        ...

    @property
    def window_out(self) -> int | None:
        """Octets of body that may still be sent on all streams together; None after a fault."""
        ...

    @property
    def is_over(self) -> bool:
        """Nothing is to be expected any more: to be closed once ``take`` is written."""
        ...

    def preface(self) -> None:
        """Begin the connection: the magic octets, SETTINGS and the connection's window."""
        ...

    def open(self, stream: int, form: H2Form, sink: ResponseSink, *, ends: bool) -> None:
        """Send a request's head.

        Args:
            stream: its id: odd, and greater than any before.
            form: the request.
            sink: who takes the response.
            ends: there is no body; otherwise ``send`` follows.
        """
        ...

    def send(self, stream: int, data: bytes | memoryview, *, ends: bool) -> int:
        """Send a piece of the request's body, as much as the windows have room for.

        Returns:
            The octets taken. If they are fewer, ``on_sendable`` tells when the rest, which is the
            caller's to keep, may be tried; the stream is ended only when all of it was taken.

        Raises:
            UsageError: more octets than Content-Length promised, or fewer at the end.
        """
        ...

    def reset(self, stream: int, code: int) -> None:
        """End a stream that is no longer wanted; its sink hears nothing more."""
        ...

    def consumed(self, stream: int, size: int) -> None:
        """Note that octets given by ``on_data`` have been read: the peer may send as many more."""
        ...

    def ping(self, *, now: float) -> None:
        """Ask the peer whether it is there; ``on_ping_ack`` tells when it says so."""
        ...

    def go_away(self, code: int) -> None:
        """Tell the peer that no stream will be opened any more; those open go on."""
        ...

    def abandon(self) -> None:
        """Take nothing more of the peer's, be it in the midst of what it said: nobody waits."""
        ...

    def receive(self, data: memoryview, *, now: float) -> None:
        """Take octets from the peer; the memory is only valid during the call.

        Args:
            data: what came, however it is cut.
            now: monotonic seconds.

        Raises:
            SessionFault: the peer broke a rule; a GOAWAY that says so is there to ``take``, and
                every stream is lost. What came whole before the fault has been told.
        """
        ...

    def take(self) -> bytes:
        """Give what is to be written now, and forget it; empty if nothing is."""
        ...
