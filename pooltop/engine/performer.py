"""What each command of the pool core means on a real socket, and each event to its exchange.

The core names sockets and requests by number; here the numbers become connections and exchanges.
A connection is made when its dial is commanded and dropped when the core says that it is closed;
an exchange is dropped when it is settled. Nothing here is told to the core at once: that would be
an input in the middle of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pooltop.core import commands as cmd
from pooltop.core.events import (
    RequestAssigned,
    RequestFailed,
    RequestQueued,
    RequestRetried,
    SocketClosed,
    SocketConnected,
    SocketOpened,
    TimeoutRaised,
    TunnelFailed,
)
from pooltop.core.model import OriginKey
from pooltop.core.states import AssignReason
from pooltop.engine.codecs.factory import make_codec
from pooltop.engine.connection import Connection
from pooltop.engine.options import MOST_TIMEOUT_MS
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from pooltop.engine.dialling import Dialling
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.request_alarm import RequestAlarm
    from pooltop.engine.shell import PoolShell

_REUSED = AssignReason.REUSED


class Performer:
    """One shell's hands: holds nothing of its own."""

    def __init__(self, shell: PoolShell, clock: RequestAlarm, dials: Dialling) -> None:
        """Keep what commands are about.

        Args:
            shell: its connections and exchanges are added and dropped here.
            clock: told of every limit that begins to run.
            dials: what opens the sockets.
        """
        self._shell = shell
        self._core = shell.core
        self._tally = shell.tally
        self._connections = shell.connections
        self._exchanges = shell.exchanges
        self._clock = clock
        self._dials = dials
        self.commands: dict[type, Callable[[Any], None]] = {  # Any: each takes its own kind
            cmd.Open: self._open,
            cmd.Send: self._send,
            cmd.Settle: self._settle,
            cmd.Destroy: self._destroy,
            cmd.Finish: self._finish,
        }
        """What performs a command, by its kind."""
        tally = self._tally
        self.events: dict[type, Callable[[Any], None]] = {
            RequestQueued: tally.queued,
            RequestAssigned: self._assigned,
            RequestFailed: tally.failed,
            RequestRetried: self._retried,
            SocketOpened: tally.opened,
            TunnelFailed: self._tunnel_failed,
            SocketConnected: tally.connected,
            SocketClosed: self._closed,
            TimeoutRaised: tally.timed_out,
        }
        """What takes an event to what it is about, by its kind; before the step's commands."""

    # Commands

    def _open(self, command: cmd.Open) -> None:
        shell = self._shell
        exchange = self._exchanges.get(command.request)
        # The request's own: what is not in the key (a passphrase) may differ from the first one's.
        origin = shell.targets[command.key] if exchange is None else exchange.origin
        connection = Connection(command.socket, origin, shell, make_codec(shell.codec), shell.now)
        self._connections[command.socket] = connection
        if exchange is not None and (timeout_ms := _own_timeout_ms(exchange)):
            self._core.set_dial_timeout(command.socket, timeout_ms=timeout_ms)
        asking = exchange or self._oldest_waiting(command.key)
        if asking is not None:
            connection.timeouts = asking.timeouts
            self._clock.dialling(asking.timeouts, connection)
        self._dials.start(connection)

    def _send(self, command: cmd.Send) -> None:
        exchange = self._exchanges[command.request]
        connection = self._connections[command.socket]
        exchange.connection = connection
        now = self._shell.now
        clock = self._clock
        if connection.connected_at is None:
            # The dial may have begun for another request, one that was given up.
            clock.dialling(exchange.timeouts, connection)
        idle = exchange.timeouts.idle
        if idle is not None:
            if exchange.timeouts.mode == "node":
                self._core.set_timeout(exchange.id, timeout_ms=_own_timeout_ms(exchange))
            # The comparison is note's own; made here it saves the call, as in most cases it must.
            if now + idle < clock.at:
                clock.note(now + idle)
        timeout = self._core.sockets[command.socket].timeout_ms / 1000
        if timeout > 0:
            exchange.hears_timeout = idle is not None or self._core.options.timeout > 0
            if now + timeout < clock.at:
                clock.note(now + timeout)
        if exchange.hears_steps:
            exchange.on_attached()
        connection.send(exchange)

    def _settle(self, command: cmd.Settle) -> None:
        exchange = self._exchanges.pop(command.request)
        exchange.ended_at = self._shell.now
        error = exchange.cause or PeerError(command.message, code=command.code)
        if exchange.connection is not None:
            exchange.connection.remember(exchange, error.outcome or error.code, self._shell.now)
        exchange.on_failed(error)

    def _destroy(self, command: cmd.Destroy) -> None:
        self._connections[command.socket].abort()
        self._shell.see_closed(command.socket)

    def _finish(self, command: cmd.Finish) -> None:
        self._connections[command.socket].finish()

    def _oldest_waiting(self, key: OriginKey) -> Exchange | None:
        """Give the first in a queue that is not settled; None when there is nobody."""
        queue = self._core.origins[key].queue
        return next((self._exchanges[r] for r in queue if r in self._exchanges), None)

    # Events

    def _assigned(self, event: RequestAssigned) -> None:
        exchange = self._exchanges.get(event.request)
        if exchange is None:
            return  # settled when its tunnel failed, and in the queue until now (uncounted.py)
        exchange.assigned_at = event.at
        exchange.waited = event.waited
        exchange.nth = event.nth
        exchange.reused = event.reason is _REUSED
        tally = exchange.tally
        tally.assigned += 1
        if event.nth > 1:
            tally.reused += 1
        if event.waited:
            tally.queue.record(event.waited)

    def _retried(self, event: RequestRetried) -> None:
        exchange = self._exchanges[event.request]
        exchange.retried = True
        exchange.earlier_s = event.at - self._core.requests[event.request].submitted_at
        exchange.tally.retried += 1
        # As if it had never been sent, but for its intended start, from where the total counts.
        exchange.cause = exchange.connection = exchange.assigned_at = exchange.sent_at = None
        exchange.timeout_told = False
        if exchange.timeouts.queue is not None:
            self._clock.note(self._shell.now + exchange.timeouts.queue)
        if exchange.timeouts.total is not None:  # forgotten if it was looked at on a dying socket
            self._clock.note(exchange.intended_at + exchange.timeouts.total)

    def _closed(self, event: SocketClosed) -> None:
        connection = self._connections.pop(event.socket)
        self._tally.closed(event, connection)

    def _tunnel_failed(self, event: TunnelFailed) -> None:
        self._connections.pop(event.socket).abort()


def _own_timeout_ms(exchange: Exchange) -> float:
    """Give Node's req.timeout, in mode "node" the idle clock; 0 for none and for one that is 0."""
    timeouts = exchange.timeouts
    own = timeouts.idle if timeouts.mode == "node" else None
    return 0.0 if own is None else min(own * 1000, MOST_TIMEOUT_MS)
