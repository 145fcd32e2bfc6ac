"""A raw HTTP client that shares no code with the server, and demo hosts to point it at."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import msgspec
import pytest

pytest.register_assert_rewrite("support.leaks", "support.h2_client")

from support.h2_client import H2Client
from support.leaks import _eventually, _no_leaks, _nothing_is_left  # noqa: F401 - fixtures

from pooltop.core.model import DemoServer
from pooltop.demo.host import DemoHost
from pooltop.demo.server import DemoServers
from pooltop.engine.h2.session import SessionOptions

DEADLINE_S = 10.0


class RawResponse(NamedTuple):
    """What came back, unjudged."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """One connection: the test writes bytes, and reads whole responses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connected pair."""
        self.reader = reader
        self.writer = writer

    def write(self, text: str | bytes) -> None:
        """Send; a str has its line ends made CRLF."""
        self.writer.write(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())

    async def response(self, *, is_head: bool = False) -> RawResponse:
        """Read one response with a Content-Length."""
        async with asyncio.timeout(DEADLINE_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            status_line, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            length = 0 if is_head else int(headers.get("content-length", 0))
            body = await self.reader.readexactly(length)
            return RawResponse(int(status_line.split()[1]), headers, body)

    async def get(self, path: str = "/", *fields: str) -> RawResponse:
        """Send a GET and read its response."""
        lines = [f"GET {path} HTTP/1.1", "Host: demo", *fields, "", ""]
        self.write("\n".join(lines))
        return await self.response()

    async def rest(self) -> bytes:
        """Read until the server closes."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.reader.read()

    async def close(self) -> None:
        """Close our side."""
        self.writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    """Close what a test opened, in reverse."""
    async with contextlib.AsyncExitStack() as opened:
        yield opened


Connect = Callable[..., Awaitable[RawClient]]
Serve = Callable[..., Awaitable[DemoHost]]


@pytest.fixture
def connect(stack: contextlib.AsyncExitStack) -> Connect:
    """Open raw connections to a host, closed after the test."""

    async def open_one(
        host: DemoHost, context: ssl.SSLContext | None = None, name: str | None = None
    ) -> RawClient:
        pair = await asyncio.open_connection(
            "127.0.0.1", host.port, ssl=context, server_hostname=name
        )
        client = RawClient(*pair)
        stack.push_async_callback(client.close)
        return client

    return open_one


@pytest.fixture
def connect_h2(stack: contextlib.AsyncExitStack) -> Callable[..., Awaitable[H2Client]]:
    """Open HTTP/2 connections to a host, closed after the test: by ALPN if there is a context."""

    async def open_one(
        host: DemoHost,
        context: ssl.SSLContext | None = None,
        name: str | None = None,
        options: SessionOptions | None = None,
    ) -> H2Client:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", host.port, ssl=context, server_hostname=name
        )
        client = H2Client(reader, writer, options)
        stack.push_async_callback(client.close)
        return client

    return open_one


@pytest.fixture
def serve_all(
    stack: contextlib.AsyncExitStack,
) -> Callable[..., Awaitable[DemoServers]]:
    """Start several hosts, closed after the test."""

    async def start(*specs: DemoServer) -> DemoServers:
        return await stack.enter_async_context(DemoServers(specs))

    return start


@pytest.fixture
def serve(serve_all: Callable[..., Awaitable[DemoServers]]) -> Serve:
    """Start one host that answers at once, unless told otherwise."""

    async def start(**options: object) -> DemoHost:
        spec = {"name": "kept", "latency": {"median_s": 0.0}, **options}
        servers = await serve_all(msgspec.convert(spec, DemoServer))
        return servers.hosts[str(spec["name"])]

    return start


@pytest.fixture
def serve_h2(serve: Serve) -> Serve:
    """Start one host that speaks both."""

    async def start(**options: object) -> DemoHost:
        return await serve(**{"protocols": ["http/1.1", "h2"], **options})

    return start


@pytest.fixture
def until_stats(connect: Connect) -> Callable[..., Awaitable[dict[str, int]]]:
    """Ask ``/stats`` over a connection of its own until a host's counters say so."""

    async def wait(host: DemoHost, **expected: int) -> dict[str, int]:
        client = await connect(host)
        async with asyncio.timeout(DEADLINE_S):
            while True:
                body = (await client.get("/stats")).body
                stats: dict[str, int] = json.loads(body)["servers"][host.spec.name]
                if expected.items() <= stats.items():
                    await client.close()
                    return stats

    return wait


class Holder:
    """Takes a place in a gate, so that requests wait until the test lets them go."""

    def work(self) -> None:
        """Never be called: the place is taken while the gate is empty."""
        raise AssertionError


@pytest.fixture
def hold() -> Callable[[DemoHost], Callable[[], None]]:
    """Occupy a host whose cap is 1, and give what releases it."""

    def take(host: DemoHost) -> Callable[[], None]:
        def release() -> None:
            following = host.gate.leave()
            if following is not None:
                following.work()

        assert host.gate.enter(Holder())
        return release

    return take
