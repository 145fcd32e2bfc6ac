"""A forward proxy that does its work and keeps what it was asked, as Node's tests have one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.loopback import Asked, Listener, Serve, Wire


class ForwardProxy:
    """Tunnels for CONNECT, and asks for whoever sends an absolute http target."""

    listener: Listener

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        """Every request, in order."""
        self.gate: asyncio.Semaphore | None = None
        """Each tunnel waits for it; None lets all through."""
        self.refusing = False
        """A tunnel that was let through is refused with 503."""

    @property
    def url(self) -> str:
        return self.listener.url

    @property
    def seen(self) -> list[tuple[str, str, dict[str, str]]]:
        """Give method, target and fields of every request."""
        return [(asked.method, asked.target, asked.headers) for asked in self.asked]

    async def handle(self, wire: Wire) -> None:
        while (asked := await wire.request()) is not None:
            self.asked.append(asked)
            if asked.method == "CONNECT":
                await self._tunnel(wire, asked.target)
                return
            await self._fetch(wire, asked)

    async def _tunnel(self, wire: Wire, target: str) -> None:
        if self.gate is not None:
            await self.gate.acquire()
        if self.refusing:
            wire.write(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        wire.write(b"HTTP/1.1 200 Connection Established\r\nProxy-agent: test\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(wire.reader, writer))
                group.create_task(_pump(reader, wire.writer))
        finally:
            writer.transport.abort()

    async def _fetch(self, wire: Wire, asked: Asked) -> None:
        authority, slash, path = asked.target.removeprefix("http://").partition("/")
        host, _, port = authority.rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        fields = {**asked.headers, "connection": "close"}
        lines = [
            f"{asked.method} {slash}{path} HTTP/1.1",
            *(f"{n}: {v}" for n, v in fields.items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + asked.body)
        try:
            answer = Wire(reader, writer)
            head = await answer.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            wire.write(head + await reader.readexactly(length))
        finally:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    # Either end is the end of both: a tunnel is nothing but its two connections.
    writer.close()


@pytest.fixture
def forward_proxy(serve: Serve) -> Callable[..., Awaitable[ForwardProxy]]:
    """Start forward proxies: ``await forward_proxy()``, with ``context=`` spoken to over TLS."""

    async def start(**how: Any) -> ForwardProxy:
        proxy = ForwardProxy()
        proxy.listener = await serve(proxy.handle, **how)
        return proxy

    return start
