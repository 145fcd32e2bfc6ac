"""What is told of a host that is looked at: true at that instant, and without secrets."""

from __future__ import annotations

import asyncio
import os
import stat

import msgspec
import pytest

from pooltop.core.detail import HIDDEN, Fate, FateKind, HostDetail, Watch
from pooltop.core.model import AgentOptions, AgentProfile, OriginKey, Profile, Timeouts
from pooltop.core.snapshot import Snapshot
from pooltop.core.states import CloseReason, QueueReason
from pooltop.core.traffic import Workload
from pooltop.engine import details
from pooltop.engine.details import Paces, header_fields, host_detail
from pooltop.engine.engine import Engine
from pooltop.engine.snapshots import QUEUE_HEAD
from pooltop.engine.tally import Tally
from pooltop.errors import PeerError


def key_of(agent):
    return next(iter(agent.shell.core.origins))


def told(agent, *, pace=None, **watch):
    watch = Watch(agent=agent.name, origin=key_of(agent), **watch)
    return host_detail(agent.shell, watch, pace)


async def ask(agent, url, *targets, **how):
    return [asyncio.create_task(agent.request("GET", url + each, **how)) for each in targets]


async def finish(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_of_each_socket_it_is_told_who_gets_it(held, agent_of, eventually):
    server = await held().start()
    agent = agent_of(max_sockets=1, keep_alive=True)
    tasks = await ask(agent, server.url, "/0", "/1")
    await eventually(lambda: server.targets == ["/0"])
    (socket,) = told(agent).sockets
    assert Fate(kind=FateKind.HAND_OVER, request=2) == socket.fate
    assert stat.S_ISSOCK(os.fstat(socket.descriptor).st_mode)
    await server.answer()
    await (await tasks[0]).read()
    await eventually(lambda: server.targets == ["/0", "/1"])
    (socket,) = told(agent).sockets
    assert Fate(kind=FateKind.PARK) == socket.fate
    await server.answer()
    await (await tasks[1]).read()
    (socket,) = told(agent).sockets
    assert socket.fate is None
    await finish(tasks)


async def test_a_socket_remembers_its_last_eight_requests_the_newest_first(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    for n in range(10):
        await (await agent.request("GET", f"{server.url}/{n}?token=s3cret")).read()
    (socket,) = told(agent).sockets
    assert [(n, "GET", f"/{n - 1}?...", 200, "") for n in range(10, 2, -1)] == [
        (past.id, past.method, past.target, past.status, past.outcome) for past in socket.past
    ]
    assert all(0 <= past.took < 5 for past in socket.past)
    assert sorted((p.ended_at for p in socket.past), reverse=True) == [
        p.ended_at for p in socket.past
    ]


async def test_a_request_that_failed_is_remembered_with_its_outcome(serve, agent_of, eventually):
    go_on = asyncio.Event()

    async def handle(wire):
        await wire.request()
        await go_on.wait()
        wire.close()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    task = asyncio.create_task(agent.request("POST", f"{server.url}/pay"))
    await eventually(lambda: agent.shell.connections)
    (connection,) = agent.shell.connections.values()
    go_on.set()
    with pytest.raises(PeerError):
        await task
    ((number, method, target, status, outcome, _, _),) = connection.past
    assert (1, b"POST", b"/pay", 0, "ECONNRESET") == (number, method, target, status, outcome)


async def test_nothing_that_a_caller_sent_is_kept_for_the_past(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    await (await agent.request("POST", server.url, content=b"x" * 1000)).read()
    (connection,) = agent.shell.connections.values()
    assert connection.exchange is None
    kinds = {type(each) for past in connection.past for each in past}
    assert {int, bytes, str, float} == kinds


async def test_of_very_many_sockets_the_past_is_told_of_the_one_asked_for(
    serve, agent_of, monkeypatch
):
    monkeypatch.setattr(details, "MOST_PASTS", 1)
    server = await serve()
    agent = agent_of(keep_alive=True)
    answers = await asyncio.gather(*await ask(agent, server.url, "/0", "/1"))
    for answer in answers:
        await answer.read()
    assert [0, 0] == [len(each.past) for each in told(agent).sockets]
    assert [(1, 0), (2, 1)] == sorted((s.id, len(s.past)) for s in told(agent, socket=2).sockets)


async def test_of_requests_it_is_told_why_they_wait_and_how_far_they_are(
    held, agent_of, eventually
):
    server = await held().start()
    agent = agent_of(max_sockets=1, keep_alive=True, timeouts=Timeouts(total=30))
    tasks = await ask(agent, server.url, "/0", "/1", "/2", content=b"four")
    await eventually(lambda: server.targets == ["/0"])
    running, second, third = told(agent, pace=2.0).requests
    assert (1, None, None, None) == (running.id, running.counted, running.limit, running.outlook)
    assert running.assigned_at <= running.sent_at
    assert running.first_byte_at is None
    assert 4 == running.body_bytes
    exchange = agent.shell.exchanges[2]
    assert exchange.intended_at + 30 == second.deadline_at
    assert (1, 1, None) == (second.counted, second.limit, second.assigned_at)
    assert [
        (0, QueueReason.MAX_SOCKETS, 0.5, 2),
        (1, QueueReason.MAX_SOCKETS, 1.0, 3),
    ] == [(o.ahead, o.held_by, o.in_s, o.at_once_from) for o in (second.outlook, third.outlook)]
    assert [1, 2] == [each.id for each in told(agent, queue=1).requests]
    assert [1] == [each.id for each in told(agent, queue=-1).requests]
    await finish(tasks)


async def test_header_fields_are_told_of_the_one_request_and_never_a_secret(
    held, agent_of, eventually
):
    server = await held().start()
    agent = agent_of()
    secrets = {
        "Authorization": "Bearer s3cret",
        "Proxy-Authorization": "Basic s3cret",
        "cookie": "a=s3cret",
        "X-API-Key": "s3cret",
        "X-Amz-Security-Token": "s3cret",
        "Client-Secret": "s3cret",
        "x-session-id": "s3cret",
        "Password": "s3cret",
    }
    headers = {"Accept": "*/*", "Referer": "http://h/?t=s3cret", **secrets}
    tasks = await ask(agent, server.url, "/0", "/1", headers=headers)
    await eventually(lambda: 2 == len(server.targets))
    one, other = told(agent, request=2).requests
    assert () == one.headers
    fields = dict(other.headers)
    assert ("*/*", "http://h/?...") == (fields["Accept"], fields["Referer"])
    assert f"127.0.0.1:{server.server.port}" == fields["Host"]
    assert {HIDDEN} == {fields[name] for name in secrets}
    assert b"s3cret" not in msgspec.json.encode(told(agent, request=2))
    await finish(tasks)


def test_a_value_of_any_octets_can_be_told():
    assert (("User-Agent", "\xff"),) == header_fields(((b"User-Agent", b"\xff"),))


@pytest.mark.parametrize("name", ["X-JWT", "X-Otp", "X-Sid", "Dpop", "X-Forwarded-Uri", "x"])
def test_the_value_of_a_field_that_http_does_not_know_is_never_told(name):
    assert ((name, HIDDEN),) == header_fields(((name.encode(), b"s3cret"),))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (b"https://bob:s3cret@h/x?t=s3cret", "https://h/x?..."),
        (b"http://h/x#s3cret", "http://h/x"),
        (b"//bob@s3cret@h/@x", "//h/@x"),
        (b"/x@y", "/x@y"),
    ],
)
def test_of_a_url_in_a_field_neither_user_nor_query_is_told(url, told):
    assert (("Referer", told),) == header_fields(((b"Referer", url),))


async def test_a_request_given_up_in_the_queue_has_no_outlook_but_its_place(held, agent_of):
    server = await held().start()
    agent = agent_of(max_sockets=1)
    tasks = await ask(agent, server.url, "/0", "/1", "/2")
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    _, given_up, waiting = told(agent, pace=1.0).requests
    assert (0, None, None) == (
        given_up.outlook.ahead,
        given_up.outlook.in_s,
        given_up.outlook.at_once_from,
    )
    assert (1, 2.0, 2) == (
        waiting.outlook.ahead,
        waiting.outlook.in_s,
        waiting.outlook.at_once_from,
    )
    await finish(tasks)


def test_the_pace_is_that_of_the_last_seconds():
    tally, paces, key = Tally(), Paces(), OriginKey("a:80:")
    origin = tally.origins[key]
    origin.queued = 1

    def serve(count):
        for _ in range(count):
            origin.queue.record(0.1)

    def pace(at):
        paces.look(tally, at)
        return paces.of(key, tally, at)

    assert pace(0.0) is None
    serve(4)
    assert 4.0 == pace(1.0)
    assert 2.0 == pace(2.0)
    assert 0.0 == pace(7.0), "what was served is longer ago"
    serve(5)
    assert 1.0 == pace(12.0)
    del tally.origins[key]
    assert pace(13.0) is None, "its origin is forgotten"


def test_a_time_in_which_nobody_looked_is_no_part_of_the_pace():
    tally, paces, key = Tally(), Paces(), OriginKey("a:80:")
    origin = tally.origins[key]
    origin.queued = 1
    paces.look(tally, 0.0)
    paces.look(tally, 36_000.0)
    assert paces.of(key, tally, 36_000.0) is None
    for _ in range(100):
        origin.queue.record(0.1)
    paces.look(tally, 36_001.0)
    assert 100.0 == paces.of(key, tally, 36_001.0)


def test_the_pace_of_an_origin_that_never_had_a_queue_is_not_known():
    tally, paces, key = Tally(), Paces(), OriginKey("a:80:")
    assert 0 == tally.origins[key].queued
    paces.look(tally, 0.0)
    paces.look(tally, 1.0)
    assert paces.of(key, tally, 1.0) is None


@pytest.fixture
async def engine_of():
    """Make an engine of one agent ``web`` and one workload, closed after the test."""
    made = []

    def make(url, **workload):
        options = AgentOptions(keep_alive=True, max_sockets=1)
        profile = Profile(
            path="test.toml",
            agents=(AgentProfile(name="web", options=options),),
            workloads=(
                Workload(name="load", agent="web", base_url=url, model="closed", **workload),
            ),
        )
        made.append(Engine(profile))
        return made[-1]

    yield make
    for engine in made:
        await engine.aclose()


async def test_an_engine_tells_of_each_host_that_is_watched_as_of_its_snapshot(
    held, engine_of, eventually
):
    server = await held().start()
    engine = engine_of(server.url, users=QUEUE_HEAD + 10)
    engine.start()
    await eventually(lambda: 1 == len(server.targets))
    assert () == engine.snapshot().details
    key = key_of(engine.agents["web"])
    watched = Watch(agent="web", origin=key)
    unknown = Watch(agent="web", origin=OriginKey("b:80:"))
    gone = Watch(agent="gone", origin=key)
    engine.watch((gone, watched, unknown, watched))
    snapshot = engine.snapshot()
    nobody, first, none, second = snapshot.details
    assert HostDetail(agent="gone", origin=key) == nobody
    assert HostDetail(agent="web", origin=OriginKey("b:80:")) == none
    assert first == second
    (origin,) = snapshot.agents[0].origins
    assert QUEUE_HEAD + 9 == origin.queued == len(origin.requests)
    assert [r.id for r in (*origin.running, *origin.requests)] == [r.id for r in first.requests]
    assert [s.id for s in (*origin.sockets, *origin.free_sockets)] == [s.id for s in first.sockets]
    assert 0 <= origin.sockets[0].busy_s <= snapshot.at - origin.sockets[0].connected_at
    assert snapshot == msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot)
    engine.watch(())
    snapshot = engine.snapshot()
    assert (QUEUE_HEAD, ()) == (len(snapshot.agents[0].origins[0].requests), snapshot.details)


