"""Which clock of which request is over, in either mode of ``Timeouts``, and Node's own 'timeout'.

In mode "fail" the clocks are pooltop's: one that runs out fails the request. A clock stops where
what it waits for has come: total and idle when the response is whole and all of the request has
left, idle also while it is our own reader that lets the peer wait. In mode "node" none of them is
looked at. In either mode a socket's ``timeout`` (the agent's, a hint's, or in mode "node" the
request's own) is an event only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING

from pooltop.core.model import SocketId, Timeouts
from pooltop.core.pool import PoolCore
from pooltop.core.records import RequestRecord
from pooltop.core.states import RequestState
from pooltop.engine.dial_clocks import NEVER, Deadline, connect_timeout, dialling
from pooltop.errors import ConnectTimeout, QueueTimeout, RequestTimeout

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange


class RequestClocks:
    """Looks at requests and times out those that are over."""

    def __init__(
        self,
        core: PoolCore,
        connections: Mapping[SocketId, Connection],
        time_out: Callable[[Exchange, RequestTimeout], None],
        end_dial: Callable[[Connection, ConnectTimeout], None],
    ) -> None:
        """Keep whom to ask and whom to tell.

        Args:
            core: the pool, for states, limits and queues.
            connections: by id, those of tunnels that are not up yet among them.
            time_out: fails a request with the error; one that is settled loses its socket.
            end_dial: ends a dial for a queue with the error, and whoever it was opened for.
        """
        self._core = core
        self._connections = connections
        self._time_out = time_out
        self._end_dial = end_dial

    def look(self, exchanges: Iterable[Exchange], now: float) -> float:
        """Time out what is over at ``now``; give the next deadline, inf for none.

        Args:
            exchanges: those that are not settled, and those that are but are still being sent.
            now: monotonic seconds.
        """
        at = min((self._check(exchange, now) for exchange in exchanges), default=math.inf)
        for socket in tuple(self._core.tunnelling.values()):
            if socket.request is None:
                at = min(at, self._check_dial(socket.id, now))
        return at

    def connect_deadline(self, timeouts: Timeouts, connection: Connection) -> float:
        """Give when the present phase of a dial is too long; inf for no limit on it."""
        return min(dialling(timeouts, connection), key=itemgetter(1), default=NEVER)[1]

    def _check(self, exchange: Exchange, now: float) -> float:
        record = self._core.requests.get(exchange.id)
        if record is None:
            return math.inf
        if record.socket is not None and record.socket.is_dying:
            return math.inf  # its close tells; sent again, it notes its clocks anew
        connection = exchange.connection
        at = math.inf
        if exchange.timeouts.mode == "fail":
            clock, at = self._first(exchange, record, now)
            if at <= now and clock == "idle" and connection and connection.has_progressed(now):
                clock, at = self._first(exchange, record, now)
            if at <= now:
                self._time_out(exchange, self._error(clock, exchange, record, now))
                return math.inf
        if connection is None or exchange.is_settled:
            return at
        return min(at, self._check_silence(exchange, connection, now))

    def _check_dial(self, socket: SocketId, now: float) -> float:
        """Look at a tunnel for a queue: whoever it was opened for may be gone by now."""
        connection = self._connections.get(socket)
        timeouts = None if connection is None else connection.timeouts
        if connection is None or timeouts is None or timeouts.mode == "node":
            return math.inf
        clock, at = min(dialling(timeouts, connection), key=itemgetter(1), default=NEVER)
        if at > now:
            return at
        self._end_dial(connection, connect_timeout(clock, timeouts, connection))
        return math.inf

    def _first(self, exchange: Exchange, record: RequestRecord, now: float) -> Deadline:
        deadlines = self._deadlines(exchange, record, now)
        return min(deadlines, key=itemgetter(1), default=NEVER)

    def _deadlines(
        self, exchange: Exchange, record: RequestRecord, now: float
    ) -> Iterator[Deadline]:
        """Give the clocks that run. A whole response that waits for its reader has none."""
        timeouts = exchange.timeouts
        connection = exchange.connection
        if timeouts.total is not None and (exchange.is_settled or not exchange.is_whole):
            yield "total", exchange.intended_at + timeouts.total
        if record.state is RequestState.QUEUED:
            if timeouts.queue is not None and record.queued_at is not None:
                yield "queue", record.queued_at + timeouts.queue
        elif record.state is RequestState.TUNNELLING:
            yield from dialling(timeouts, self._its_tunnel(record))
        elif connection is None:
            return
        elif connection.connected_at is None:
            yield from dialling(timeouts, connection)
        elif timeouts.idle is None:
            return
        elif connection.is_held:
            yield "idle", now + timeouts.idle  # it is our own reader that lets the peer wait
        elif exchange.is_settled or not exchange.is_whole:
            yield "idle", connection.last_activity + timeouts.idle

    def _check_silence(self, exchange: Exchange, connection: Connection, now: float) -> float:
        """Tell Node's 'timeout' if it is time; give when to look again.

        The request hears of the first silence only, its response of each.
        Source: Node v24 lib/_http_client.js listenSocketTimeout (once), responseOnTimeout.
        """
        timeout = self._core.sockets[connection.id].timeout_ms / 1000
        if timeout <= 0:
            return math.inf
        at = connection.last_activity + timeout
        if at > now:
            return at
        if not connection.timeout_told and not connection.has_progressed(now):
            self.tell_silence(exchange, connection, now)
        # It counts again from the next byte, which does not note a deadline.
        return now + timeout

    def tell_silence(
        self, exchange: Exchange, connection: Connection, now: float, *, ends_tunnel: bool = False
    ) -> None:
        """Tell Node's 'timeout', unless this silence was told before.

        Args:
            exchange: whose request hears it.
            connection: what is silent.
            now: monotonic seconds.
            ends_tunnel: the attempt at its tunnel ends with it.
        """
        if connection.timeout_told:
            return
        connection.timeout_told = True
        is_first = exchange.hears_timeout and not exchange.timeout_told
        if is_first or exchange.status:
            silent_s = now - connection.last_activity
            self._core.raise_timeout(
                exchange.id, connection.id, now=now, silent_s=silent_s, ends_tunnel=ends_tunnel
            )
        if is_first:
            exchange.timeout_told = True
            exchange.on_timeout_event()

    def _error(
        self, clock: str, exchange: Exchange, record: RequestRecord, now: float
    ) -> RequestTimeout:
        where = exchange.origin.label
        timeouts = exchange.timeouts
        if clock == "queue":
            return self._queue_timeout(exchange, record, now)
        if clock == "total":
            late = f"not complete {timeouts.total:g} s after its intended start"
            return RequestTimeout(f"{where}: {late}", clock=clock)
        if clock == "idle":
            return RequestTimeout(f"{where}: no byte for {timeouts.idle:g} s", clock=clock)
        connection = exchange.connection or self._its_tunnel(record)
        return connect_timeout(clock, timeouts, connection)

    def _its_tunnel(self, record: RequestRecord) -> Connection:
        assert record.socket is not None
        return self._connections[record.socket.id]

    def _queue_timeout(self, exchange: Exchange, record: RequestRecord, now: float) -> QueueTimeout:
        assert record.queued_at is not None
        waited = now - record.queued_at
        origin = self._core.origins[exchange.origin.key]
        limit = origin.max_sockets
        shown = "unlimited" if math.isinf(limit) else f"{limit:g}"
        return QueueTimeout(
            f"no socket for {exchange.origin.label} after {waited:.1f} s "
            f"(in use {len(origin.sockets)}/{shown}, free {len(origin.free)}, "
            f"queued {len(origin.queue)})"
        )
