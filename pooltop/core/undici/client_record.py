"""What a client knows, and what the rules of its protocol may ask of it."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict

from pooltop.core.model import OriginKey, RequestId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, QueueReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.dispatcher import Dispatcher, Owner
from pooltop.core.undici.options import speaks_h2c
from pooltop.core.undici.records import ClientId, ConnRecord, RequestRecord
from pooltop.core.undici.states import Drain, ReqState, Resuming

_RUNNING = ReqState.RUNNING
"""Not looked up through the enum's metaclass for every request."""


class ClientRecord(Dispatcher):
    """One place for a connection, and the requests that are for it.

    undici has one queue with two marks in it; here it is two: those that run, in the order in which
    they were written, and those that wait.
    """

    id: ClientId

    def __init__(self, books: Books, key: OriginKey, owner: Owner, *, allow_h2: bool) -> None:
        """Begin without a connection; HTTP/2 may be offered to an https origin, or may not."""
        super().__init__(books, key, owner)
        options = books.options
        self.is_secure = key in books.secure
        self.may_speak_h2 = allow_h2 if self.is_secure else speaks_h2c(options)
        self.is_h2_alone = options.kind == "h2"
        """No connection of it speaks anything else."""
        self.pipelining = options.pipelining
        """Undici's setter changes it while traffic flows."""
        self.max_streams: float | None = None
        """HTTP/2: what the last SETTINGS left, of this session or of one before; None before the
        first."""
        self.running: OrderedDict[RequestId, RequestRecord] = OrderedDict()
        self.pending: OrderedDict[RequestId, RequestRecord] = OrderedDict()
        self.dial: ConnRecord | None = None
        """The connection that is on the way (kConnecting)."""
        self.conn: ConnRecord | None = None
        """The connection that it has, a dying one until its close is seen (kHTTPContext)."""
        self.resuming = Resuming.IDLE
        self.drain = Drain.NONE
        self.keep_alive_ms = options.keep_alive_timeout
        """How long an idle connection is kept: the last response's hint, or the option."""
        self.servername: str | None = None
        """https: what its connection was made for; None before the first."""
        self.is_probe = False
        """Its pool waits for it to learn which protocol the origin speaks."""
        self.connected_at: float | None = None
        """When it last connected: what ``client_ttl`` is counted from."""
        self.awaits_end = False
        """It is closed, and ends when nothing waits or runs any more (kClosedResolve)."""

    @property
    def size(self) -> int:
        """Requests that it has: those that wait and those that run."""
        return len(self.pending) + len(self.running)

    @property
    def ceiling(self) -> float:
        """How many may run at a time.

        Without a connection undici goes by ``pipelining``, whatever it had before: so what comes
        after a GOAWAY normally waits until nothing runs any more. In kind "h2" it is what the last
        session had.
        """
        conn = self.conn
        if self.is_h2_alone or (conn is not None and conn.session is not None):
            return self.max_streams or 1
        return self.pipelining or 1

    @property
    def is_connected(self) -> bool:
        """It has a connection that can carry requests."""
        return self.conn is not None and not self.conn.is_going

    def front(self, conn: ConnRecord) -> RequestRecord | None:
        """Give the first that runs on a connection; None if nothing does.

        On HTTP/1.1 its response is next. What a session that leaves has to finish may run before.
        """
        for request in self.running.values():
            if request.conn is conn:
                return request
        return None

    def run(self, request: RequestRecord, conn: ConnRecord) -> None:
        """Have a request on the connection that waited in the client."""
        del self.pending[request.id]
        request.move(_RUNNING)
        request.place = None
        request.conn = conn
        conn.carried += 1
        self.running[request.id] = request

    @abstractmethod
    def resume(self, *, sync: bool = False) -> None:
        """Look at the queue, and write what may be written.

        Args:
            sync: within a caller's own call: who waits for a drain is told a tick later.
        """

    @abstractmethod
    def let_go(self, request: RequestRecord) -> None:
        """Have a request no longer that waited here."""

    @abstractmethod
    def why(self, request: RequestRecord) -> QueueReason:
        """Say what a request waits for that waits here."""

    @abstractmethod
    def refuse(self, request: RequestRecord, failure: Failure) -> None:
        """Fail a request that waits."""

    @abstractmethod
    def on_error(self, failure: Failure) -> None:
        """An error that nothing which runs is to blame for is of all who wait (onError)."""

    @abstractmethod
    def end_connection(self, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
        """Destroy a connection (util.destroy). Dying already: nothing.

        Args:
            conn: that it has.
            failure: what the request at its front is told when the close is seen, unless the error
                is of the kind "information"; on HTTP/2 it is told to all that run on it.
            reason: for the books.
        """
