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


class Send(msgspec.Struct, frozen=True, gc=False):
    """Write ``request`` to ``socket``: at once if it is connected, else when it is."""

    socket: SocketId
    request: RequestId
    close: bool = False
    """Say ``Connection: close`` in it. It is for a dispatcher of undici's; what an http.Agent's
    request says is settled when it is made."""


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


Command = Open | Send | Settle | Destroy | Finish
