"""Which clock of which request is over: queue, connect, idle, total, and Node's own 'timeout'.

The four are pooltop's: one that runs out fails the request. Node's agent timeout on a socket in
use is an event only. A clock stops where what it waits for has come: total and idle when the
response is whole, idle also while it is our own reader that lets the peer wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pooltop.core.pool import PoolCore
from pooltop.core.states import RequestState
from pooltop.errors import QueueTimeout, RequestError, RequestTimeout

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange


class RequestClocks:
    """Looks at requests and times out those that are over."""

    def __init__(self, core: PoolCore, time_out: Callable[[Exchange, RequestError], None]) -> None:
        """Keep whom to ask and whom to tell.

        Args:
            core: the pool, for states, limits and queues.
            time_out: fails a request with the error.
        """
        self._core = core
        self._time_out = time_out

    def look(self, exchanges: Iterable[Exchange], now: float) -> float:
        """Time out what is over at ``now``; give the next deadline, inf for none."""
        return min((self._check(exchange, now) for exchange in exchanges), default=math.inf)

    def _check(self, exchange: Exchange, now: float) -> float:
        timeouts = exchange.timeouts
        next_at = math.inf
        record = self._core.requests.get(exchange.id)
        if record is None:
            return next_at
        if timeouts.total is not None and not exchange.is_whole:
            at = exchange.intended_at + timeouts.total
            if at <= now:
                words = (
                    f"{exchange.origin.authority}: not complete {timeouts.total:g} s after its "
                    "intended start"
                )
                self._time_out(exchange, RequestTimeout(words, clock="total"))
                return math.inf
            next_at = min(next_at, at)
        if record.state is RequestState.QUEUED:
            if timeouts.queue is not None and record.queued_at is not None:
                at = record.queued_at + timeouts.queue
                if at <= now:
                    self._time_out(exchange, self._queue_timeout(exchange, now - record.queued_at))
                    return math.inf
                next_at = min(next_at, at)
            return next_at
        connection = exchange.connection
        if connection is None or connection.dead:
            return next_at
        return min(next_at, self._check_socket(exchange, connection, now))

    def _check_socket(self, exchange: Exchange, connection: Connection, now: float) -> float:
        next_at = math.inf
        connect = exchange.timeouts.connect
        if connect is not None and connection.connected_at is None:
            at = connection.opened_at + connect
            if at <= now:
                words = f"{exchange.origin.authority}: not connected after {connect:g} s"
                self._time_out(exchange, RequestTimeout(words, clock="connect"))
                return math.inf
            next_at = at
        idle = exchange.timeouts.idle
        if idle is not None and connection.is_held:
            next_at = now + idle  # it is our own reader that lets the peer wait
        elif idle is not None and connection.connected_at is not None and not exchange.is_whole:
            at = connection.last_activity + idle
            if at <= now:
                words = f"{exchange.origin.authority}: no byte for {idle:g} s"
                self._time_out(exchange, RequestTimeout(words, clock="idle"))
                return math.inf
            next_at = min(next_at, at)
        timeout = self._core.sockets[connection.id].timeout_ms / 1000
        if timeout > 0:
            at = connection.last_activity + timeout
            if at <= now:
                if not connection.timeout_told:
                    connection.timeout_told = True
                    exchange.tally.timeout_events += 1
                    exchange.on_timeout_event()
                # Told once; it counts again from the next byte, which does not note a deadline.
                at = now + timeout
            next_at = min(next_at, at)
        return next_at

    def _queue_timeout(self, exchange: Exchange, waited: float) -> QueueTimeout:
        origin = self._core.origins[exchange.origin.key]
        limit = self._core.options.max_sockets
        shown = "unlimited" if math.isinf(limit) else f"{limit:g}"
        return QueueTimeout(
            f"no socket for {exchange.origin.authority} after {waited:.1f} s "
            f"(in use {len(origin.sockets)}/{shown}, free {len(origin.free)}, "
            f"queued {len(origin.queue)})"
        )
