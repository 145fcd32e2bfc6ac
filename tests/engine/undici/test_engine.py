"""A profile's dispatchers at work: load, limits, edits, what an operator does, and their ends."""

from __future__ import annotations

import asyncio
import math

import msgspec
import pytest

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit
from pooltop.core.model import AgentProfile, Profile, Timeouts
from pooltop.core.snapshot import Snapshot
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.core.traffic import Workload
from pooltop.core.undici.options import DispatcherOptions
from pooltop.engine.engine import Engine

POOLS = ("undici-client", "undici-pool", "undici-round-robin-pool", "undici-agent")


@pytest.fixture
async def engine_of():
    """Make an engine of one dispatcher ``web`` and one closed workload, closed after the test."""
    made = []

    def make(url, *, users=10, timeouts=None, upstreams=(), codec="h11", **options):
        load = {"max_requests": options.pop("max_requests", None)}
        profile = Profile(
            path="test.toml",
            agents=(
                AgentProfile(
                    name="web",
                    dispatcher=DispatcherOptions(**options),
                    timeouts=timeouts or Timeouts(),
                    upstreams=upstreams,
                    codec=codec,
                ),
            ),
            workloads=(
                Workload(
                    name="load", agent="web", base_url=url, model="closed", users=users, **load
                ),
            ),
        )
        made.append(Engine(profile))
        return made[-1]

    yield make
    for engine in made:
        await engine.aclose()


def _origin(engine):
    (origin,) = engine.snapshot().agents[0].origins
    return origin


def _adds_up(origin):
    counters = origin.counters
    over = counters.completed + sum(counters.failed.values())
    assert counters.submitted + counters.passed == over + origin.under_way
    parts = origin.connecting + origin.active + origin.free + origin.closing
    assert origin.total == parts == len(origin.sockets) + len(origin.free_sockets)


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("pipelining", [1, 4])
async def test_a_load_is_carried_whole_and_the_servers_counts_are_ours(
    serve, engine_of, kind, pipelining, codec
):
    server = await serve()
    engine = engine_of(
        server.url, kind=kind, connections=3, pipelining=pipelining, max_requests=300, codec=codec
    )
    engine.start()
    while not engine.done.is_set():
        _adds_up(_origin(engine))
        await asyncio.sleep(0)
    snapshot = engine.snapshot()
    (workload,) = snapshot.workloads
    assert (300, 300, 0) == (workload.sent, workload.completed, workload.failed)
    origin = _origin(engine)
    assert {200: 300} == origin.counters.statuses
    assert len(server.wires) == origin.counters.opened == origin.total
    assert origin.total == (1 if kind == "undici-client" else 3)
    assert 300 == sum(each.requests for each in origin.free_sockets)
    assert snapshot == msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot)


async def test_a_unix_socket_is_all_that_is_connected_to(serve, engine_of, tmp_path):
    server = await serve(path=str(tmp_path / "s"))
    engine = engine_of(
        "http://192.0.2.7:80", connections=2, max_requests=20, socket_path=server.path
    )
    engine.start()
    await engine.done.wait()
    origin = _origin(engine)
    assert ("192.0.2.7", {200: 20}) == (origin.host, origin.counters.statuses)
    assert 2 == len(server.wires) == origin.counters.opened


async def test_connections_come_from_the_address_that_the_options_name(serve, engine_of):
    server = await serve()
    engine = engine_of(server.url, max_requests=5, local_address="127.0.0.3", family=4)
    engine.start()
    await engine.done.wait()
    assert {200: 5} == _origin(engine).counters.statuses
    addresses = {wire.writer.get_extra_info("peername")[0] for wire in server.wires}
    assert {"127.0.0.3"} == addresses


