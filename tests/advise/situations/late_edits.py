"""Situations of edits that are not felt, and of callers that keep what they have: A19 to A22, A34."""

from __future__ import annotations

import asyncio
import contextlib

from support.advising import Situation

from pooltop.core.edits import Edit
from pooltop.core.model import Timeouts
from pooltop.engine.agent import Agent
from pooltop.errors import RequestError

_ONE = """
[agents.a]
keep_alive = true
max_sockets = SOCKETS
live = "LIVE"
[workloads.w]
agent = "a"
base_url = "demo:s"
LOAD
[demo.s]
latency = { median = "TAKES" }
"""
_RAISED = 'rate = "8/s"\narrival = "constant"'
_LOWERED = 'model = "closed"\nusers = 8'
_CALLED = """
[agents.a]
keep_alive = true
max_sockets = SOCKETS
[workloads.w]
agent = "a"
base_url = "@s"
LOAD
"""
_QUIET = 'rate = "0/s"\nstages = [ { hold = "60s" } ]'


def _one(sockets: int, live: str, load: str, takes: str) -> str:
    text = _ONE.replace("SOCKETS", str(sockets)).replace("LIVE", live)
    return text.replace("LOAD", load).replace("TAKES", takes)


def _called(sockets: int, load: str = _QUIET) -> str:
    return _CALLED.replace("SOCKETS", str(sockets)).replace("LOAD", load)


async def _until(holds):
    while not holds():
        await asyncio.sleep(0.01)


def _origin(engine):
    (origin,) = engine.agents["a"].snapshot().origins
    return origin


def _agent(engine) -> Agent:
    agent = engine.agents["a"]
    assert isinstance(agent, Agent)
    return agent


async def _raise(engine):
    await _until(lambda: engine.agents["a"].snapshot().origins and _origin(engine).queued >= 4)
    outcome = engine.edit(Edit(id=1, agent="a", option="max_sockets", value=12))
    assert outcome.accepted


async def _lower(engine):
    await _until(lambda: engine.agents["a"].snapshot().origins and _origin(engine).active == 8)
    assert engine.edit(Edit(id=1, agent="a", option="max_sockets", value=2)).accepted


def _url(engine) -> str:
    runner = engine.workloads[0].workload
    return runner.base_url


async def _give_up(engine):
    """Ask thirty times, and wait for none of the answers for long."""

    async def impatient():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await _agent(engine).request("GET", _url(engine))

    for _ in range(60):
        await impatient()
        await asyncio.sleep(0.01)


async def _be_timed_out(engine):
    """Likewise, but have a clock of the pool's end each wait."""
    for _ in range(60):
        with contextlib.suppress(RequestError):
            await _agent(engine).request("GET", _url(engine), timeouts=Timeouts(queue=0.02))
        await asyncio.sleep(0.01)


async def _leave_unread(engine):
    held = [await _agent(engine).request("GET", _url(engine)) for _ in range(3)]
    await asyncio.sleep(60)
    del held


async def _read(engine):
    for _ in range(150):
        response = await _agent(engine).request("GET", _url(engine))
        await response.read()
        await asyncio.sleep(0.01)


async def _nest(engine, rounds: int = 1):
    """Four callers who ask for a second thing with the first in hand."""
    ready = asyncio.Barrier(4)

    async def caller():
        for _ in range(rounds):
            async with await _agent(engine).request("GET", _url(engine)) as outer:
                async with asyncio.timeout(30):
                    await ready.wait()
                await (await _agent(engine).request("GET", _url(engine))).read()
                await outer.read()

    async with asyncio.TaskGroup() as callers:
        for _ in range(4):
            callers.create_task(caller())


async def _nest_often(engine):
    await _nest(engine, rounds=100)


async def _hang(wire):
    await wire.request()
    await wire.gone()


async def _echo(wire):
    while (asked := await wire.request()) is not None:
        await asyncio.sleep(0.005)
        wire.reply(asked.target)


_SHORT_USER = 'model = "closed"\nusers = 1'

SITUATIONS = (
    Situation(
        id="A19",
        profile=_one(1, "node", _RAISED, "700ms"),
        twin=_one(1, "drain", _RAISED, "700ms"),
        act=_raise,
        min_samples=1,
        proposes=("live", "drain"),
    ),
    Situation(
        id="A20",
        profile=_one(8, "node", _LOWERED, "20ms"),
        twin=_one(8, "drain", _LOWERED, "20ms"),
        act=_lower,
        proposes=("live", "drain"),
    ),
    Situation(
        id="A21",
        profile=_called(1, _SHORT_USER),
        twin=_called(1, _SHORT_USER),
        servers={"s": _hang},
        act=_give_up,
        twin_act=_be_timed_out,
    ),
    Situation(
        id="A22",
        profile=_called(3),
        twin=_called(3),
        servers={"s": _echo},
        act=_leave_unread,
        twin_act=_read,
    ),
    Situation(
        id="A34",
        profile=_called(4),
        twin=_called(8),
        servers={"s": _echo},
        act=_nest,
        twin_act=_nest_often,
        proposes=("max_sockets", 4),
    ),
)
