"""What a client knows, and what the rules of its protocol may ask of it."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict

from pooltop.core.model import OriginKey, RequestId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.dispatcher import Dispatcher, Owner
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

    def __init__(self, books: Books, key: OriginKey, owner: Owner) -> None:
        """Begin without a connection."""
        super().__init__(books, key, owner)
        options = books.options
        self.is_secure = key in books.secure
        self.pipelining = options.pipelining
        """Undici's setter changes it while traffic flows."""
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
        """How many may run at a time."""
        return self.pipelining or 1

    @property
    def is_connected(self) -> bool:
        """It has a connection that can carry requests."""
        return self.conn is not None and not self.conn.is_going

    def front(self) -> RequestRecord | None:
        """Give the request whose response is next; None if nothing runs."""
        return next(iter(self.running.values()), None)

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
    def end_connection(self, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
        """Destroy a connection (util.destroy). Dying already: nothing.

        Args:
            conn: that it has.
            failure: what the request at its front is told when the close is seen, unless the error
                is of the kind "information".
            reason: for the books.
        """
