"""What is told of a host only while somebody looks at it: the story of each socket and request.

Everything here is the pool's own record, or a dry run of its own rules (``foresight``): no viewer
guesses why a request waits. Texts are raw, as in ``snapshot``; secrets are not in them. As
there, the garbage collector need not know these values.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.states import CloseReason, QueueReason

HIDDEN = "(hidden)"
"""What stands in the place of a header field's value that may be a secret."""


class Watch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whom a viewer looks at."""

    agent: str
    origin: OriginKey
    queue: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 200
    """Queued requests to tell of, oldest first; what a viewer sends is held to these limits."""
    request: RequestId | None = None
    """Of this one its header fields are told too; None for none."""
    socket: SocketId | None = None
    """Of a host with very many sockets, past requests are told of this one only."""


class PastRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request that a socket has carried and that is settled."""

    id: RequestId
    method: str
    target: str
    """Path; a query is only marked ``?...``."""
    status: int = 0
    """0 where it failed before a status came."""
    outcome: str = ""
    """What it failed with, as in ``OriginCounters.failed``; empty when it was completed."""
    took: float = 0.0
    """Seconds from getting the socket to its end."""
    ended_at: float = 0.0


class FateKind(StrEnum):
    """What becomes of a socket whose request is done."""

    HAND_OVER = "handed over"
    """To the oldest request of its origin's queue."""
    PARK = "kept idle"
    CLOSE = "closed"


class Fate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the pool would do with a socket if its response were whole at this instant.

    The response itself may still say otherwise: it is taken to allow keep-alive, without a hint.
    So may a caller's ``keep_socket_alive``, which is not asked.
    """

    kind: FateKind
    request: RequestId | None = None
    """Who is given it; else whom a socket would be opened for, in its place or because it is kept;
    None for nobody. Requests that were given up pass on what they get: they are not named."""
    reason: CloseReason | None = None
    """Why it would be closed; None if it would not."""


class SocketDetail(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is told of a socket beside its SocketInfo."""

    id: SocketId
    past: tuple[PastRequest, ...] = ()
    """The last few that it carried, newest first."""
    fate: Fate | None = None
    """None for one that is idle, closing, or not yet connected."""
    descriptor: int | None = None
    """Its file descriptor in the engine's process; None without one."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a queued request would start."""

    ahead: int
    """Requests before it in its origin's queue."""
    held_by: QueueReason | None = None
    """The limit that leaves no room for a new socket now. None: there is room, and in mode
    ``node`` it still waits until a socket is released or goes away, as in Node."""
    in_s: float | None = None
    """Estimate in seconds, at the pace at which the origin's queue was served within the last
    seconds; None where it was not, and for a request that was given up."""
    at_once_from: int | None = None
    """The least maxSockets with which mode ``drain`` would start it at once; None where another
    limit stands in the way too, and for a request that was given up."""


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is told of a queued or running request beside its RequestInfo."""

    id: RequestId
    counted: int | None = None
    """Sockets that were held against the limit when it had to queue; None if it did not."""
    limit: float | None = None
    """That limit, as it was then."""
    outlook: Outlook | None = None
    """While it is queued."""
    assigned_at: float | None = None
    sent_at: float | None = None
    first_byte_at: float | None = None
    deadline_at: float | None = None
    """When its total clock ends it; None without one."""
    body_bytes: int | None = None
    """Of the request; None where it is streamed."""
    again: bool = False
    """Sent a second time, its first socket having been stale."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the one request asked for: names, and values, HIDDEN for those that may be secret."""


class HostDetail(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One host that is looked at."""

    agent: str
    origin: OriginKey
    sockets: tuple[SocketDetail, ...] = ()
    requests: tuple[RequestDetail, ...] = ()
    """Running ones, then queued ones in the queue's order, as many as were asked for."""
