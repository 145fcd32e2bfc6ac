"""Performs what undici's core decides, on real sockets: the imperative half of a dispatcher.

Three things are otherwise than around an http.Agent. A connection carries several requests. What
undici puts off by setImmediate is done after what the network holds by then was read. And its own
clocks are the core's; pooltop's, ``Timeouts``, run beside them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from pooltop.core.commands import Open
from pooltop.core.detail import HostDetail, Watch
from pooltop.core.events import OptionsChanged
from pooltop.core.model import (
    AgentOptions,
    Codec,
    H2Codec,
    Origin,
    OriginKey,
    RequestId,
    SocketId,
    Timeouts,
)
from pooltop.core.records import Failure
from pooltop.core.snapshot import OriginSnapshot
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures
from pooltop.core.undici.core import UndiciCore
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import Ask
from pooltop.core.undici.states import ReqState
from pooltop.engine.codecs.base import PreparedRequest, ResponseEnd, ResponseHead
from pooltop.engine.codecs.factory import make_pipelined
from pooltop.engine.connection import Connection
from pooltop.engine.dialer import Dials
from pooltop.engine.dialling import Dialling
from pooltop.engine.h2.form import H2Form, form_of
from pooltop.engine.h2.session import SessionOptions
from pooltop.engine.levels import Levels
from pooltop.engine.origin_memory import MOST_ORIGINS
from pooltop.engine.own_ways import OwnWays
from pooltop.engine.shell_base import ShellBase
from pooltop.engine.stream import ByteStream
from pooltop.engine.undici.client_connection import ClientConnection
from pooltop.engine.undici.clocks import DispatcherClocks
from pooltop.engine.undici.details import host_detail
from pooltop.engine.undici.ends import Ends
from pooltop.engine.undici.forms import renamed
from pooltop.engine.undici.heads import has_length, hint_of, is_kept, is_odd
from pooltop.engine.undici.losses import failure_of, is_whole
from pooltop.engine.undici.performer import Performer
from pooltop.engine.undici.snapshots import levels_of, origin_snapshots
from pooltop.errors import AbortError, OperatorError, PeerError, RequestError, RequestTimeout

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.tls_sessions import TLSFactory

_PROBE_MS = 60_000
"""Every socket is probed after so long a silence (buildConnector)."""
_NO_ASK = Ask()
_HANG_UP = "ECONNRESET"
"""What an http.Agent's request is told that its caller gives up."""
_LEAST_WINDOW = 65_535
_HEADER_LIST = 65_536
_MOST_FORMS = 256

_now = time.monotonic


class _Network:
    """While a callback of the network runs."""

    __slots__ = ("_shell",)

    def __init__(self, shell: DispatcherShell) -> None:
        self._shell = shell

    def __enter__(self) -> None:
        self._shell.reads = True

    def __exit__(self, *_: object) -> None:
        self._shell.reads = False


