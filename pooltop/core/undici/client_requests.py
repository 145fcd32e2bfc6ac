"""What a client does about what runs on its connections, in the words of each protocol.

Source: undici 8.12.4 lib/dispatcher/client-h1.js, client-h2.js.
"""

from __future__ import annotations

from pooltop.core.events import RequestEnded
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures, h1, h2, session_clocks, streams
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord


class ClientRequests(ClientRecord):
    """The requests that run."""

    def on_sent(self, request: RequestRecord) -> None:
        """All of a streamed body is with the kernel."""
        conn = request.conn
        if conn is not None:
            if conn.session is None:
                h1.on_sent(self, conn)
            else:
                h2.on_sent(self, request)

    def on_written(self, conn: ConnRecord, *, is_full: bool) -> None:
        """The kernel takes no more of a streamed body for now, or does again."""
        if conn.session is None:
            h1.on_written(self, conn, is_full=is_full)

    def on_head(
        self,
        request: RequestRecord,
        *,
        status: int,
        keep: bool,
        hint_s: float | None,
        odd_length: bool,
        has_length: bool,
    ) -> None:
        """The head of a response came, an interim one too."""
        conn = request.conn
        if conn is None or conn.is_going:
            return
        if conn.session is not None:
            h2.on_head(self, conn.session, request, status=status, has_length=has_length)
            return
        assert request is self.front(conn), "a response to a request that is not at the front"
        h1.on_head(
            self, conn, request, status=status, keep=keep, hint_s=hint_s, odd_length=odd_length
        )

    def on_end(self, request: RequestRecord, reason: CloseReason | None) -> None:
        """A response is complete; of a dying connection, only one that its end completes."""
        conn = request.conn
        if conn is None:
            return
        if conn.session is not None:
            if streams.is_alive(conn, conn.session):
                h2.on_end(self, conn, request)
        elif not (conn.is_going and (not conn.has_head or conn.keep)):
            assert request is self.front(conn), "a response to a request that is not at the front"
            h1.on_end(self, conn, request, reason)

    def on_switched(self, request: RequestRecord) -> None:
        """The connection is the caller's own, and the next request dials (onUpgrade).

        Unless others run behind it, which a caller can bring about: undici asserts that none do,
        and the connection ends with that.
        """
        conn = request.conn
        if conn is None or conn.is_going:
            return
        assert conn.session is None, "HTTP/2 switches no protocol"
        if len(streams.running_on(self, conn)) > 1:
            self.end_connection(conn, failures.NOT_ALONE, CloseReason.PROTOCOL_ERROR)
            return
        books = self.books
        del self.running[request.id]
        books.events.append(RequestEnded(books.now, self.key, request.id, conn.id))
        books.settle(request)
        self.conn = None
        books.gone(conn, CloseReason.DETACHED)
        self.owner.on_disconnect(self, failures.UPGRADED)
        self.resume()

    def expire(self, conn: ConnRecord) -> None:
        """One of the exact clocks of a connection ran out: of HTTP/1.1 that is the keep-alive."""
        if conn.session is None:
            self.end_connection(conn, failures.IDLE_TIMEOUT, CloseReason.IDLE_TIMEOUT)
        else:
            session_clocks.expire(self, conn, conn.session)

    def give_up(self, request: RequestRecord, failure: Failure, reason: CloseReason) -> None:
        """Tell a request that runs at once; its connection goes, and others on it go on elsewhere.

        It keeps its place at the front until the close is seen, so it is not told twice, and the
        one behind it is spared. On HTTP/2 only its stream goes.
        """
        conn = request.conn
        if conn is not None and conn.session is not None:
            streams.give_up(self, request, failure)
            return
        self.books.fail(request, failure)
        if conn is not None:
            self.end_connection(conn, failures.WAS_ABORTED, reason)
