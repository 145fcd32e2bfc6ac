"""What every test over real sockets gets: a leak check, agents that are closed, a patient look."""

from __future__ import annotations

import asyncio
import gc
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pooltop.engine.agent import Agent
from pooltop.engine.carrier import Carrier
from pooltop.engine.undici.dispatcher import Dispatcher

DEADLINE_S = 5.0


async def eventually(condition: Callable[[], Any], what: str = "") -> None:
    """Wait until a condition holds that no event announces."""
    give_up_at = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"never came true: {what or inspect.getsource(condition)}")
        await asyncio.sleep(0.001)


def each_request_is_counted_once(carrier: Carrier) -> None:
    """Check that what was submitted is completed, failed or under way; at any instant."""
    for origin in carrier.shell.origins(time.monotonic(), {}, 0):
        counters = origin.counters
        over = counters.completed + sum(counters.failed.values())
        assert counters.submitted + counters.passed == over + origin.under_way, origin


def _check(carrier: Agent | Dispatcher) -> None:
    carrier.shell.core.check_invariants()
    each_request_is_counted_once(carrier)


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
        _check(agent)
        await agent.aclose()
        _check(agent)
        assert agent.total_socket_count == 0
        assert not agent.shell.exchanges
        assert not agent.shell.connections


@pytest.fixture
async def dispatcher_of() -> AsyncIterator[Callable[..., Dispatcher]]:
    """Make dispatchers that are closed after the test, their pools checked."""
    made: list[Dispatcher] = []

    def make(**options: Any) -> Dispatcher:
        dispatcher = Dispatcher(**options)
        made.append(dispatcher)
        return dispatcher

    yield make
    for dispatcher in made:
        _check(dispatcher)
        await dispatcher.aclose()
        _check(dispatcher)
        assert not dispatcher.shell.core.conns
        assert not dispatcher.shell.core.requests
        assert not dispatcher.shell.exchanges
        assert not dispatcher.shell.connections
