"""What every shell does, whatever its core decides: performs, and keeps Node's order of things.

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
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, cast

from pooltop.core.commands import Command
from pooltop.core.detail import HostDetail, Watch
from pooltop.core.events import PoolEvent
from pooltop.core.ledger import Step
from pooltop.core.model import Codec, Origin, OriginKey, RequestId, SocketId, Timeouts
from pooltop.core.snapshot import OriginSnapshot
from pooltop.core.states import CloseReason
from pooltop.engine.clocks import Alarm
from pooltop.engine.codecs.base import ResponseEnd
from pooltop.engine.connection import Connection
from pooltop.engine.levels import Levels
from pooltop.engine.link import READ_BYTES
from pooltop.engine.listeners import End, Listener, Listeners
from pooltop.engine.stream import ByteStream
from pooltop.engine.tally import Tally
from pooltop.errors import OperatorError, RequestError

if TYPE_CHECKING:
    from pooltop.engine.dialling import Dialling
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.own_ways import OwnWays
    from pooltop.engine.tls_sessions import TLSFactory

_now = time.monotonic


class Core(Protocol):
    """What is common to the cores."""

    ticks: deque[Any]  # Any: each core's own
    """While there are any, ``tick`` is to be called before the next input of the network."""
    commands: list[Command]
    events: list[PoolEvent]

    @property
    def deadline(self) -> float:
        """When an idle socket's time is over, or earlier; inf for never."""

    def take(self) -> Step:
        """Give what the inputs since the last call led to, once."""

    def tick(self, *, now: float) -> None:
        """Do what was put off to the end of the callback."""

    def closed(self, socket: SocketId, *, now: float) -> None:
        """A destroyed socket's close was seen."""


class Hands(Protocol):
    """What performs commands, and takes events to what they are about."""

    commands: dict[type, Callable[[Any], None]]  # Any: each takes its own kind
    events: dict[type, Callable[[Any], None]]


