"""Names whose addresses change while their sockets stay open."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.snapshot import Moved
from pooltop.engine.address_watch import AddressWatch, is_name
from pooltop.engine.engine import Engine
from pooltop.engine.resolver import LIFETIME_S, Address
from pooltop.errors import NetworkError


class Names:
    """A resolver whose answer can be changed."""

    def __init__(self, *answer: str) -> None:
        self.answer = answer
        self.asked = 0

    async def resolve(self, host, port, family):
        self.asked += 1
        if not self.answer:
            raise NetworkError("no such name", code="ENOTFOUND")
        return tuple(Address(socket.AF_INET, each, port) for each in self.answer)


@pytest.fixture
async def pooled(serve, agent_of):
    """Give a resolver, an agent with an idle socket to where it led, and the look of a moment."""
    server = await serve()
    names = Names("127.0.0.1")
    agent = agent_of(keep_alive=True, resolver=names)
    await (await agent.request("GET", f"http://moves.test:{server.port}")).read()
    watch = AddressWatch(names)
    opened_at = agent.snapshot().origins[0].free_sockets[0].opened_at

    async def look(after_s):
        watch.look([agent.shell], opened_at + after_s)
        while watch._looking is not None:
            await asyncio.sleep(0)
        return agent.snapshot().origins[0].moved

    yield names, agent, look
    await watch.aclose()


async def test_sockets_to_where_a_name_leads_no_more_are_told_after_two_looks(pooled):
    names, agent, look = pooled
    assert await look(10) is None
    names.answer = ("127.0.0.2", "127.0.0.3")
    assert await look(50) is None
    moved = await look(100)
    opened_at = agent.snapshot().origins[0].free_sockets[0].opened_at
    assert Moved(since=opened_at + 50, count=1, lifetime_s=LIFETIME_S) == moved
    assert moved == await look(150)
    names.answer = ("127.0.0.3", "127.0.0.1")
    assert await look(200) is None


async def test_a_name_is_looked_up_seldom_and_not_for_young_sockets(pooled):
    names, _, look = pooled
    asked = names.asked
    for after_s, more in [(4.9, 0), (6, 1), (20, 1), (35.5, 1), (37, 2)]:
        await look(after_s)
        assert (after_s, more) == (after_s, names.asked - asked)


async def test_a_look_up_that_fails_changes_nothing(pooled):
    names, _, look = pooled
    names.answer = ("127.0.0.2",)
    await look(10)
    names.answer = ()
    assert await look(50) is None
    names.answer = ("127.0.0.2",)
    assert (await look(100)).count == 1
    names.answer = ()
    assert (await look(150)).count == 1


async def test_once_the_sockets_are_closed_nothing_is_said_of_them(pooled, eventually):
    names, agent, look = pooled
    names.answer = ("127.0.0.2",)
    await look(10)
    assert (await look(50)).count == 1
    agent.destroy()
    await eventually(lambda: not agent.shell.connections)
    assert await look(100) is None


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("a.example", True),
        ("box", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("kept.LOCALHOST.", False),
        ("", False),
    ],
)
def test_a_literal_and_this_machine_are_never_asked_for(host, named):
    assert named is is_name(host)


async def test_an_engine_looks_while_it_is_watched_and_ends_with_a_look_under_way(serve):
    class Silent:
        async def resolve(self, host, port, family):
            if port:
                return (Address(socket.AF_INET, "127.0.0.1", port),)
            return await asyncio.Event().wait()

    server = await serve()
    agents = (AgentProfile(name="a", options=AgentOptions(keep_alive=True)),)
    engine = Engine(Profile(path="p", agents=agents), resolver=Silent())
    agent = engine.agents["a"]
    await (await agent.request("GET", f"http://moves.test:{server.port}")).read()
    engine.addresses.every_s = 0.0
    engine.snapshot()
    assert ["pooltop-addresses"] == [
        task.get_name() for task in asyncio.all_tasks() if task.get_name() == "pooltop-addresses"
    ]
    await engine.aclose()
