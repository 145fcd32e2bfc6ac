"""What a snapshot has of a dispatcher of undici's alone: its clients, and their HTTP/2 sessions.

Rules of this file: as in ``snapshot``. Told without fields' names, as sockets are: new ones go to
the end.
"""

from __future__ import annotations

import msgspec

from pooltop.core.model import SocketId


class SessionSettings(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """What one side of an HTTP/2 session lets the other do; the defaults are HTTP/2's own.

    Source: RFC 9113, 6.5.2.
    """

    max_concurrent_streams: int | None = None
    """Streams that the other side may have open at a time; None for no limit, 0 for none."""
    initial_window_size: int = 65_535
    """Octets of body that it may send on a new stream before it is given more."""
    max_frame_size: int = 16_384
    """Octets of a frame at most."""
    header_table_size: int = 4_096
    """Octets of the table with which it may compress header fields."""
    max_header_list_size: int | None = None
    """Octets of header fields that a message of its may have; None for no limit."""


class GoAway(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """That one side of an HTTP/2 session takes no more streams; those that it has go on."""

    at: float
    """When it came, or was sent."""
    code: int = 0
    """Why: of RFC 9113, 7; 0 is no error."""
    last_stream: int = 0
    """The highest stream that was, or may have been, dealt with; 0 for none."""
    by_peer: bool = True
    """False where this side said it."""


class SessionInfo(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """The HTTP/2 session that a socket carries."""

    streams: int = 0
    """Open now: those that the peer's limit counts."""
    own: int | None = None
    """Streams that this side opens at a time at most; None for no limit of its own."""
    ours: SessionSettings | None = None
    """What this side lets the peer do; None where it is not told."""
    peer: SessionSettings | None = None
    """What the peer lets this side do; None until it said so."""
    window_in: int | None = None
    """Octets of body that may still come on all streams together; None where it is not told."""
    window_out: int | None = None
    """Likewise that may still be sent; below 0 where the peer took some back."""
    ping_rtt: float | None = None
    """Seconds until the last PING was answered; None before the first."""
    ping_at: float | None = None
    """When that was."""
    ping_since: float | None = None
    """When the oldest PING was sent that has no answer yet; None without one."""
    goaway: GoAway | None = None
    """None while streams may be opened."""
    codec: str = ""
    """Who speaks HTTP/2 on this side, "h2" or "nghttp2"; "" where it is not told."""

    @property
    def cap(self) -> int | None:
        """How many streams may be open at a time now; None for no limit.

        0 after a GOAWAY. 1 until the peer's settings are here, as undici has it.
        """
        if self.goaway is not None:
            return 0
        if self.peer is None:
            return 1
        limits = [n for n in (self.own, self.peer.max_concurrent_streams) if n is not None]
        return min(limits, default=None)


class ClientInfo(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One of undici's clients: a place for a connection, with a queue of its own."""

    id: int
    """Counts from 1 per dispatcher."""
    socket: SocketId | None = None
    """The connection that it has or dials; None without one."""
    full: bool = False
    """It is given nothing more until it drains (undici's needDrain)."""
    pending: int = 0
    """Requests that wait in it."""
    running: int = 0
    """Requests that were written to its connection and are not answered to the end."""
    since: float | None = None
    """When it was last connected: what ``clientTtl`` is counted from; None before."""
    ttl_at: float | None = None
    """When ``clientTtl`` is over, and it is retired at the next look; None for never."""
    retiring: bool = False
    """It has left its pool, and ends when it has served what it has: undici's numbers leave it
    out."""
