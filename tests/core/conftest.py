"""A pool without a network: performs commands in the most literal way, checking every step."""

from __future__ import annotations

import pytest

from pooltop.core.commands import Command, Destroy, Finish, Open, Send, Settle
from pooltop.core.events import PoolEvent, RequestRetried, TunnelFailed
from pooltop.core.ledger import Step
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.pool import PoolCore
from pooltop.core.view import Fold, OriginView

A = OriginKey("a:80:")
B = OriginKey("b:80:")


class Bench:
    """Drives a PoolCore; after every input its invariants hold and fold(events) equals it."""

    def __init__(self, **options: object) -> None:
        self.pool = PoolCore(AgentOptions(**options))  # type: ignore[arg-type]
        self.now = 0.0
        self.events: list[PoolEvent] = []
        self.commands: list[Command] = []
        self.opening: list[SocketId] = []
        self.closing: list[SocketId] = []
        self.running: dict[RequestId, SocketId] = {}
        self.settled: dict[RequestId, str] = {}
        self._fold = Fold()
        self.submitted = 0

    def take(self, _given: object = None) -> Step:
        """Take what the input that was just made led to."""
        step = self.pool.take()
        for event in step.events:
            self._fold.apply(event)
            if isinstance(event, RequestRetried):
                self.running.pop(event.request, None)
            if isinstance(event, TunnelFailed):
                self.opening.remove(event.socket)
        self.events += step.events
        self.commands += step.commands
        for command in step.commands:
            match command:
                case Open(socket=socket):
                    self.opening.append(socket)
                case Send(socket=socket, request=request):
                    self.running[request] = socket
                case Destroy(socket=socket) | Finish(socket=socket):
                    self.closing.append(socket)
                    if socket in self.opening:
                        self.opening.remove(socket)
                case Settle(request=request, code=code):
                    self.settled[request] = code
                    self.running.pop(request, None)
        self.pool.check_invariants()
        assert self.pool.view() == self._fold.view()
        return step

    def submit(self, key: OriginKey = A, *, keep_alive: bool = True) -> RequestId:
        self.submitted += 1
        request = RequestId(self.submitted)
        self.take(self.pool.submit(request, key, now=self.now, keep_alive=keep_alive))
        return request

    def tick(self) -> None:
        self.take(self.pool.tick(now=self.now))

    def connect(self) -> None:
        while self.opening:
            self.connect_one(self.opening[0])

    def connect_one(self, socket: SocketId) -> None:
        """Let a dial succeed, its tunnel with it."""
        self.opening.remove(socket)
        self.take(self.pool.connected(socket, now=self.now))

    def close_all(self) -> None:
        """See the closes in Node's order: the last destroyed first."""
        while self.closing:
            self.take(self.pool.closed(self.closing.pop(), now=self.now))

    def settle(self) -> None:
        """Let everything happen that needs no peer."""
        while self.pool.ticks or self.opening or self.closing:
            self.tick()
            self.connect()
            for request in list(self.running):
                self.take(self.pool.request_sent(request, now=self.now))
            self.close_all()

    def request(self, key: OriginKey = A, *, keep_alive: bool = True) -> RequestId:
        request = self.submit(key, keep_alive=keep_alive)
        self.settle()
        return request

    def end(self, request: RequestId, **how: object) -> None:
        self.running.pop(request, None)
        how.setdefault("reason", None)
        self.take(self.pool.response_ended(request, now=self.now, **how))  # type: ignore[arg-type]

    def detach(self, request: RequestId) -> None:
        """Let the request's socket leave the pool, unless the pool is late or early for it."""
        self.take(self.pool.detach(request, now=self.now))
        if request not in self.pool.requests:
            self.running.pop(request, None)

    def respond(self, request: RequestId, **how: object) -> None:
        self.end(request, **how)
        self.settle()

    def lists(self, key: OriginKey = A) -> tuple[list[int], list[int], list[int]]:
        """Give ids in sockets, freeSockets, requests."""
        view = self.pool.view().origins.get(key) or OriginView((), (), (), frozenset())
        return (
            [s.id for s in view.sockets],
            [s.id for s in view.free_sockets],
            list(view.requests),
        )

    def of(self, kind: type[PoolEvent]) -> list[PoolEvent]:
        return [e for e in self.events if isinstance(e, kind)]


@pytest.fixture
def bench() -> type[Bench]:
    return Bench


@pytest.fixture
def a() -> OriginKey:
    return A


@pytest.fixture
def b() -> OriginKey:
    return B
