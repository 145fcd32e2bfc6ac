"""A profile whose load is held: nothing is sent before it is resumed."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from pooltop.core.edits import Control
from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine

LOADS = {
    "open": Workload(name="load", agent="web", base_url="", rate=200.0, max_requests=3),
    "closed": Workload(
        name="load", agent="web", base_url="", model="closed", users=3, max_requests=3
    ),
}


@pytest.mark.parametrize("model", LOADS)
async def test_a_held_load_sends_nothing_and_all_of_it_once_it_is_resumed(serve, model):

    server = await serve()
    load = replace(LOADS[model], base_url=server.url)
    agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
    engine = Engine(Profile(path="t", agents=(agent,), workloads=(load,), held=True))
    try:
        engine.start()
        await asyncio.sleep(0)
        (held,) = engine.snapshot().workloads
        assert (held.state, held.offered) == ("paused", 0)
        engine.control(Control(action="resume"))
        async with asyncio.timeout(5):
            await engine.done.wait()
        (over,) = engine.snapshot().workloads
        assert (over.state, over.completed) == ("done", 3)
    finally:
        await engine.aclose()
