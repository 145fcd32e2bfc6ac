"""Raw servers on loopback that do as told, for tests over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest


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
        return asked and asked._replace(body=await self.body(asked))

    async def body(self, asked: Asked) -> bytes:
        """Read the body of a request whose head was read."""
        body = b""
        if "content-length" in asked.headers:
            body = await self.reader.readexactly(int(asked.headers["content-length"]))
        elif asked.headers.get("transfer-encoding") == "chunked":
            while size := int((await self.reader.readuntil(b"\r\n")).strip(), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
        return body

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
        self.host = "127.0.0.1"
        self.port = 0
        self.path = ""
        self.wires: list[Wire] = []
        self.open = 0
        self.tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{'localhost' if self.path else f'{self.host}:{self.port}'}"

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
    """Start raw servers: ``await serve(handler)``; without one they echo the target.

    With ``path=`` they listen on a Unix socket; their ``url`` then has a host that counts for
    nothing but the Host header.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            handler: Handler = echo,
            *,
            context: Any = None,
            host: str = "127.0.0.1",
            path: str | None = None,
        ) -> Listener:
            listener = Listener(handler, "http" if context is None else "https")
            if path is None:
                server = await asyncio.start_server(
                    listener.accept, host, 0, ssl=context, backlog=1000
                )
                listener.host = host
                listener.port = server.sockets[0].getsockname()[1]
            else:
                listener.path = path
                server = await asyncio.start_unix_server(
                    listener.accept, path, ssl=context, backlog=1000
                )

            async def stop() -> None:
                server.close()
                for task in tuple(listener.tasks):
                    task.cancel()
                await asyncio.gather(*listener.tasks, return_exceptions=True)
                for wire in listener.wires:
                    wire.writer.transport.abort()
                # How they ended is asked for, or asyncio may report that nobody did: whether it
                # does depends on the order in which the collector comes by them.
                ended = (wire.writer.wait_closed() for wire in listener.wires)
                await asyncio.gather(*ended, return_exceptions=True)

            stack.push_async_callback(stop)
            return listener

        yield start


class Held:
    """A server that answers a request only when told to: ``answer(n)`` answers the n oldest."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.waiting: asyncio.Queue[tuple[Wire, str]] = asyncio.Queue()
        """Requests that came and were not answered, the oldest first."""
        self.targets: list[str] = []
        """Of every request that came, in order."""

    async def handle(self, wire: Wire) -> None:
        while (asked := await wire.request()) is not None:
            self.targets.append(asked.target)
            self.waiting.put_nowait((wire, asked.target))

    async def answer(self, count: int = 1) -> None:
        for _ in range(count):
            wire, target = await asyncio.wait_for(self.waiting.get(), 5)
            wire.reply(target)

    async def start(self, **how: Any) -> Held:
        self.server = await self._serve(self.handle, **how)
        self.url = self.server.url
        return self


@pytest.fixture
def held(serve: Serve) -> Callable[[], Held]:
    """Make servers that answer when told to: ``await held().start()``."""
    return lambda: Held(serve)


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
