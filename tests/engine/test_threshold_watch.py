"""Thresholds over a real load: judged while it runs and at its end, and able to stop it."""

from __future__ import annotations

import asyncio

from pooltop.core.expectations import parse
from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.thresholds import Threshold, Where
from pooltop.core.traffic import RequestClass, Workload
from pooltop.engine.engine import Engine


def must(text, *, where=None, **more):
    return Threshold(expect=parse(text, lambda *_: ""), where=where or Where(), **more)


def profile(url, *thresholds, options=None, **load):
    agent = AgentProfile(name="web", options=options or AgentOptions(keep_alive=True))
    work = Workload(name="w", agent="web", base_url=url, **{"model": "closed", **load})
    return Profile(path="p", agents=(agent,), workloads=(work,), thresholds=thresholds)


async def ran(of):
    """Give the last snapshot of a load that has ended, and what was told."""
    engine = Engine(of)
    try:
        engine.start()
        await asyncio.wait_for(engine.done.wait(), 20)
        entries, _ = engine.journal.take()
        return engine.snapshot(), [each.text for each in entries if each.kind in ("ALERT", "LOAD")]
    finally:
        await engine.aclose()


async def test_at_the_end_of_the_load_everything_is_judged(serve):
    server = await serve()
    snapshot, told = await ran(
        profile(
            server.url,
            must("request.duration p99 < 30s", where=Where(workload="w", request="default")),
            must("request.errors <= 0"),
            must("request.duration count >= 50"),
            must("pool.reuse > 50%", where=Where(agent="web", host="127.0.0.1")),
            must("pool.opened <= 2"),
            must("pool.sockets.in_use <= 2"),
            must("request.duration count < 50"),
            must("request.tls p50 < 1s"),
            must("request.errors <= 0", where=Where(workload="w"), after_s=60.0),
            users=2,
            max_requests=50,
        )
    )
    assert ["holds"] * 6 + ["failed"] * 3 == [each.state for each in snapshot.thresholds]
    assert [50.0, None, None] == [each.value for each in snapshot.thresholds[6:]]
    assert ["", "nothing was recorded", "the load ended before 60s were over"] == [
        each.why for each in snapshot.thresholds[6:]
    ]
    assert [True] * 3 == [each.since is not None for each in snapshot.thresholds[6:]]
    assert "threshold failed: request.duration count < 50: 50" in told


async def test_before_after_is_over_nothing_is_said(serve):
    server = await serve()
    engine = Engine(profile(server.url, must("request.errors <= 0", after_s=600.0), users=1))
    try:
        engine.start()
        (state,) = engine.snapshot().thresholds
        assert ("unknown", "begins after 600s", None) == (state.state, state.why, state.value)
    finally:
        await engine.aclose()


async def test_a_threshold_with_abort_stops_the_load_and_says_why(serve):
    async def refuse(wire):
        while await wire.request() is not None:
            wire.reply(status=503)

    server = await serve(refuse)
    snapshot, told = await ran(
        profile(
            server.url,
            must("request.errors < 1%", abort=True),
            must("request.duration p50 < 30s"),
            users=1,
            requests=(RequestClass(name="c"),),
        )
    )
    failed, held = snapshot.thresholds
    assert ("failed", 1.0, True) == (failed.state, failed.value, failed.aborted)
    assert ("holds", False) == (held.state, held.aborted)
    assert "stopped" == snapshot.workloads[0].state
    assert [
        "threshold failed: request.errors share < 1%: 100%",
        "aborted by a threshold: request.errors share < 1%: 100%",
        "stopped: no request is started, every socket is closed",
    ] == told[1:]


async def test_what_our_own_stop_breaks_off_is_no_error(serve):
    async def never(wire):
        await wire.request()
        await wire.request()

    server = await serve(never)
    engine = Engine(profile(server.url, must("request.errors <= 0"), users=3))
    try:
        engine.start()
        await asyncio.sleep(0)
        engine.stop()
        (state,) = engine.snapshot().thresholds
        assert ("holds", 0) == (state.state, state.value)
    finally:
        await engine.aclose()


async def test_levels_are_looked_at_while_the_load_runs(serve, eventually):
    release = asyncio.Event()

    async def hold(wire):
        while await wire.request() is not None:
            await release.wait()
            wire.reply()

    server = await serve(hold)
    engine = Engine(
        profile(
            server.url,
            must("pool.queue.depth < 2"),
            must("pool.queue.oldest >= 300ms"),
            must("pool.sockets <= 1"),
            options=AgentOptions(keep_alive=True, max_sockets=1.0),
            users=4,
            max_requests=4,
        )
    )
    try:
        engine.start()
        await eventually(lambda: engine.snapshot().thresholds[1].state == "holds")
        release.set()
        await asyncio.wait_for(engine.done.wait(), 20)
        deep, oldest, sockets = engine.snapshot().thresholds
        assert ("failed", 3.0) == (deep.state, deep.value)
        assert "holds" == oldest.state
        assert ("holds", 1.0) == (sockets.state, sockets.value)
    finally:
        await engine.aclose()


async def test_one_that_fails_and_recovers_is_told_both_times_and_holds_in_the_end(
    serve, eventually
):
    status = [503]

    async def change(wire):
        while await wire.request() is not None:
            wire.reply(status=status[0])

    server = await serve(change)
    engine = Engine(
        profile(server.url, must("request.errors < 50%"), model="open", rate=50.0, duration=60.0)
    )
    try:
        engine.start()
        await eventually(lambda: engine.snapshot().thresholds[0].state == "failed")
        assert engine.snapshot().thresholds[0].since is not None
        status[0] = 200
        await eventually(lambda: engine.snapshot().thresholds[0].state == "holds")
        entries, _ = engine.journal.take()
        told = [each.text.rpartition(":")[0] for each in entries if each.kind == "ALERT"]
        assert [
            "threshold failed: request.errors share < 50%",
            "threshold holds again: request.errors share < 50%",
        ] == told
        assert engine.snapshot().thresholds[0].since is None
    finally:
        await engine.aclose()
