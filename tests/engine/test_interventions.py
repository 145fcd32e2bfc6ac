"""What an operator does to one socket, one request, one queue: at once, and said to everybody."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.edits import Control
from pooltop.core.model import AgentOptions, AgentProfile, OriginKey, Profile, SocketId
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine
from pooltop.errors import OperatorError, UsageError


@pytest.fixture
async def engine_of():
    """Make an engine of one agent ``web``, with the workloads asked for; closed after the test."""
    made = []

    def make(url="", *, options=None, **workload):
        load = Workload(name="load", agent="web", base_url=url, model="closed", **workload)
        options = AgentOptions(**{"keep_alive": True, **(options or {})})
        profile = Profile(
            path="test.toml",
            agents=(AgentProfile(name="web", options=options),),
            workloads=(load,) if url else (),
        )
        made.append(Engine(profile))
        return made[-1]

    yield make
    for engine in made:
        await engine.aclose()
        for agent in engine.agents.values():
            agent.shell.core.check_invariants()
            assert 0 == agent.total_socket_count
            assert not agent.shell.exchanges


def words(engine, kind):
    entries, _ = engine.journal.take()
    return [each.text for each in entries if each.kind == kind]


def origin_of(engine):
    return engine.snapshot().agents[0].origins[0]


async def test_a_destroyed_socket_takes_its_request_along_and_both_say_who_did_it(
    held, engine_of, eventually
):
    server = await held().start()
    engine = engine_of()
    agent = engine.agents["web"]
    task = asyncio.create_task(agent.request("GET", f"{server.url}/pay?token=s3cret"))
    await eventually(lambda: 1 == len(server.targets))
    engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(1)))
    with pytest.raises(OperatorError, match="the operator destroyed its socket s1") as raised:
        await task
    assert ("ERR_OPERATOR", "socket destroyed by operator") == (
        raised.value.code,
        raised.value.outcome,
    )
    await eventually(lambda: 0 == agent.total_socket_count)
    counters = origin_of(engine).counters
    assert {"destroyed by operator": 1} == counters.closed
    assert {"socket destroyed by operator": 1} == counters.failed
    assert 0 == counters.faults, "it is not the server's"
    assert ["s1 destroyed by operator: r1 GET /pay?... was on it"] == words(engine, "EDIT")


async def test_an_idle_socket_and_one_that_connects_can_be_destroyed(
    serve, engine_of, eventually, black_hole
):
    server = await serve()
    engine = engine_of()
    agent = engine.agents["web"]
    await (await agent.request("GET", server.url)).read()
    engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(1)))
    await eventually(lambda: 0 == agent.total_socket_count)
    assert {} == origin_of(engine).counters.failed
    assert ["s1 destroyed by operator: nothing was on it"] == words(engine, "EDIT")
    task = asyncio.create_task(agent.request("GET", f"http://127.0.0.1:{black_hole}"))
    await eventually(lambda: 1 == agent.total_socket_count)
    engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(2)))
    with pytest.raises(OperatorError):
        await task
    await eventually(lambda: 0 == agent.total_socket_count)


async def test_whoever_waits_gets_the_place_of_a_destroyed_socket(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=2, options={"max_sockets": 1})
    engine.start()
    await eventually(lambda: 1 == len(server.targets))
    engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(1)))
    await eventually(lambda: 2 == len(server.targets))
    (runner,) = engine.workloads
    assert 1 == runner.failed, "its workload counts it"


async def test_a_running_request_is_aborted_with_its_socket(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=1, max_requests=1)
    engine.start()
    await eventually(lambda: 1 == len(server.targets))
    engine.control(Control(action="abort_request", agent="web", request=1))
    await asyncio.wait_for(engine.done.wait(), 5)
    counters = origin_of(engine).counters
    assert {"request aborted": 1} == counters.closed
    assert {"aborted by operator": 1} == counters.failed
    assert 1 == engine.workloads[0].failed
    assert ["r1 GET / aborted by operator: it was on s1"] == words(engine, "EDIT")


async def test_a_queued_request_that_is_aborted_leaves_the_queue_at_once(
    held, engine_of, eventually
):
    server = await held().start()
    engine = engine_of(options={"max_sockets": 1})
    agent = engine.agents["web"]
    first, second = (
        asyncio.create_task(agent.request("GET", f"{server.url}/{n}")) for n in range(2)
    )
    await eventually(lambda: 1 == len(server.targets))
    engine.control(Control(action="abort_request", agent="web", request=2))
    assert 0 == origin_of(engine).queued
    with pytest.raises(OperatorError, match="the operator aborted the request"):
        await second
    assert ["r2 GET /1 aborted by operator: it was queued"] == words(engine, "EDIT")
    await server.answer()
    assert b"/0" == await (await first).read(), "the other one is untouched"


async def test_a_request_that_its_caller_gave_up_can_be_taken_out_of_nodes_queue(
    held, engine_of, eventually
):
    server = await held().start()
    engine = engine_of(options={"max_sockets": 1})
    agent = engine.agents["web"]
    first, second = (asyncio.create_task(agent.request("GET", server.url)) for _ in range(2))
    await eventually(lambda: 1 == len(server.targets))
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert 1 == origin_of(engine).queued
    engine.control(Control(action="abort_request", agent="web", request=2))
    assert 0 == origin_of(engine).queued
    await server.answer()
    await (await first).read()


async def test_a_cleared_queue_fails_who_was_in_it_and_nobody_else(held, engine_of, eventually):
    server = await held().start()
    engine = engine_of(server.url, users=5, options={"max_sockets": 2})
    engine.start()
    await eventually(lambda: 2 == len(server.targets))
    key = origin_of(engine).key
    engine.control(Control(action="clear_queue", agent="web", origin=key))
    origin = origin_of(engine)
    assert (0, 2, {"queue cleared by operator": 3}) == (
        origin.queued,
        len(origin.running),
        origin.counters.failed,
    )
    assert 3 == engine.workloads[0].failed
    assert ["queue cleared by operator: 3 requests dropped"] == words(engine, "EDIT")


async def test_what_is_gone_is_said_in_words(serve, engine_of):
    server = await serve()
    engine = engine_of()
    agent = engine.agents["web"]
    await (await agent.request("GET", server.url)).read()
    key = origin_of(engine).key
    for control, said in (
        (Control(action="destroy_socket", agent="web", socket=SocketId(7)), "no socket s7 any"),
        (Control(action="abort_request", agent="web", request=1), "no request r1 any more"),
        (Control(action="clear_queue", agent="web", origin=key), "nothing queued for 127.0.0.1:"),
        (
            Control(action="clear_queue", agent="web", origin=OriginKey("x:1:")),
            "nothing queued for x:1:",
        ),
        (Control(action="clear_queue", agent="api", origin=key), "no agent 'api': there are web"),
        (Control(action="destroy_socket", agent="web"), "destroy_socket: it is not said which"),
    ):
        with pytest.raises(UsageError, match=said):
            engine.control(control)
    engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(1)))
    with pytest.raises(UsageError, match="no socket s1 any more"):
        engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(1)))
    assert 1 == len(words(engine, "EDIT")), "what is refused is not told as done"


async def test_a_response_that_is_here_whole_is_not_spoilt_by_destroying_its_socket(
    serve, engine_of, eventually
):
    server = await serve()
    engine = engine_of()
    agent = engine.agents["web"]
    response = await agent.request("GET", f"{server.url}/whole")
    engine.control(Control(action="destroy_socket", agent="web", socket=SocketId(1)))
    assert b"/whole" == await response.read()
    await eventually(lambda: 0 == agent.total_socket_count)
