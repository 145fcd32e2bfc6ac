"""The pool's state as one value, and the same value folded out of its events.

``PoolCore.view()`` and ``fold(events)`` must agree after every step: whoever keeps the events
can rebuild the pool (replay), and whoever reads the pool can trust the events (tests).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatchmethod

import msgspec

from pooltop.core import events as ev
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.states import HOME, Home, SocketState


class SocketView(msgspec.Struct, frozen=True):
    """A socket in a list."""

    id: SocketId
    state: SocketState
    request: RequestId | None
    carried: int


class OriginView(msgspec.Struct, frozen=True):
    """The three lists of an origin, in Node's order."""

    sockets: tuple[SocketView, ...]
    free_sockets: tuple[SocketView, ...]
    requests: tuple[RequestId, ...]
    aborted: frozenset[RequestId]
    """Those of ``requests`` that were given up."""


class PoolView(msgspec.Struct, frozen=True):
    """All origins that have anything, and the count over them."""

    origins: dict[OriginKey, OriginView]
    total_socket_count: int


class _Socket:
    __slots__ = ("carried", "connected", "id", "request", "state")

    def __init__(self, id_: SocketId) -> None:
        self.id = id_
        self.state = SocketState.CONNECTING
        self.connected = False
        self.request: RequestId | None = None
        self.carried = 0


class _Origin:
    __slots__ = ("aborted", "dropped", "free", "queue", "sockets")

    def __init__(self) -> None:
        self.sockets: dict[SocketId, _Socket] = {}
        self.free: dict[SocketId, _Socket] = {}
        self.dropped: set[SocketId] = set()
        self.queue: dict[RequestId, None] = {}
        self.aborted: set[RequestId] = set()

    def find(self, id_: SocketId) -> _Socket:
        return self.sockets.get(id_) or self.free[id_]


class Fold:
    """Rebuilds a pool's lists from its events, one at a time."""

    def __init__(self) -> None:
        """Begin with an empty pool."""
        self._origins: dict[OriginKey, _Origin] = {}

    def view(self) -> PoolView:
        """Give the state after the events so far."""
        origins = {}
        total = 0
        for key, origin in self._origins.items():
            if origin.sockets or origin.free or origin.queue:
                origins[key] = OriginView(
                    tuple(_view(s) for s in origin.sockets.values()),
                    tuple(_view(s) for s in origin.free.values()),
                    tuple(origin.queue),
                    frozenset(origin.aborted),
                )
            total += len(origin.sockets) + len(origin.free) + len(origin.dropped)
        return PoolView(origins, total)

    @singledispatchmethod
    def apply(self, event: ev.Event) -> None:
        """Take the next event; those that move nothing (a response's end) change nothing."""

    @apply.register
    def _(self, event: ev.RequestQueued) -> None:
        self._at(event.key).queue[event.request] = None

    @apply.register
    def _(self, event: ev.RequestAssigned) -> None:
        origin = self._at(event.key)
        origin.queue.pop(event.request, None)
        origin.aborted.discard(event.request)
        socket = origin.free.pop(event.socket, None)
        if socket is None:
            socket = origin.sockets[event.socket]
        else:
            origin.sockets[event.socket] = socket
            if socket.state is SocketState.DYING_FREE:
                socket.state = SocketState.DYING
            else:
                socket.state = SocketState.ACTIVE if socket.connected else SocketState.CONNECTING
        socket.request = event.request
        socket.carried = event.nth

    @apply.register
    def _(self, event: ev.RequestAborted) -> None:
        self._at(event.key).aborted.add(event.request)

    @apply.register
    def _(self, event: ev.RequestWithdrawn) -> None:
        origin = self._at(event.key)
        origin.queue.pop(event.request)
        origin.aborted.discard(event.request)

    @apply.register
    def _(self, event: ev.SocketOpened) -> None:
        self._at(event.key).sockets[event.socket] = _Socket(event.socket)

    @apply.register
    def _(self, event: ev.SocketConnected) -> None:
        socket = self._at(event.key).find(event.socket)
        socket.connected = True
        if socket.state is SocketState.CONNECTING:
            socket.state = SocketState.ACTIVE
        elif socket.state is SocketState.FREE_CONNECTING:
            socket.state = SocketState.FREE

    @apply.register
    def _(self, event: ev.SocketFreed) -> None:
        origin = self._at(event.key)
        socket = origin.sockets.pop(event.socket)
        socket.state = SocketState.FREE if socket.connected else SocketState.FREE_CONNECTING
        socket.request = None
        socket.carried = event.requests
        origin.free[event.socket] = socket

    @apply.register
    def _(self, event: ev.SocketClosing) -> None:
        socket = self._at(event.key).find(event.socket)
        socket.carried = event.requests
        in_use = HOME[socket.state] is Home.SOCKETS
        socket.state = SocketState.DYING if in_use else SocketState.DYING_FREE

    @apply.register
    def _(self, event: ev.SocketDropped) -> None:
        origin = self._at(event.key)
        del origin.free[event.socket]
        origin.dropped.add(event.socket)

    @apply.register
    def _(self, event: ev.SocketClosed) -> None:
        origin = self._at(event.key)
        if event.socket in origin.dropped:
            origin.dropped.remove(event.socket)
        elif origin.sockets.pop(event.socket, None) is None:
            del origin.free[event.socket]

    def _at(self, key: OriginKey) -> _Origin:
        return self._origins.setdefault(key, _Origin())


def _view(socket: _Socket) -> SocketView:
    return SocketView(socket.id, socket.state, socket.request, socket.carried)


def fold(events: Iterable[ev.Event]) -> PoolView:
    """Give the state that ``events``, from the first one on, lead to."""
    folding = Fold()
    for event in events:
        folding.apply(event)
    return folding.view()
