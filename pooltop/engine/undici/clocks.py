"""pooltop's own clocks, ``Timeouts``, for the requests of a dispatcher; undici's are its core's.

In mode "fail" one that runs out fails the request: ``total`` from its intended start, ``queue``
while it waits, in the pool or in a client, ``idle`` while it is at the front of its connection and
not one octet comes. Those of a dial are the connection's, and fail all who wait for it, as an error
of the network does. In mode "node" none is looked at: undici has its own.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING

from pooltop.engine.clocks import Alarm
from pooltop.engine.dial_clocks import NEVER, Deadline, connect_timeout, dialling
from pooltop.engine.undici.client_connection import ClientConnection
from pooltop.errors import QueueTimeout, RequestTimeout

if TYPE_CHECKING:
    from pooltop.core.model import Timeouts
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.undici.shell import DispatcherShell

_now = time.monotonic


class DispatcherClocks(Alarm):
    """Rings when the first clock of any request, or of any dial, may be over."""

    __slots__ = ("_shell",)

    def __init__(self, shell: DispatcherShell) -> None:
        """Begin with nothing noted."""
        super().__init__(asyncio.get_running_loop(), self._look)
        self._shell = shell

    def dialling(self, timeouts: Timeouts, connection: Connection) -> None:
        """Ring when a limit on the present phase of a dial runs out."""
        self.note(min(dialling(timeouts, connection), key=itemgetter(1), default=NEVER)[1])

    def _look(self) -> float:
        shell = self._shell
        now = shell.touch()
        at = math.inf
        for exchange in tuple(shell.exchanges.values()):
            at = min(at, self._check(exchange, now))
        for connection in tuple(shell.connections.values()):
            at = min(at, self._check_dial(connection, now))
        shell.after()
        return at

    def _check(self, exchange: Exchange, now: float) -> float:
        if exchange.timeouts.mode == "node" or exchange.id not in self._shell.exchanges:
            return math.inf
        clock, at = self._first(exchange, now)
        connection = exchange.connection
        if at <= now and clock == "idle" and connection and connection.has_progressed(now):
            clock, at = self._first(exchange, now)
        if at > now:
            return at
        self._shell.time_out(exchange, self._error(clock, exchange, now))
        return math.inf

    def _first(self, exchange: Exchange, now: float) -> Deadline:
        return min(self._deadlines(exchange, now), key=itemgetter(1), default=NEVER)

    def _deadlines(self, exchange: Exchange, now: float) -> Iterator[Deadline]:
        timeouts, connection = exchange.timeouts, exchange.connection
        if timeouts.total is not None:
            yield "total", exchange.intended_at + timeouts.total
        if connection is None:
            if timeouts.queue is not None:
                yield "queue", exchange.queued_at + timeouts.queue
        elif timeouts.idle is not None:
            assert isinstance(connection, ClientConnection)
            yield "idle", connection.lived_at(exchange, now) + timeouts.idle

    def _check_dial(self, connection: Connection, now: float) -> float:
        timeouts = connection.timeouts
        is_dialling = connection.connected_at is None and not connection.dead
        if not is_dialling or timeouts is None or timeouts.mode == "node":
            return math.inf
        clock, at = min(dialling(timeouts, connection), key=itemgetter(1), default=NEVER)
        if at > now:
            return at
        self._shell.dial_failed(connection, connect_timeout(clock, timeouts, connection))
        return math.inf

    def _error(self, clock: str, exchange: Exchange, now: float) -> RequestTimeout:
        where, timeouts = exchange.origin.label, exchange.timeouts
        if clock == "total":
            late = f"not complete {timeouts.total:g} s after its intended start"
            return RequestTimeout(f"{where}: {late}", clock=clock)
        if clock == "idle":
            return RequestTimeout(f"{where}: no byte for {timeouts.idle:g} s", clock=clock)
        stats = self._shell.core.stats(exchange.key)
        waited = now - exchange.queued_at
        counts = "" if stats is None else f" ({stats.running} running, {stats.pending} pending)"
        return QueueTimeout(f"no connection for {where} after {waited:.1f} s{counts}")
