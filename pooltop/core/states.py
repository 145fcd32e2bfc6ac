"""The states of a socket and of a request, why they change, and the only allowed moves.

Rule 1: everything that decides which list a socket is in lives in this file. The state
decides the list (Node's ``sockets`` or ``freeSockets``), never a flag.
Rule 2: a pair that is not in the table is a bug of ours (AssertionError). Inputs that arrive
late because the other side did something first are rows of the table, not exceptions to it.

Closing takes time: Node keeps a destroyed socket in the list it was in, and in
totalSocketCount, until its 'close' event, one turn of the loop later. So DYING and
DYING_FREE are states of their own. Admission drops destroyed sockets from the head of
``freeSockets`` (DROPPED: listed nowhere, still counted in the total), but only from the head, so
lifo can pick a destroyed tail, and the request on it fails.
"""

from __future__ import annotations

from enum import StrEnum


class SocketState(StrEnum):
    """Where a socket is in its life."""

    TUNNELLING = "tunnelling"
    """In no list and no count: its tunnel through a proxy is not up yet (rules/uncounted.py)."""
    CONNECTING = "connecting"
    """In ``sockets``: bound to a request from the start, not yet able to carry bytes."""
    FREE_CONNECTING = "free-connecting"
    """In ``freeSockets``: its request went away before it was attached (Node 24)."""
    ACTIVE = "active"
    """In ``sockets``, with a request."""
    FREE = "free"
    """In ``freeSockets``: idle, kept alive."""
    DYING = "closing"
    """In ``sockets``, destroyed, its close not yet seen."""
    DYING_FREE = "closing-free"
    """In ``freeSockets``, destroyed, its close not yet seen."""
    DROPPED = "closing-dropped"
    """In no list, destroyed while idle and passed over by admission; its close not yet seen."""
    CLOSED = "closed"
    """In no list and no count."""


class Home(StrEnum):
    """Which of Node's lists holds a socket."""

    SOCKETS = "sockets"
    FREE_SOCKETS = "freeSockets"
    NONE = "none"


HOME: dict[SocketState, Home] = {
    SocketState.TUNNELLING: Home.NONE,
    SocketState.CONNECTING: Home.SOCKETS,
    SocketState.FREE_CONNECTING: Home.FREE_SOCKETS,
    SocketState.ACTIVE: Home.SOCKETS,
    SocketState.FREE: Home.FREE_SOCKETS,
    SocketState.DYING: Home.SOCKETS,
    SocketState.DYING_FREE: Home.FREE_SOCKETS,
    SocketState.DROPPED: Home.NONE,
    SocketState.CLOSED: Home.NONE,
}

SOCKET_MOVES: dict[SocketState, frozenset[SocketState]] = {
    SocketState.TUNNELLING: frozenset({SocketState.CONNECTING, SocketState.CLOSED}),
    SocketState.CONNECTING: frozenset(
        {SocketState.ACTIVE, SocketState.FREE_CONNECTING, SocketState.DYING}
    ),
    SocketState.FREE_CONNECTING: frozenset(
        {SocketState.FREE, SocketState.CONNECTING, SocketState.DYING_FREE}
    ),
    # Straight to CLOSED: it left the pool open, in the hands of its caller.
    SocketState.ACTIVE: frozenset({SocketState.FREE, SocketState.DYING, SocketState.CLOSED}),
    SocketState.FREE: frozenset({SocketState.ACTIVE, SocketState.DYING_FREE}),
    # Picked by lifo although destroyed: back among the sockets, still dying.
    SocketState.DYING_FREE: frozenset({SocketState.DYING, SocketState.DROPPED, SocketState.CLOSED}),
    SocketState.DYING: frozenset({SocketState.CLOSED}),
    SocketState.DROPPED: frozenset({SocketState.CLOSED}),
    SocketState.CLOSED: frozenset(),
}


