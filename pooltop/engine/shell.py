"""Performs what the pool core decides, on real sockets: the imperative half of an agent.

Order is everything here. Every callback of the loop ends in ``after``, which takes the core's
ticks (Node's process.nextTick) and then tells whoever waits for a response (Node's microtasks),
until neither is left. Sockets destroyed in one callback are seen closed at the start of the next
turn of the loop, the last destroyed first (libuv's closing list is a stack), and so before
anything that the network brings as a result.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from pooltop.core import commands as cmd
from pooltop.core.events import (
    EVENT_KINDS,
    OptionsChanged,
    PoolEvent,
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
from pooltop.core.hints import keep_alive_timeout
from pooltop.core.model import AgentOptions, Codec, Origin, OriginKey, RequestId, SocketId
from pooltop.core.pool import PoolCore
from pooltop.core.records import Failure, SocketRecord
from pooltop.core.states import AssignReason, CloseReason
from pooltop.engine.clocks import Alarm
from pooltop.engine.codecs.base import ResponseEnd
from pooltop.engine.codecs.factory import make_codec
from pooltop.engine.connection import Connection
from pooltop.engine.dialer import Dials
from pooltop.engine.link import READ_BYTES
from pooltop.engine.options import MOST_TIMEOUT_MS
from pooltop.engine.oserror import network_error
from pooltop.engine.request_clocks import RequestClocks
from pooltop.engine.stream import ByteStream
from pooltop.engine.tally import Tally
from pooltop.errors import (
    AbortError,
    NetworkError,
    PeerError,
    PooltopError,
    ProxyTunnelError,
    RequestError,
    RequestTimeout,
    StaleReuseError,
)

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.tls_sessions import TLSFactory
    from pooltop.engine.via_proxy import ProxyDialer

MOST_ORIGINS = 1000
"""With so many, those that have no socket and no request are forgotten, their counters too."""

_now = time.monotonic
_log = logging.getLogger(__name__)
_REUSED = AssignReason.REUSED
_STALE: dict[CloseReason | None, str] = {
    CloseReason.PEER_FIN: "the server closed a kept-alive socket as it was reused",
    CloseReason.PEER_RESET: "the server reset a kept-alive socket as it was reused",
    CloseReason.IDLE_TIMEOUT: "a kept-alive socket's idle timeout closed it as it was reused",
    CloseReason.DIRTY_IDLE: "bytes while idle closed a kept-alive socket as it was reused",
}
"""Why a socket that is given to a request can be dead already."""
_SOCKET_BROKE = (CloseReason.CONNECT_FAILED, CloseReason.PEER_RESET)
_Ends = Callable[[], None]
_WHOLE = ResponseEnd(keep=True, reason=None, hint=None)
Listener = Callable[[PoolEvent], None]
KeepSocketAlive = Callable[[SocketId], bool | float | None]


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
    ) -> None:
        """Begin with no sockets; the running event loop is the one that is used."""
        self.core = PoolCore(options)
        self.tally = Tally()
        self.codec = codec
        self.now = _now()
        """The time of the callback that is running, in monotonic seconds: read once in each."""
        self.connections: dict[SocketId, Connection] = {}
        self.exchanges: dict[RequestId, Exchange] = {}
        """Every request that is not settled, by id."""
        self._sending: list[Exchange] = []
        """Settled ones that are still being sent and that a clock runs for."""
        self.buffer = memoryview(bytearray(READ_BYTES))
        """What its connections read into, one at a time: no two threads may share one."""
        self.targets: dict[OriginKey, Origin] = {}
        """Where each origin key leads."""
        self.streams: set[ByteStream] = set()
        """Sockets that left the pool and are still open: their callers', closed with the agent."""
        self._most_origins = MOST_ORIGINS
        tally = self.tally
        self._handlers: dict[type, tuple[Listener, ...]] = dict.fromkeys(EVENT_KINDS, ())
        ours: dict[type, Callable[[Any], None]] = {  # Any: each takes its own kind
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
        for kind, handler in ours.items():
            self._handlers[kind] = (handler,)
        self._loop = asyncio.get_running_loop()
        self._dialer = dialer
        self._tls = tls
        self._via = via
        self._ids = cast("Iterator[RequestId]", count(1))
        self._dials: set[asyncio.Task[None]] = set()
        self._closing: list[SocketId] = []
        self._complete: deque[Exchange] = deque()
        self._after_is_due = False
        self._untold: deque[tuple[Listener, Any]] = deque()
        """Events that subscribers have still to be told."""
        self._is_telling = False
        self._clocks = RequestClocks(self.core, self.connections, self._time_out)
        self._clock = Alarm(self._loop, self._clocks_due)
        self._idle = Alarm(self._loop, self._idle_due)
        self._perform_one: dict[type, Callable[[Any], None]] = {
            cmd.Open: self._open,
            cmd.Send: self._send,
            cmd.Settle: self._settle,
            cmd.Destroy: self._destroy,
            cmd.Finish: self._finish,
        }

    # The caller's side

    def ask_before_keeping(self, hook: KeepSocketAlive) -> None:
        """Ask the caller about every socket that is about to become idle.

        Args:
            hook: Node's ``agent.keepSocketAlive``; what it raises is logged, and closes. No
                number of 0 or more and no bool: as None.
        """

        def ask(socket: SocketId) -> bool | float | None:
            try:
                answer = hook(socket)
            except Exception:  # noqa: BLE001 - whatever it raises
                _log.exception("keep_socket_alive raised: the socket is closed")
                return False
            # Callers are not all checked by a type checker: what means nothing changes nothing.
            if isinstance(answer, (int, float)) and 0 <= answer < math.inf:
                return min(answer, MOST_TIMEOUT_MS)
            return None

        self.core.keep_socket_alive = ask

    def touch(self) -> float:
        """Read the clock at the start of something that no callback of the loop began."""
        self.now = _now()
        return self.now

    def subscribe(self, listener: Listener, kinds: Iterable[type] = ()) -> Callable[[], None]:
        """Tell every event from now on; give the function that ends it.

        Args:
            listener: must be quick; if it raises it is logged and dropped.
            kinds: the event classes it wants; none means all of them. What nobody wants costs
                nothing, and the everyday events of a request are wanted by few.
        """
        return self._guard(listener, tuple(kinds) or EVENT_KINDS)

    def submit(self, exchange: Exchange) -> None:
        """Admit a request at once. Its socket is attached when ``after`` runs."""
        request = exchange.id = next(self._ids)
        exchange.shell = self
        self.exchanges[request] = exchange
        key = exchange.key
        if key not in self.targets:
            if len(self.targets) >= self._most_origins:
                self._forget_unused_origins()
            self.targets[key] = origin = exchange.origin
            if self._via is not None and self._via.tunnels(origin):
                self.core.tunnelled.add(key)
        tally = exchange.tally = self.tally.origins[key]
        tally.submitted += 1
        core = self.core
        has_socket = core.submit(
            request, key, now=self.now, keep_alive=not exchange.prepared.wants_close
        )
        if core.commands:
            self._perform()
        timeouts = exchange.timeouts
        total = timeouts.total
        # The comparison is note's own; made here it saves the call, as in most cases it must.
        if total is not None and exchange.intended_at + total < self._clock.at:
            self._clock.note(exchange.intended_at + total)
        if not has_socket and timeouts.queue is not None:
            self._clock.note(self.now + timeouts.queue)

    def after_this_turn(self) -> None:
        """Let ``after`` run once the code that is running has returned to the loop."""
        if not self._after_is_due:
            self._after_is_due = True
            self._loop.call_soon(self._run_after)

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
                    self._perform()
            elif complete:
                complete.popleft().on_complete()
            else:
                break
        if core.events:
            self._perform()

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
        self._perform()
        self.after_this_turn()

    def set_options(self, options: AgentOptions, *, by: str) -> OptionsChanged:
        """Change options live; gives what happened at once."""
        self.now = _now()
        changed = self.core.set_options(options, now=self.now, by=by)
        self._perform()
        if options.timeout > 0:
            self._note_agent_timeouts()
        self.after_this_turn()
        return changed

    def destroy(self) -> None:
        """Node's agent.destroy(): every socket goes, the queue stays and opens new ones."""
        self.now = _now()
        self.core.destroy(now=self.now)
        self._perform()
        self.after_this_turn()

    def close_for_good(self) -> None:
        """Fail the queue, abort what runs, destroy every socket: nothing is opened after it."""
        self.now = _now()
        for exchange in self.exchanges.values():
            exchange.cause = AbortError("the agent was closed", code="ERR_AGENT_CLOSED")
        error = Failure("ERR_AGENT_CLOSED", "the agent was closed")
        self.core.forget_queue(now=self.now, code=error.code, message=error.message)
        self._perform()
        self.core.destroy(now=self.now, error=error)
        self._perform()
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
        await asyncio.gather(*self._dials, return_exceptions=True)
        # An aborted transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    def verifies(self, origin: Origin) -> bool:
        """Say whether the certificates of an https origin are checked."""
        return self._tls.verifies(origin)

    # The connections' side

    def connected(self, connection: Connection) -> None:
        """The socket can carry bytes."""
        tally = self.tally.origins[connection.origin.key]
        tally.connect.record(self.now - connection.opened_at)
        self.core.connected(connection.id, now=self.now)
        self._perform()
        exchange = connection.exchange
        if exchange is not None and exchange.timeouts.idle is not None:
            # It begins here: noted when the dial began, its time may have come and gone since.
            self._clock.note(self.now + exchange.timeouts.idle)

    def dial_failed(self, connection: Connection, error: RequestError) -> None:
        """The socket could not be connected."""
        self._lose(connection, CloseReason.CONNECT_FAILED, error)

    def lost(self, connection: Connection, reason: CloseReason, error: RequestError | None) -> None:
        """The socket is of no further use."""
        exchange = connection.exchange
        if exchange is not None and not exchange.is_settled and exchange.is_whole:
            # Only its reader is behind: nothing that happens to the socket can spoil it.
            # Source: Node v24 lib/_http_client.js socketCloseListener.
            self.response_ended(exchange, _WHOLE)
        self._lose(connection, reason, error)

    def peer_ended(self, connection: Connection) -> None:
        """The peer begins to close, no response being under way."""
        self.core.peer_ended(connection.id, now=self.now)
        self._perform()

    def finished(self, connection: Connection) -> None:
        """A socket that was to close once written is closed."""
        self.core.closed(connection.id, now=self.now)
        self._perform()

    def keep_session(self, connection: Connection) -> None:
        """Keep the TLS session, if the server has given one, for the origin's next connection."""
        if connection.tls is not None:
            self._tls.remember(connection.origin, connection.tls)

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
        if connection.tls is not None and exchange.nth == 1:
            self.keep_session(connection)
        del self.exchanges[exchange.id]
        core = self.core
        is_sent = exchange.sent_at is not None
        if is_sent:
            connection.exchange = None
        else:
            self._still_sending(exchange)
        core.response_ended(exchange.id, now=now, reason=end.reason, hint_s=hint, sent=is_sent)
        if core.commands:
            self._perform()
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
        self._perform()
        return stream

    # Commands

    def _perform(self) -> None:
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
        if self._untold and not self._is_telling:
            self._tell()

    def _tell(self) -> None:
        """Tell the subscribers, the commands being done: they may look, and even edit."""
        self._is_telling = True
        try:
            while self._untold:
                listener, event = self._untold.popleft()
                listener(event)
        finally:
            self._is_telling = False

    def _assigned(self, event: RequestAssigned) -> None:
        exchange = self.exchanges.get(event.request)
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
        exchange = self.exchanges[event.request]
        exchange.retried = True
        exchange.tally.retried += 1
        # As if it had never been sent, but for its intended start, from where the total counts.
        exchange.cause = exchange.connection = exchange.assigned_at = exchange.sent_at = None
        exchange.timeout_told = False
        if exchange.timeouts.queue is not None:
            self._clock.note(self.now + exchange.timeouts.queue)

    def _closed(self, event: SocketClosed) -> None:
        connection = self.connections.pop(event.socket)
        self.tally.closed(event, connection)

    def _tunnel_failed(self, event: TunnelFailed) -> None:
        self.connections.pop(event.socket).abort()

    def _guard(self, listener: Listener, kinds: tuple[type, ...]) -> _Ends:
        """Put a listener on the list, so that what it raises ends it and nothing else."""
        is_on = True

        def later(event: PoolEvent) -> None:
            self._untold.append((guarded, event))

        def guarded(event: PoolEvent) -> None:
            if not is_on:
                return
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - whatever it raises
                _log.exception("a subscriber raised; it is told nothing more")
                end()

        def end() -> None:
            nonlocal is_on
            is_on = False
            for kind in kinds:
                self._handlers[kind] = tuple(h for h in self._handlers[kind] if h is not later)

        for kind in kinds:
            self._handlers[kind] = (*self._handlers[kind], later)
        return end

    def _open(self, command: cmd.Open) -> None:
        exchange = self.exchanges.get(command.request)
        # The request's own: what is not in the key (a passphrase) may differ from the first one's.
        origin = self.targets[command.key] if exchange is None else exchange.origin
        connection = Connection(command.socket, origin, self, make_codec(self.codec), self.now)
        self.connections[command.socket] = connection
        if exchange is not None:  # else as in _assigned
            self._set_timeout(exchange)
            self.note_connect(exchange, connection)
        dial = self._loop.create_task(self._dial(connection), name=f"pooltop-dial-{command.socket}")
        connection.dial = dial
        self._dials.add(dial)
        dial.add_done_callback(self._dials.discard)

    def _send(self, command: cmd.Send) -> None:
        exchange = self.exchanges[command.request]
        connection = self.connections[command.socket]
        exchange.connection = connection
        if connection.connected_at is None:
            # The dial may have begun for another request, one that was given up.
            self.note_connect(exchange, connection)
        idle = exchange.timeouts.idle
        if idle is not None:
            if exchange.timeouts.mode == "node":
                self._set_timeout(exchange)
            if self.now + idle < self._clock.at:
                self._clock.note(self.now + idle)
        timeout = self.core.sockets[command.socket].timeout_ms / 1000
        if timeout > 0:
            exchange.hears_timeout = idle is not None or self.core.options.timeout > 0
            if self.now + timeout < self._clock.at:
                self._clock.note(self.now + timeout)
        if exchange.hears_steps:
            exchange.on_attached()
        connection.send(exchange)

    def _settle(self, command: cmd.Settle) -> None:
        exchange = self.exchanges.pop(command.request)
        exchange.ended_at = self.now
        error = exchange.cause or PeerError(command.message, code=command.code)
        exchange.on_failed(error)

    def _destroy(self, command: cmd.Destroy) -> None:
        self.connections[command.socket].abort()
        if not self._closing:
            self._loop.call_soon(self._see_closes)
        self._closing.append(command.socket)

    def _finish(self, command: cmd.Finish) -> None:
        self.connections[command.socket].finish()

    # What the loop calls

    def _run_after(self) -> None:
        self._after_is_due = False
        self.now = _now()
        self.after()

    def _see_closes(self) -> None:
        self.now = _now()
        # Whatever was done outside a callback of ours: its ticks come before these closes.
        self.after()
        closing, self._closing = self._closing, []
        for socket in reversed(closing):
            self._judge_stale(socket)
            self.core.closed(socket, now=self.now)
            self._perform()
            # Each is a callback of its own in Node: its ticks come before the next close. So the
            # socket opened for a queued request that was given up serves the one behind it.
            self.after()

    def _idle_due(self) -> float:
        self.now = _now()
        self.core.expire(now=self.now)
        self._perform()
        self.after()
        return self.core.deadline

    def _clocks_due(self) -> float:
        self.now = _now()
        self._sending = [each for each in self._sending if each.is_sending]
        deadline = self._clocks.look([*self.exchanges.values(), *self._sending], self.now)
        self.after()
        return deadline

    # Clocks

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
        self._perform()

    def note_connect(self, exchange: Exchange, connection: Connection) -> None:
        """Ring when a limit on the connection's present phase runs out."""
        self._clock.note(self._clocks.connect_deadline(exchange.timeouts, connection))

    def _set_timeout(self, exchange: Exchange) -> None:
        timeouts = exchange.timeouts
        if timeouts.mode == "node" and timeouts.idle is not None:
            timeout_ms = min(timeouts.idle * 1000, MOST_TIMEOUT_MS)
            self.core.set_timeout(exchange.id, timeout_ms=timeout_ms)

    def _still_sending(self, exchange: Exchange) -> None:
        """Keep the clocks of a request whose response came before all of it was sent.

        Node has none there, and keeps the socket as long as the peer likes.
        """
        timeouts = exchange.timeouts
        if timeouts.mode == "node":
            return
        if timeouts.idle is not None:
            self._clock.note(self.now + timeouts.idle)
        if timeouts.total is not None:
            self._clock.note(exchange.intended_at + timeouts.total)
        if timeouts.idle is not None or timeouts.total is not None:
            self._sending.append(exchange)

    def _note_agent_timeouts(self) -> None:
        self._clock.note(self.now + self.core.options.timeout / 1000)

    # Dialling

    async def _dial(self, connection: Connection) -> None:
        options = self.core.options
        probe = options.keep_alive_msecs if options.keep_alive else None
        origin = connection.origin
        try:
            # First: what is wrong with it is known without a socket.
            tls = self._tls.stream(origin) if origin.scheme == "https" else None
            proxy = None if self._via is None else self._via.between(origin)
            if self._via is None or proxy is None:
                connection.tls = tls
                dialled = await self._dialer.dial(
                    origin,
                    keep_alive_probe_ms=probe,
                    no_delay=options.no_delay,
                    connecting=connection.connecting,
                )
            else:
                connection.via = proxy.url
                reached = await self._via.reach(
                    origin,
                    proxy,
                    tls,
                    options,
                    probe_ms=probe,
                    connecting=connection.connecting,
                    tunnelling=connection.tunnelling,
                    progressed=connection.progressed,
                    silence_ms=self._silence_ms(connection),
                )
                dialled, connection.tls = reached.dialled, reached.tls
                connection.tunnel_s = reached.tunnel_s
            connection.tcp_s = dialled.tcp_s
            connection.attempts = dialled.attempts
            connection.local = dialled.local
            connection.remote = dialled.remote
            self.tally.origins[origin.key].reached(dialled.remote, dialled.local)
            await self._loop.create_connection(lambda: connection, sock=dialled.sock)
        except ProxyTunnelError as error:
            asking = self._asking(connection)
            if error.timed_out and asking is not None:
                self.now = _now()
                asking.hears_timeout = True  # whatever it was set to: handleSocketAfterProxy
                self._clocks.tell_silence(asking, connection, self.now)
            self._dial_failed(connection, error)
        except RequestError as error:
            self._dial_failed(connection, error)
        except OSError as error:
            wrapped = network_error(error.errno, syscall="connect", where=connection.remote)
            wrapped.__cause__ = error
            self._dial_failed(connection, wrapped)
        except PooltopError as error:
            # A file of the TLS options: the user's fault, found as late as this.
            self._dial_failed(connection, RequestError(str(error), code=error.code))
        except Exception as error:  # noqa: BLE001 - an injected resolver: the request must not hang
            unforeseen = NetworkError(f"connect: {error!r}", code="UNKNOWN")
            unforeseen.__cause__ = error
            self._dial_failed(connection, unforeseen)

    def _dial_failed(self, connection: Connection, error: RequestError) -> None:
        if not connection.dead:
            self.now = _now()
            self.dial_failed(connection, error)
            self.after()

    # Its own

    def _lose(
        self, connection: Connection, reason: CloseReason, error: RequestError | None
    ) -> None:
        error = error or PeerError("socket hang up")
        record = self._record(connection)
        had_request = record is not None and record.request is not None
        exchange = self._asking(connection)
        self.core.lost(
            connection.id, now=self.now, reason=reason, code=error.code, message=str(error)
        )
        self._judge_stale(connection.id, error)
        if had_request and _is_sockets_fault(connection, reason):
            self._tls.forget(connection.origin)
        if exchange is not None and exchange.cause is None:
            exchange.cause = error
        self._perform()

    def _record(self, connection: Connection) -> SocketRecord | None:
        """Give the pool's side of a connection; None when the pool has done with it."""
        core = self.core
        return core.sockets.get(connection.id) or core.tunnelling.get(connection.id)

    def _silence_ms(self, connection: Connection) -> float:
        record = self._record(connection)
        return 0 if record is None else record.timeout_ms

    def _asking(self, connection: Connection) -> Exchange | None:
        """Give the exchange that hears of what happens to a connection."""
        record = self._record(connection)
        if record is None:
            return None
        request = record.request or record.opened_for
        return None if request is None else self.exchanges.get(request.id)

    def _forget_unused_origins(self) -> None:
        """Keep the memory of an agent that is given ever new hosts bounded."""
        for key in self.core.forget_unused_origins():
            del self.targets[key]
            self.tally.origins.pop(key, None)
        # Where most are in use, looking again at every new one would find nothing.
        self._most_origins = max(MOST_ORIGINS, 2 * len(self.targets))

    def _judge_stale(self, socket: SocketId, why: RequestError | None = None) -> None:
        """See whether a dying socket was given to a request although it was stale.

        It had served before, and not a byte of the response came: closed by the peer, or chosen
        although it was closing (Node's lifo takes a destroyed tail).
        """
        record = self.core.sockets.get(socket)
        if record is None or record.request is None or record.carried <= 1:
            return
        words = _STALE.get(record.close_reason)
        # Not the connection's own: a request that is assigned is not yet attached to it.
        exchange = self.exchanges.get(record.request.id)
        if words is None or exchange is None or exchange.first_byte_at is not None:
            return
        if exchange.cause is not None:
            return  # judged before, given up, or out of time
        connection = self.connections[socket]
        is_attached = exchange.connection is connection
        quiet_since = connection.quiet_since if is_attached else connection.last_activity
        error = StaleReuseError(
            words,
            idle_s=max(0.0, (exchange.assigned_at or self.now) - quiet_since),
            hint_s=keep_alive_timeout(connection.hint),
            nth=record.carried,
        )
        error.__cause__ = why
        exchange.cause = error
        exchange.tally.stale_reuse += 1
        self.core.judge(
            socket,
            Failure(error.code, str(error), error.outcome),
            again=self.core.options.retry_stale and exchange.can_be_sent_again,
        )

    def _sent(self, exchange: Exchange) -> None:
        self.now = _now()
        exchange.sent_at = self.now
        exchange.on_sent()
        connection = exchange.connection
        if exchange.is_settled and connection is not None:
            connection.exchange = None
        self.core.request_sent(exchange.id, now=self.now)
        self._perform()


def _is_sockets_fault(connection: Connection, reason: CloseReason) -> bool:
    """Say whether the 'close' of Node's TLS socket has an error: its session is then evicted.

    A response that cannot be read is not the socket's, nor is a request that is given up; what
    happens to an idle socket is swallowed. Source: Node v24 lib/https.js createConnection.
    """
    if connection.tls is None:
        return False
    return reason in _SOCKET_BROKE or connection.tls.fault is not None
