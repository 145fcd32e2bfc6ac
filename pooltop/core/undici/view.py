"""A dispatcher's state as one value, and the same value folded out of its events.

``UndiciCore.view()`` and ``Fold`` must agree after every step, as with the http.Agent's pool. Where
a request waits, in a pool or in a client, is no part of it: it is told once that it waits.
"""

from __future__ import annotations

from functools import singledispatchmethod

import msgspec

from pooltop.core import events as ev
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.undici.books import Books
from pooltop.core.undici.records import ConnRecord
from pooltop.core.undici.states import ConnState


class ConnView(msgspec.Struct, frozen=True):
    """A connection."""

    key: OriginKey
    state: ConnState
    requests: tuple[RequestId, ...]
    """What runs on it, in the order in which it was written."""
    carried: int
    protocol: str = ""
    """"h1" or "h2"; "" while it is dialled."""
    most_streams: float | None = None
    """HTTP/2: how many may run at a time, by its SETTINGS; None without, and once it leaves."""


class UndiciView(msgspec.Struct, frozen=True):
    """All that a dispatcher has."""

    clients: dict[int, OriginKey]
    """Those that take requests, by number."""
    sockets: dict[SocketId, ConnView]
    waiting: frozenset[RequestId]
    aborted: frozenset[RequestId]
    """Those that were given up and are told at their turn, be it that they wait or begin to."""


def see(books: Books) -> UndiciView:
    """Give the state of a dispatcher."""
    return UndiciView(
        {id_: client.key for id_, client in books.clients.items() if id_ not in books.retired},
        {
            conn.id: ConnView(
                conn.key,
                conn.state,
                _running_on(conn),
                conn.carried,
                "" if conn.connected_at is None else conn.protocol,
                _most_streams(conn, books.options.max_concurrent_streams),
            )
            for conn in books.conns.values()
        },
        frozenset(id_ for line in books.waiting.values() for id_ in line),
        frozenset(r.id for r in books.requests.values() if r.aborted is not None),
    )


def _running_on(conn: ConnRecord) -> tuple[RequestId, ...]:
    runs = conn.client.running.values()
    return tuple(request.id for request in runs if request.conn is conn and not request.is_done)


def _most_streams(conn: ConnRecord, own: float) -> float | None:
    session = conn.session
    if session is None or not session.has_settings or conn.state is not ConnState.UP:
        return None
    return own if session.peer_streams is None else min(own, session.peer_streams)


class _Conn:
    def __init__(self, key: OriginKey) -> None:
        self.key = key
        self.state = ConnState.DIALLING
        self.requests: dict[RequestId, None] = {}
        self.carried = 0
        self.protocol = ""
        self.most_streams: float | None = None

    def leaves(self, state: ConnState) -> None:
        self.state = state
        self.most_streams = None


class Fold:
    """Rebuilds a dispatcher's state from its events, one at a time."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._clients: dict[int, OriginKey] = {}
        self._conns: dict[SocketId, _Conn] = {}
        self._waiting: set[RequestId] = set()
        self._aborted: set[RequestId] = set()

    def view(self) -> UndiciView:
        """Give the state after the events so far."""
        return UndiciView(
            dict(self._clients),
            {
                id_: ConnView(
                    conn.key,
                    conn.state,
                    tuple(conn.requests),
                    conn.carried,
                    conn.protocol,
                    conn.most_streams,
                )
                for id_, conn in self._conns.items()
            },
            frozenset(self._waiting),
            frozenset(self._aborted),
        )

    @singledispatchmethod
    def apply(self, event: ev.Event) -> None:
        """Take the next event; those that move nothing change nothing."""

    @apply.register
    def _(self, event: ev.ClientAdded) -> None:
        self._clients[event.client] = event.key

    @apply.register
    def _(self, event: ev.ClientRetired) -> None:
        del self._clients[event.client]

    @apply.register
    def _(self, event: ev.RequestQueued) -> None:
        self._waiting.add(event.request)

    @apply.register
    def _(self, event: ev.RequestAssigned) -> None:
        self._waiting.discard(event.request)
        conn = self._conns[event.socket]
        conn.requests[event.request] = None
        conn.carried = event.nth

    @apply.register
    def _(self, event: ev.RequestRequeued) -> None:
        self._leave(event.socket, event.request)
        self._waiting.add(event.request)

    @apply.register
    def _(self, event: ev.RequestEnded) -> None:
        self._leave(event.socket, event.request)

    @apply.register
    def _(self, event: ev.RequestFailed) -> None:
        self._waiting.discard(event.request)
        self._aborted.discard(event.request)
        if event.socket is not None:
            self._leave(event.socket, event.request)

    @apply.register
    def _(self, event: ev.RequestAborted) -> None:
        self._aborted.add(event.request)

    @apply.register
    def _(self, event: ev.SocketOpened) -> None:
        self._conns[event.socket] = _Conn(event.key)

    @apply.register
    def _(self, event: ev.SocketConnected) -> None:
        self._conns[event.socket].state = ConnState.UP

    @apply.register
    def _(self, event: ev.ProtocolKnown) -> None:
        self._conns[event.socket].protocol = event.protocol

    @apply.register
    def _(self, event: ev.StreamsAllowed) -> None:
        conn = self._conns[event.socket]
        if conn.state is ConnState.UP:
            conn.most_streams = event.own if event.peer is None else min(event.own, event.peer)

    @apply.register
    def _(self, event: ev.SessionGoingAway) -> None:
        self._conns[event.socket].leaves(ConnState.LEAVING)

    @apply.register
    def _(self, event: ev.SocketClosing) -> None:
        self._conns[event.socket].leaves(ConnState.GOING)

    @apply.register
    def _(self, event: ev.SocketClosed) -> None:
        del self._conns[event.socket]

    def _leave(self, socket: SocketId, request: RequestId) -> None:
        # A connection's close is told before what becomes of the requests on it.
        if socket in self._conns:
            del self._conns[socket].requests[request]
