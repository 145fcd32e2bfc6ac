"""What a dispatcher knows of each request and each connection, and the one mover of each.

Only this file changes a ``state``. A request is in one *place* until it runs: a pool's queue or a
client's. What it is to that place, and what a connection is to its client, is said by protocols,
because both stand above.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, NamedTuple, NewType, Protocol

import msgspec

from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, QueueReason
from pooltop.core.undici.session import Session
from pooltop.core.undici.states import CONN_MOVES, REQ_MOVES, Clock, ConnState, IdleCheck, ReqState
from pooltop.core.undici.timers import FastTimer

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_DONE = ReqState.DONE
_GOING = ConnState.GOING

ConnProtocol = Literal["h1", "h2"]
Body = Literal["none", "held", "streamed"]


class Ask(NamedTuple):
    """All of a request that decides anything."""

    idempotent: bool = True
    """It may be had twice, so others may run before it: by undici's rule GET, HEAD and QUERY."""
    blocking: bool = True
    """Nothing is sent after it on its connection before its response begins: all but HEAD."""
    reset: bool | None = None
    """Close the connection after it, or do not; None leaves it to the rules. A request whose own
    Connection field says close has True."""
    switches: bool = False
    """It is an upgrade or a CONNECT."""
    upgrade: str = ""
    """Of an upgrade, to what: its Upgrade field; "" for anything else, a CONNECT too."""
    is_head: bool = False
    body: Body = "none"
    """In hand, so that it can be sent again, or only to be had once."""
    expects_payload: bool = False
    """Its method has a body by nature: PUT, POST, PATCH, QUERY, PROPFIND, PROPPATCH."""
    servername: str = ""
    """https: the name of the Host field, or the one that was asked for; "" for none."""
    headers_ms: float | None = None
    """Its own ``headers_timeout``; None for the dispatcher's, 0 for no limit."""
    body_ms: float | None = None
    """Likewise ``body_timeout``."""
    allow_h2: bool | None = None
    """An Agent keeps requests that do not allow HTTP/2 apart; None for the dispatcher's option."""


class Stats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What undici's ``stats`` says, under its names."""

    connected: int
    """Clients with a connection that can carry requests; of a bare Client 0 or 1."""
    free: int | None = None
    """Those of them that would take a request; None of a bare Client, which has no such number."""
    pending: int
    """Requests that wait, in the pool or in its clients."""
    queued: int | None = None
    """Those of them that wait in the pool; None of a bare Client."""
    running: int
    """Written, and not answered to the end."""
    size: int
    """Pending and running."""


class Place(Protocol):
    """Where a request waits."""

    def let_go(self, request: RequestRecord) -> None:
        """Have it no longer: it was given up for good."""

    def why(self, request: RequestRecord) -> QueueReason:
        """Say what it waits for."""


class RequestRecord:
    """One request, as its dispatcher sees it."""

    # Made for every request: what most of them change only once is the class's own.
    state = ReqState.POOLED
    place: Place | None = None
    conn: ConnRecord | None = None
    """While it runs."""
    aborted: Failure | None = None
    """Given up while it waited: what it is told at its turn."""
    was_requeued = False
    """A connection or a stream that it ran on was lost, and it was not to blame."""
    waited_at: OriginKey | None = None
    """The origin under which it was told to wait; None if it is not waiting."""
    why: QueueReason | None = None
    """What it was told to wait for."""

    # Of HTTP/2 alone (h2.py), while it runs or since.
    stream = 0
    """The stream that it runs on."""
    is_sent = True
    """All of it is with the kernel: False while a streamed body is under way."""
    has_begun = False
    """The final head of its response came."""
    has_length = False
    """It says how many octets of body follow."""
    clock_at = 0.0
    """When the clock of heads or of bodies was set that its stream has."""
    was_refused = False
    """The peer refused a stream of it: there is one retry."""
    was_left_out = False
    """A GOAWAY left a stream of it out: likewise."""
    holds_old_stream = False
    """It waits since a GOAWAY left its stream out, of which undici still knows then."""

    def __init__(self, id_: RequestId, key: OriginKey, ask: Ask, now: float) -> None:
        """Begin, not yet placed."""
        self.id = id_
        self.key = key
        """Its origin: with a BalancedPool the one it is given to, once it is."""
        self.ask = ask
        self.submitted_at = now

    @property
    def is_done(self) -> bool:
        """Its caller knows how it ended."""
        return self.state is _DONE

    def move(self, state: ReqState) -> None:
        """Change the state by the table."""
        assert state in REQ_MOVES[self.state], f"request {self.id}: {self.state} -> {state}"
        self.state = state


