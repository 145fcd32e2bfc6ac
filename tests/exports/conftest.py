"""An endpoint that says what a test likes, and pictures by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from support.leaks import _eventually  # noqa: F401 - a fixture

from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.exports.endpoint import Endpoint

Answering = Callable[..., Endpoint]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Start endpoints on free ports of loopback; they are closed after the test."""
    with contextlib.ExitStack() as stack:

        def start(content: Callable[[], bytes] = lambda: b"numbers\n") -> Endpoint:
            endpoint = Endpoint("127.0.0.1", 0)
            stack.callback(endpoint.close)
            endpoint.start(content, "text/plain")
            return endpoint

        yield start


@pytest.fixture
def origin_of() -> Callable[..., OriginSnapshot]:
    """Give a function that makes an origin."""

    def make(host: str = "a", **values: object) -> OriginSnapshot:
        key = OriginKey(str(values.pop("key", host)))
        return OriginSnapshot(**{"key": key, "scheme": "http", "host": host, "port": 80} | values)

    return make


@pytest.fixture
def picture_of() -> Callable[..., Snapshot]:
    """Give a function that makes a picture of one agent."""

    def make(*origins: OriginSnapshot, **values: object) -> Snapshot:
        options = AgentOptions()
        agent = AgentSnapshot(
            name=str(values.pop("agent", "one")),
            options=options,
            initial_options=options,
            origins=origins,
        )
        return Snapshot(**{"seq": 1, "at": 10.0, "wall_at": 0.0, "agents": (agent,)} | values)

    return make
