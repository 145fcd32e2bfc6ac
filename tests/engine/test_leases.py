"""What snapshots say of callers: bodies that nobody reads, and calls in the midst of calls."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pooltop.core.snapshot import AgentSnapshot
from pooltop.core.undici.options import DispatcherOptions
from pooltop.engine.resolver import Address


async def _much(wire):
    # More than is read ahead: undici's connection is free as soon as all of a body is here.
    while await wire.request() is not None:
        wire.reply(b"x" * 1_000_000)


def _sockets(agent):
    return agent.snapshot().origins[0].sockets


@pytest.fixture(params=["http.Agent", "undici"])
def pool_of(request, agent_of, dispatcher_of):
    """Give a function that makes a pool of so many sockets, of either sort."""

    def make(most):
        if request.param == "undici":
            return dispatcher_of(options=DispatcherOptions(kind="undici-pool", connections=most))
        return agent_of(keep_alive=True, max_sockets=most)

    return make


async def test_a_body_that_nobody_reads_is_told_since_it_came(serve, pool_of, eventually):
    server = await serve(_much)
    agent = pool_of(1)
    response = await agent.request("GET", server.url)
    await eventually(lambda: _sockets(agent)[0].unread_since is not None)
    (held,) = _sockets(agent)
    assert held.unread_since >= held.opened_at
    assert held.unread_since == _sockets(agent)[0].unread_since
    await response.read()
    assert [None] == [each.unread_since for each in agent.snapshot().origins[0].free_sockets]


async def test_a_body_that_has_not_come_yet_is_nobodys_fault(serve, agent_of, eventually):
    go_on = asyncio.Event()

    async def slow(wire):
        await wire.request()
        wire.reply(b"", length=6)
        await go_on.wait()
        wire.write(b"abcdef")
        await wire.gone()

    server = await serve(slow)
    agent = agent_of()
    response = await agent.request("GET", server.url)
    assert [None] == [each.unread_since for each in _sockets(agent)]
    reading = asyncio.create_task(response.read())
    await asyncio.sleep(0)
    assert [None] == [each.unread_since for each in _sockets(agent)]
    go_on.set()
    assert b"abcdef" == await reading


async def test_a_reader_that_is_behind_is_one_that_read_just_now(serve, agent_of, eventually):
    async def two(wire):
        await wire.request()
        wire.reply(b"x" * 70_000, length=140_000)
        await wire.gone()

    server = await serve(two)
    agent = agent_of()
    response = await agent.request("GET", server.url)
    await eventually(lambda: _sockets(agent)[0].bytes_in > 70_000)
    (before,) = _sockets(agent)
    pieces = aiter(response)
    await anext(pieces)
    (after,) = _sockets(agent)
    assert after.unread_since is None or after.unread_since > before.unread_since
    await response.aclose()


def _waiting(agent):
    origins = agent.snapshot().origins
    return [(each.target, each.parent) for origin in origins for each in origin.requests]


async def test_who_asks_in_the_midst_of_a_response_is_its_child(serve, pool_of, eventually):
    server = await serve(_much)
    agent = pool_of(1)

    async def nested():
        async with await agent.request("GET", f"{server.url}/outer"):
            await agent.request("GET", f"{server.url}/inner")

    async def alone():
        await agent.request("GET", f"{server.url}/alone")

    tasks = [asyncio.create_task(nested()), asyncio.create_task(alone())]
    await eventually(lambda: {target for target, _ in _waiting(agent)} == {"/alone", "/inner"})
    (outer,) = agent.snapshot().origins[0].running
    assert sorted([("/alone", None), ("/inner", outer.id)]) == sorted(_waiting(agent))
    told = agent.snapshot()
    assert told == AgentSnapshot(**{n: getattr(told, n) for n in told.__struct_fields__})
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_tasks_that_a_caller_starts_are_its_children_and_others_are_not(serve, agent_of):
    server = await serve()
    agent, other = agent_of(max_sockets=1), agent_of(max_sockets=1)
    response = await agent.request("GET", f"{server.url}/outer")
    tasks = [asyncio.create_task(agent.request("GET", f"{server.url}/{n}")) for n in range(2)]
    await asyncio.sleep(0)
    (outer,) = agent.snapshot().origins[0].running
    assert [("/0", outer.id), ("/1", outer.id)] == _waiting(agent)
    # Of another agent's sockets it holds none.
    elsewhere = await other.request("GET", server.url)
    assert [None] == [each.parent for each in other.snapshot().origins[0].running]
    await elsewhere.read()
    await response.read()
    assert {None} == {parent for _, parent in _waiting(agent)} | {None}
    for task in tasks:
        await (await task).read()


async def test_what_was_finished_with_is_nobodys_parent(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True, max_sockets=1)
    outer = await agent.request("GET", server.url)
    await outer.read()
    await agent.request("GET", server.url)
    (running,) = agent.snapshot().origins[0].running
    assert running.parent is None


async def test_uses_are_told_by_peer_where_there_are_several_closed_sockets_too(
    serve, agent_of, eventually
):
    servers = [await serve(), await serve()]
    ports = [each.port for each in servers]

    class Turns:
        async def resolve(self, host, port, family):
            ports.append(ports.pop(0))
            return (Address(socket.AF_INET, "127.0.0.1", ports[0]),)

    agent = agent_of(keep_alive=True, resolver=Turns())

    def peers():
        return agent.snapshot().origins[0].counters.peers

    async def get(count):
        responses = [await agent.request("GET", "http://both.test:80") for _ in range(count)]
        for response in responses:
            await response.read()

    await get(1)
    assert {} == peers()
    await get(2)
    first, second = (f"127.0.0.1:{each.port}" for each in (servers[1], servers[0]))
    assert {first: 2, second: 1} == peers()
    agent.destroy()
    await eventually(lambda: not agent.shell.connections)
    assert {first: 2, second: 1} == peers()
    await get(1)
    assert {first: 3, second: 1} == peers()
