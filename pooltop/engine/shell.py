"""Performs what the pool core decides, on real sockets: the imperative half of an agent.

Order is everything here. Every callback of the loop ends in ``after``, which takes the core's
ticks (Node's process.nextTick) and then tells whoever waits for a response (Node's microtasks),
until neither is left. Sockets destroyed in one callback are seen closed in the next turn of the
loop, the last destroyed first (libuv's closing list is a stack): after whoever was told of an error
has been woken, and before anything that the network brings as a result.

Who is woken in time to ask again before the close is seen is who awaits the request itself, also
within ``asyncio.timeout``. Through a task in between (``gather``, before Python 3.12 ``wait_for``)
the word takes a turn of the loop more: Node's promises, which all come before the close, have no
such limit. More turns here would only move it, and let the network's own news in between.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, cast

from pooltop.core.events import OptionsChanged
from pooltop.core.hints import keep_alive_timeout
from pooltop.core.model import AgentOptions, Codec, Origin, RequestId, SocketId, Timeouts
from pooltop.core.pool import PoolCore
from pooltop.core.records import Failure
from pooltop.core.rules.agent_wide import Applied
from pooltop.core.states import CloseReason
from pooltop.engine import losses, stale_reuse
from pooltop.engine.clocks import Alarm
from pooltop.engine.codecs.base import ResponseEnd
from pooltop.engine.connection import Connection
from pooltop.engine.dialer import Dials
from pooltop.engine.dialling import Dialling
from pooltop.engine.keep_socket_alive import KeepSocketAlive, guarded
from pooltop.engine.link import READ_BYTES
from pooltop.engine.listeners import End, Listener, Listeners
from pooltop.engine.origin_memory import OriginMemory
from pooltop.engine.own_ways import OwnWays, idle_limit_ms
from pooltop.engine.performer import Performer
from pooltop.engine.request_alarm import RequestAlarm
from pooltop.engine.request_clocks import RequestClocks
from pooltop.engine.stream import ByteStream
from pooltop.engine.tally import Tally
from pooltop.errors import (
    AbortError,
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


class PoolShell:
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
        self._own = OwnWays() if own is None else own
        self.core = PoolCore(options)
        self.tally = Tally()
        self.codec = codec
        self.now = _now()
        """The time of the callback that is running, in monotonic seconds: read once in each."""
        self.connections: dict[SocketId, Connection] = {}
        self.exchanges: dict[RequestId, Exchange] = {}
        """Every request that is not settled, by id."""
        self.buffer = memoryview(bytearray(READ_BYTES))
        """What its connections read into, one at a time: no two threads may share one."""
        self._memory = OriginMemory(self.core, self.tally)
        self.targets = self._memory.targets
        """Where each origin key leads."""
        self.streams: set[ByteStream] = set()
        """Sockets that left the pool and are still open: their callers', closed with the agent."""
        self._loop = asyncio.get_running_loop()
        self.tls = tls
        """Secures its connections to https origins."""
        self._via = via
        self._ids = cast("Iterator[RequestId]", count(1))
        self._closing: list[SocketId] = []
        self._closes_are_due = False
        self._complete: deque[Exchange] = deque()
        self._after_is_due = False
        self._clocks = RequestClocks(
            self.core, self.connections, self._time_out, self._dial_timed_out
        )
        self._clock = RequestAlarm(self._loop, self._clocks_due, self._clocks)
        self._idle = Alarm(self._loop, self._idle_due)
        self._dials = Dialling(
            self.core,
            self.tally,
            dialer=dialer,
            tls=tls,
            via=via,
            silence_ms=self._silence_ms,
            failed=self._dial_ended,
        )
        performer = Performer(self, self._clock, self._dials)
        self._perform_one = performer.commands
        self._listeners = Listeners(performer.events)
        # The listeners' own, looked at in every step.
        self._handlers = self._listeners.by_kind
        self._untold = self._listeners.untold

    # The caller's side

    def ask_before_keeping(self, hook: KeepSocketAlive) -> None:
        """Ask the caller about every socket that is about to become idle: ``keep_socket_alive``."""
        self.core.keep_socket_alive = guarded(hook)

    def touch(self) -> float:
        """Read the clock at the start of something that no callback of the loop began."""
        self.now = _now()
        return self.now

    def subscribe(self, listener: Listener, kinds: Iterable[type] = ()) -> End:
        """Tell every event from now on; give the function that ends it: see ``Listeners``."""
        return self._listeners.subscribe(listener, kinds)

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

    def after_this_turn(self) -> None:
        """Let ``after`` run once the code that is running has returned to the loop."""
        if not self._after_is_due:
            self._after_is_due = True
            self._loop.call_soon(self._run_after)
        if self._closing:
            self._let_closes_be_seen()

    def after(self) -> None:
        """Take the ticks, then tell who waits for a response, until neither is left."""
        core = self.core
        ticks = core.ticks
        complete = self._complete
        while True:
            if ticks:
                core.tick(now=self.now)
                # Events alone can wait for the next commands: they are told in order either way.
                if core.commands:
                    self.perform()
            elif complete:
                complete.popleft().on_complete()
            else:
                break
        if core.events:
            self.perform()
        if self._closing:
            self._let_closes_be_seen()

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

    async def wait_closed(self) -> None:
        """Wait until every socket is closed: dials were cancelled, transports aborted."""
        await self._dials.wait_ended()
        # An aborted transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    def verifies(self, origin: Origin) -> bool:
        """Say whether the certificates of an https origin are checked."""
        return self.tls.verifies(origin)

    def own_limits(self, origin: Origin) -> Mapping[str, float]:
        """Give the limits that an origin has for itself, by the option's name."""
        return self._own.limits(origin)

    def own_limits_at_first(self, origin: Origin) -> Mapping[str, float]:
        """Give those that it had before any edit."""
        return self._own.limits_at_first(origin)

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

    def own_timeouts(self, origin: Origin) -> Timeouts | None:
        """Give the clocks that an origin's requests have for themselves; None for the agent's."""
        return self._own.timeouts(origin)

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

    def keep_session(self, connection: Connection) -> None:
        """Keep the TLS session, if the server has given one, for the origin's next connection."""
        if connection.tls is not None and not connection.session_kept:
            connection.session_kept = self.tls.remember(connection.origin, connection.tls)

    def drained(self, connection: Connection) -> None:
        """The kernel has everything that was written."""
        exchange = connection.exchange
        if exchange is not None and exchange.sent_at is None and not exchange.prepared.streamed:
            self._sent(exchange)
        elif exchange is not None:
            exchange.on_sent()

    def body_sent(self, exchange: Exchange) -> None:
        """A streamed body has ended and is with the kernel."""
        self._sent(exchange)
        self.after_this_turn()

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

    # Commands

    def perform(self) -> None:
        """Take what the core has decided: tell its events, and do its commands."""
        step = self.core.take()
        on = self._handlers
        for event in step.events:
            for handler in on[type(event)]:
                handler(event)
        perform = self._perform_one
        for command in step.commands:
            perform[type(command)](command)
        if self.core.deadline < self._idle.at:
            self._idle.note(self.core.deadline)
        if self._untold:
            self._listeners.tell()

    def see_closed(self, socket: SocketId) -> None:
        """Tell the core in the next turn that a destroyed socket is closed; ``after`` does it."""
        self._closing.append(socket)

    # What the loop calls

    def _run_after(self) -> None:
        self._after_is_due = False
        self.now = _now()
        self.after()

    def _let_closes_be_seen(self) -> None:
        # After who was told of an error has been woken (the module's head says who): asking again
        # at once, it is in the queue before its socket's close lets another origin have the place.
        if not self._closes_are_due:
            self._closes_are_due = True
            self._loop.call_soon(self._see_closes)

    def _see_closes(self) -> None:
        self._closes_are_due = False
        self.now = _now()
        # Whatever was done outside a callback of ours: its ticks come before these closes.
        self.after()
        closing, self._closing = self._closing, []
        for socket in reversed(closing):
            stale_reuse.judge(self, socket)
            self.core.closed(socket, now=self.now)
            self.perform()
            # Each is a callback of its own in Node: its ticks come before the next close. So the
            # socket opened for a queued request that was given up serves the one behind it.
            self.after()

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

    def _silence_ms(self, connection: Connection) -> float:
        record = losses.record_of(self, connection)
        return 0 if record is None else record.timeout_ms

    def _sent(self, exchange: Exchange) -> None:
        self.now = _now()
        exchange.sent_at = self.now
        exchange.on_sent()
        connection = exchange.connection
        if exchange.is_settled and connection is not None:
            connection.exchange = None
        self.core.request_sent(exchange.id, now=self.now)
        self.perform()
