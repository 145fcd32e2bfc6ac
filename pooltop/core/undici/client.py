"""undici's Client: a queue, and one connection that is dialled when there is something to send.

A dispatch always joins the queue, and answers whether the client has room for more. What is not
sent when a connection goes is for the next one, and so is all that ran on it but the request at its
front; what ran on HTTP/2 fails. A dial that fails is held against all that wait for it.

A session that a GOAWAY ends slowly is no longer its connection, though requests of it run there.

Source: undici 8.12.4 lib/dispatcher/client.js; onHttpSocketError and onHttpSocketClose of
client-h1.js.
"""

from __future__ import annotations

from functools import partial

from pooltop.core.events import ClientAdded, ClientRetired, ProtocolKnown, SocketConnected
from pooltop.core.model import OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, OpenReason, QueueReason, RetireReason
from pooltop.core.undici import failures, h1, h2, session_clocks, streams, waiting
from pooltop.core.undici.books import Books
from pooltop.core.undici.client_requests import ClientRequests
from pooltop.core.undici.dispatcher import Owner
from pooltop.core.undici.records import ConnProtocol, ConnRecord, RequestRecord, Stats
from pooltop.core.undici.requeue import put_back
from pooltop.core.undici.session import Session
from pooltop.core.undici.states import ConnState, Drain, ReqState, Resuming
from pooltop.core.undici.timers import FastTimer

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_IDLE = Resuming.IDLE
_AT_IT = Resuming.AT_IT
_OWED = Drain.OWED
_PENDING = ReqState.PENDING


