"""What became of each request class: counts by cause, durations by phase, and their sum."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.class_snapshot import PHASES
from pooltop.core.clocks import OwnClocks
from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    DemoServer,
    HostOptions,
    Profile,
    Timeouts,
    TLSOptions,
)
from pooltop.core.traffic import Expect, RequestClass, Workload
from pooltop.demo.server import DemoServers
from pooltop.engine.engine import Engine
from pooltop.errors import RequestTimeout, UsageError


async def _ran(url, *, options=None, tls=None, timeouts=None, hosts=None, **more):
    """Give the last snapshot of a workload that has ended."""
    agent = AgentProfile(
        name="web",
        options=options or AgentOptions(keep_alive=True),
        tls=tls or TLSOptions(),
        timeouts=timeouts or Timeouts(),
        hosts=hosts or {},
    )
    load = {"agent": "web", "base_url": url, "model": "closed", **more}
    engine = Engine(Profile(path="p", agents=(agent,), workloads=(Workload(name="w", **load),)))
    try:
        engine.start()
        await asyncio.wait_for(engine.done.wait(), 10)
        return engine.snapshot()
    finally:
        await engine.aclose()


def _answering(statuses):
    """Give a handler that answers each path with its status, or breaks the connection for none."""

    async def handle(wire):
        while (asked := await wire.request()) is not None:
            status = statuses[asked.target]
            if status is None:
                return
            wire.reply(status=status)

    return handle


async def test_each_class_counts_its_own_and_their_sum_is_the_workloads(serve):
    server = await serve(_answering({"/good": 200, "/gone": 404, "/bad": None}))
    snapshot = await _ran(
        server.url,
        users=4,
        max_requests=60,
        requests=tuple(RequestClass(name=n, path=f"/{n}") for n in ("good", "gone", "bad")),
    )
    (load,) = snapshot.workloads
    good, gone, bad = load.classes
    assert ["good", "gone", "bad"] == [each.name for each in load.classes]
    assert ({200: good.sent}, {}) == (good.statuses, good.failed)
    assert ({404: gone.sent}, {}) == (gone.statuses, gone.failed)
    assert {} == bad.statuses
    assert {"ECONNRESET", "stale reuse"} >= bad.failed.keys()
    assert bad.sent == sum(bad.failed.values()) == load.failed > 0
    assert 60 == load.sent == sum(each.sent for each in load.classes)
    assert load.completed == sum(each.completed for each in load.classes)
    counters = snapshot.agents[0].origins[0].counters
    assert counters.failed == bad.failed
    assert counters.statuses == good.statuses | gone.statuses
    assert load.latency.buckets == good.phases.total.plus(gone.phases.total).buckets
    assert load.latency.buckets == snapshot.agents[0].origins[0].latency.total.buckets


async def test_what_most_requests_spend_no_time_in_is_counted_as_nothing(serve):
    server = await serve()
    snapshot = await _ran(server.url, users=1, max_requests=40)
    (each,) = snapshot.workloads[0].classes
    phases = each.phases
    assert [40] * 5 == [
        getattr(phases, name).count for name in ("queue", "send", "wait", "receive", "total")
    ]
    assert 40 == phases.queue.buckets[0] == phases.receive.buckets[0]
    assert (0.0, 0.0) == (phases.queue.sum_s, phases.receive.sum_s)
    assert (1, 1, 0, 0) == (
        phases.dns.count, phases.tcp.count, phases.tls.count, phases.tunnel.count
    )  # fmt: skip
    assert 0 < phases.tcp.sum_s < phases.total.sum_s


async def test_requests_that_queue_and_bodies_that_come_in_pieces_are_told_as_long_as_they_took(
    serve,
):
    async def handle(wire):
        while await wire.request() is not None:
            wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
            await asyncio.sleep(0.03)
            wire.write(b"b")

    server = await serve(handle)
    snapshot = await _ran(
        server.url, users=2, max_requests=6, options=AgentOptions(keep_alive=True, max_sockets=1)
    )
    phases = snapshot.workloads[0].classes[0].phases
    assert 6 == phases.queue.count == phases.receive.count
    assert 0 < phases.queue.buckets[0] < 6
    assert phases.receive.sum_s > 6 * 0.025
    assert phases.queue.sum_s > 4 * 0.025
    # Queue and receive are most of it; no phase is told twice.
    told = sum(getattr(phases, name).sum_s for name in PHASES)
    assert 0.9 * phases.total.sum_s < told <= phases.total.sum_s * 1.001


async def test_every_new_connection_of_a_class_has_its_dial_told():
    async with DemoServers([DemoServer(name="s", scheme="https")]) as servers:
        host = servers.hosts["s"]
        snapshot = await _ran(
            f"https://{host.host}:{host.port}",
            users=2,
            max_requests=10,
            options=AgentOptions(keep_alive=False),
            tls=TLSOptions(ca=(servers.addresses.ca,)),
        )
        counters = snapshot.agents[0].origins[0].counters
        phases = snapshot.workloads[0].classes[0].phases
        assert 10 == phases.total.count
        assert (
            counters.connected
            == phases.tls.count
            == phases.tcp.count
            == host.stats()["connections_accepted"]
        )
        assert phases.tls.sum_s > 0


async def test_a_pause_or_a_new_option_forgets_nothing_of_a_class(serve, eventually):
    from pooltop.core.edits import Control, Edit

    server = await serve()
    agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
    load = Workload(name="w", agent="web", base_url=server.url, model="closed")
    engine = Engine(Profile(path="p", agents=(agent,), workloads=(load,)))
    engine.start()
    await eventually(lambda: engine.snapshot().workloads[0].completed > 3)
    engine.control(Control(action="pause"))
    before = engine.snapshot().workloads[0].classes[0].sent
    engine.edit(Edit(id=1, agent="web", option="keep_alive", value=False))
    engine.control(Control(action="resume"))
    await eventually(lambda: engine.snapshot().workloads[0].classes[0].completed > before)
    await engine.aclose()


async def test_an_answer_that_is_not_as_expected_is_complete_for_the_pool_and_an_error_of_its_class(
    serve,
):
    async def handle(wire):
        while (asked := await wire.request()) is not None:
            if asked.target == "/long":
                wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                wire.write(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
            else:
                wire.reply(status=int(asked.target[1:]))

    server = await serve(handle)
    good = Expect(statuses=((200, 200), (400, 499)))
    agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
    load = Workload(
        name="w",
        agent="web",
        base_url=server.url,
        model="closed",
        max_requests=60,
        requests=(
            RequestClass(name="ok", path="/404", expect=good),
            RequestClass(name="bad", path="/503", expect=good),
            RequestClass(name="any", path="/503"),
            RequestClass(name="long", path="/long", expect=Expect(max_bytes=5)),
            RequestClass(name="fits", path="/long", expect=Expect(max_bytes=6)),
        ),
    )
    engine = Engine(Profile(path="p", agents=(agent,), workloads=(load,)))
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 10)
    snapshot = engine.snapshot()
    said = [e.text for e in engine.journal.take()[0] if e.kind == "ERROR"]
    await engine.aclose()
    told = snapshot.workloads[0]
    ok, bad, anything, long, fits = told.classes
    assert [{}, {}, {}] == [each.unexpected for each in (ok, anything, fits)]
    assert {"status 503": bad.sent} == bad.unexpected
    assert {"body over 5 bytes": long.sent} == long.unexpected
    assert (60, 0, bad.sent + long.sent) == (told.completed, told.failed, told.unexpected)
    assert told.errors == told.unexpected > 0
    assert {} == snapshot.agents[0].origins[0].counters.failed
    assert any("w/bad unexpected answer: status 503" in text for text in said)
    assert any("w/long unexpected answer: body over 5 bytes" in text for text in said)


async def test_answers_that_are_not_as_expected_are_told_at_a_bounded_pace(serve):
    server = await serve(_answering({"/": 500}))
    agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
    wanted = RequestClass(name="c", expect=Expect(statuses=((200, 299),)))
    load = Workload(
        name="w",
        agent="web",
        base_url=server.url,
        model="closed",
        max_requests=200,
        requests=(wanted,),
    )
    engine = Engine(Profile(path="p", agents=(agent,), workloads=(load,)))
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 10)
    said = [e.text for e in engine.journal.take()[0] if e.kind == "ERROR"]
    await engine.aclose()
    assert 200 == engine.snapshot().workloads[0].unexpected
    assert 20 <= len(said) < 100


async def _answers_all_but_slow(wire):
    while (asked := await wire.request()) is not None:
        if asked.target == "/led":
            wire.write(b"HTTP/1.1 302 X\r\nLocation: /slow\r\nContent-Length: 0\r\n\r\n")
        elif asked.target != "/slow":
            wire.reply()


def _with_clocks(path, own, **more):
    return RequestClass(name=path[1:], path=path, timeouts=own, **more)


@pytest.mark.parametrize("hosts", [False, True])
async def test_a_class_s_clocks_go_before_those_of_its_host_and_its_agent(serve, hosts):
    server = await serve(_answers_all_but_slow)
    patient, hasty = Timeouts(total=60.0), Timeouts(total=0.001)
    own = {server.url.partition("://")[2]: HostOptions(timeouts=patient)} if hosts else {}
    snapshot = await _ran(
        server.url,
        users=3,
        max_requests=30,
        timeouts=hasty if hosts else patient,
        hosts=own,
        requests=(
            _with_clocks("/slow", OwnClocks(total=0.02)),
            _with_clocks("/quick", None),
            _with_clocks("/led", OwnClocks(idle=0.02), follow_redirects=1),
        ),
    )
    slow, quick, led = snapshot.workloads[0].classes
    assert slow.sent > 0
    assert {"total clock": slow.sent} == slow.failed
    assert ({}, quick.sent) == (quick.failed, quick.completed)
    assert {"idle clock": led.sent} == led.failed, "a redirect goes by the clocks of its class"


async def test_a_class_may_lift_a_limit_of_its_agent(held):
    server = await held().start()
    agent = AgentProfile(name="web", timeouts=Timeouts(total=0.02))
    load = Workload(
        name="w",
        agent="web",
        base_url=server.url,
        model="closed",
        max_requests=1,
        requests=(_with_clocks("/", OwnClocks(total=None)),),
    )
    engine = Engine(Profile(path="p", agents=(agent,), workloads=(load,)))
    engine.start()
    wire, _ = await asyncio.wait_for(server.waiting.get(), 5)
    with pytest.raises(RequestTimeout):  # of the agent's own clock, begun later
        await engine.agents["web"].request("GET", f"{server.url}/x")
    wire.reply()
    await asyncio.wait_for(engine.done.wait(), 10)
    assert (1, 0) == (
        engine.snapshot().workloads[0].completed,
        engine.snapshot().workloads[0].failed,
    )
    await engine.aclose()


async def test_a_class_s_clock_that_is_none_is_refused_before_anything_is_sent(serve):
    server = await serve()
    with pytest.raises(UsageError, match="timeouts.total is a number of seconds"):
        await _ran(server.url, requests=(_with_clocks("/", OwnClocks(total=-1.0)),))
