"""What the shell is to do, in the imperative. ``events.py`` is the counterpart."""

from __future__ import annotations

import msgspec

from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.states import CloseReason


class Open(msgspec.Struct, frozen=True, gc=False):
    """Dial ``key`` for ``request`` and call this connection ``socket``."""

    socket: SocketId
    key: OriginKey
    request: RequestId
    """Whose options the dial takes (Node dials with the options of the request)."""
    h2: bool = False
    """HTTP/2 may be spoken on it: offered by ALPN where the origin is https, begun at once by prior
    knowledge where it is http. It is for a dispatcher of undici's, and for the kind "h2"."""


class Send(msgspec.Struct, frozen=True, gc=False):
    """Write ``request`` to ``socket``: at once if it is connected, else when it is."""

    socket: SocketId
    request: RequestId
    close: bool = False
    """Say ``Connection: close`` in it. It is for a dispatcher of undici's; what an http.Agent's
    request says is settled when it is made."""
    stream: int | None = None
    """HTTP/2: on this stream; None on HTTP/1.1."""


class Settle(msgspec.Struct, frozen=True, gc=False):
    """Tell the caller that the request failed."""

    request: RequestId
    code: str
    message: str


class Destroy(msgspec.Struct, frozen=True, gc=False):
    """Close the socket now, without waiting for anything; report ``closed`` a turn later."""

    socket: SocketId
    reason: CloseReason


class Finish(msgspec.Struct, frozen=True, gc=False):
    """Close the socket once what is written has left (Node's destroySoon); report ``closed``."""

    socket: SocketId
    reason: CloseReason


class Reset(msgspec.Struct, frozen=True, gc=False):
    """HTTP/2: end a stream with RST_STREAM, and hear no more of it."""

    socket: SocketId
    request: RequestId
    stream: int
    code: int
    """RFC 9113, 7."""


class Ping(msgspec.Struct, frozen=True, gc=False):
    """HTTP/2: ask the peer whether it is there, and report ``ping_acked`` when it answers."""

    socket: SocketId


Command = Open | Send | Settle | Destroy | Finish | Reset | Ping