async def test_what_waits_and_what_runs_is_told_with_its_reason(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=6, kind="undici-pool", connections=2)
    engine.start()
    await eventually(lambda: 2 == len(server.targets))
    origin = _origin(engine)
    assert (2, 4, 4) == (len(origin.running), origin.queued, len(origin.requests))
    assert {RequestState.QUEUED} == {each.state for each in origin.requests}
    assert {QueueReason.CONNECTIONS} == {each.why for each in origin.requests}
    assert {each.id for each in origin.sockets} == {each.socket for each in origin.running}
    assert {SocketState.ACTIVE} == {each.state for each in origin.sockets}
    assert origin.oldest_queued_at == min(each.submitted_at for each in origin.requests)
    engine.watch((Watch(agent="web", origin=origin.key),))
    (detail,) = engine.snapshot().details
    told = [each.id for each in detail.requests]
    assert [each.id for each in (*origin.running, *origin.requests)] == told
    ahead = [each.outlook and each.outlook.ahead for each in detail.requests]
    assert [None, None, 0, 1, 2, 3] == ahead
    _adds_up(origin)


async def test_in_mode_node_connections_cannot_be_edited_and_the_words_say_what_can(
    held, engine_of
):
    server = await held().start()
    engine = engine_of(server.url, kind="undici-pool", connections=2)
    outcome = engine.edit(Edit(id=1, agent="web", option="connections", value=5))
    assert not outcome.accepted
    words = "undici takes connections at construction only; live = drain applies it now"
    assert words == outcome.error
    outcome = engine.edit(Edit(id=2, agent="web", option="max_sockets", value=5))
    assert (
        "max_sockets cannot be edited live; of undici-pool editable are connections, pipelining, "
        "max_concurrent_streams, live"
    ) == outcome.error


async def test_in_mode_drain_more_connections_take_what_is_queued_at_once(
    held, engine_of, eventually
):
    server = await held().start()
    engine = engine_of(server.url, users=9, kind="undici-pool", connections=2, live="drain")
    engine.start()
    await eventually(lambda: 2 == len(server.targets))
    outcome = engine.edit(Edit(id=1, agent="web", option="connections", value=7))
    assert (True, 2.0, 7.0, 5, 7, "drain") == (
        outcome.accepted,
        outcome.before,
        outcome.after,
        outcome.opened,
        outcome.queued,
        outcome.live,
    )
    await eventually(lambda: 7 == len(server.targets))
    agent = engine.snapshot().agents[0]
    assert (7, 2, 2) == (
        agent.options.max_sockets,
        agent.initial_options.max_sockets,
        _origin(engine).queued,
    )
    lowered = engine.edit(Edit(id=2, agent="web", option="connections", value=None))
    assert (True, math.inf, 2) == (lowered.accepted, lowered.after, lowered.opened)


async def test_pipelining_is_edited_in_mode_node_as_undici_does(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=5, kind="undici-client")
    engine.start()
    await eventually(lambda: 1 == len(server.targets))
    outcome = engine.edit(Edit(id=1, agent="web", option="pipelining", value=3))
    assert (True, 1.0, 3.0) == (outcome.accepted, outcome.before, outcome.after)
    assert 1 == len(_origin(engine).running), "a GET blocks until its response begins"


async def test_an_operator_can_abort_clear_and_destroy(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=6, kind="undici-pool", connections=2)
    engine.start()
    await eventually(lambda: 2 == len(server.targets))
    origin = _origin(engine)
    queued, running = origin.requests[0], origin.running[0]

    def control(action, **what):
        engine.control(Control(action=action, agent="web", **what))

    engine.control(Control(action="pause"))
    control("abort_request", request=queued.id)
    control("destroy_socket", socket=running.socket)
    await eventually(lambda: 1 == len(_origin(engine).running) or _origin(engine).queued < 3)
    control("clear_queue", origin=origin.key)
    await eventually(lambda: 0 == _origin(engine).queued)
    failed = _origin(engine).counters.failed
    assert {"aborted by operator", "socket destroyed by operator", "queue cleared by operator"} == (
        set(failed)
    )
    _adds_up(_origin(engine))