class RequestState(StrEnum):
    """Where a request is in its life."""

    QUEUED = "queued"
    TUNNELLING = "tunnelling"
    """A socket is on the way to it that Node does not count yet (rules/uncounted.py)."""
    ASSIGNED = "assigned"
    """Has a socket; not yet attached to it (Node does that one tick later)."""
    RUNNING = "running"
    """Attached: sent as soon as the socket is connected."""
    ENDED = "ended"
    """Its response is complete; the socket is released one tick later."""
    DONE = "done"
    """Settled and off its socket."""


REQUEST_MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.QUEUED: frozenset(
        {RequestState.TUNNELLING, RequestState.ASSIGNED, RequestState.DONE}
    ),
    RequestState.TUNNELLING: frozenset({RequestState.ASSIGNED, RequestState.DONE}),
    # Back to the start: its socket was stale, and it is admitted once more.
    RequestState.ASSIGNED: frozenset(
        {RequestState.RUNNING, RequestState.QUEUED, RequestState.DONE}
    ),
    RequestState.RUNNING: frozenset({RequestState.ENDED, RequestState.QUEUED, RequestState.DONE}),
    RequestState.ENDED: frozenset({RequestState.DONE}),
    RequestState.DONE: frozenset(),
}


class QueueReason(StrEnum):
    """Why a request had to wait."""

    MAX_SOCKETS = "maxSockets"
    """The origin's sockets were at maxSockets."""
    MAX_TOTAL_SOCKETS = "maxTotalSockets"
    """All origins together were at maxTotalSockets."""
    # undici's, see undici/waiting.py
    CONNECTIONS = "connections"
    """The pool has as many clients as it may, and none has room."""
    ALPN = "waits for ALPN"
    """The pool's first client learns which protocol the origin speaks."""
    CONNECTING = "connecting"
    """Its client has no connection yet."""
    PIPELINING = "pipelining"
    """As many requests run on the connection as may."""
    BLOCKING = "blocking"
    """One before it lets nothing be sent before its response begins."""
    NOT_IDEMPOTENT = "not idempotent"
    """It may not be had twice, so it waits until nothing runs."""
    STREAMED_BODY = "streamed body"
    """A body that can only be had once, its own or another's, is or would be under way."""
    SWITCHES = "switches protocols"
    """It is an upgrade or a CONNECT, and waits until nothing runs."""
    IDLE_CHECK = "idle check"
    """The connection was idle: what came in meanwhile is read first."""
    CLOSING = "closing"
    """Its client's connection is closed, or will be after what runs on it."""
    OWN_STREAMS = "streams (ours)"
    """As many streams run as we allow ourselves."""
    PEER_STREAMS = "streams (peer's)"
    """As many streams run as the peer allows."""
    SETTINGS = "waits for SETTINGS"
    """The peer has not said yet how many streams it allows: one may run until then."""
    LIVENESS_CHECK = "liveness check"
    """A stream was silent for too long: a PING asks whether the peer is there."""
    NO_STREAMS = "no streams allowed"
    """The peer allows none for now."""


class AssignReason(StrEnum):
    """How a request came by its socket."""

    NEW = "new"
    """Room was left: a socket was opened for it."""
    REUSED = "reused"
    """An idle socket was taken."""
    HANDED_OVER = "handed over"
    """It was at the head of the queue when a socket was released."""
    REPLACEMENT = "replacement"
    """It was at the head of a queue when a socket went away, and one was opened instead."""
    DRAINED = "drained"
    """An edit made room (mode drain)."""
    PIPELINED = "pipelined"
    """undici: others run on it."""
    REPLAYED = "replayed"
    """undici: it had run on a connection that was lost, or on a stream that was refused."""
    STREAM = "stream"
    """HTTP/2: others run beside it."""


