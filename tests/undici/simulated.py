"""Servers that are only imagined, and the loop between them and a core, in Node's order.

One turn of the loop: what the network has is read, socket by socket; then what setImmediate was
asked for; then the closes, the last destroyed first. Microtasks run after each of these.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from undici.responses import FIN, RST, NoResponse, Responses, Said

from pooltop.core.commands import Destroy, Open, Send, Settle
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason

if TYPE_CHECKING:
    from pooltop.core.events import PoolEvent
    from pooltop.core.model import OriginKey, RequestId, SocketId
    from pooltop.core.undici.core import UndiciCore

TLS_TURNS = 4
OTHER_SIDE = ("UND_ERR_SOCKET", "other side closed")
BAD_RESPONSE = ("UND_ERR_SOCKET", "bad response")
CLOSED = ("UND_ERR_SOCKET", "closed")
NO_RESPONSE = ("HTTPParserError", "Response does not match the HTTP/1.1 protocol")
CUT = (
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    "Response body length does not match content-length header",
)
"""A body that ends before its length, where undici's parser is asked whether it may."""
RESET = ("ECONNRESET", "read ECONNRESET")


@dataclass
class Asked:
    """A request of the scenario."""

    name: str
    id: RequestId
    is_head: bool
    is_upgrade: bool
    servername: str
    pieces: int | None = None
    """Of a streamed body: how many are there; None for one that is not streamed."""
    body_is_over: bool = False
    is_done: bool = False
    wire: Wire | None = None
    """That it was last written to."""
    nth: int = 0
    close: bool = False
    """It was last written with Connection: close."""
    server: Wire | None = None
    """On which the server last saw it."""
    answered: bool = False
    rest: list[Said] = field(default_factory=list)
    """What remains of a ``part`` response."""
    status: int = 0


@dataclass
class Wire:
    """One connection, both ends."""

    id: SocketId
    origin: str
    is_up: bool = False
    is_destroyed: bool = False
    """By the client."""
    is_gone: bool = False
    is_ended: bool = False
    """By the server."""
    is_taken: bool = False
    """An upgrade's caller has it."""
    carried: int = 0
    front: deque[Asked] = field(default_factory=deque)
    """Written and not answered to the end, the next to be answered at the head."""
    seen: set[str] = field(default_factory=set)
    """Requests that its server saw."""
    is_reset: bool = False
    """By the server."""
    asks_upgrade: bool = False
    """Its server saw an upgrade, and takes what is behind it for another protocol."""
    inbound: deque[Said] = field(default_factory=deque)
    responses: Responses = field(default_factory=Responses)
    heard_at: float = 0.0

    @property
    def serves(self) -> bool:
        """The server can say something on it."""
        return self.is_up and not self.is_destroyed and not self.is_gone and not self.is_ended

    def say(self, said: Said) -> None:
        """Have the server say something; what it says in one turn is read at once."""
        last = self.inbound[-1] if self.inbound else None
        if isinstance(said, str) and isinstance(last, str):
            self.inbound[-1] = last + said
        else:
            self.inbound.append(said)
        self.is_ended = self.is_ended or said is FIN or said is RST
        self.is_reset = self.is_reset or said is RST


