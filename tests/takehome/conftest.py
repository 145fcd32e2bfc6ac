"""Agents to take home, and a server that sees whether the code holds what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.gated_server import GatedServer

from pooltop.core.model import AgentOptions
from pooltop.takehome import Pool

LIMIT = 3


@pytest.fixture
def gated() -> Iterator[Callable[[int], GatedServer]]:
    """Give a function that starts a server whose gate opens for so many requests at once."""
    servers: list[GatedServer] = []

    def start(gate: int = LIMIT) -> GatedServer:
        servers.append(GatedServer(gate))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def tuned() -> Callable[..., Pool]:
    """Give a function that makes an agent with three sockets, and other options over them."""

    def make(**options: object) -> Pool:
        given = {"keep_alive": True, "max_sockets": LIMIT, "timeout": 30_000} | options
        return Pool(name="payments", options=AgentOptions(**given))

    return make
