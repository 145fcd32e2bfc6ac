"""What the pool knows of each socket, request and origin, and the one mover between lists.

Only this file changes a ``state``, and only the rules call it. The lists are dicts kept in
insertion order, because Node's arrays are appended to at the tail and removed from anywhere:
``sockets`` in the order in which they came into use, ``free`` oldest first, ``queue`` first in
first out.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.states import (
    HOME,
    REQUEST_MOVES,
    SOCKET_MOVES,
    CloseReason,
    Home,
    OpenReason,
    QueueReason,
    RequestState,
    SocketState,
)

# Not looked up through the enum's metaclass at every move.
_SOCKETS = Home.SOCKETS
_FREE_SOCKETS = Home.FREE_SOCKETS

NO_LIMITS: Mapping[str, float] = {}
"""Of an origin that has none of its own."""


class Failure(NamedTuple):
    """What a request fails with."""

    code: str
    message: str
    outcome: str = ""
    """What it is counted as, where more is known than the code."""


def _lists(before: SocketState, after: SocketState) -> tuple[Home, Home]:
    stays = HOME[before] is HOME[after]
    return (Home.NONE, Home.NONE) if stays else (HOME[before], HOME[after])


_LISTS = {
    before: {after: _lists(before, after) for after in moves}
    for before, moves in SOCKET_MOVES.items()
}
"""Of every allowed move, the list to leave and the list to enter: both tables, worked out once."""


class SocketRecord:
    """One socket, as the pool sees it."""

    __slots__ = (
        "again",
        "carried",
        "close_reason",
        "closing_at",
        "connected_at",
        "error",
        "expires_at",
        "free_timeout_ms",
        "hint_ms",
        "id",
        "idle_s",
        "open_reason",
        "opened_at",
        "opened_for",
        "options",
        "origin",
        "request",
        "since",
        "state",
        "timeout_ms",
        "writable",
    )

    def __init__(
        self, id_: SocketId, origin: OriginRecord, now: float, options: AgentOptions
    ) -> None:
        """Begin connecting, in no list yet."""
        self.id = id_
        self.options = options
        """The agent's, when it was opened: with ``per_request`` its own agent's for good."""
        self.origin = origin
        self.state = SocketState.CONNECTING
        self.opened_at = now
        self.since = now
        self.connected_at: float | None = None
        self.carried = 0
        """Requests it was given, the present one included."""
        self.request: RequestRecord | None = None
        """From its assignment until the socket is parked, given to another, or closed."""
        self.writable = True
        """False once the peer has begun to close."""
        self.timeout_ms = options.timeout
        """Node's socket.timeout: the agent's, or a hint's lower value once it was parked."""
        self.free_timeout_ms = 0.0
        """While idle: how long it may stay; 0 for ever."""
        self.hint_ms: float | None = math.inf
        """While idle: the most that its last response's hint allows; inf for no hint, None where
        the caller's keep_socket_alive has said how long it may stay."""
        self.expires_at: float | None = None
        """While idle with a timeout: when it is closed."""
        self.idle_s = 0.0
        """Seconds spent idle since it was connected; a stretch that goes on is not in it yet."""
        self.close_reason: CloseReason | None = None
        self.closing_at: float | None = None
        """When its close began."""
        self.error: Failure | None = None
        """For the request that is on it when it closes."""
        self.open_reason: OpenReason | None = None
        """While tunnelling: why it was opened."""
        self.opened_for: RequestRecord | None = None
        """While tunnelling for a queue: who was the oldest in it."""
        self.again = False
        """That request is not failed, but admitted once more."""

    @property
    def waits_for_it(self) -> RequestRecord | None:
        """Whom it was opened for, while that is in the queue and was told nothing yet."""
        head = self.opened_for
        waits = head is not None and head.state is RequestState.QUEUED and not head.was_told
        return head if waits else None

    @property
    def is_dying(self) -> bool:
        """Destroyed, its close not yet seen."""
        return self.close_reason is not None

    def busy_s(self, now: float) -> float:
        """Give the seconds in use from its connect to ``now``, or to where its close began."""
        if self.connected_at is None:
            return 0.0
        end = now if self.closing_at is None else self.closing_at
        idle_s = self.idle_s
        if self.state is SocketState.FREE:
            idle_s += now - self.since
        return max(0.0, end - self.connected_at - idle_s)

    def tunnel(self, why: OpenReason) -> None:
        """Begin in no list at all: it counts when its tunnel is up (rules/uncounted.py)."""
        self.state = SocketState.TUNNELLING
        self.open_reason = why