class OpenReason(StrEnum):
    """Why a socket was opened."""

    ADMITTED = "admitted"
    REPLACEMENT = "replacement"
    REPLACEMENT_OTHER_ORIGIN = "replacement for another origin"
    DRAIN = "drain"
    DISPATCHED = "dispatched"
    """undici: a client had a request and no connection."""
    REQUEUED = "requeued"
    """undici: the request had run on a connection that was lost."""
    PROBE = "probe"
    """undici: the first of a pool, to learn which protocol the origin speaks."""


class RetireReason(StrEnum):
    """Why one of undici's clients left its pool, or ended."""

    CONNECT_FAILED = "connect failed"
    TTL = "clientTtl"
    UPSTREAM_REMOVED = "upstream removed"
    LIMIT = "limit lowered"
    """An edit left fewer connections."""
    UNUSED = "unused"
    """An Agent closes what has no connection and no requests."""
    CLOSED = "closed"
    DESTROYED = "destroyed"


class CloseReason(StrEnum):
    """Why a socket was closed."""

    KEEP_ALIVE_OFF = "keepAlive off"
    """The agent does not keep sockets and no request was queued."""
    CONNECTION_CLOSE = "Connection: close"
    """The response, or our request, said so."""
    HTTP_1_0 = "HTTP/1.0"
    """An HTTP/1.0 response without keep-alive."""
    EOF_FRAMED = "ended by close"
    """The body had no length: only closing could end it."""
    UNTRUSTED_FRAMING = "untrusted framing"
    """The guard saw framing that a second reader could read differently."""
    SURPLUS = "surplus bytes"
    """Bytes came after the end of the response."""
    NOT_WRITABLE = "not writable"
    """The peer had begun to close before the socket was released."""
    NOBODY_WAITS = "nobody waits"
    """It was opened for a queue that was served otherwise before its tunnel was up."""
    OVER_MAX_SOCKETS = "over maxSockets"
    OVER_MAX_TOTAL_SOCKETS = "over maxTotalSockets"
    OVER_MAX_FREE_SOCKETS = "over maxFreeSockets"
    HINT_TOO_SHORT = "hint within buffer"
    """The server's Keep-Alive timeout, less the buffer, left nothing."""
    KEEP_SOCKET_ALIVE_REFUSED = "keepSocketAlive refused"
    """The caller's own keep_socket_alive said no."""
    IDLE_TIMEOUT = "idle timeout"
    DIRTY_IDLE = "bytes while idle"
    PEER_FIN = "closed by peer"
    PEER_RESET = "reset by peer"
    CONNECT_FAILED = "connect failed"
    PROTOCOL_ERROR = "bad response"
    ABORTED = "request aborted"
    TIMED_OUT = "request timed out"
    AGENT_DESTROYED = "agent destroyed"
    DETACHED = "left the pool"
    """Not closed: an upgrade or a CONNECT made it the caller's own."""
    OPERATOR = "destroyed by operator"
    """Somebody at the screen picked this one."""
    CULLED = "culled by edit"
    """An edit lowered a limit below what was open (mode drain)."""
    RESET = "reset"
    """undici: it is not used again after a HEAD, an upgrade, a body that was not expected, a
    response that came before all of its request was sent, or a request that says so."""
    MAX_REQUESTS = "maxRequestsPerClient"
    CLIENT_TTL = "clientTtl"
    """undici: its client was too old to be picked."""
    SERVERNAME_CHANGED = "servername changed"
    """undici: the next request is for another name."""
    GOAWAY = "GOAWAY"
    """HTTP/2: the peer takes no more streams, and what it took is finished."""
    NO_STREAMS = "no streams"
    """HTTP/2: the peer allowed no stream for too long."""
    UNRESPONSIVE = "unresponsive"
    """HTTP/2: a PING was not answered in time."""
    STREAM_IDS = "stream ids used up"
    """HTTP/2: the last number for a stream is given."""
    REFUSED = "stream refused"
    """HTTP/2, not closed: the peer refused one stream, and its request is sent again."""
