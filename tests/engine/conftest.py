"""What every engine test gets: a leak check, raw servers that do as told, and a patient look."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pooltop.engine.agent import Agent

DEADLINE_S = 5.0


async def eventually(condition: Callable[[], Any], what: str = "") -> None:
    """Wait until a condition holds that no event announces."""
    give_up_at = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"never came true: {what or inspect.getsource(condition)}")
        await asyncio.sleep(0.001)


def open_fds() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture(name="open_fds")
def _open_fds() -> Callable[[], int]:
    return open_fds


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Awaitable[None]]:
    return eventually


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> None:
    """Check every async test for leaks; others have no loop to leak into."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("_no_leaks")


@pytest.fixture
async def _no_leaks() -> AsyncIterator[None]:
    """After the test: no task and no descriptor of its own, no error that nobody saw."""
    unseen: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unseen.append(context))
    before = open_fds()
    yield
    me = asyncio.current_task()
    await eventually(lambda: asyncio.all_tasks() <= {me}, "no task is left")
    await eventually(lambda: open_fds() <= before, "no descriptor is left")
    gc.collect()
    await asyncio.sleep(0)
    assert unseen == []


class Asked(NamedTuple):
    """A request as the server read it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection, on the server's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> Asked | None:
        """Read a request's head; None when the client closed instead."""
        try:
            raw = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        first, *lines = raw.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        return Asked(method, target, {n.lower(): v for n, v in headers.items()}, b"")

    async def request(self) -> Asked | None:
        """Read a whole request; None when the client closed instead."""
        asked = await self.head()
        if asked is None:
            return None
        body = b""
        if "content-length" in asked.headers:
            body = await self.reader.readexactly(int(asked.headers["content-length"]))
        elif asked.headers.get("transfer-encoding") == "chunked":
            while size := int((await self.reader.readuntil(b"\r\n")).strip(), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
        return asked._replace(body=body)

    def reply(
        self, body: bytes | str = b"ok", *fields: str, status: str = "200 OK", length: int = -1
    ) -> None:
        """Write a response; ``length`` announces another length than the body's."""
        body = body.encode() if isinstance(body, str) else body
        size = len(body) if length < 0 else length
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *fields, "", ""]
        self.writer.write("\r\n".join(lines).encode() + body)

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Close with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the client has closed."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass


Handler = Callable[[Wire], Awaitable[None]]


async def echo(wire: Wire) -> None:
    """Answer every request with its own target, so that each body names its request."""
    while (asked := await wire.request()) is not None:
        wire.reply(asked.target)


class Listener:
    """A raw server."""

    def __init__(self, handler: Handler, scheme: str) -> None:
        self.handler = handler
        self.scheme = scheme
        self.port = 0
        self.wires: list[Wire] = []
        self.open = 0
        self.tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        wire = Wire(reader, writer)
        self.wires.append(wire)
        self.open += 1
        try:
            # A client that is gone is no fault of the server's.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.handler(wire)
        finally:
            self.open -= 1
            self.tasks.discard(task)
            writer.transport.abort() if self.scheme == "https" else writer.close()


Serve = Callable[..., Awaitable[Listener]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start raw servers: ``await serve(handler)``; without one they echo the target."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler: Handler = echo, *, context: Any = None) -> Listener:
            listener = Listener(handler, "http" if context is None else "https")
            server = await asyncio.start_server(
                listener.accept, "127.0.0.1", 0, ssl=context, backlog=1000
            )
            listener.port = server.sockets[0].getsockname()[1]

            async def stop() -> None:
                server.close()
                for task in tuple(listener.tasks):
                    task.cancel()
                await asyncio.gather(*listener.tasks, return_exceptions=True)
                for wire in listener.wires:
                    wire.writer.transport.abort()

            stack.push_async_callback(stop)
            return listener

        yield start


@pytest.fixture
async def agent_of() -> AsyncIterator[Callable[..., Agent]]:
    """Make agents that are closed after the test, their pools checked."""
    made: list[Agent] = []

    def make(**options: Any) -> Agent:
        agent = Agent(**options)
        made.append(agent)
        return agent

    yield make
    for agent in made:
        agent.shell.core.check_invariants()
        await agent.aclose()
        agent.shell.core.check_invariants()
        assert agent.total_socket_count == 0
        assert not agent.shell.exchanges
        assert not agent.shell.connections


@pytest.fixture
def silent() -> Iterator[Callable[[], int]]:
    """Listen and never accept: a port that takes connections and never says a word."""
    with contextlib.ExitStack() as stack:

        def listen() -> int:
            sock = stack.enter_context(socket.socket())
            sock.bind(("127.0.0.1", 0))
            sock.listen(200)
            return int(sock.getsockname()[1])

        yield listen


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Give a port whose backlog is full: a SYN to it is never answered."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        port = int(sock.getsockname()[1])
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", port))
        yield port
