"""Servers in the test's own loop, engines in processes of their own, and what both share."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest

from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    DemoServer,
    Latency,
    Profile,
    Workload,
)
from pooltop.demo.host import DemoHost
from pooltop.demo.server import DemoServers
from pooltop.sources.base import Update

DEADLINE_S = 10.0


class Silent(asyncio.Protocol):
    """A server that takes requests and never answers; it sees at once when a client is gone."""

    def __init__(self) -> None:
        """Begin with no connection."""
        self.port = 0
        self._transports: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self._transports.append(cast("asyncio.Transport", transport))

    @property
    def open(self) -> int:
        """Count the connections whose client is there."""
        return sum(not transport.is_closing() for transport in self._transports)

    def abort_all(self) -> None:
        """Close what is left of them."""
        for transport in self._transports:
            transport.abort()


class Viewer:
    """Collects what a source tells, and waits for it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.updates: list[Update] = []
        self.ends: list[str] = []
        self._changed = asyncio.Event()

    def on_update(self, update: Update) -> None:
        """Keep an update."""
        self.updates.append(update)
        self._changed.set()

    def on_end(self, reason: str) -> None:
        """Keep the end."""
        self.ends.append(reason)
        self._changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something told made it so."""
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    @property
    def completed(self) -> int:
        """Give the responses counted in the latest update."""
        snapshot = self.updates[-1].snapshot
        return sum(o.counters.completed for a in snapshot.agents for o in a.origins)


Serve = Callable[..., Awaitable[DemoHost]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]
MakeProfile = Callable[..., Profile]


@pytest.fixture
def viewer() -> Viewer:
    """Give one that was told nothing yet."""
    return Viewer()


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    """Close what a test opened, in reverse."""
    async with contextlib.AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: contextlib.AsyncExitStack) -> Serve:
    """Start a host that answers at once."""

    async def start() -> DemoHost:
        spec = DemoServer(name="kept", latency=Latency(median_s=0.0))
        servers = await stack.enter_async_context(DemoServers([spec]))
        return servers.hosts["kept"]

    return start


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    """Give a server that never answers."""
    protocol = Silent()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: protocol, "127.0.0.1", 0) as server:
        protocol.port = server.sockets[0].getsockname()[1]
        yield protocol
        server.close()
        protocol.abort_all()
        await asyncio.sleep(0)


@pytest.fixture
def profile_for() -> MakeProfile:
    """Give a profile of one agent and one workload, ``users`` in a loop unless told otherwise."""

    def make(port: int, *, users: int = 2, max_sockets: float = 2, **more: object) -> Profile:
        workload = {"model": "closed", "users": users, **more}
        options = AgentOptions(keep_alive=True, max_sockets=max_sockets, live="drain")
        return Profile(
            path="test.toml",
            agents=(AgentProfile(name="a", options=options, codec="llhttp"),),
            workloads=(
                Workload(name="w", agent="a", base_url=f"http://127.0.0.1:{port}", **workload),  # type: ignore[arg-type]
            ),
        )

    return make


@pytest.fixture
def until() -> Until:
    """Wait for what no event tells: another process's end, a server's counter."""

    async def wait(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Tell whether a process exists."""

    def look(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    return look
