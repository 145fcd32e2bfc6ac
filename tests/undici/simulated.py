"""Servers that are only imagined, and the loop between them and a core, in Node's order.

One turn of the loop: what the network has is read, socket by socket; then what setImmediate was
asked for; then the closes, the last destroyed first. Microtasks run after each of these.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from support.scripted import FIN, RST, Said
from undici.responses import CUT, OTHER_SIDE, RESET, NoResponse
from undici.sessions import Frame, Sessions, Talk
from undici.wires import Asked, Wire

from pooltop.core.commands import Destroy, Open, Ping, Reset, Send, Settle
from pooltop.core.events import RequestAssigned
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason

if TYPE_CHECKING:
    from pooltop.core.events import PoolEvent
    from pooltop.core.model import OriginKey, RequestId, SocketId
    from pooltop.core.undici.core import UndiciCore
    from pooltop.core.undici.records import ConnProtocol

TLS_TURNS = 4
BAD_RESPONSE = ("UND_ERR_SOCKET", "bad response")
CLOSED = ("UND_ERR_SOCKET", "closed")
NO_RESPONSE = ("HTTPParserError", "Response does not match the HTTP/1.1 protocol")


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
        self.specs: dict[str, dict[str, Any]] = {}
        """What a scenario says of its origins."""
        self.sessions = Sessions(self)
        self.microtasks: deque[Callable[[], None]] = deque()
        self.on_done: Callable[[Asked, dict[str, object]], None]
        self.on_event: Callable[[PoolEvent], None]
        self.on_arrived: Callable[[Asked, Wire], None]
        self.on_taken_closed: Callable[[Wire], None]
        self._name_of = name_of
        self._is_good = is_good
        self._network: deque[Callable[[], None]] = deque()
        self._closing: list[Wire] = []
        self._handshakes = 0
        """Under way."""

    # What the core has to have done

    def perform(self) -> None:
        """Do what the core says, and not yet what follows of itself."""
        while self.core.commands or self.core.events:
            step = self.core.take()
            for event in step.events:
                self.on_event(event)
                if isinstance(event, RequestAssigned):
                    self._assigned(self.asked[event.request], self.wires[event.socket])
            for command in step.commands:
                match command:
                    case Open():
                        self._open(command)
                    case Send():
                        self._send(command)
                    case Settle(request=request, code=code, message=message):
                        self.done(self.asked[request], error=code, message=message)
                    case Destroy(socket=socket, reason=reason):
                        self.wires[socket].is_destroyed = True
                        self._closing.append(self.wires[socket])
                        self.sessions.destroyed(self.wires[socket], reason)
                    case Reset(socket=socket):
                        self.sessions.reset(*self._talking(socket), command)
                    case Ping(socket=socket):
                        self.sessions.ping(*self._talking(socket))
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
        wire.talk = self._talk(origin) if command.h2 else None
        name = self.asked[command.request].servername
        if origin in self.gates:
            self.gates[origin].append(wire)
        else:
            self.dial(wire, altname=not self._is_good(name))

    def dial(self, wire: Wire, error: str | None = None, *, altname: bool = False) -> None:
        """Have a dial come to its end with the next turn of the network."""

        turns = 1
        if wire.origin in self.secure:
            # One process does all handshakes, one after the other.
            turns = TLS_TURNS + self._handshakes
            self._handshakes += 1

        def come_to_its_end() -> None:
            nonlocal turns
            turns -= 1
            if turns and not wire.is_destroyed and wire.origin not in self.deaf:
                self._network.append(come_to_its_end)
                return
            self._handshakes -= wire.origin in self.secure
            if wire.is_destroyed:
                return
            if altname:
                self._fail(wire, "ERR_TLS_CERT_ALTNAME_INVALID", altname=True)
            elif error is not None or wire.origin in self.deaf:
                self._fail(wire, error or "ECONNREFUSED", altname=False)
            else:
                wire.is_up = True
                protocol: ConnProtocol = "h1" if wire.talk is None else "h2"
                self.core.connected(wire.id, now=self.now, protocol=protocol)
                if wire.talk is not None:
                    self._greet(wire, wire.talk)

        self._network.append(come_to_its_end)

    def _greet(self, wire: Wire, talk: Talk) -> None:
        """Have the server say its SETTINGS; with TLS it waits for the client's last word."""
        if wire.origin in self.secure:
            self.soon(lambda: self.sessions.begin(wire, talk))
        else:
            self.sessions.begin(wire, talk)

    def _fail(self, wire: Wire, code: str, *, altname: bool) -> None:
        wire.is_gone = wire.is_destroyed = True
        failure = Failure(code, "no connection")
        self.core.connect_failed(wire.id, now=self.now, failure=failure, altname=altname)

    def _talk(self, origin: str) -> Talk | None:
        spec = self.specs[origin]
        if spec.get("tls") and not spec.get("h2"):
            return None
        knows_h2 = bool(spec.get("h2") or spec.get("h2c"))
        return Talk(spec.get("maxStreams"), knows_h2, [] if spec.get("mute") else None)

    def _talking(self, socket: SocketId) -> tuple[Wire, Talk]:
        wire = self.wires[socket]
        assert wire.talk is not None
        return wire, wire.talk

    def _assigned(self, asked: Asked, wire: Wire) -> None:
        wire.carried += 1
        asked.wire, asked.nth = wire, wire.carried
        asked.server, asked.answered, asked.rest = None, False, []

    def _send(self, command: Send) -> None:
        asked, wire = self.asked[command.request], self.wires[command.socket]
        asked.close = command.close
        if wire.talk is not None:
            self.sessions.send(wire, wire.talk, asked, command)
        else:
            wire.front.append(asked)
        self.write(asked)

    def write(self, asked: Asked) -> None:
        """Write what there is of a request that was sent."""
        if asked.wire is None or asked.wire.is_destroyed or asked.is_done:
            return
        wire = asked.wire
        if wire.talk is None and (asked.pieces != 0 or asked.body_is_over):
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
        if wire.talk is not None:
            self._read_frames(wire, wire.talk)
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

    def _read_frames(self, wire: Wire, talk: Talk) -> None:
        is_first = not isinstance(wire.inbound[0], Frame)
        self.sessions.read(wire, talk)
        if wire.inbound and not wire.is_destroyed:
            if is_first:
                self.sessions.ended(wire, wire.inbound.popleft())
            else:
                self.soon(lambda: self._read(wire))

    def soon(self, then: Callable[[], None]) -> None:
        """Have the network bring something with its next turn."""
        self._network.append(then)

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
        self.tick()
        while self._closing or self._network or self.core.immediates or self._has_unsent():
            while self._closing:
                wire = self._closing.pop()
                wire.is_gone = True
                wire.front.clear()
                if wire.is_taken:
                    self.on_taken_closed(wire)
                else:
                    self.core.closed(wire.id, now=self.now)
                self.tick()
            for _ in range(len(self._network)):
                self._network.popleft()()
                self.tick()
            if self.core.immediates:
                self.core.turn(now=self.now)
                self.tick()
            for wire in self.wires.values():
                if wire.talk is not None and not wire.is_destroyed:
                    self.sessions.flush(wire, wire.talk)
                    self.tick()

    def tick(self) -> None:
        """Let all microtasks run."""
        self.perform()
        while self.core.ticks or self.microtasks:
            # undici's own promises take several rounds, a caller's next step one.
            while self.microtasks:
                self.microtasks.popleft()()
                self.perform()
            self.core.tick(now=self.now)
            self.perform()

    def _has_unsent(self) -> bool:
        talks = [wire.talk for wire in self.wires.values() if not wire.is_destroyed]
        return any(talk is not None and (talk.unsent or talk.pings) for talk in talks)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self.core.deadline <= until:
            self.now = max(self.now, self.core.deadline)
            self.core.expire(now=self.now, quiet_since=self._quiet_since)
            self.rest()
        self.now = until

    def _quiet_since(self, socket: SocketId, request: RequestId | None) -> float:
        wire = self.wires[socket]
        if wire.talk is not None and request is not None:
            return self.asked[request].heard_at
        return wire.heard_at