ClientId = NewType("ClientId", int)
"""Counts from 1 in the order in which one dispatcher makes its clients."""


class ConnUser(Protocol):
    """What a client hears of its connection."""

    id: ClientId
    key: OriginKey
    servername: str | None
    """That it dials for, or has dialled for last; "" for the host's."""
    running: OrderedDict[RequestId, RequestRecord]

    def set_pipelining(self, value: float) -> None:
        """An edit says how many requests may run at a time."""

    def on_connected(self, conn: ConnRecord, protocol: ConnProtocol) -> None:
        """The dial succeeded."""

    def on_connect_failed(self, conn: ConnRecord, failure: Failure, *, altname: bool) -> None:
        """It did not."""

    def on_closed(self, conn: ConnRecord) -> None:
        """Its close was seen."""

    def end_connection(self, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
        """It is of no further use."""

    def expire(self, conn: ConnRecord) -> None:
        """One of its exact clocks ran out."""

    def give_up(self, request: RequestRecord, failure: Failure, reason: CloseReason) -> None:
        """A request that runs is not wanted any more."""

    def on_sent(self, request: RequestRecord) -> None:
        """A streamed body is with the kernel."""

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

    def on_end(self, request: RequestRecord, reason: CloseReason | None) -> None:
        """A response is complete."""

    def on_switched(self, request: RequestRecord) -> None:
        """The server switched protocols, and the connection is the caller's own."""

    def on_written(self, conn: ConnRecord, *, is_full: bool) -> None:
        """The kernel takes no more of a streamed body for now, or does again."""


class ConnRecord:
    """One connection of a client, from its dial to its close."""

    protocol: ConnProtocol = "h1"
    connected_at: float | None = None
    closing_at: float | None = None
    close_reason: CloseReason | None = None
    error: Failure | None = None
    """While it is GOING: undici's kError, which its close is told with."""
    carried = 0
    """Requests it was given."""
    dial_timer: FastTimer | None = None
    idle_until: float | None = None
    """While the keep-alive clock runs: when the connection is closed."""
    session: Session | None = None
    """Of HTTP/2, once it is connected."""

    # Of HTTP/1.1 alone (h1.py).
    is_writing = False
    """A streamed body is being sent."""
    is_full = False
    """The kernel takes no more of it for now (writableNeedDrain)."""
    is_blocking = False
    """The head of a response is awaited that holds up all others."""
    reset: CloseReason | None = None
    """It is closed when nothing runs any more, and takes nothing new: why; None if it is kept."""
    check = IdleCheck.NOT_MADE
    was_idle = False
    """When its last response ended, nothing waited (kSocketUsed)."""
    has_head = False
    """The final head of the response at the front has come, and not yet its end."""
    keep = False
    """That response lets the connection be used again."""
    clock = Clock.NONE
    timer: FastTimer | None = None
    timer_ms: float | None = None
    """What the clock that runs was set to; 0 for no limit."""

    def __init__(self, id_: SocketId, key: OriginKey, client: ConnUser, now: float) -> None:
        """Begin dialling."""
        self.id = id_
        self.key = key
        self.client = client
        self.opened_at = now
        self.state = ConnState.DIALLING

    @property
    def is_going(self) -> bool:
        """It was destroyed (Node's socket.destroyed)."""
        return self.state is _GOING

    def move(self, state: ConnState) -> None:
        """Change the state by the table."""
        assert state in CONN_MOVES[self.state], f"socket {self.id}: {self.state} -> {state}"
        self.state = state
