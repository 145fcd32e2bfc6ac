"""What happened, in the past tense. ``commands.py`` is the counterpart: what is to be done.

Every event carries ``at``, the monotonic second it happened, and ``key``, its origin, where it
has one. ``fold`` in view.py rebuilds the pool's state from them alone.
"""

from __future__ import annotations

import typing

import msgspec

from pooltop.core.model import AgentOptions, Live, OriginKey, RequestId, SocketId
from pooltop.core.states import (
    AssignReason,
    CloseReason,
    OpenReason,
    QueueReason,
    RetireReason,
)


class Event(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The root of all events."""

    at: float


class RequestQueued(Event, frozen=True, tag=True, gc=False):
    """No socket could be had: the request waits at the tail of its origin's queue."""

    key: OriginKey
    request: RequestId
    reason: QueueReason


class RequestAssigned(Event, frozen=True, tag=True, gc=False):
    """The request has its socket, at the tail of ``sockets`` unless it was there already."""

    key: OriginKey
    request: RequestId
    socket: SocketId
    reason: AssignReason
    nth: int
    """How many requests this socket has carried, this one included."""
    waited: float
    """Seconds in the queue; 0 if it never queued."""
    overtook: int
    """How many older requests of this origin were still queued (Node's raise lets new ones by)."""
    client: int | None = None
    """undici: of which client the connection is."""
    stream: int | None = None
    """HTTP/2: the stream; None on HTTP/1.1."""


class RequestEnded(Event, frozen=True, tag=True, gc=False):
    """The response is complete. The socket is released one tick later."""

    key: OriginKey
    request: RequestId
    socket: SocketId


class RequestFailed(Event, frozen=True, tag=True, gc=False):
    """The request is settled with an error."""

    key: OriginKey
    request: RequestId
    socket: SocketId | None
    """None if it was never attached to one."""
    code: str
    """Stable, Node's where Node has one: ECONNRESET, ECONNREFUSED, ABORT_ERR, ETIMEDOUT ..."""
    message: str
    outcome: str = ""
    """What it is counted as: "connect clock", "idle clock" ... when one of ours ran out, "stale
    reuse" when the socket was; empty where no more is known than the code."""


class RequestAborted(Event, frozen=True, tag=True, gc=False):
    """A queued request was given up: it stays in the queue until its turn, as in Node."""

    key: OriginKey
    request: RequestId


class RequestWithdrawn(Event, frozen=True, tag=True, gc=False):
    """A queued request left the queue at once: a clock ran out, or the agent was closed."""

    key: OriginKey
    request: RequestId


class RequestRetried(Event, frozen=True, tag=True, gc=False):
    """The request's kept-alive socket was stale: it is admitted once more, as a new one is."""

    key: OriginKey
    request: RequestId
    """As before: RequestAssigned or RequestQueued follows."""
    socket: SocketId
    """The stale one; it is gone."""
    message: str
    """What it would have failed with."""


class TimeoutRaised(Event, frozen=True, tag=True, gc=False):
    """Node's 'timeout': a socket in use, or on its way through a proxy, was silent for so long.

    Nothing else comes of it, unless it ``ends_tunnel``.
    """

    key: OriginKey
    request: RequestId
    socket: SocketId
    silent_s: float
    """Seconds without a byte."""
    ends_tunnel: bool = False
    """The proxy was silent, and the attempt at a tunnel is given up."""


class SocketOpened(Event, frozen=True, tag=True, gc=False):
    """A socket began to connect; it counts from now on."""

    key: OriginKey
    socket: SocketId
    reason: OpenReason


class TunnelFailed(Event, frozen=True, tag=True, gc=False):
    """There is no tunnel: the socket goes without ever having counted (rules/uncounted.py)."""

    key: OriginKey
    socket: SocketId
    reason: CloseReason


class SocketConnected(Event, frozen=True, tag=True, gc=False):
    """The socket can carry bytes (for https after the handshake)."""

    key: OriginKey
    socket: SocketId


class SocketFreed(Event, frozen=True, tag=True, gc=False):
    """The socket was parked: it is the newest of ``freeSockets``."""

    key: OriginKey
    socket: SocketId
    timeout_ms: float
    """It is closed after so long without use; 0 means never."""
    requests: int
    """How many requests it has carried: one that was aborted before it was attached is not one."""


class SocketClosing(Event, frozen=True, tag=True, gc=False):
    """The socket was destroyed; it stays in its list until SocketClosed."""

    key: OriginKey
    socket: SocketId
    reason: CloseReason
    requests: int
    """How many requests it has carried."""


class SocketDropped(Event, frozen=True, tag=True, gc=False):
    """Admission found the dying socket at the head of ``freeSockets`` and took it off the list."""

    key: OriginKey
    socket: SocketId


class SocketClosed(Event, frozen=True, tag=True, gc=False):
    """The socket is gone from every list and count; with reason DETACHED it is still open."""

    key: OriginKey
    socket: SocketId
    reason: CloseReason
    requests: int
    """How many requests it carried."""


class OptionsChanged(Event, frozen=True, tag=True, gc=False):
    """A live edit, and what it did at once."""

    before: AgentOptions
    after: AgentOptions
    by: str
    live: Live
    opened: int
    """Sockets opened by the edit itself."""
    culled: int
    """Idle sockets closed by the edit itself."""
    queued: int
    """Requests waiting in all queues when the edit came."""


class AgentDestroyed(Event, frozen=True, tag=True, gc=False):
    """``agent.destroy()``: sockets are closed; queued requests stay and will open new ones."""

    sockets: int
    queued: int


class ClientAdded(Event, frozen=True, tag=True, gc=False):
    """undici: there is one more client, without a connection as yet."""

    key: OriginKey
    client: int
    """Counts from 1 per dispatcher."""


class ClientRetired(Event, frozen=True, tag=True, gc=False):
    """undici: a client takes no more requests; what it has it finishes, unless it was destroyed."""

    key: OriginKey
    client: int
    reason: RetireReason


class ProtocolKnown(Event, frozen=True, tag=True, gc=False):
    """undici: a connection is up, and this is what it speaks: "h1" or "h2"."""

    key: OriginKey
    socket: SocketId
    protocol: str


class RequestRequeued(Event, frozen=True, tag=True, gc=False):
    """undici: the request ran on a connection that was lost, or on a stream that was refused.

    It goes before those that wait.
    """

    key: OriginKey
    request: RequestId
    socket: SocketId
    reason: CloseReason
    """Why that was closed, or left; REFUSED if it was not."""


class DrainEmitted(Event, frozen=True, tag=True, gc=False):
    """undici's ``drain``: who was told to wait may go on."""

    key: OriginKey


class StreamsAllowed(Event, frozen=True, tag=True, gc=False):
    """HTTP/2: the peer's SETTINGS came; the lower of both numbers is how many streams may run."""

    key: OriginKey
    socket: SocketId
    own: float
    """Our own ceiling."""
    peer: int | None
    """The peer's; None if it has none."""


class SessionGoingAway(Event, frozen=True, tag=True, gc=False):
    """HTTP/2: no stream is opened on the session any more; what it takes of them, it finishes.

    The peer said so in a GOAWAY, once or more often, or its stream ids are used up.
    """

    key: OriginKey
    socket: SocketId
    code: int
    """RFC 9113, 7; 0 is no error."""
    last_stream: int
    """The highest stream that the peer takes."""
    running: int
    """Streams that ran when it came, those above the last one with them."""


class SessionPinged(Event, frozen=True, tag=True, gc=False):
    """HTTP/2: the peer answered a PING."""

    key: OriginKey
    socket: SocketId
    rtt_s: float


PoolEvent = (
    RequestQueued
    | RequestAssigned
    | RequestEnded
    | RequestFailed
    | RequestAborted
    | RequestWithdrawn
    | RequestRetried
    | TimeoutRaised
    | SocketOpened
    | TunnelFailed
    | SocketConnected
    | SocketFreed
    | SocketClosing
    | SocketDropped
    | SocketClosed
    | OptionsChanged
    | AgentDestroyed
    | ClientAdded
    | ClientRetired
    | ProtocolKnown
    | RequestRequeued
    | DrainEmitted
    | StreamsAllowed
    | SessionGoingAway
    | SessionPinged
)

EVENT_KINDS: tuple[type, ...] = typing.get_args(PoolEvent)
"""Every event class, for whoever keeps a table by kind."""
