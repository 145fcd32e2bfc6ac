"""What one dispatcher knows of all it has, what is to be done, and what was not yet told.

It decides nothing, but how a request is settled and how a connection's end begins: what every rule
comes down to.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable

from pooltop.core.commands import Command, Destroy, Open, Settle
from pooltop.core.events import (
    PoolEvent,
    RequestFailed,
    RequestQueued,
    RequestWithdrawn,
    SocketClosed,
    SocketClosing,
    SocketOpened,
)
from pooltop.core.ledger import Step
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, OpenReason
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import (
    ClientId,
    ConnRecord,
    ConnUser,
    Place,
    RequestRecord,
)
from pooltop.core.undici.states import ConnState, ReqState
from pooltop.core.undici.timers import FastClock

NO_LIFE = -math.inf
"""A moment before all others: nothing was heard yet."""


def _silent(_socket: SocketId, _request: RequestId | None) -> float:
    return NO_LIFE


class Books:
    """The books of one dispatcher, all origins together."""

    def __init__(self, options: DispatcherOptions) -> None:
        """Begin with nothing."""
        self.options = options
        self.now = 0.0
        """The second of the input that is being dealt with."""
        self.secure: set[OriginKey] = set()
        """Origins of https: the shell says which, before their first request."""
        self.conns: dict[SocketId, ConnRecord] = {}
        """Every connection that is not gone, by id."""
        self.requests: dict[RequestId, RequestRecord] = {}
        """Every request that is not done, by id."""
        self.waiting: dict[OriginKey, OrderedDict[RequestId, RequestRecord]] = {}
        """Those of them that were told to wait, by origin, the one that was told first at the head.
        Origins with none are not in it."""
        self.clients: dict[ClientId, ConnUser] = {}
        """Every client that was not destroyed, by id."""
        self.retired: set[ClientId] = set()
        """Those of them that left their pool, and finish what they have."""
        self.ticks: deque[Callable[[], None]] = deque()
        """Microtasks: while there are any, ``tick`` is due before the next input of the network."""
        self.immediates: deque[Callable[[], None]] = deque()
        """What ``turn`` is to do once, when what the network holds now was read."""
        self.commands: list[Command] = []
        """What the inputs led to and was not taken yet."""
        self.events: list[PoolEvent] = []
        """Likewise."""
        self.clock = FastClock()
        self.exact_deadline = math.inf
        """When the first of the clocks that are exact runs out, or earlier; inf for never: idle
        connections, and all clocks of HTTP/2."""
        self.quiet_since: Callable[[SocketId, RequestId | None], float] = _silent
        """Within ``expire``: when a body or a stream last lived, or its reader went on."""
        self._opened = 0
        self._clients = 0

    @property
    def deadline(self) -> float:
        """When ``expire`` is to be called, or earlier; inf for never."""
        return min(self.exact_deadline, self.clock.next_at)

    def wake(self, at: float) -> None:
        """Have ``expire`` called at a second, or earlier."""
        self.exact_deadline = min(self.exact_deadline, at)

    def take(self) -> Step:
        """Give what the inputs since the last call led to, once."""
        step = Step(self.commands, self.events)
        self.commands = []
        self.events = []
        return step

    def add_client(self, client: ConnUser) -> ClientId:
        """Have one client more, and give it its number."""
        self._clients += 1
        number = ClientId(self._clients)
        self.clients[number] = client
        return number

    def open(
        self, user: ConnUser, key: OriginKey, request: RequestId, why: OpenReason, *, h2: bool
    ) -> ConnRecord:
        """Begin to dial for a client; HTTP/2 may be spoken, or may not."""
        self._opened += 1
        conn = ConnRecord(SocketId(self._opened), key, user, self.now)
        self.conns[conn.id] = conn
        self.commands.append(Open(conn.id, key, request, h2))
        self.events.append(SocketOpened(self.now, key, conn.id, why))
        return conn

    def begin_closing(self, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
        """Close a connection without waiting for anything; it is not to be closing yet."""
        conn.move(ConnState.GOING)
        conn.error = failure
        conn.close_reason = reason
        conn.closing_at = self.now
        conn.idle_until = None
        if conn.session is not None:
            conn.session.stop()
        if conn.dial_timer is not None:
            self.clock.clear(conn.dial_timer)
        self.events.append(SocketClosing(self.now, conn.key, conn.id, reason, conn.carried))
        self.commands.append(Destroy(conn.id, reason))

    def gone(self, conn: ConnRecord, reason: CloseReason) -> None:
        """Have a connection no more, and none of its timers."""
        conn.move(ConnState.GONE)
        del self.conns[conn.id]
        conn.idle_until = None
        for timer in (conn.timer, conn.dial_timer):
            if timer is not None:
                self.clock.clear(timer)
        conn.timer = conn.dial_timer = None
        self.events.append(SocketClosed(self.now, conn.key, conn.id, reason, conn.carried))

    def wait(self, request: RequestRecord, place: Place) -> None:
        """Have a request wait where it is now; it is told once, whereto it is moved later."""
        if request.waited_at is None:
            request.waited_at = request.key
            request.why = place.why(request)
            self.waiting.setdefault(request.key, OrderedDict())[request.id] = request
            self.events.append(RequestQueued(self.now, request.key, request.id, request.why))

    def wait_again(self, request: RequestRecord) -> None:
        """Have a request wait that ran: it goes before all others of its origin."""
        request.waited_at = request.key
        line = self.waiting.setdefault(request.key, OrderedDict())
        line[request.id] = request
        line.move_to_end(request.id, last=False)

    def older_waiting(self, request: RequestRecord) -> int:
        """Count the older requests of its origin that wait yet, while this one does not."""
        count = 0
        for other in self.waiting.get(request.key, ()):
            if other > request.id:
                break
            count += 1
        return count

    def wait_no_more(self, request: RequestRecord) -> None:
        """It runs, or is done."""
        key = request.waited_at
        if key is not None:
            request.waited_at = None
            line = self.waiting[key]
            del line[request.id]
            if not line:
                del self.waiting[key]

    def settle(self, request: RequestRecord) -> None:
        """Be done with a request: nothing more is told of it."""
        self.wait_no_more(request)
        request.move(ReqState.DONE)
        del self.requests[request.id]

    def fail(self, request: RequestRecord, failure: Failure) -> None:
        """Settle a request with an error, once (util.errorRequest). Done: nothing."""
        if request.is_done:
            return
        conn = request.conn
        self.settle(request)
        self.events.append(
            RequestFailed(
                self.now,
                request.key,
                request.id,
                None if conn is None else conn.id,
                *failure,
            )
        )
        self.commands.append(Settle(request.id, failure.code, failure.message))

    def withdraw(self, request: RequestRecord, failure: Failure) -> None:
        """Fail a request that waits, at once: undici has nothing like it."""
        place = request.place
        if request.waited_at is not None:
            self.events.append(RequestWithdrawn(self.now, request.key, request.id))
        self.fail(request, failure)
        if place is not None:
            place.let_go(request)
