"""undici without a network, in virtual time; every step checks the invariants and the fold."""

from __future__ import annotations

import math

import pytest

from pooltop.core.commands import Command, Destroy, Open, Ping, Reset, Send, Settle
from pooltop.core.events import PoolEvent, RequestAssigned, RequestRequeued
from pooltop.core.ledger import Step
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici.core import UndiciCore
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import Ask, Stats
from pooltop.core.undici.view import Fold

A = OriginKey("a:80:")
B = OriginKey("b:80:")
C = OriginKey("c:80:")
REFUSED = Failure("ECONNREFUSED", "connect ECONNREFUSED")
POST = Ask(idempotent=False, body="held", expects_payload=True)
FREE = Ask(blocking=False)
"""A GET that lets others be sent before its response begins."""
HEAD = Ask(blocking=False, is_head=True)


class Bench:
    """Drives an UndiciCore and performs its commands in the most literal way."""

    is_checked = True
    """After every step; off where there are too many."""
    speaks_h2 = False
    """Origins speak HTTP/2 to who offers it."""
    most: int | None = None
    """Streams that they allow; None for no limit."""
    is_mute = False
    """They keep their SETTINGS back."""

    def __init__(self, kind: str = "pool", *, upstreams: tuple = (), **options: object) -> None:
        name = kind if kind == "h2" else f"undici-{kind}"
        made = DispatcherOptions(kind=name, **options)  # type: ignore[arg-type]
        self.core = UndiciCore(made, upstreams)
        self.now = 0.0
        self.events: list[PoolEvent] = []
        self.commands: list[Command] = []
        self.opening: dict[SocketId, OriginKey] = {}
        self.offered: set[SocketId] = set()
        """Connections on which HTTP/2 may be spoken."""
        self.streams: dict[RequestId, int] = {}
        """Of every request that was sent over HTTP/2, the stream that it was sent on last."""
        self.closing: list[SocketId] = []
        self.running: dict[RequestId, SocketId] = {}
        self.sent: dict[RequestId, list[bool]] = {}
        """Of every request, whether its wires said close."""
        self.settled: dict[RequestId, str] = {}
        self.ended: list[RequestId] = []
        self.lived: dict[SocketId, float] = {}
        """When an octet of a body last came."""
        self.down: set[OriginKey] = set()
        """Origins that refuse connections."""
        self.submitted = 0
        self._fold = Fold()

    def take(self) -> Step:
        """Take what the input that was just made led to."""
        step = self.core.take()
        for event in step.events:
            self._fold.apply(event)
            if isinstance(event, RequestRequeued):
                self.running.pop(event.request, None)
        self.events += step.events
        self.commands += step.commands
        for command in step.commands:
            match command:
                case Open(socket=socket, key=key, h2=may_speak_h2):
                    self.opening[socket] = key
                    if may_speak_h2:
                        self.offered.add(socket)
                case Send(socket=socket, request=request, close=close, stream=stream):
                    self.running[request] = socket
                    self.sent.setdefault(request, []).append(close)
                    if stream is not None:
                        self.streams[request] = stream
                case Destroy(socket=socket):
                    self.closing.append(socket)
                    self.opening.pop(socket, None)
                case Settle(request=request, code=code):
                    assert request not in self.settled, "settled twice"
                    self.settled[request] = code
                    self.running.pop(request, None)
        if self.is_checked:
            self.core.check_invariants()
            assert self.core.view() == self._fold.view()
        return step

    # Inputs

    def ask(self, key: OriginKey = A, ask: Ask = Ask(), **more: object) -> bool:  # noqa: B008
        """Dispatch the next request, and give undici's answer."""
        self.submitted += 1
        answer = self.core.dispatch(
            RequestId(self.submitted), key, ask._replace(**more), now=self.now
        )
        self.take()
        return answer

    def send(self, key: OriginKey = A, ask: Ask = Ask(), **more: object) -> RequestId:  # noqa: B008
        """Dispatch the next request, and give its number."""
        self.ask(key, ask, **more)
        return RequestId(self.submitted)

    def tick(self) -> None:
        self.core.tick(now=self.now)
        self.take()

    def turn(self) -> None:
        self.core.turn(now=self.now)
        self.take()

    def connect(self, socket: SocketId | None = None, protocol: str | None = None) -> None:
        """Let a dial succeed: the first, if none is named."""
        socket = next(iter(self.opening)) if socket is None else socket
        del self.opening[socket]
        if protocol is None:
            protocol = "h2" if self.speaks_h2 and socket in self.offered else "h1"
        self.core.connected(socket, now=self.now, protocol=protocol)  # type: ignore[arg-type]
        self.take()

    def settings(self, socket: SocketId, most: int | None = None) -> None:
        """Let a server say how many streams it allows."""
        self.core.settings(socket, now=self.now, max_streams=most)
        self.take()

    def goaway(self, socket: SocketId, last: int = 2**31 - 1, *, code: int = 0) -> None:
        """Let a server take no stream above the last; without one it takes all."""
        self.core.goaway(socket, now=self.now, code=code, last_stream=last)
        self.take()

    def peer_resets(self, request: RequestId, code: int) -> None:
        """Let a server reset a request's stream."""
        self.core.stream_reset(request, now=self.now, code=code)
        self.take()

    def pong(self, socket: SocketId, rtt_s: float = 0.0) -> None:
        """Let a server answer a PING."""
        self.core.ping_acked(socket, now=self.now, rtt_s=rtt_s)
        self.take()

    def refuse(self, failure: Failure = REFUSED, socket: SocketId | None = None, **how) -> None:
        """Let a dial fail: the first, if none is named."""
        socket = next(iter(self.opening)) if socket is None else socket
        del self.opening[socket]
        self.core.connect_failed(socket, now=self.now, failure=failure, **how)
        self.take()

    def head(self, request: RequestId, *, status: int = 200, keep: bool = True, **how) -> None:
        self.lived[self.running[request]] = self.now
        self.core.head_received(request, now=self.now, status=status, keep=keep, **how)
        self.take()

    def body(self, request: RequestId) -> None:
        """Let a part of a body come."""
        self.lived[self.running[request]] = self.now

    def end(self, request: RequestId, reason: CloseReason | None = None) -> None:
        self.running.pop(request, None)
        self.ended.append(request)
        self.core.response_ended(request, now=self.now, reason=reason)
        self.take()

    def lose(
        self,
        socket: SocketId,
        code: str = "UND_ERR_SOCKET",
        reason: CloseReason = CloseReason.PEER_FIN,
    ) -> None:
        self.core.lost(socket, now=self.now, reason=reason, code=code, message=code)
        self.take()

    def abort(self, request: RequestId) -> None:
        self.core.abort(request, now=self.now)
        self.take()

    def see_close(self, socket: SocketId) -> None:
        self.closing.remove(socket)
        lost = [request for request, on in self.running.items() if on == socket]
        for request in lost:
            del self.running[request]
        self.core.closed(socket, now=self.now)
        self.take()

    def expire(self) -> None:
        self.core.expire(
            now=self.now, quiet_since=lambda socket, _: self.lived.get(socket, -math.inf)
        )
        self.take()

    # Several at once

    def quiet(self) -> None:
        """Let everything happen that needs no server and no time, dials left alone."""
        while self.core.ticks or self.core.immediates or self.closing:
            self.tick()
            while self.closing:
                self.see_close(self.closing[-1])
                self.tick()
            self.turn()

    def settle(self) -> None:
        """Let everything happen that needs no response and no time, dials with it."""
        self.quiet()
        while self.opening:
            socket, key = next(iter(self.opening.items()))
            if key in self.down:
                self.refuse()
            else:
                self.connect()
                self.tick()
                if not self.is_mute:
                    self.settings(socket, self.most)
            self.quiet()

    def respond(self, request: RequestId, **how: object) -> None:
        """Answer a request that runs, at the front of its connection."""
        reason = how.pop("reason", None)
        self.head(request, **how)  # type: ignore[arg-type]
        self.end(request, reason)  # type: ignore[arg-type]
        self.settle()

    def answer_all(self) -> None:
        """Answer what runs until nothing does."""
        self.settle()
        while self.running:
            self.respond(next(iter(self.running)))

    def get(self, key: OriginKey = A, ask: Ask = Ask(), **more: object) -> RequestId:  # noqa: B008
        """Dispatch a request and have it answered."""
        request = self.send(key, ask, **more)
        self.settle()
        if request in self.running:
            self.respond(request)
        return request

    def wait(self, seconds: float) -> None:
        """Let time pass, and everything happen that it brings; dials are left alone."""
        until = self.now + seconds
        while self.core.deadline <= until:
            self.now = max(self.now, self.core.deadline)
            self.expire()
            self.quiet()
        self.now = until

    # Questions

    def stats(self, key: OriginKey = A) -> Stats | None:
        return self.core.stats(key)

    def numbers(self, key: OriginKey = A) -> tuple:
        """Give connected, free, pending, queued, running, size."""
        stats = self.core.stats(key)
        assert stats is not None
        return (
            stats.connected,
            stats.free,
            stats.pending,
            stats.queued,
            stats.running,
            stats.size,
        )

    def of(self, kind: type[PoolEvent]) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def resets(self) -> list[tuple[RequestId, int]]:
        """Give the requests whose streams were reset by us, with the code."""
        return [(c.request, c.code) for c in self.commands if isinstance(c, Reset)]

    @property
    def pings(self) -> int:
        """How many PINGs were sent."""
        return sum(isinstance(command, Ping) for command in self.commands)

    @property
    def opened(self) -> int:
        """How many connections were dialled."""
        return sum(isinstance(command, Open) for command in self.commands)

    @property
    def carriers(self) -> dict[RequestId, SocketId]:
        """Of every request that was sent, the connection that it was sent on last."""
        return {event.request: event.socket for event in self.of(RequestAssigned)}

    def carrier(self, request: RequestId) -> SocketId:
        """Give the connection that a request was sent on last."""
        return self.carriers[request]

    @property
    def clients(self) -> int:
        """How many clients take requests."""
        return len(self.core.view().clients)


@pytest.fixture
def bench() -> type[Bench]:
    return Bench


class H2Bench(Bench):
    """The same over HTTP/2, which is offered by prior knowledge."""

    speaks_h2 = True

    def __init__(
        self,
        kind: str = "client",
        *,
        most: int | None = None,
        is_mute: bool = False,
        **options: object,
    ) -> None:
        super().__init__(kind, use_h2c=True, **options)
        self.most = most
        self.is_mute = is_mute

    def running_with(self, count: int, **more: object) -> list[RequestId]:
        """Dispatch so many requests, and let happen what needs no response."""
        requests = [self.send(**more) for _ in range(count)]
        self.settle()
        return requests


@pytest.fixture
def h2() -> type[H2Bench]:
    return H2Bench


@pytest.fixture
def a() -> OriginKey:
    return A


@pytest.fixture
def b() -> OriginKey:
    return B


@pytest.fixture
def c() -> OriginKey:
    return C


@pytest.fixture
def post() -> Ask:
    return POST


@pytest.fixture
def free() -> Ask:
    return FREE


@pytest.fixture
def head() -> Ask:
    return HEAD
