"""Does what undici's core commands, and takes its events to the exchanges they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pooltop.core import commands as cmd
from pooltop.core.events import (
    RequestAssigned,
    RequestFailed,
    RequestQueued,
    RequestRequeued,
    SessionGoingAway,
    SessionPinged,
    SocketClosed,
    SocketConnected,
    SocketOpened,
)
from pooltop.core.states import AssignReason, CloseReason
from pooltop.core.undici import failures
from pooltop.core.undici.balanced import BalancedPool
from pooltop.engine.undici.causes import error_of
from pooltop.engine.undici.client_connection import ClientConnection
from pooltop.errors import PeerError, RequestError

if TYPE_CHECKING:
    from pooltop.engine.dialling import Dialling
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.undici.shell import DispatcherShell

_NEW = AssignReason.NEW


class Performer:
    """One shell's hands: holds nothing of its own."""

    def __init__(self, shell: DispatcherShell, dials: Dialling) -> None:
        """Keep what commands are about.

        Args:
            shell: its connections and exchanges are added and dropped here.
            dials: what opens the sockets.
        """
        self._shell = shell
        self._dials = dials
        tally = shell.tally
        self.commands: dict[type, Callable[[Any], None]] = {  # Any: each takes its own kind
            cmd.Open: self._open,
            cmd.Send: self._send,
            cmd.Settle: self._settle,
            cmd.Destroy: self._destroy,
            cmd.Reset: self._reset,
            cmd.Ping: self._ping,
        }
        """What performs a command, by its kind."""
        self.events: dict[type, Callable[[Any], None]] = {
            RequestQueued: tally.queued,
            RequestAssigned: self._assigned,
            RequestFailed: tally.failed,
            RequestRequeued: self._requeued,
            SessionGoingAway: self._goes_away,
            SessionPinged: self._pinged,
            SocketOpened: tally.opened,
            SocketConnected: tally.connected,
            SocketClosed: self._closed,
        }
        """What takes an event to what it is about, by its kind; before the step's commands."""
        if isinstance(shell.core.root, BalancedPool):
            self.events[RequestAssigned] = self._assigned_to_one
            self.events[RequestFailed] = self._failed_at_one

    # Commands

    def _open(self, command: cmd.Open) -> None:
        shell = self._shell
        connection = shell.new_connection(command)
        shell.connections[command.socket] = connection
        exchange = shell.exchanges.get(command.request)
        if exchange is not None:
            connection.timeouts = exchange.timeouts
            shell.clock.dialling(exchange.timeouts, connection)
        self._dials.start(connection)

    def _send(self, command: cmd.Send) -> None:
        shell = self._shell
        exchange = shell.exchanges[command.request]
        connection = shell.connections[command.socket]
        assert isinstance(connection, ClientConnection)
        exchange.connection = connection
        idle = exchange.timeouts.idle
        if idle is not None:
            shell.clock.note(shell.now + idle)
        if exchange.hears_steps:
            exchange.on_attached()
        connection.write(exchange, close=command.close, stream=command.stream)

    def _settle(self, command: cmd.Settle) -> None:
        shell = self._shell
        exchange = shell.exchanges.pop(command.request)
        exchange.ended_at = shell.now
        error = self._error_of(exchange, command)
        connection = exchange.connection
        if connection is not None:
            assert isinstance(connection, ClientConnection)
            connection.remember(exchange, error.outcome or error.code, shell.now)
            if connection.h2 is not None:
                connection.drop(exchange)
        exchange.on_failed(error)

    def _error_of(self, exchange: Exchange, command: cmd.Settle) -> RequestError:
        # More may be known than the code, if it is not overtaken: one that was given up while it
        # waited fails with the next dial that does.
        for known in (exchange.cause, self._shell.blame, self._shell.ends.blame):
            if known is not None and known.code == command.code:
                return known
        return error_of(command.code, command.message)

    def _destroy(self, command: cmd.Destroy) -> None:
        self._shell.connections[command.socket].abort()
        self._shell.see_closed(command.socket)

    def _reset(self, command: cmd.Reset) -> None:
        connection = self._shell.connections[command.socket]
        assert isinstance(connection, ClientConnection)
        exchange = self._shell.exchanges.get(command.request)
        if connection.h2 is not None and not connection.dead:
            connection.h2.reset(command.stream, command.code)
        if exchange is not None:
            connection.drop(exchange)

    def _ping(self, command: cmd.Ping) -> None:
        connection = self._shell.connections[command.socket]
        assert isinstance(connection, ClientConnection)
        if connection.h2 is not None and not connection.dead:
            connection.h2.ask()

    # Events

    def _assigned(self, event: RequestAssigned) -> None:
        exchange = self._shell.exchanges[event.request]
        exchange.assigned_at = event.at
        exchange.waited = event.waited
        exchange.nth = event.nth
        exchange.reused = event.reason is not _NEW
        tally = exchange.tally
        tally.assigned += 1
        if event.nth > 1:
            tally.reused += 1
        if event.waited:
            tally.queue.record(event.waited)

    def _assigned_to_one(self, event: RequestAssigned) -> None:
        self._follow(event)
        self._assigned(event)

    def _failed_at_one(self, event: RequestFailed) -> None:
        self._follow(event)
        self._shell.tally.failed(event)

    def _follow(self, event: RequestAssigned | RequestFailed) -> None:
        """Count a request where it came to, that waited under another upstream's name."""
        exchange, tally = self._shell.exchanges[event.request], self._shell.tally.origins[event.key]
        if exchange.tally is not tally:
            exchange.tally.passed -= 1
            tally.passed += 1
            exchange.tally = tally

    def _requeued(self, event: RequestRequeued) -> None:
        exchange = self._shell.exchanges.get(event.request)
        if exchange is None:
            return  # given up while it ran: it is dropped at its turn
        exchange.tally.requeued += 1
        exchange.retried = True
        exchange.cause = None
        connection = exchange.connection
        if isinstance(connection, ClientConnection) and connection.h2 is not None:
            connection.drop(exchange)
        exchange.queued_at = event.at
        has_its_body = exchange.has_its_body
        exchange.on_requeued()
        if not has_its_body:
            # undici sends it again without a body. A body that was streamed is not here twice.
            message = "its connection went, and its streamed body with it"
            gone = PeerError(message, code=failures.SOCKET)
            asyncio.get_running_loop().call_soon(self._shell.abort, exchange, gone)
        if exchange.timeouts.queue is not None:
            self._shell.clock.note(event.at + exchange.timeouts.queue)

    def _goes_away(self, event: SessionGoingAway) -> None:
        self._shell.tally.origins[event.key].goaways += 1

    def _pinged(self, event: SessionPinged) -> None:
        self._shell.tally.origins[event.key].pings += 1

    def _closed(self, event: SocketClosed) -> None:
        connection = self._shell.connections.pop(event.socket)
        if not connection.dead and event.reason is not CloseReason.DETACHED:
            connection.abort()  # its dial failed
        self._shell.tally.closed(event, connection)