@pytest.mark.parametrize(
    ("clock", "outcome"),
    [("total", "total clock"), ("queue", "queue clock"), ("idle", "idle clock")],
)
async def test_pooltops_own_clocks_run_beside_undicis(held, engine_of, eventually, clock, outcome):
    server = await held().start()
    engine = engine_of(
        server.url,
        users=3,
        kind="undici-pool",
        connections=1,
        timeouts=Timeouts(**{clock: 0.05}),
    )
    engine.start()
    await eventually(lambda: outcome in _origin(engine).counters.failed)
    engine.stop()


async def test_a_stop_leaves_nothing_open_and_everything_counted(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=8, kind="undici-pool", connections=3)
    engine.start()
    await eventually(lambda: 3 == len(server.targets))
    engine.stop()
    origin = _origin(engine)
    assert (0, 0, 0) == (origin.total, origin.queued, len(origin.running))
    _adds_up(origin)
    assert {"ERR_AGENT_CLOSED": 8} == origin.counters.failed
    await engine.aclose()


async def test_a_balanced_pool_goes_to_its_upstreams_under_their_own_names(serve, engine_of):
    seen = []

    async def answer(wire):
        while (asked := await wire.request()) is not None:
            seen.append(asked.headers["host"])
            wire.reply("ok")

    one, two = await serve(answer), await serve(answer)
    engine = engine_of(
        one.url, kind="undici-balanced-pool", upstreams=(one.url, two.url), max_requests=40
    )
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 10)
    hosts = {f"127.0.0.1:{each.port}" for each in (one, two)}
    assert hosts == set(seen)
    for origin in engine.snapshot().agents[0].origins:
        _adds_up(origin)
        assert seen.count(f"127.0.0.1:{origin.port}") == origin.counters.completed


async def test_what_waits_for_any_upstream_is_counted_at_the_one_that_it_comes_to(serve, engine_of):
    seen = []

    async def answer(wire):
        while (asked := await wire.request()) is not None:
            seen.append(asked.headers["host"])
            if 0 == len(seen) % 3:
                return
            wire.reply("ok")

    one, two = await serve(answer), await serve(answer)
    urls = (one.url, two.url)
    engine = engine_of(
        one.url,
        kind="undici-balanced-pool",
        connections=1,
        users=8,
        upstreams=urls,
        max_requests=60,
    )
    engine.start()
    while not engine.done.is_set():
        for origin in engine.snapshot().agents[0].origins:
            _adds_up(origin)
        await asyncio.sleep(0)
    origins = engine.snapshot().agents[0].origins
    for origin in origins:
        _adds_up(origin)
        counters = origin.counters
        assert seen.count(f"127.0.0.1:{origin.port}") == counters.completed + sum(
            counters.failed.values()
        )
    assert 60 == sum(origin.counters.submitted for origin in origins)
    assert 0 == sum(origin.counters.passed for origin in origins)
    assert any(origin.counters.passed for origin in origins)


async def test_undicis_own_numbers_and_its_clients_are_told(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(
        server.url, users=6, kind="undici-pool", connections=2, client_ttl=60_000, live="drain"
    )
    engine.start()
    await eventually(lambda: 2 == len(server.targets))
    agent = engine.snapshot().agents[0]
    (origin,) = agent.origins
    assert ("undici-pool", 2, "drain") == (
        agent.kind,
        agent.dispatcher.connections,
        agent.initial_dispatcher.live,
    )
    stats = origin.stats
    assert (2, 0, 4, 4, 2, 6) == (
        stats.connected,
        stats.free,
        stats.pending,
        stats.queued,
        stats.running,
        stats.size,
    )
    assert [each.id for each in origin.sockets] == [each.socket for each in origin.clients]
    assert [(True, 0, 1, False)] * 2 == [
        (each.full, each.pending, each.running, each.retiring) for each in origin.clients
    ]
    assert {60.0} == {round(each.ttl_at - each.since, 6) for each in origin.clients}
    assert [each.id for each in origin.clients] == [each.client for each in origin.sockets]
    assert ("h1", False, None) == (origin.protocol, origin.probing, origin.weight)
