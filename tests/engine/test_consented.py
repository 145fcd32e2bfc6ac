"""Where a name leads that was consented to: not to link-local addresses, nor a cloud's metadata."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pooltop.core.causes import Cause, listed_cause
from pooltop.core.model import AgentProfile, Profile
from pooltop.core.traffic import Workload
from pooltop.engine.consented import ConsentedResolver
from pooltop.engine.engine import Engine
from pooltop.engine.resolver import Address
from pooltop.errors import NetworkError


class Names:
    """Gives each name the addresses that a test wants."""

    def __init__(self, **names: tuple[str, ...]) -> None:
        self.names = names

    async def resolve(self, host, port, family):
        del family
        return tuple(
            Address(socket.AF_INET6 if ":" in address else socket.AF_INET, address, port)
            for address in self.names[host]
        )


async def addresses_of(host, found, allowed):
    names = Names(**{host: found})
    return [each.host for each in await ConsentedResolver(names, allowed).resolve(host, 80, None)]


@pytest.mark.parametrize(
    ("host", "found", "allowed", "expected"),
    [
        ("api.example", ("192.0.2.7", "127.0.0.1"), ("api.example",), ["192.0.2.7", "127.0.0.1"]),
        ("api.example", ("169.254.169.254", "192.0.2.7"), ("api.example",), ["192.0.2.7"]),
        ("api.example", ("fe80::1%eth0",), ("api.example", "fe80::1"), ["fe80::1%eth0"]),
        ("metadata.goog", ("169.254.169.254",), ("metadata.goog",), ["169.254.169.254"]),
        ("169.254.169.254", ("169.254.169.254",), ("169.254.169.254",), ["169.254.169.254"]),
    ],
)
async def test_addresses_are_taken_away_where_nobody_s_traffic_belongs(
    host, found, allowed, expected
):
    assert expected == await addresses_of(host, found, allowed)


@pytest.mark.parametrize(
    ("host", "found", "allowed"),
    [
        ("api.example", ("169.254.169.254", "fe80::1%eth0"), ("api.example",)),
        ("api.example", ("64:ff9b::a9fe:a9fe",), ("*.example",)),
        ("metadata.goog", ("169.254.169.254",), ("*.goog",)),
        ("169.254.169.254", ("169.254.169.254",), ()),
    ],
)
async def test_a_name_that_leads_nowhere_else_is_not_dialled(host, found, allowed):
    with pytest.raises(NetworkError) as raised:
        await addresses_of(host, found, allowed)
    assert "ERR_BARRED_ADDRESS" == raised.value.code
    assert Cause.SETTING is listed_cause("ERR_BARRED_ADDRESS")
    said = f"{host} leads to {', '.join(found)}, which is link-local or a cloud's metadata"
    assert said == str(raised.value).partition(": to send")[0]


async def test_an_engine_dials_a_name_at_the_addresses_that_are_left(serve):
    server = await serve()
    load = Workload(
        name="w", agent="a", base_url=f"http://api.example:{server.port}", model="closed",
        max_requests=1,
    )  # fmt: skip
    profile = Profile(
        path="p",
        agents=(AgentProfile(name="a"),),
        workloads=(load,),
        allow_hosts=("api.example",),
    )
    names = Names(**{"api.example": ("169.254.169.254", "127.0.0.1")})
    engine = Engine(profile, resolver=names)
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 10)
    try:
        (origin,) = engine.snapshot().agents[0].origins
        assert (1, {}) == (origin.counters.completed, origin.counters.failed)
        names.names["api.example"] = ("169.254.169.254",)
        error = await _refusal(engine)
        assert "ERR_BARRED_ADDRESS" == error.code
    finally:
        await engine.aclose()


async def _refusal(engine):
    agent = engine.agents["a"]
    with pytest.raises(NetworkError) as raised:
        await agent.request("GET", "http://api.example:1/")
    return raised.value
