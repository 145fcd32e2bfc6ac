"""HTTP/2 between a core and its imagined servers, at the level of streams: no octets.

What is written outside of a read leaves with the end of the loop's turn, as Node's sessions write
with setImmediate: a GOAWAY that is read before that keeps the head of a request from leaving.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.scripted import FIN
from undici.responses import CUT, NO_BODY, OTHER_SIDE, RESET

from pooltop.core.commands import Reset, Send
from pooltop.core.states import CloseReason

if TYPE_CHECKING:
    from undici.simulated import World
    from undici.wires import Asked, Wire

EVERY_STREAM = 2**31 - 1
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR = 0, 1, 2
FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL = 6, 7, 8
NO_FRAMES = ("ERR_HTTP2_ERROR", "Protocol error")
DROPPED = (CloseReason.NO_STREAMS, CloseReason.UNRESPONSIVE)

Row = dict[str, Any]


@dataclass
class Frame:
    """What a server says of a stream, or of its connection."""

    type: str
    """settings, goaway, pong; head, data, end, rst."""
    stream: int = 0
    value: int | None = None
    """The number of streams of SETTINGS, the code of GOAWAY and RST_STREAM, the status of a head,
    the octets of DATA."""
    last: int = 0
    """Of a GOAWAY, the last stream; of a head, its Content-Length, or -1 without."""


@dataclass
class Talk:
    """An HTTP/2 connection, as both of its ends know it."""

    most: int | None = None
    """Streams that the server allows; None for no limit."""
    knows_h2: bool = True
    """The server's octets are frames."""
    held: list[Frame] | None = None
    """What the server said since it was muted; None if it is not."""
    live: dict[int, Asked] = field(default_factory=dict)
    """Streams that the client's session has open."""
    unsent: list[Asked] = field(default_factory=list)
    """Requests whose heads have not left yet."""
    pings: int = 0
    """PINGs that have not left yet."""
    had_goaway: bool = False
    last: int = EVERY_STREAM
    """Of the GOAWAYs that the server said."""


def response_of(step: dict[str, Any], asked: Asked) -> tuple[list[Frame], list[Frame]]:
    """Give what a server says for a ``respond``: now, and with ``finish``."""
    stream = asked.stream
    framing = step.get("framing", "length")
    body = "" if framing == "none" else step.get("body", "ok-body!")
    status = step.get("status", 200)
    length = len(body) if framing == "length" else -1
    head = Frame("head", stream, status, -1 if asked.is_head or status in NO_BODY else length)
    if framing == "none" or asked.is_head:
        return [head, Frame("end", stream)], []
    half = len(body) >> 1
    if step.get("part"):
        return [head, Frame("data", stream, half)], [
            Frame("data", stream, len(body) - half),
            Frame("end", stream),
        ]
    return [head, Frame("data", stream, len(body)), Frame("end", stream)], []