class World:
    """A core, its servers, and the time."""

    def __init__(
        self,
        core: UndiciCore,
        name_of: Callable[[OriginKey], str],
        is_good: Callable[[str], bool],
    ) -> None:
        """Begin with no connections.

        Args:
            core: what decides.
            name_of: gives the scenario's name of an origin.
            is_good: says whether the servers' certificate is for a server name.
        """
        self.core = core
        self.now = 0.0
        self.asked: dict[RequestId, Asked] = {}
        self.wires: dict[SocketId, Wire] = {}
        self.gates: dict[str, deque[Wire]] = {}
        """Dials that are held, of the origins that hold them."""
        self.secure: set[str] = set()
        """Origins of https: their dials take longer than a close."""
        self.deaf: set[str] = set()
        """Origins that do not listen."""
        self.microtasks: deque[Callable[[], None]] = deque()
        self.on_done: Callable[[Asked, dict[str, object]], None]
        self.on_event: Callable[[PoolEvent], None]
        self.on_arrived: Callable[[Asked, Wire], None]
        self.on_taken_closed: Callable[[Wire], None]
        self._name_of = name_of
        self._is_good = is_good
        self._network: deque[Callable[[], None]] = deque()
        self._closing: list[Wire] = []

    # What the core has to have done

    def perform(self) -> None:
        """Do what the core says, and not yet what follows of itself."""
        while self.core.commands or self.core.events:
            step = self.core.take()
            for event in step.events:
                self.on_event(event)
            for command in step.commands:
                match command:
                    case Open():
                        self._open(command)
                    case Send():
                        self._send(command)
                    case Settle(request=request, code=code, message=message):
                        self.done(self.asked[request], error=code, message=message)
                    case Destroy(socket=socket):
                        self.wires[socket].is_destroyed = True
                        self._closing.append(self.wires[socket])
                    case other:
                        raise AssertionError(other)

    def done(self, asked: Asked, **outcome: object) -> None:
        """Be told how a request ended."""
        assert not asked.is_done, asked.name
        asked.is_done = True
        self.on_done(asked, outcome)

    def _open(self, command: Open) -> None:
        origin = self._name_of(command.key)
        wire = self.wires[command.socket] = Wire(command.socket, origin)
        name = self.asked[command.request].servername
        if origin in self.gates:
            self.gates[origin].append(wire)
        else:
            self.dial(wire, altname=not self._is_good(name))

    def dial(self, wire: Wire, error: str | None = None, *, altname: bool = False) -> None:
        """Have a dial come to its end with the next turn of the network."""

        turns = TLS_TURNS if wire.origin in self.secure else 1

        def come_to_its_end() -> None:
            nonlocal turns
            turns -= 1
            if wire.is_destroyed:
                return
            if turns and wire.origin not in self.deaf:
                self._network.append(come_to_its_end)
                return
            if altname:
                self._fail(wire, "ERR_TLS_CERT_ALTNAME_INVALID", altname=True)
            elif error is not None or wire.origin in self.deaf:
                self._fail(wire, error or "ECONNREFUSED", altname=False)
            else:
                wire.is_up = True
                self.core.connected(wire.id, now=self.now, protocol="h1")

        self._network.append(come_to_its_end)

    def _fail(self, wire: Wire, code: str, *, altname: bool) -> None:
        wire.is_gone = wire.is_destroyed = True
        failure = Failure(code, "no connection")
        self.core.connect_failed(wire.id, now=self.now, failure=failure, altname=altname)

    def _send(self, command: Send) -> None:
        asked, wire = self.asked[command.request], self.wires[command.socket]
        wire.carried += 1
        wire.front.append(asked)
        asked.wire, asked.nth, asked.close = wire, wire.carried, command.close
        asked.server, asked.answered, asked.rest = None, False, []
        self.write(asked)

    def write(self, asked: Asked) -> None:
        """Write what there is of a request that was sent."""
        if asked.wire is None or asked.wire.is_destroyed or asked.is_done:
            return
        if asked.pieces != 0 or asked.body_is_over:
            wire = asked.wire
            self._network.append(lambda: self._arrive(asked, wire))
        if asked.pieces is not None and asked.body_is_over:
            self.microtasks.append(lambda: self.core.request_sent(asked.id, now=self.now))

    def _arrive(self, asked: Asked, wire: Wire) -> None:
        """Have the server see what was written, be the client gone from there or not."""
        if asked.name not in wire.seen and not wire.is_reset and not wire.asks_upgrade:
            wire.seen.add(asked.name)
            wire.asks_upgrade = asked.is_upgrade
            self.on_arrived(asked, wire)
            if asked.wire is wire:
                asked.server = wire

    # What the network brings

    def say(self, wire: Wire, said: Said) -> None:
        """Have the server say something; the client reads it with the next turn."""
        if not wire.inbound:
            self._network.append(lambda: self._read(wire))
        wire.say(said)

    def _read(self, wire: Wire) -> None:
        if not wire.inbound or wire.is_destroyed:
            return
        said = wire.inbound.popleft()
        if wire.inbound:
            # Octets and the end behind them are read in two turns.
            self._network.append(lambda: self._read(wire))
        if wire.is_taken:
            wire.is_destroyed = said is FIN or said is RST
            if wire.is_destroyed:
                self._closing.append(wire)
        elif isinstance(said, str):
            wire.heard_at = self.now
            self._parse(wire, said)
        else:
            self._ended(wire, said)

    def _ended(self, wire: Wire, said: Said) -> None:
        """Have the client see FIN or RST."""
        body = wire.responses.body
        if body is not None and body.ends_with_connection:
            if said is RST:
                self._lose(wire, CloseReason.RESET, CLOSED)
            self._end(wire, CloseReason.EOF_FRAMED)
        elif body is not None and not body.keep:
            self._lose(wire, CloseReason.PROTOCOL_ERROR, NO_RESPONSE if body.is_chunked else CUT)
        elif said is FIN:
            self._lose(wire, CloseReason.PEER_FIN, OTHER_SIDE)
        else:
            self._lose(wire, CloseReason.RESET, RESET)

    def _parse(self, wire: Wire, octets: str) -> None:
        responses = wire.responses
        responses.buffer += octets
        while responses.buffer and not wire.is_destroyed and not wire.is_taken:
            if not wire.front:
                self._lose(wire, CloseReason.PROTOCOL_ERROR, BAD_RESPONSE)
                return
            asked = wire.front[0]
            if responses.body is None:
                try:
                    head = responses.next_head(is_head=asked.is_head)
                except NoResponse:
                    self._lose(wire, CloseReason.PROTOCOL_ERROR, NO_RESPONSE)
                    return
                if head is None:
                    return
                if head.status == 101 and asked.is_upgrade:
                    self._switch(wire, asked)
                    return
                self.core.head_received(
                    asked.id,
                    now=self.now,
                    status=head.status,
                    keep=head.keep,
                    hint_s=head.hint_s,
                    odd_length=head.odd_length,
                )
                self.perform()
                if head.status < 200:
                    continue
                if wire.is_destroyed and (head.keep or head.length != 0):
                    # What the head led to ended the connection: its body is not read.
                    return
            assert responses.body is not None
            asked.status = responses.body.status
            if not responses.take_body():
                return
            self._end(wire, None)

    def _end(self, wire: Wire, reason: CloseReason | None) -> None:
        asked = wire.front.popleft()
        self.core.response_ended(asked.id, now=self.now, reason=reason)
        self.perform()
        self.done(asked, status=asked.status)

    def _switch(self, wire: Wire, asked: Asked) -> None:
        self.core.detach(asked.id, now=self.now)
        self.perform()
        if not wire.is_destroyed:
            wire.front.popleft()
            wire.is_taken = True
            self.done(asked, status=101)

    def _lose(self, wire: Wire, reason: CloseReason, told: tuple[str, str]) -> None:
        code, message = told
        self.core.lost(wire.id, now=self.now, reason=reason, code=code, message=message)
        self.perform()

    # The loop

    def rest(self) -> None:
        """Go on until nothing happens any more of itself, without time."""
        self._tick()
        while self._closing or self._network or self.core.immediates:
            while self._closing:
                wire = self._closing.pop()
                wire.is_gone = True
                wire.front.clear()
                if wire.is_taken:
                    self.on_taken_closed(wire)
                else:
                    self.core.closed(wire.id, now=self.now)
                self._tick()
            for _ in range(len(self._network)):
                self._network.popleft()()
                self._tick()
            if self.core.immediates:
                self.core.turn(now=self.now)
                self._tick()

    def _tick(self) -> None:
        self.perform()
        while self.core.ticks or self.microtasks:
            # undici's own promises take several rounds, a caller's next step one.
            while self.microtasks:
                self.microtasks.popleft()()
                self.perform()
            self.core.tick(now=self.now)
            self.perform()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self.core.deadline <= until:
            self.now = max(self.now, self.core.deadline)
            self.core.expire(now=self.now, quiet_since=self._quiet_since)
            self.rest()
        self.now = until

    def _quiet_since(self, socket: SocketId, request: RequestId | None) -> float:
        del request
        return self.wires[socket].heard_at