class DispatcherShell(ShellBase):
    """One dispatcher's sockets, requests and clocks. One event loop owns it."""

    def __init__(
        self,
        options: DispatcherOptions,
        *,
        dialer: Dials,
        tls: TLSFactory,
        codec: Codec = "h11",
        own: OwnWays | None = None,
        upstreams: Sequence[Origin] = (),
        h2_codec: H2Codec | None = None,
    ) -> None:
        """Begin with no sockets; the running event loop is the one that is used."""
        self.core = UndiciCore(options, [origin.key for origin in upstreams])
        super().__init__(self.core, tls=tls, codec=codec, own=OwnWays() if own is None else own)
        for origin in upstreams:
            self._lead_to(origin)
        self.reads = False
        """A callback of the network is running."""
        self._network = _Network(self)
        self._h2_codec = h2_codec
        self._turn_is_due = False
        self._unwritten: set[ClientConnection] = set()
        """Their sessions have something to say: written once at the end of a callback."""
        self._forms: dict[tuple[int, OriginKey], tuple[PreparedRequest, H2Form]] = {}
        self._session = SessionOptions(
            initial_window_size=int(options.initial_window_size),
            connection_window_size=max(_LEAST_WINDOW, int(options.connection_window_size)),
            max_header_list_size=_HEADER_LIST if options.kind == "h2" else None,
        )
        self.ends = Ends(self)
        """Undici's ``close`` and ``destroy``."""
        self.blame: RequestError | None = None
        """A failed dial, while it is held against all who wait for it."""
        self.clock = DispatcherClocks(self)
        sockets = AgentOptions(
            keep_alive=True, keep_alive_msecs=_PROBE_MS, no_delay=options.no_delay
        )
        dials = Dialling(
            lambda: sockets,
            self.tally,
            dialer=dialer,
            tls=tls,
            via=None,
            silence_ms=lambda _: 0.0,
            failed=self._dial_ended,
        )
        self._use(Performer(self, dials), dials)

    # The caller's side

    def submit(self, exchange: Exchange) -> None:
        """Give a request to the dispatcher."""
        timeouts = exchange.timeouts
        request = exchange.id = next(self._ids)
        exchange.shell = self
        if exchange.key not in self.targets:
            self._meet(exchange)
        key = exchange.key
        self.exchanges[request] = exchange
        core = self.core
        exchange.queued_at = self.now
        exchange.tally = self.tally.origins[key]
        core.dispatch(request, key, exchange.prepared.ask or _NO_ASK, now=self.now)
        record = core.requests.get(request)
        if record is not None and record.key != key:  # a BalancedPool's own choice
            exchange.tally = self.tally.origins[record.key]
        exchange.tally.submitted += 1
        if core.commands:
            self.perform()
        if timeouts.total is not None:
            self.clock.note(exchange.intended_at + timeouts.total)
        if timeouts.queue is not None and record is not None and record.waited_at is not None:
            self.clock.note(self.now + timeouts.queue)

    def abort(self, exchange: Exchange, cause: RequestError | None = None) -> None:
        """Give a request up: one that waits is told at its turn, as in undici."""
        self.now = _now()
        if exchange.is_settled:
            return
        if cause is None or (isinstance(cause, AbortError) and cause.code == _HANG_UP):
            cause = AbortError(failures.ABORTED.message, code=failures.ABORTED.code)
        exchange.cause = cause
        self.core.abort(exchange.id, now=self.now, code=cause.code, message=str(cause))
        self.perform()
        self.after_this_turn()

    def set_options(
        self, options: DispatcherOptions, *, by: str, drains: bool = False
    ) -> OptionsChanged:
        """Change options live; gives what happened at once: see ``UndiciCore.set_options``.

        Raises:
            ValueError: one is taken when a dispatcher is made, and never again.
        """
        changed = self.core.set_options(options, now=self.touch(), by=by, drains=drains)
        self.perform()
        self.after_this_turn()
        return changed

    def add_upstream(self, origin: Origin) -> None:
        """Give a BalancedPool one origin more. Known: nothing."""
        self._lead_to(origin)
        self.core.add_upstream(origin.key, now=self.touch())
        self.perform()
        self.after_this_turn()

    def remove_upstream(self, origin: Origin) -> None:
        """Take an origin from a BalancedPool; what it has is served. Unknown: nothing."""
        self.core.remove_upstream(origin.key, now=self.touch())
        self.perform()
        self.after_this_turn()

    def close_for_good(self) -> None:
        """Fail every request, destroy every socket: nothing is opened after it."""
        self.ends.end_everything()
        while self._closing:
            self._see_closes()
        for connection in self.connections.values():
            connection.abort()
        for stream in tuple(self.streams):
            stream.abort()
        self.clock.cancel()
        self._idle.cancel()

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
        return levels_of(self)

    def running_on(self, connection: Connection) -> list[RequestId]:
        """Give the requests that a connection carries."""
        assert isinstance(connection, ClientConnection)
        return [exchange.id for exchange in connection.exchanges]

    def socket_of(self, request: RequestId) -> SocketId | None:
        """Give the socket of a request: see ``ShellBase``."""
        conn = self.core.requests[request].conn
        return None if conn is None else conn.id

    def queue_of(self, origin: OriginKey) -> list[RequestId]:
        """Give the requests that wait for an origin, the oldest first."""
        return list(self.core.waiting.get(origin, ()))

    # What an operator does

    def cancel(self, request: RequestId, error: OperatorError) -> None:
        """Fail a request at once, queued or running; a running one's socket goes with it."""
        self.core.cancel(
            request, now=self.touch(), code=error.code, message=str(error), outcome=error.outcome
        )
        self.perform()
        self.after_this_turn()

    def clear_queue(self, origin: OriginKey, error: OperatorError) -> None:
        """Fail every request that waits for an origin, at once."""
        self.core.clear_queue(
            origin, now=self.touch(), code=error.code, message=str(error), outcome=error.outcome
        )
        self.perform()
        self.after_this_turn()

    # The connections' side

    def new_connection(self, command: Open) -> ClientConnection:
        """Give the connection that is to be dialled."""
        origin = self.targets[command.key]
        connection = ClientConnection(
            command.socket,
            origin,
            self,
            make_pipelined(self.codec),
            self.now,
            servername=self.core.conns[command.socket].client.servername,
        )
        connection.h2 = None
        connection.knows_h2 = command.h2 and origin.scheme == "http"
        if origin.scheme == "https":
            connection.alpn = self._alpn(may_be_h2=command.h2)
        return connection

    def _alpn(self, *, may_be_h2: bool) -> tuple[str, ...]:
        options = self.core.options
        if options.kind == "h2":
            return ("h2",)
        if not may_be_h2:
            return ("http/1.1",)
        return ("h2", "http/1.1") if options.prefer_h2 else ("http/1.1", "h2")

    def has_to_write(self, connection: ClientConnection) -> None:
        """A session has something to say; it is written at the end of the callback."""
        self._unwritten.add(connection)

    def h2_form(self, exchange: Exchange, origin: Origin) -> H2Form:
        """Give a request as HTTP/2 has it; made once for each that is sent again and again.

        Args:
            exchange: whose.
            origin: where the connection leads, which a BalancedPool chose.
        """
        prepared = exchange.prepared
        place = (id(prepared), origin.key)
        known = self._forms.get(place)
        if known is not None and known[0] is prepared:
            return known[1]
        if len(self._forms) >= _MOST_FORMS:
            self._forms.clear()
        asked = prepared
        if exchange.origin.key != origin.key:
            asked = renamed(prepared, exchange.origin.host_header, origin.host_header)
        form = form_of(asked, scheme=origin.scheme)
        self._forms[place] = (prepared, form)
        return form

    def network(self) -> _Network:
        """Give what a callback of the network runs in."""
        return self._network

    def connected(self, connection: Connection) -> None:
        """The socket can carry bytes."""
        assert isinstance(connection, ClientConnection)
        connection.since = self.now
        protocol = connection.protocol
        if protocol == "h2":
            connection.speak_h2(self._session, self._h2_codec)
        elif self.core.options.kind == "h2":
            words = "the server chose no protocol, or another: it does not speak HTTP/2"
            self.dial_failed(connection, PeerError(words, code="ERR_HTTP2_NOT_SPOKEN"))
            return
        self.tally.origins[connection.origin.key].carries(connection, self.now)
        self.core.connected(connection.id, now=self.now, protocol=protocol)
        self.perform()

    def note_connect(self, timeouts: Timeouts, connection: Connection) -> None:
        """A dial is in its next phase, with a limit of its own."""
        self.clock.dialling(timeouts, connection)

    def dial_failed(self, connection: Connection, error: RequestError) -> None:
        """The socket could not be connected."""
        failure = Failure(error.code, str(error), error.outcome)
        is_other_name = error.code == "ERR_TLS_CERT_ALTNAME_INVALID"
        self.core.connect_failed(
            connection.id, now=self.now, failure=failure, altname=is_other_name
        )
        self.blame = error
        self.perform()
        self.blame = None

    def lost(self, connection: Connection, reason: CloseReason, error: RequestError | None) -> None:
        """The socket is of no further use."""
        assert isinstance(connection, ClientConnection)
        error = error or PeerError("")
        failure = failure_of(connection, reason, error)
        is_ended = is_whole(connection, reason, error)
        front = connection.exchange
        if front is not None and front.cause is None and failure.code == error.code:
            front.cause = error
        if front is not None and connection.tls is not None:
            self.tls.lost(connection.secured, connection.tls, reason)
        self.core.lost(
            connection.id,
            now=self.now,
            reason=reason,
            code=failure.code,
            message=failure.message,
            outcome=failure.outcome,
        )
        if is_ended:
            connection.codec.receive_eof()
        self.perform()

    def peer_ended(self, connection: Connection) -> None:
        """The peer begins to close, no response being under way."""
        self.core.lost(connection.id, now=self.now, reason=CloseReason.PEER_FIN)
        self.perform()

    def finished(self, connection: Connection) -> None:
        """Say nothing: undici never closes a socket before the other side is done with it."""

    def drained(self, connection: Connection) -> None:
        """The kernel has everything that was written."""
        assert isinstance(connection, ClientConnection)
        for exchange in tuple(connection.exchanges):
            if not connection.is_sent(exchange):
                continue
            if exchange.sent_at is None and not exchange.prepared.streamed:
                self._sent(exchange)
            else:
                exchange.on_sent()
        self.written(connection, is_full=False)

    def written(self, connection: Connection, *, is_full: bool) -> None:
        """The kernel takes no more of a body for now, or does again."""
        self.core.written(connection.id, now=_now(), is_full=is_full)

    def body_sent(self, exchange: Exchange) -> None:
        """A streamed body has ended and is with the kernel."""
        self._sent(exchange)
        self.core.request_sent(exchange.id, now=self.now)
        self.perform()
        self.after_this_turn()

    def head_received(
        self, connection: ClientConnection, exchange: Exchange, head: ResponseHead
    ) -> None:
        """The head of a response came, an interim one too."""
        answer = exchange.prepared.answer
        if connection.h2 is not None:
            self.core.head_received(
                exchange.id,
                now=self.now,
                status=head.status,
                keep=True,
                has_length=has_length(head, answer),
            )
        else:
            hint = hint_of(head)
            if hint is not None:
                connection.hint = hint.octets
            self.core.head_received(
                exchange.id,
                now=self.now,
                status=head.status,
                keep=is_kept(head, answer, keeps=connection.keeps),
                hint_s=None if hint is None else hint.seconds,
                odd_length=is_odd(head, answer),
            )
        if self.core.commands:
            self.perform()

    def answered(self, connection: ClientConnection, exchange: Exchange, end: ResponseEnd) -> None:
        """A response is complete, whether or not its reader has come to the end of it."""
        now = exchange.ended_at = self.now
        exchange.tally.completed(exchange)
        connection.remember(exchange, "", now)
        if connection.tls is not None and exchange.nth == 1:
            self.keep_session(connection)
        del self.exchanges[exchange.id]
        connection.done(exchange)
        exchange.on_end(end)
        if exchange.sent_at is None:
            exchange.on_detached()  # the connection goes: nobody wants the rest of its body
        self._complete.append(exchange)
        core = self.core
        core.response_ended(exchange.id, now=now, reason=end.reason)
        if core.commands:
            self.perform()

    def response_ended(self, exchange: Exchange, end: ResponseEnd) -> None:
        """Say nothing: undici has done with a response when its last octet is here."""

    def detach(self, exchange: Exchange) -> bool:
        """The server switched protocols; say whether the socket is the caller's: others may run."""
        self.core.detach(exchange.id, now=self.now)
        if exchange.id not in self.core.requests:
            return True
        self.perform()
        return False

    def switched(self, exchange: Exchange, early: bytes) -> ByteStream:
        """Give the socket, detached, to the caller: what follows on it is no HTTP."""
        connection = exchange.connection
        assert isinstance(connection, ClientConnection)
        exchange.ended_at = self.now
        exchange.tally.completed(exchange)
        del self.exchanges[exchange.id]
        stream = ByteStream(connection, early, on_lost=self.streams.discard)
        self.streams.add(stream)
        self.perform()
        return stream

    # What the loop calls

    def after(self) -> None:
        """Take the ticks, tell who waits, and see to what was put off to the next turn."""
        super().after()
        for connection in self._unwritten:
            connection.flush()
        self._unwritten.clear()
        if self.core.immediates and not self._turn_is_due:
            self._turn_is_due = True
            if self.reads:
                self._loop.call_soon(self._turn)
            else:
                # By then the loop has read what the network holds now.
                self._loop.call_soon(self._loop.call_soon, self._turn)
        if self.ends.closes:
            self.ends.look()

    def _turn(self) -> None:
        self._turn_is_due = False
        self.now = _now()
        self.core.turn(now=self.now)
        self.perform()
        self.after()

    def _idle_due(self) -> float:
        self.now = _now()
        self.core.expire(now=self.now, quiet_since=self._quiet_since)
        self.perform()
        self.after()
        return self.core.deadline

    def _quiet_since(self, socket: SocketId, request: RequestId | None) -> float:
        connection = self.connections[socket]
        exchange = None if request is None else self.exchanges.get(request)
        assert isinstance(connection, ClientConnection)
        return self.now if exchange is None else connection.lived_at(exchange, self.now)

    def time_out(self, exchange: Exchange, error: RequestTimeout) -> None:
        """One of pooltop's own clocks of a request ran out."""
        exchange.cause = error
        self.core.time_out(
            exchange.id, now=self.now, code=error.code, message=str(error), outcome=error.outcome
        )
        self.perform()

    def _dial_ended(self, connection: Connection, error: RequestError) -> None:
        self.now = _now()
        if not connection.dead:
            self.dial_failed(connection, error)
            self.after()

    # Its own

    def _meet(self, exchange: Exchange) -> None:
        origin = exchange.origin
        if origin.servername and origin.servername != origin.host:
            # A Client's connections are told apart by their server's name one after the other, and
            # not by it and for ever, as an Agent's of Node are.
            origin = msgspec.structs.replace(origin, servername=None)
            exchange.key = origin.key
            if exchange.key in self.targets:
                return
        if len(self.targets) >= MOST_ORIGINS:
            self._forget_unused()
        self._lead_to(origin)

    def _lead_to(self, origin: Origin) -> None:
        self.targets[origin.key] = origin
        if origin.scheme == "https":
            self.core.secure.add(origin.key)

    def _forget_unused(self) -> None:
        used = {record.key for record in self.core.requests.values()}
        used |= {conn.key for conn in self.core.conns.values()}
        for key in self.targets.keys() - used:
            if self.core.stats(key) is None:
                del self.targets[key]
                self.core.secure.discard(key)
                self.tally.origins.pop(key, None)

    def is_queued(self, request: RequestId) -> bool:
        """Say whether a request that is not over waits, in the pool or in a client."""
        return self.core.requests[request].state is not ReqState.RUNNING