class Sessions:
    """All HTTP/2 connections of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.frames: list[Row] = []
        """RST_STREAM, PING and GOAWAY that the client said, for whoever takes them."""

    # What the client says

    def send(self, wire: Wire, talk: Talk, asked: Asked, command: Send) -> None:
        assert command.stream is not None
        asked.stream, asked.left, asked.status = command.stream, None, 0
        asked.heard_at = self.world.now
        talk.live[command.stream] = asked
        talk.unsent.append(asked)

    def reset(self, wire: Wire, talk: Talk, command: Reset) -> None:
        asked = talk.live.pop(command.stream, None)
        if asked is None or asked in talk.unsent or command.code == CANCEL:
            # One that is given up while it is sent: undici says nothing of it (README.md).
            return
        self._say(wire, type="RST_STREAM", stream=command.stream, code=command.code)

    def ping(self, wire: Wire, talk: Talk) -> None:
        self._say(wire, type="PING")
        talk.pings += 1

    def destroyed(self, wire: Wire, reason: CloseReason) -> None:
        if reason in DROPPED:
            self._say(wire, type="GOAWAY", code=INTERNAL_ERROR)

    def _say(self, wire: Wire, **frame: object) -> None:
        if wire.talk is not None and wire.talk.knows_h2:
            self.frames.append({**frame, "socket": wire.id})

    def flush(self, wire: Wire, talk: Talk) -> None:
        """Have what was written leave, at the end of a turn."""
        unsent, talk.unsent = talk.unsent, []
        for asked in unsent:
            if talk.had_goaway:
                if talk.live.pop(asked.stream, None) is None:
                    continue
                self.world.core.stream_unsent(asked.id, now=self.world.now)
                self.world.perform()
            else:
                self.world.soon(self._arriving(wire, talk, asked, asked.stream))
        pings, talk.pings = talk.pings, 0
        for _ in range(pings):
            self.world.soon(lambda: self.say(wire, Frame("pong")))

    def _arriving(self, wire: Wire, talk: Talk, asked: Asked, stream: int) -> Any:
        def arrive() -> None:
            if wire.is_reset or not talk.knows_h2:
                return
            if talk.most == 0:
                self.say(wire, Frame("rst", stream, REFUSED_STREAM))
                return
            self.world.on_arrived(asked, wire)
            if asked.wire is wire and asked.stream == stream:
                asked.server = wire

        return arrive

    # What the server says

    def begin(self, wire: Wire, talk: Talk) -> None:
        """Have the server's SETTINGS follow the connection."""
        if talk.knows_h2:
            self.say(wire, Frame("settings", value=talk.most))

    def say(self, wire: Wire, *frames: Frame) -> None:
        """Have the server say something, or hold it back; the client reads it a turn later."""
        talk = wire.talk
        assert talk is not None
        if wire.is_destroyed or wire.is_gone or wire.is_ended:
            return
        for frame in frames:
            if talk.held is not None:
                talk.held.append(frame)
            else:
                self.world.say(wire, frame)

    def unmute(self, wire: Wire, talk: Talk) -> None:
        held, talk.held = talk.held or [], None
        self.say(wire, *held)

    def read(self, wire: Wire, talk: Talk) -> None:
        """Have the client read all that came, but an end behind it."""
        while wire.inbound and not wire.is_destroyed:
            if not isinstance(wire.inbound[0], Frame):
                return
            frame = wire.inbound.popleft()
            assert isinstance(frame, Frame)
            self._read(wire, talk, frame)
            self.world.tick()

    def ended(self, wire: Wire, said: object) -> None:
        """Have the client see FIN, RST, or octets that are no frames."""
        if isinstance(said, str):
            # As a frame it would be longer than one may be.
            self._say(wire, type="GOAWAY", code=FRAME_SIZE_ERROR)
            self._lose(wire, CloseReason.PROTOCOL_ERROR, NO_FRAMES)
        elif said is FIN:
            self._lose(wire, CloseReason.PEER_FIN, OTHER_SIDE)
        else:
            self._lose(wire, CloseReason.PEER_RESET, RESET)

    def _lose(self, wire: Wire, reason: CloseReason, told: tuple[str, str]) -> None:
        core, now = self.world.core, self.world.now
        core.lost(wire.id, now=now, reason=reason, code=told[0], message=told[1])
        self.world.perform()

    def _read(self, wire: Wire, talk: Talk, frame: Frame) -> None:
        core, now = self.world.core, self.world.now
        match frame.type:
            case "settings":
                core.settings(wire.id, now=now, max_streams=frame.value)
            case "goaway":
                assert frame.value is not None
                self._take_leave(wire, talk, frame.value, frame.last)
            case "pong":
                core.ping_acked(wire.id, now=now, rtt_s=0.0)
            case _:
                asked = talk.live.get(frame.stream)
                if asked is not None:
                    asked.heard_at = now
                    self._hear(wire, talk, asked, frame)
        self.world.perform()

    def _take_leave(self, wire: Wire, talk: Talk, code: int, last: int) -> None:
        talk.last = last
        if not talk.had_goaway:
            talk.had_goaway = True
            self._say(wire, type="GOAWAY", code=NO_ERROR)
        for stream in [s for s in talk.live if s > last or code != NO_ERROR]:
            del talk.live[stream]
        core, now = self.world.core, self.world.now
        core.goaway(wire.id, now=now, code=code, last_stream=last)

    def _hear(self, wire: Wire, talk: Talk, asked: Asked, frame: Frame) -> None:
        core, now = self.world.core, self.world.now
        match frame.type:
            case "head":
                assert frame.value is not None
                if frame.value >= 200:
                    asked.status = frame.value
                    asked.left = None if frame.last < 0 else frame.last
                has_length = frame.last >= 0
                core.head_received(
                    asked.id, now=now, status=frame.value, keep=True, has_length=has_length
                )
            case "data":
                if asked.left is not None:
                    assert frame.value is not None
                    asked.left -= frame.value
            case "end" if asked.left:
                # Node's session sees that it is too short, and says so itself.
                del talk.live[frame.stream]
                self._say(wire, type="RST_STREAM", stream=frame.stream, code=PROTOCOL_ERROR)
                core.stream_failed(asked.id, now=now, code=CUT[0], message=CUT[1])
            case "end":
                del talk.live[frame.stream]
                core.response_ended(asked.id, now=now)
                self.world.perform()
                self.world.done(asked, status=asked.status)
            case "rst":
                assert frame.value is not None
                del talk.live[frame.stream]
                core.stream_reset(asked.id, now=now, code=frame.value)