class ShellBase(ABC):
    """Sockets, requests and clocks around one core. Not thread-safe: one event loop owns it."""

    def __init__(self, core: Core, *, tls: TLSFactory, codec: Codec, own: OwnWays) -> None:
        """Begin with no sockets; the running event loop is the one that is used.

        Whoever inherits calls ``_use`` before anything is submitted.
        """
        self._core = core
        self._own = own
        self.tally = Tally()
        self.codec = codec
        self.now = _now()
        """The time of the callback that is running, in monotonic seconds: read once in each."""
        self.connections: dict[SocketId, Connection] = {}
        self.exchanges: dict[RequestId, Exchange] = {}
        """Every request that is not settled, by id."""
        self.targets: dict[OriginKey, Origin] = {}
        """Where each origin key leads."""
        self.buffer = memoryview(bytearray(READ_BYTES))
        """What its connections read into, one at a time: no two threads may share one."""
        self.streams: set[ByteStream] = set()
        """Sockets that left the pool and are still open: their callers', closed with the agent."""
        self._loop = asyncio.get_running_loop()
        self.tls = tls
        """Secures its connections to https origins."""
        self._ids = cast("Iterator[RequestId]", count(1))
        self._closing: list[SocketId] = []
        self._closes_are_due = False
        self._complete: deque[Exchange] = deque()
        self._after_is_due = False
        self._idle = Alarm(self._loop, self._idle_due)

    def _use(self, hands: Hands, dials: Dialling) -> None:
        self._dials = dials
        self._perform_one = hands.commands
        self._listeners = Listeners(hands.events)
        # The listeners' own, looked at in every step.
        self._handlers = self._listeners.by_kind
        self._untold = self._listeners.untold

    # The caller's side

    def touch(self) -> float:
        """Read the clock at the start of something that no callback of the loop began."""
        self.now = _now()
        return self.now

    def subscribe(self, listener: Listener, kinds: Iterable[type] = ()) -> End:
        """Tell every event from now on; give the function that ends it: see ``Listeners``."""
        return self._listeners.subscribe(listener, kinds)

    @abstractmethod
    def submit(self, exchange: Exchange) -> None:
        """Admit a request at once. Its socket is attached when ``after`` runs."""

    @abstractmethod
    def abort(self, exchange: Exchange, cause: RequestError | None = None) -> None:
        """Give a request up for its caller."""

    @abstractmethod
    def close_for_good(self) -> None:
        """Fail every request, destroy every socket: nothing is opened after it."""

    def after_this_turn(self) -> None:
        """Let ``after`` run once the code that is running has returned to the loop."""
        if not self._after_is_due:
            self._after_is_due = True
            self._loop.call_soon(self._run_after)
        if self._closing:
            self._let_closes_be_seen()

    def after(self) -> None:
        """Take the ticks, then tell who waits for a response, until neither is left."""
        core = self._core
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

    def own_timeouts(self, origin: Origin) -> Timeouts | None:
        """Give the clocks that an origin's requests have for themselves; None for the agent's."""
        return self._own.timeouts(origin)

    # What is asked about it

    @abstractmethod
    def origins(
        self, at: float, heads: Mapping[OriginKey, int], head: int
    ) -> tuple[OriginSnapshot, ...]:
        """Give the picture of every origin, in the order in which they were first used.

        Args:
            at: the present instant, in monotonic seconds.
            heads: of these origins so many queued requests, if it is more than ``head``.
            head: so many queued requests of each origin.
        """

    @abstractmethod
    def detail(self, watch: Watch, pace: float | None) -> HostDetail:
        """Give what is told of one host; nothing but its name where it is not known.

        Args:
            watch: which host, how much of its queue, and whose header fields.
            pace: requests per second that its queue was served lately; None or 0 where it was not.
        """

    @abstractmethod
    def levels(self) -> Iterator[tuple[OriginKey, Levels]]:
        """Give how full the pool of each origin is."""

    @abstractmethod
    def running_on(self, connection: Connection) -> list[RequestId]:
        """Give the requests that a connection carries, or is opened for."""

    @abstractmethod
    def socket_of(self, request: RequestId) -> SocketId | None:
        """Give the socket of a request, None while it is queued.

        Raises:
            KeyError: it is over.
        """

    @abstractmethod
    def queue_of(self, origin: OriginKey) -> list[RequestId]:
        """Give the requests that wait for an origin, the oldest first."""

    # What an operator does

    @abstractmethod
    def cancel(self, request: RequestId, error: OperatorError) -> None:
        """Fail a request at once, queued or running; a running one's socket goes with it."""

    @abstractmethod
    def clear_queue(self, origin: OriginKey, error: OperatorError) -> None:
        """Fail every request that waits for an origin, at once."""

    # The connections' side

    @abstractmethod
    def connected(self, connection: Connection) -> None:
        """The socket can carry bytes."""

    @abstractmethod
    def note_connect(self, timeouts: Timeouts, connection: Connection) -> None:
        """A dial is in its next phase, with a limit of its own."""

    @abstractmethod
    def dial_failed(self, connection: Connection, error: RequestError) -> None:
        """The socket could not be connected."""

    @abstractmethod
    def lost(self, connection: Connection, reason: CloseReason, error: RequestError | None) -> None:
        """The socket is of no further use."""

    @abstractmethod
    def peer_ended(self, connection: Connection) -> None:
        """The peer begins to close, no response being under way."""

    @abstractmethod
    def finished(self, connection: Connection) -> None:
        """A socket that was to close once written is closed."""

    @abstractmethod
    def response_ended(self, exchange: Exchange, end: ResponseEnd) -> None:
        """The response is complete and was read."""

    @abstractmethod
    def switched(self, exchange: Exchange, early: bytes) -> ByteStream:
        """Give the socket to the caller: what follows on it is no HTTP."""

    def keep_session(self, connection: Connection) -> None:
        """Keep the TLS session, if the server has given one, for the origin's next connection."""
        if connection.tls is not None and not connection.session_kept:
            connection.session_kept = self.tls.remember(connection.secured, connection.tls)

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

    # Commands

    def perform(self) -> None:
        """Take what the core has decided: tell its events, and do its commands."""
        step = self._core.take()
        on = self._handlers
        for event in step.events:
            for handler in on[type(event)]:
                handler(event)
        perform = self._perform_one
        for command in step.commands:
            perform[type(command)](command)
        if self._core.deadline < self._idle.at:
            self._idle.note(self._core.deadline)
        if self._untold:
            self._listeners.tell()

    def see_closed(self, socket: SocketId) -> None:
        """Tell the core in the next turn that a destroyed socket is closed; ``after`` does it."""
        self._closing.append(socket)

    # What the loop calls

    @abstractmethod
    def _idle_due(self) -> float:
        """Do what the core's deadline is for; give the next one."""

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
            self._judge(socket)
            self._core.closed(socket, now=self.now)
            self.perform()
            # Each is a callback of its own in Node: its ticks come before the next close. So the
            # socket opened for a queued request that was given up serves the one behind it.
            self.after()

    def _judge(self, socket: SocketId) -> None:  # noqa: B027 - most shells see nothing in it
        """Look at a socket for the last time: its close is about to be told."""

    # Its own

    def _sent(self, exchange: Exchange) -> None:
        self.now = _now()
        exchange.sent_at = self.now
        exchange.on_sent()
