"""When the load is over: not before its last request is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine

if TYPE_CHECKING:
    from conftest import MakeProfile, Serve, Silent, Until


async def test_a_workload_past_its_duration_is_under_way_until_its_requests_have_ended(
    serve: Serve, silent: Silent, profile_for: MakeProfile, until: Until
) -> None:
    host = await serve()
    profile = profile_for(host.port, model="open", rate=100.0, duration=0.1)
    slow = Workload(
        name="slow",
        agent="a",
        base_url=f"http://127.0.0.1:{silent.port}",
        model="closed",
        duration=0.01,
    )
    engine = Engine(msgspec.structs.replace(profile, workloads=(slow, *profile.workloads)))
    try:
        engine.start()
        await until(lambda: all(each.state == "done" for each in engine.workloads))
        await asyncio.sleep(0)

        assert [1, 0] == [each.in_flight for each in engine.workloads]
        assert not engine.done.is_set()

        silent.abort_all()
        await asyncio.wait_for(engine.done.wait(), 5)
    finally:
        await engine.aclose()
