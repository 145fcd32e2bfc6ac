"""Performs what the pool core decides, on real sockets: the imperative half of an agent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pooltop.core.detail import HostDetail, Watch
from pooltop.core.events import OptionsChanged
from pooltop.core.hints import keep_alive_timeout
from pooltop.core.model import AgentOptions, Codec, OriginKey, RequestId, SocketId, Timeouts
from pooltop.core.pool import PoolCore
from pooltop.core.records import Failure
from pooltop.core.rules.agent_wide import Applied
from pooltop.core.snapshot import OriginSnapshot
from pooltop.core.states import CloseReason, RequestState
from pooltop.engine import losses, stale_reuse
from pooltop.engine.codecs.base import ResponseEnd
from pooltop.engine.connection import Connection
from pooltop.engine.details import host_detail
from pooltop.engine.dialer import Dials
from pooltop.engine.dialling import Dialling
from pooltop.engine.keep_socket_alive import KeepSocketAlive, guarded
from pooltop.engine.levels import Levels
from pooltop.engine.origin_memory import OriginMemory
from pooltop.engine.own_ways import OwnWays, idle_limit_ms
from pooltop.engine.performer import Performer
from pooltop.engine.request_alarm import RequestAlarm
from pooltop.engine.request_clocks import RequestClocks
from pooltop.engine.shell_base import ShellBase
from pooltop.engine.snapshots import origin_snapshots
from pooltop.engine.stream import ByteStream
from pooltop.errors import (
    AbortError,
    OperatorError,
    PeerError,
    ProxyTunnelError,
    RequestError,
    RequestTimeout,
)

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.tls_sessions import TLSFactory
    from pooltop.engine.via_proxy import ProxyDialer

_now = time.monotonic
_WHOLE = ResponseEnd(keep=True, reason=None, hint=None)


class PoolShell(ShellBase):
    """One agent's sockets, requests and clocks. Not thread-safe: one event loop owns it."""

    def __init__(
        self,
        options: AgentOptions,
        *,
        dialer: Dials,
        tls: TLSFactory,
        codec: Codec = "h11",
        via: ProxyDialer | None = None,
        own: OwnWays | None = None,
    ) -> None:
        """Begin with no sockets; the running event loop is the one that is used."""
        self.core = PoolCore(options)
        super().__init__(self.core, tls=tls, codec=codec, own=OwnWays() if own is None else own)
        self._memory = OriginMemory(self.core, self.tally, self.targets)
        self._via = via
        self._clocks = RequestClocks(
            self.core, self.connections, self._time_out, self._dial_timed_out
        )
        self._clock = RequestAlarm(self._loop, self._clocks_due, self._clocks)
        dials = Dialling(
            lambda: self.core.options,
            self.tally,
            dialer=dialer,
            tls=tls,
            via=via,
            silence_ms=self._silence_ms,
            failed=self._dial_ended,
        )
        self._use(Performer(self, self._clock, dials), dials)

    # The caller's side

    def ask_before_keeping(self, hook: KeepSocketAlive) -> None:
        """Ask the caller about every socket that is about to become idle: ``keep_socket_alive``."""
        self.core.keep_socket_alive = guarded(hook)

    def submit(self, exchange: Exchange) -> None:
        """Admit a request at once. Its socket is attached when ``after`` runs."""
        # All that an exchange lacks or has wrong raises before anything of it is kept.
        timeouts = exchange.timeouts
        total, queue = timeouts.total, timeouts.queue
        request = exchange.id = next(self._ids)
        exchange.shell = self
        key = exchange.key
        if key not in self.targets:
            origin = exchange.origin
            self._memory.meet(key, origin)
            if limits := self._own.limits(origin):
                self.core.own_limits[key] = limits
            if (clocks := self._own.timeouts(origin)) is not None:
                self.core.own_idle_limits[key] = idle_limit_ms(clocks)
            if self._via is not None and self._via.tunnels(origin):
                self.core.tunnelled.add(key)
        tally = exchange.tally = self.tally.origins[key]
        tally.submitted += 1
        self.exchanges[request] = exchange
        core = self.core
        has_socket = core.submit(
            request, key, now=self.now, keep_alive=not exchange.prepared.wants_close
        )
        if core.commands:
            self.perform()
        # The comparison is note's own; made here it saves the call, as in most cases it must.
        if total is not None and exchange.intended_at + total < self._clock.at:
            self._clock.note(exchange.intended_at + total)
        if not has_socket and queue is not None:
            self._clock.note(self.now + queue)

    def abort(self, exchange: Exchange, cause: RequestError | None = None) -> None:
        """Give a request up, as Node's req.destroy() does.

        After its response only the sending of its body can be given up, and the socket with it.
        """
        self.now = _now()
        if exchange.is_settled:
            if exchange.connection is not None and exchange.is_sending:
                self.lost(exchange.connection, CloseReason.ABORTED, None)
                self.after_this_turn()
            return
        cause = cause or PeerError("socket hang up")
        exchange.cause = cause
        self.core.abort(exchange.id, now=self.now, code=cause.code, message=str(cause))
        self.perform()
        self.after_this_turn()

    def set_options(self, options: AgentOptions, *, by: str) -> OptionsChanged:
        """Change options live; gives what happened at once."""
        self.now = _now()
        changed = self.core.set_options(options, now=self.now, by=by)
        self.perform()
        if options.timeout > 0:
            self._clock.note(self.now + options.timeout / 1000)
        self.after_this_turn()
        return changed

    def destroy(self) -> None:
        """Node's agent.destroy(): every socket goes, the queue stays and opens new ones."""
        self.now = _now()
        self.core.destroy(now=self.now)
        self.perform()
        self.after_this_turn()

    def close_for_good(self) -> None:
        """Fail the queue, abort what runs, destroy every socket: nothing is opened after it."""
        self.now = _now()
        for exchange in self.exchanges.values():
            exchange.cause = AbortError("the agent was closed", code="ERR_AGENT_CLOSED")
        error = Failure("ERR_AGENT_CLOSED", "the agent was closed")
        self.core.forget_queue(now=self.now, code=error.code, message=error.message)
        self.perform()
        self.core.destroy(now=self.now, error=error)
        self.perform()
        while self._closing:
            self._see_closes()
        for connection in self.connections.values():
            connection.abort()
        for stream in tuple(self.streams):
            stream.abort()
        self._clock.cancel()
        self._idle.cancel()

    def own_limits_changed(self, host: str) -> Applied:
        """Take the limits anew that a host has for itself; gives what happened at once.

        Args:
            host: ``host:port`` of where connections lead.
        """
        self.now = _now()
        keys = [key for key, origin in self.targets.items() if origin.authority == host]
        limits = dict.fromkeys(keys, self._own.limits_of(host))
        done = self.core.set_own_limits(limits, now=self.now)
        self.perform()
        self.after_this_turn()
        return done

    # What is asked about it

    def origins(
        self, at: float, heads: Mapping[OriginKey, int], head: int
    ) -> tuple[OriginSnapshot, ...]:
        """Give the picture of every origin: see ``ShellBase``."""
        return origin_snapshots(self, at, heads, head)

    def detail(self, watch: Watch, pace: float | None) -> HostDetail:
        """Give what is told of one host: see ``ShellBase``."""
        return host_detail(self, watch, pace)

    def levels(self) -> Iterator[tuple[OriginKey, Levels]]:
        """Give how full the pool of each origin is."""
        for key, origin in self.core.origins.items():
            oldest = next(iter(origin.queue.values()), None)
            yield (
                key,
                Levels(
                    queued=len(origin.queue),
                    oldest_queued_at=None if oldest is None else oldest.queued_at,
                    in_use=len(origin.sockets),
                    free=len(origin.free),
                    total=origin.count,
                ),
            )

    def running_on(self, connection: Connection) -> list[RequestId]:
        """Give the request that a socket carries, or is opened for."""
        record = losses.record_of(self, connection)
        return [] if record is None or record.request is None else [record.request.id]

    def socket_of(self, request: RequestId) -> SocketId | None:
        """Give the socket of a request: see ``ShellBase``."""
        record = self.core.requests[request]
        if record.state is RequestState.ENDED:
            raise KeyError(request)
        return None if record.socket is None else record.socket.id

    def queue_of(self, origin: OriginKey) -> list[RequestId]:
        """Give the requests that wait for an origin, the oldest first."""
        record = self.core.waiting.get(origin)
        return [] if record is None else list(record.queue)

    # What an operator does

    def cancel(self, request: RequestId, error: OperatorError) -> None:
        """Fail a request at once: unlike Node's ``req.destroy()``, also a queued one."""
        self.core.cancel(
            request, now=self.touch(), code=error.code, message=str(error), outcome=error.outcome
        )
        self.perform()
        self.after_this_turn()

    def clear_queue(self, origin: OriginKey, error: OperatorError) -> None:
        """Fail every request that waits for an origin."""
        self.core.clear_queue(
            origin, now=self.touch(), code=error.code, message=str(error), outcome=error.outcome
        )
        self.perform()
        self.after_this_turn()

    # The connections' side

    def connected(self, connection: Connection) -> None:
        """The socket can carry bytes."""
        self.tally.origins[connection.origin.key].carries(connection, self.now)
        self.core.connected(connection.id, now=self.now)
        self.perform()
        exchange = connection.exchange
        if exchange is not None:
            self._clock.connected(exchange, self.now)

    def note_connect(self, timeouts: Timeouts, connection: Connection) -> None:
        """A dial is in its next phase, with a limit of its own."""
        self._clock.dialling(timeouts, connection)

    def dial_failed(self, connection: Connection, error: RequestError) -> None:
        """The socket could not be connected."""
        losses.lose(self, connection, CloseReason.CONNECT_FAILED, error)

    def lost(self, connection: Connection, reason: CloseReason, error: RequestError | None) -> None:
        """The socket is of no further use."""
        exchange = connection.exchange
        if exchange is not None and not exchange.is_settled and exchange.is_whole:
            # Only its reader is behind: nothing that happens to the socket can spoil it.
            # Source: Node v24 lib/_http_client.js socketCloseListener.
            self.response_ended(exchange, _WHOLE)
        losses.lose(self, connection, reason, error)

    def peer_ended(self, connection: Connection) -> None:
        """The peer begins to close, no response being under way."""
        self.core.peer_ended(connection.id, now=self.now)
        self.perform()

    def finished(self, connection: Connection) -> None:
        """A socket that was to close once written is closed."""
        self.core.closed(connection.id, now=self.now)
        self.perform()

    def response_ended(self, exchange: Exchange, end: ResponseEnd) -> None:
        """The response is complete and was read."""
        connection = exchange.connection
        if connection is None or exchange.ended_at is not None:
            return
        now = exchange.ended_at = self.now
        hint = None
        if end.hint is not None:
            connection.hint = end.hint
            hint = keep_alive_timeout(end.hint)
        exchange.tally.completed(exchange)
        connection.remember(exchange, "", now)
        if connection.tls is not None and exchange.nth == 1:
            self.keep_session(connection)
        del self.exchanges[exchange.id]
        core = self.core
        is_sent = exchange.sent_at is not None
        if is_sent:
            connection.exchange = None
        else:
            self._clock.answered_early(exchange, now)
        core.response_ended(exchange.id, now=now, reason=end.reason, hint_s=hint, sent=is_sent)
        if core.commands:
            self.perform()
        self._complete.append(exchange)

    def switched(self, exchange: Exchange, early: bytes) -> ByteStream:
        """Give the socket to the caller: what follows on it is no HTTP.

        Args:
            exchange: whose response it was; it is settled by this.
            early: what came behind the head.
        """
        connection = exchange.connection
        assert connection is not None
        exchange.ended_at = self.now
        exchange.tally.completed(exchange)
        if connection.tls is not None and exchange.nth == 1:
            self.keep_session(connection)
        del self.exchanges[exchange.id]
        stream = ByteStream(connection, early, on_lost=self.streams.discard)
        self.streams.add(stream)
        # At once, as Node's 'agentRemove': whoever the queue brings is dialled for before the
        # caller has seen the stream.
        self.core.detach(exchange.id, now=self.now)
        self.perform()
        return stream

    def _idle_due(self) -> float:
        self.now = _now()
        self.core.expire(now=self.now)
        self.perform()
        self.after()
        return self.core.deadline

    def _clocks_due(self) -> float:
        self.now = _now()
        deadline = self._clock.look(self.exchanges.values(), self.now)
        self.after()
        return deadline

    def _time_out(self, exchange: Exchange, error: RequestTimeout) -> None:
        if exchange.is_settled:
            # Only the sending of its body is left, and the socket with it.
            assert exchange.connection is not None
            self.lost(exchange.connection, CloseReason.TIMED_OUT, None)
            return
        exchange.cause = error
        self.core.time_out(
            exchange.id, now=self.now, code=error.code, message=str(error), outcome=error.outcome
        )
        self.perform()

    def _dial_timed_out(self, connection: Connection, error: RequestTimeout) -> None:
        losses.lose(self, connection, CloseReason.TIMED_OUT, error)

    def _dial_ended(self, connection: Connection, error: RequestError) -> None:
        """Take what a dial failed with; the connection may have been given up meanwhile."""
        self.now = _now()
        if isinstance(error, ProxyTunnelError) and error.timed_out:
            exchange = losses.asking(self, connection)
            if exchange is not None:
                exchange.hears_timeout = True  # whatever it was set to: handleSocketAfterProxy
                self._clocks.tell_silence(exchange, connection, self.now, ends_tunnel=True)
        if not connection.dead:
            self.dial_failed(connection, error)
            self.after()

    # Its own

    def _judge(self, socket: SocketId) -> None:
        stale_reuse.judge(self, socket)

    def _silence_ms(self, connection: Connection) -> float:
        record = losses.record_of(self, connection)
        return 0 if record is None else record.timeout_ms

    def _sent(self, exchange: Exchange) -> None:
        super()._sent(exchange)
        connection = exchange.connection
        if exchange.is_settled and connection is not None:
            connection.exchange = None
        self.core.request_sent(exchange.id, now=self.now)
        self.perform()
