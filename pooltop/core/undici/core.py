"""undici without its sockets: which connection a request gets, who waits, what a loss leads to.

The shell reports what happened (the inputs of ``UndiciCore``) and performs the commands that come
back. undici's order of decisions is kept step by step, defects included.

Four moments of Node's are kept apart, because what happens between them shows:
- an input is dealt with at once;
- a *tick* is a microtask: the shell calls ``tick`` while there are ``ticks``, at the end of the
  callback that it is in, and so before anything else the network brings;
- a *turn* is setImmediate: the shell calls ``turn`` while there are ``immediates``, after what the
  network holds now was read;
- a connection that is *destroyed* is seen closed a turn later. Until then it counts.

Source: undici 8.12.4, lib/dispatcher.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pooltop.core.events import AgentDestroyed, DrainEmitted, OptionsChanged
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici import drain, ends, failures, h1, invariants, session_clocks, sessions
from pooltop.core.undici.agent import Agent
from pooltop.core.undici.balanced import BalancedPool
from pooltop.core.undici.books import Books
from pooltop.core.undici.dispatcher import Dispatcher
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.per_origin import PerOrigin
from pooltop.core.undici.pool import Pool
from pooltop.core.undici.projection import projected
from pooltop.core.undici.records import Ask, ConnProtocol, ConnRecord, RequestRecord, Stats
from pooltop.core.undici.states import ConnState, ReqState
from pooltop.core.undici.view import UndiciView, see

LIVE_OPTIONS = frozenset({"pipelining", "live"})
"""What may be changed once a dispatcher is made: undici has a setter for the first alone."""
DRAINED_OPTIONS = frozenset({"connections", "max_concurrent_streams"})
"""What more may be in mode ``drain``."""


class UndiciCore(Books):
    """One dispatcher of undici's, with all its origins."""

    def __init__(self, options: DispatcherOptions, upstreams: Sequence[OriginKey] = ()) -> None:
        """Begin with no connections.

        Args:
            options: the dispatcher's; its kind says what it is.
            upstreams: the origins of a BalancedPool, in order.
        """
        super().__init__(options)
        self.root: PerOrigin | BalancedPool
        """What a caller of undici's has in hand, or one such for each origin."""
        if options.kind == "undici-balanced-pool":
            self.root = BalancedPool(self, self, upstreams)
        elif options.kind == "undici-agent":
            self.root = Agent(self, self)
        else:
            self.root = PerOrigin(self, self)

    # A request

    def dispatch(self, request: RequestId, key: OriginKey, ask: Ask, *, now: float) -> bool:
        """Take a request.

        Args:
            request: an id that was not used before.
            key: its origin; a BalancedPool takes one of its own.
            ask: all of it that decides anything.
            now: monotonic seconds.

        Returns:
            undici's own answer: False asks the caller to wait for the drain. The request is taken
            all the same.
        """
        self.now = now
        record = RequestRecord(request, key, ask, now)
        self.requests[request] = record
        has_room = self.root.dispatch(record)
        if record.state in (ReqState.POOLED, ReqState.PENDING):
            assert record.place is not None
            self.wait(record, record.place)
        return has_room

    def request_sent(self, request: RequestId, *, now: float) -> None:
        """All of a streamed body is with the kernel. Late, or of another body: nothing."""
        self.now = now
        record = self.requests.get(request)
        if record is not None and record.conn is not None:
            record.conn.client.on_sent(record)

    def written(self, socket: SocketId, *, now: float, is_full: bool) -> None:
        """The kernel takes no more of a streamed body for now, or does again."""
        self.now = now
        conn = self.conns.get(socket)
        if conn is not None:
            conn.client.on_written(conn, is_full=is_full)

    def head_received(
        self,
        request: RequestId,
        *,
        now: float,
        status: int,
        keep: bool,
        hint_s: float | None = None,
        odd_length: bool = False,
        has_length: bool = False,
    ) -> None:
        """The head of a response came, an interim one too. Late: nothing.

        Of HTTP/2 only ``status`` and ``has_length`` count, and an interim head need not be told.

        Args:
            request: whose; on HTTP/1.1 it is at the front of its connection.
            now: monotonic seconds.
            status: of the response. An unasked 100 or 101 ends the connection.
            keep: the response lets the connection be used again, as llhttp judges; of a HEAD also
                where only its Connection field says so.
            hint_s: the seconds of its Keep-Alive field (hints.py); None for no hint.
            odd_length: it is a 204 or 304 with a length, or a Transfer-Encoding.
            has_length: HTTP/2: its Content-Length says how much body follows; not so of a HEAD's
                response or a 304.
        """
        self.now = now
        record = self.requests.get(request)
        if record is not None and record.conn is not None:
            record.conn.client.on_head(
                record,
                status=status,
                keep=keep,
                hint_s=hint_s,
                odd_length=odd_length,
                has_length=has_length,
            )

    def response_ended(
        self, request: RequestId, *, now: float, reason: CloseReason | None = None
    ) -> None:
        """A response is complete. Late: nothing.

        Args:
            request: whose; its head came, and on HTTP/1.1 it is at the front of its connection.
            now: monotonic seconds.
            reason: why the connection cannot be kept, in the codec's words; None if it can, or no
                more is known than its head said.
        """
        self.now = now
        record = self.requests.get(request)
        if record is not None and record.conn is not None:
            record.conn.client.on_end(record, reason)

    def detach(self, request: RequestId, *, now: float) -> None:
        """Give the request's connection to its caller: the server switched protocols.

        HTTP/2 switches none.
        """
        self.now = now
        record = self.requests.get(request)
        if record is not None and record.conn is not None:
            record.conn.client.on_switched(record)

    # A session, and its streams
    settings = sessions.settings
    goaway = sessions.goaway_received
    stream_reset = sessions.stream_reset
    stream_failed = sessions.stream_failed
    stream_unsent = sessions.stream_unsent
    ping_acked = sessions.ping_acked

    # Requests that are given up
    abort = ends.abort
    cancel = ends.cancel
    time_out = ends.time_out
    clear_queue = ends.clear_queue

    # A connection

    def connected(self, socket: SocketId, *, now: float, protocol: ConnProtocol = "h1") -> None:
        """A dial succeeded, for https with its handshake. Late: nothing."""
        self.now = now
        conn = self.conns.get(socket)
        if conn is not None and conn.state is ConnState.DIALLING:
            conn.client.on_connected(conn, protocol)

    def connect_failed(
        self, socket: SocketId, *, now: float, failure: Failure, altname: bool = False
    ) -> None:
        """A dial failed, and no close is to be seen. Late: nothing.

        Args:
            socket: which.
            now: monotonic seconds.
            failure: what those who wait for it are told, unless its code is UND_ERR_SOCKET: then
                nobody is, and it is dialled again at once.
            altname: the certificate is not for the name that was asked for.
        """
        self.now = now
        conn = self.conns.get(socket)
        if conn is not None and conn.state is ConnState.DIALLING:
            conn.client.on_connect_failed(conn, failure, altname=altname)

    def lost(
        self,
        socket: SocketId,
        *,
        now: float,
        reason: CloseReason,
        code: str = failures.SOCKET,
        message: str = "other side closed",
        outcome: str = "",
    ) -> None:
        """A connection is of no further use: the peer, the network or the parser said so.

        Args:
            socket: which; dying already: nothing.
            now: monotonic seconds.
            reason: for the books. A PROTOCOL_ERROR of HTTP/2 closes a turn later, as Node does; the
                shell has said its GOAWAY.
            code: of the error. UND_ERR_SOCKET is of the request at the front alone, or of all that
                run on HTTP/2; any other but UND_ERR_INFO is of all who wait, if nothing runs.
            message: likewise.
            outcome: likewise.
        """
        self.now = now
        conn = self.conns.get(socket)
        if conn is None:
            return
        failure = Failure(code, message, outcome)
        if conn.state is ConnState.DIALLING:
            conn.client.on_connect_failed(conn, failure, altname=False)
        else:
            conn.client.end_connection(conn, failure, reason)

    def closed(self, socket: SocketId, *, now: float) -> None:
        """A connection's close was seen, after whatever was still to be read of it."""
        self.now = now
        conn = self.conns.get(socket)
        if conn is not None:
            conn.client.on_closed(conn)

    # Time

    def tick(self, *, now: float) -> None:
        """Do what undici does in microtasks, until nothing is left of it."""
        self.now = now
        while self.ticks:
            self.ticks.popleft()()

    def turn(self, *, now: float) -> None:
        """Do what was put off to the next turn of the loop; what that puts off is for the next."""
        self.now = now
        for _ in range(len(self.immediates)):
            self.immediates.popleft()()
            self.tick(now=now)

    def expire(
        self, *, now: float, quiet_since: Callable[[SocketId, RequestId | None], float]
    ) -> None:
        """Do what ``deadline`` is for. Early: nothing.

        Args:
            now: monotonic seconds.
            quiet_since: says when the last octet of a response's body came, or its reader let more
                come; ``now`` while the reader lets nothing come. Of HTTP/2 when anything last came
                or went on the request's stream.
        """
        self.now = now
        self.quiet_since = quiet_since
        if self.exact_deadline <= now:
            for conn in [c for c in self.conns.values() if self._next_due(c) <= now]:
                conn.client.expire(conn)
            self.exact_deadline = min(map(self._next_due, self.conns.values()), default=math.inf)
        self.clock.tick(now)

    def _next_due(self, conn: ConnRecord) -> float:
        """Give when the first of a connection's exact clocks is due; inf for never."""
        if conn.session is None:
            return h1.next_idle(conn)
        return session_clocks.next_due(conn, conn.session, self.options)

    # All of it

    def set_options(
        self,
        options: DispatcherOptions,
        *,
        now: float,
        by: str = "operator",
        drains: bool = False,
    ) -> OptionsChanged:
        """Change options while traffic flows; gives the event that says what it did at once.

        Args:
            options: the new ones. In mode ``drain`` some more may differ than undici has setters
                for: DRAINED_OPTIONS.
            now: monotonic seconds.
            by: who, for the log.
            drains: do as in mode ``drain``: an edit that was made in it is taken back.

        Raises:
            ValueError: one is changed that is taken when a dispatcher is made, and never again.
        """
        self.now = now
        before = self.options
        fixed = [
            name
            for name in options.__struct_fields__
            if name not in LIVE_OPTIONS and getattr(options, name) != getattr(before, name)
        ]
        if not set(fixed) <= (DRAINED_OPTIONS if drains or options.live == "drain" else set()):
            message = f"undici takes {', '.join(fixed)} when a dispatcher is made, and never again"
            raise ValueError(message)
        queued = sum(map(len, self.waiting.values()))
        opened = self._opened
        self.options = options
        if options.pipelining != before.pipelining:
            for client in list(self.clients.values()):
                client.set_pipelining(options.pipelining)
        culled = drain.apply(self, before)
        changed = OptionsChanged(
            now,
            projected(before),
            projected(options),
            by,
            options.live,
            self._opened - opened,
            culled,
            queued,
        )
        self.events.append(changed)
        return changed

    def add_upstream(self, key: OriginKey, *, now: float) -> None:
        """Give a BalancedPool one origin more. Known: nothing."""
        self.now = now
        self._balanced.add_upstream(key)

    def remove_upstream(self, key: OriginKey, *, now: float) -> None:
        """Take an origin from a BalancedPool; what it has is served. Unknown: nothing."""
        self.now = now
        self._balanced.remove_upstream(key)

    @property
    def _balanced(self) -> BalancedPool:
        assert isinstance(self.root, BalancedPool), "only a BalancedPool has upstreams"
        return self.root

    def close(self, *, now: float) -> None:
        """Take no more requests, and end when all are served: see ``is_over``."""
        self.now = now
        self.root.close()

    def destroy(self, *, now: float, error: Failure = failures.CLIENT_DESTROYED) -> None:
        """Fail all requests with an error, and close all connections.

        As in undici, an Agent that was closed knows its pools no more: they serve what they have.
        """
        self.now = now
        if not self.root.is_destroyed:
            queued = sum(map(len, self.waiting.values()))
            self.events.append(AgentDestroyed(now, len(self.conns), queued))
            self.root.destroy(error)

    @property
    def is_over(self) -> bool:
        """It was closed or destroyed, and nothing is left of it."""
        return self.root.is_over and not self.conns and not self.requests

    def stats(self, key: OriginKey) -> Stats | None:
        """Give undici's numbers of an origin; None for one that has nothing, or not any more."""
        found = self._found(key)
        return None if found is None else found.stats()

    def is_probing(self, key: OriginKey) -> bool:
        """Say whether the first client of an origin learns which protocol it speaks."""
        found = self._found(key)
        return isinstance(found, Pool) and found.probe is not None

    def protocol_of(self, key: OriginKey) -> str:
        """Give what the last connection of an origin's pool chose; "" where it is not known."""
        found = self._found(key)
        return found.protocol or "" if isinstance(found, Pool) else ""

    def weight_of(self, key: OriginKey) -> float | None:
        """Give what an upstream of a BalancedPool weighs now; None for any other origin."""
        if not isinstance(self.root, BalancedPool):
            return None
        found = self.root.upstream(key)
        return None if found is None else self.root.weights.get(found)

    def _found(self, key: OriginKey) -> Dispatcher | None:
        if isinstance(self.root, BalancedPool):
            return self.root.upstream(key)
        return self.root.of(key)

    def total_stats(self) -> Stats:
        """Give undici's numbers of all origins together; a BalancedPool's own."""
        return self.root.stats()

    def view(self) -> UndiciView:
        """Give the state as a value."""
        return see(self)

    check_invariants = invariants.check
    """For tests."""

    # What undici tells its user

    def on_drain(self, member: Dispatcher) -> None:
        """Who was told to wait may go on."""
        self.events.append(DrainEmitted(self.now, member.key))

    def on_connect(self, member: Dispatcher, protocol: ConnProtocol) -> None:
        """Told by the event of the connection."""

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Likewise."""

    def on_connection_error(self, member: Dispatcher) -> None:
        """Likewise."""