async def test_a_dial_has_no_descriptor_and_no_fate(agent_of, black_hole):
    agent = agent_of()
    tasks = await ask(agent, f"http://127.0.0.1:{black_hole}", "/")
    await asyncio.sleep(0)
    (socket,) = told(agent).sockets
    assert (None, None, ()) == (socket.descriptor, socket.fate, socket.past)
    await finish(tasks)


async def test_a_socket_that_is_over_the_limit_is_foreseen_to_close(held, agent_of, eventually):
    server = await held().start()
    agent = agent_of(keep_alive=True, live="drain")
    tasks = await ask(agent, server.url, "/0", "/1")
    await eventually(lambda: 2 == len(server.targets))
    agent.max_sockets = 1
    over = Fate(kind=FateKind.CLOSE, reason=CloseReason.OVER_MAX_SOCKETS)
    assert [over, over] == [each.fate for each in told(agent).sockets]
    await server.answer()
    await (await tasks[0]).read()
    await eventually(lambda: 1 == agent.total_socket_count)
    assert [Fate(kind=FateKind.PARK)] == [each.fate for each in told(agent).sockets]
    await finish(tasks)


async def test_the_queues_of_all_agents_together_say_how_much_is_told_of_each(
    held, engine_of, eventually, monkeypatch
):
    monkeypatch.setattr("pooltop.engine.snapshots._HEADS", QUEUE_HEAD)
    server = await held().start()
    engine = engine_of(server.url, users=QUEUE_HEAD + 10)
    engine.start()
    await eventually(lambda: 1 == len(server.targets))
    (origin,) = engine.snapshot().agents[0].origins
    assert QUEUE_HEAD == len(origin.requests), "it is the only queue"
    other = await held().start()
    agent = engine.agents["web"]
    asked = [asyncio.create_task(agent.request("GET", other.url)) for _ in range(9)]
    await eventually(lambda: 1 == len(other.targets))
    told = [len(each.requests) for each in engine.snapshot().agents[0].origins]
    assert [QUEUE_HEAD // 2, 8] == told
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