class Client(ClientRequests):
    """One client of one origin."""

    def __init__(self, books: Books, key: OriginKey, owner: Owner, *, allow_h2: bool) -> None:
        """Begin without a connection."""
        super().__init__(books, key, owner, allow_h2=allow_h2)
        self.id = books.add_client(self)
        books.events.append(ClientAdded(books.now, key, self.id))

    # What it takes

    @property
    def is_busy(self) -> bool:
        """It has no room, or something waits in it already that needs a connection of its own."""
        conn = self.conn
        if conn is not None and conn.session is not None:
            return h2.is_busy(self, conn.session) or self.size >= self.ceiling
        return (
            bool(self.pending)
            or len(self.running) >= self.ceiling
            or (conn is not None and h1.is_busy(self, conn, None))
        )

    def stats(self) -> Stats:
        """Give undici's numbers of it."""
        pending, running = len(self.pending), len(self.running)
        return Stats(
            connected=int(self.is_connected),
            pending=pending,
            running=running,
            size=pending + running,
        )

    def _dispatch(self, request: RequestRecord) -> bool:
        request.move(_PENDING)
        request.key = self.key
        request.place = self
        self.pending[request.id] = request
        if self.resuming is _IDLE:
            if request.ask.body == "streamed":
                # The body may end within this very microtask, and be one of known length.
                self.resuming = Resuming.SCHEDULED
                self.books.ticks.append(self.resume)
            else:
                self.resume(sync=True)
        if self.resuming is not _IDLE and self.drain is not _OWED and self.is_busy:
            self.drain = _OWED
        return self.drain is not _OWED

    def set_pipelining(self, value: float) -> None:
        """Change how many requests run at a time, at once: undici's only setter."""
        self.pipelining = value
        self.resume(sync=True)

    # Its queue

    def resume(self, *, sync: bool = False) -> None:
        """Look at the queue, and write what may be written."""
        if self.resuming is not _AT_IT:
            self.resuming = _AT_IT
            while self._goes_on(sync=sync):
                pass
            self.resuming = _IDLE

    def _goes_on(self, *, sync: bool) -> bool:
        """Take one step, and say whether there is another."""
        if self.is_destroyed:
            return False
        if self.awaits_end and not self.size:
            self.awaits_end = False
            self._closed()
            return False
        conn = self.conn
        if conn is not None:
            if conn.session is None:
                h1.resume(self, conn)
            else:
                h2.resume(self, conn, conn.session)
        if self.is_busy:
            self.drain = _OWED
        elif self.drain is _OWED:
            if sync:
                self.drain = Drain.SCHEDULED
                self.books.ticks.append(self._emit_drain)
            else:
                self._emit_drain()
            return True
        if not self.pending or len(self.running) >= self.ceiling:
            return False
        return self._tries(next(iter(self.pending.values())))

    def _tries(self, request: RequestRecord) -> bool:
        """Write the request that is next, or see to a connection for it."""
        if request.is_done:
            # It was given up while it ran, and is back since its connection is closed.
            del self.pending[request.id]
            return True
        if self.is_secure and self.servername != request.ask.servername:
            if self.running:
                return False
            self.servername = request.ask.servername
            if self.conn is not None:
                self.end_connection(
                    self.conn, failures.SERVERNAME_CHANGED, CloseReason.SERVERNAME_CHANGED
                )
        conn = self.conn
        if conn is None:
            if self.dial is None:
                self._connect(request)
            return False
        if conn.is_going:
            return False
        if conn.session is None:
            if h1.is_busy(self, conn, request):
                return False
            runs = h1.write(self, conn, request)
        else:
            if h2.is_busy(self, conn.session, request):
                return False
            runs = h2.write(self, conn, conn.session, request)
        if not runs:
            del self.pending[request.id]
        return True

    def _emit_drain(self) -> None:
        self.drain = Drain.NONE
        self.owner.on_drain(self)

    def let_go(self, request: RequestRecord) -> None:
        """Have a request no longer that waited here."""
        del self.pending[request.id]
        self.resume()

    def why(self, request: RequestRecord) -> QueueReason:
        """Say what a request waits for that waits here."""
        return waiting.why(self, request)

    # Its connection

    def _connect(self, request: RequestRecord) -> None:
        self.servername = request.ask.servername
        why = OpenReason.REQUEUED if request.was_requeued else OpenReason.DISPATCHED
        books = self.books
        why = OpenReason.PROBE if self.is_probe else why
        conn = books.open(self, self.key, request.id, why, h2=self.may_speak_h2)
        self.dial = conn
        if self.options.connect_timeout:
            conn.dial_timer = FastTimer(partial(self._dial_ran_out, conn))
            books.clock.set(conn.dial_timer, self.options.connect_timeout, books.now)

    def _dial_ran_out(self, conn: ConnRecord) -> None:
        # A turn later, for what the network has to say goes first (setupConnectTimeout).
        self.books.immediates.append(partial(self._dial_timed_out, conn))

    def _dial_timed_out(self, conn: ConnRecord) -> None:
        if conn.state is ConnState.DIALLING:
            failure = failures.connect_timeout(self.options.connect_timeout)
            self.books.begin_closing(conn, failure, CloseReason.TIMED_OUT)
            self.books.ticks.append(partial(self._dial_failed, failure, altname=False))

    def on_connected(self, conn: ConnRecord, protocol: ConnProtocol) -> None:
        """The dial succeeded; it is of no use to a client that was destroyed meanwhile."""
        books = self.books
        if self.is_destroyed:
            books.begin_closing(conn, failures.CLIENT_DESTROYED, CloseReason.AGENT_DESTROYED)
            return
        if conn.dial_timer is not None:
            books.clock.clear(conn.dial_timer)
        conn.move(ConnState.UP)
        conn.protocol = protocol
        conn.connected_at = self.connected_at = books.now
        self.dial = None
        self.conn = conn
        if protocol == "h2":
            conn.session = Session()
            session_clocks.begin(self, conn.session)
        books.events.append(SocketConnected(books.now, self.key, conn.id))
        books.events.append(ProtocolKnown(books.now, self.key, conn.id, protocol))
        self.owner.on_connect(self, protocol)
        self.resume()

    def on_connect_failed(self, conn: ConnRecord, failure: Failure, *, altname: bool) -> None:
        """It did not, and there is no socket to see closed."""
        self.books.gone(conn, CloseReason.CONNECT_FAILED)
        self._dial_failed(failure, altname=altname)

    def _dial_failed(self, failure: Failure, *, altname: bool) -> None:
        if self.is_destroyed:
            return
        self.dial = None
        if altname:
            # Only those who asked for this name are refused by its certificate.
            while self.pending:
                front = next(iter(self.pending.values()))
                if front.ask.servername != self.servername:
                    break
                self.refuse(front, failure)
        else:
            self.on_error(failure)
        self.owner.on_connection_error(self)
        self.resume()

    def end_connection(self, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
        """Destroy a connection that is up. Dying already: nothing."""
        if conn.state not in (ConnState.UP, ConnState.LEAVING):
            return
        if conn.session is not None:
            streams.close(self, conn, failure, reason)
            return
        self.books.begin_closing(conn, failure, reason)
        if not failures.spares_waiters(failure):
            self.books.ticks.append(partial(self.on_error, failure))

    def on_error(self, failure: Failure) -> None:
        """An error that nothing which runs is to blame for is of all who wait (onError)."""
        if not self.running and not failures.spares_waiters(failure):
            for request in list(self.pending.values()):
                self.refuse(request, failure)

    def refuse(self, request: RequestRecord, failure: Failure) -> None:
        """Fail a request that waits."""
        del self.pending[request.id]
        self.books.fail(request, failure)

    def on_closed(self, conn: ConnRecord) -> None:
        """Its close was seen: the front is told, and what else ran waits again, before the rest.

        On HTTP/2 what ran was told before. And a session that left had its ``disconnect`` then;
        one that was dropped has none if another took its place meanwhile.
        """
        books = self.books
        was_up = conn.connected_at is not None
        books.gone(conn, conn.close_reason or CloseReason.PEER_FIN)
        if not was_up:
            return
        failure = conn.error or failures.SOCKET_CLOSED
        if conn.session is not None:
            if self.conn is conn:
                self.conn = None
            streams.fail_all(self, streams.running_on(self, conn), failure)
            if conn.session.has_left or self.conn is not None:
                return
            if conn.session.was_asked_in_vain:
                # Node cancels the PING, and undici puts that in the place of why the session ended.
                failure = failures.PING_CANCELLED
        self.conn = None
        if self.is_destroyed:
            for request in list(self.running.values()):
                books.fail(request, failure)
            self.running.clear()
            self.pending.clear()
            books.ticks.append(self._ended)
            self.owner.on_disconnect(self, failure)
            return
        if conn.session is None:
            front = self.front(conn)
            if front is not None and failure.code != failures.INFO:
                del self.running[front.id]
                books.fail(front, failure)
            why = conn.close_reason or CloseReason.PEER_FIN
            put_back(self, streams.running_on(self, conn), conn, why)
        self.owner.on_disconnect(self, failure)
        self.resume()

    # Its end

    def _close(self) -> None:
        if self.size:
            self.awaits_end = True
        else:
            self._closed()

    def _destroy(self, failure: Failure) -> None:
        books = self.books
        del books.clients[self.id]
        if self.id in books.retired:
            books.retired.remove(self.id)
        else:
            books.events.append(ClientRetired(books.now, self.key, self.id, self.why_ended))
        for request in list(self.pending.values()):
            self.refuse(request, failure)
        self._end_what_leaves(failure)
        conn = self.conn
        self.conn = None
        if conn is None:
            books.ticks.append(self._ended)
        elif not conn.is_going:
            ttl = self.why_ended is RetireReason.TTL
            self.end_connection(
                conn, failure, CloseReason.CLIENT_TTL if ttl else CloseReason.AGENT_DESTROYED
            )

    def _end_what_leaves(self, failure: Failure) -> None:
        """End sessions that were left to finish what they have.

        undici's ``destroy`` does not reach them: their requests go on, and the process with them.
        """
        for conn in [request.conn for request in self.running.values()]:
            if conn is not None and conn.state is ConnState.LEAVING:
                self.end_connection(conn, failure, CloseReason.AGENT_DESTROYED)