class RequestRecord:
    """One request, as the pool sees it."""

    # Made for every request: what most of them change only once is the class's own (1 us).
    state = RequestState.QUEUED
    queued_at: float | None = None
    why: QueueReason | None = None
    counted: int | None = None
    """When it had to queue: sockets that were held against the limit that ``why`` names."""
    limit: float | None = None
    """And that limit, as it was then."""
    socket: SocketRecord | None = None
    hint_s: int | None = None
    """The response's Keep-Alive timeout; None if it had none that Node reads."""
    sent = False
    """All of it was handed to the kernel."""
    aborted: Failure | None = None
    """Given up before it was attached: the error that it gets at its turn."""
    overtakes_before = 0
    was_dialled_for = False
    """While queued: a tunnel was asked for because it was the oldest."""
    was_told = False
    """Settled, and still in the queue: the tunnel asked for it failed (rules/uncounted.py)."""

    def __init__(
        self, id_: RequestId, origin: OriginRecord, now: float, *, keep_alive: bool
    ) -> None:
        """Begin, not yet placed."""
        self.id = id_
        self.origin = origin
        self.submitted_at = now
        self.keep_alive = keep_alive
        """Node's shouldKeepAlive: what the request asks, then also what the response allows."""

    def move(self, state: RequestState) -> None:
        """Change the state by the table."""
        assert state in REQUEST_MOVES[self.state], f"request {self.id}: {self.state} -> {state}"
        self.state = state


class OriginRecord:
    """The three lists of one origin key."""

    __slots__ = (
        "free",
        "given_up",
        "idle_limit_ms",
        "key",
        "max_free_sockets",
        "max_sockets",
        "overtakes",
        "own",
        "queue",
        "sockets",
        "told",
        "turn",
    )

    def __init__(
        self, key: OriginKey, options: AgentOptions, own: Mapping[str, float] = NO_LIMITS
    ) -> None:
        """Begin with nothing, under the agent's options.

        Args:
            key: of the origin.
            options: the agent's.
            own: limits that go before them: see ``own``.
        """
        self.key = key
        self.own = own
        """The origin's own limits, by the name of the option: HOST_LIMITS at most."""
        self.max_sockets: float
        """In force here: its own, or the agent's. Read at every admission, so not looked up."""
        self.max_free_sockets: float
        """Likewise."""
        self.bind(options)
        self.idle_limit_ms = math.inf
        """``Timeouts.free`` for its sockets, in ms; inf for none: Node's rules alone."""
        self.sockets: dict[SocketId, SocketRecord] = {}
        self.free: dict[SocketId, SocketRecord] = {}
        self.queue: OrderedDict[RequestId, RequestRecord] = OrderedDict()
        self.given_up = 0
        """How many in ``queue`` nobody waits for any more (``RequestRecord.aborted``)."""
        self.told = 0
        """Of these, those that are settled (``RequestRecord.was_told``)."""
        self.turn = 0
        """Its place among the keys of Node's ``sockets`` map, which loses a key with the key's last
        socket and gets it anew, at the end, with the next admission or replacement."""
        self.overtakes = 0
        """How often a younger request was served while others were queued here."""

    def bind(self, options: AgentOptions) -> None:
        """Take the limits that are not its own from the agent's options."""
        own = self.own
        self.max_sockets = own.get("max_sockets", options.max_sockets)
        self.max_free_sockets = own.get("max_free_sockets", options.max_free_sockets)

    @property
    def count(self) -> int:
        """Sockets of both lists, the dying ones included: what Node holds against maxSockets."""
        return len(self.sockets) + len(self.free)

    def enter(self, socket: SocketRecord) -> None:
        """Put a new socket at the tail of ``sockets``."""
        self.sockets[socket.id] = socket

    def move(self, socket: SocketRecord, state: SocketState, now: float) -> None:
        """Change a socket's state by the table, and its list where the state decides another."""
        try:
            leave, enter = _LISTS[socket.state][state]
        except KeyError:
            message = f"socket {socket.id}: {socket.state} -> {state}"
            raise AssertionError(message) from None
        socket.state = state
        socket.since = now
        if leave is _SOCKETS:
            del self.sockets[socket.id]
        elif leave is _FREE_SOCKETS:
            del self.free[socket.id]
        if enter is _SOCKETS:
            self.sockets[socket.id] = socket
        elif enter is _FREE_SOCKETS:
            self.free[socket.id] = socket
