"""Situations of connections and where they lead: A23, A26 to A28."""

from __future__ import annotations

import asyncio
import itertools
import socket

from support.advising import Situation

from pooltop.engine.agent import Agent
from pooltop.engine.resolver import Address

_TLS = """
[agents.a]
keep_alive = KEPT
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 3
[demo.s]
scheme = "https"
latency = { median = "3ms" }
"""
_TWO_KEYS = """
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "@s"
rate = "40/s"
"""
_PEERS = """
[safety]
allow_hosts = ["peers.test"]
[agents.a]
keep_alive = true
scheduling = "HOW"
[workloads.w]
agent = "a"
base_url = "http://peers.test:80"
model = "closed"
users = 1
think = { min = "5ms", max = "5ms" }
"""
_MOVES = """
[safety]
allow_hosts = ["moves.test"]
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "http://moves.test:80"
rate = "40/s"
"""


async def _echo(wire):
    while (asked := await wire.request()) is not None:
        await asyncio.sleep(0.002)
        wire.reply(asked.target)


def _agent(engine) -> Agent:
    agent = engine.agents["a"]
    assert isinstance(agent, Agent)
    return agent


async def _ask(engine, **how):
    url = engine.workloads[0].workload.base_url
    for _ in range(80):
        await (await _agent(engine).request("GET", url, **how)).read()
        await asyncio.sleep(0.02)


async def _ask_by_ipv4(engine):
    await _ask(engine, family=4)


async def _burst(engine):
    """Open two sockets to each peer, once."""
    url = engine.workloads[0].workload.base_url
    responses = [await _agent(engine).request("GET", url) for _ in range(6)]
    for response in responses:
        await response.read()


class _InTurn:
    """A name with several addresses, another first each time."""

    def __init__(self, servers):
        self._ports = itertools.cycle([each.port for each in servers.values()])

    async def resolve(self, host, port, family):
        return (Address(socket.AF_INET, "127.0.0.1", next(self._ports)),)


class _Moving:
    """A name that leads elsewhere for whoever asks after the first, who dial."""

    def __init__(self, servers, *, moves: bool = True):
        (self._server,) = servers.values()
        self._moves = moves

    async def resolve(self, host, port, family):
        address = "127.0.0.2" if self._moves and not port else "127.0.0.1"
        return (Address(socket.AF_INET, address, self._server.port),)


async def _look_often(engine):
    engine.addresses.every_s = engine.addresses.lifetime_s = 0.1


SITUATIONS = (
    Situation(
        id="A23",
        profile=_TLS.replace("KEPT", "false"),
        twin=_TLS.replace("KEPT", "true"),
        proposes=("keep_alive", True),
    ),
    Situation(
        id="A26",
        profile=_TWO_KEYS,
        twin=_TWO_KEYS,
        servers={"s": _echo},
        act=_ask_by_ipv4,
        twin_act=_ask,
    ),
    Situation(
        id="A27",
        profile=_PEERS.replace("HOW", "lifo"),
        twin=_PEERS.replace("HOW", "fifo"),
        servers={"first": _echo, "second": _echo, "third": _echo},
        resolver=_InTurn,
        act=_burst,
        proposes=("scheduling", "fifo"),
    ),
    Situation(
        id="A28",
        profile=_MOVES,
        twin=_MOVES,
        servers={"s": _echo},
        resolver=_Moving,
        twin_resolver=lambda servers: _Moving(servers, moves=False),
        act=_look_often,
    ),
)
