"""Hosts with options of their own: limits, clocks and TLS, beside those of the same agent."""

from __future__ import annotations

import asyncio
import math

import pytest

from pooltop.core.edits import Edit
from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    HostOptions,
    Profile,
    Timeouts,
    TLSOptions,
)
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine
from pooltop.errors import NetworkError, QueueTimeout, RequestTimeout, TLSConfigError, UsageError


def _at(server):
    return server.url.partition("://")[2]


async def _get(agent, url):
    return await (await agent.request("GET", url)).read()


async def test_one_host_queues_at_its_own_limit_and_the_other_at_the_agents(held, agent_of):
    wide, narrow = await held().start(), await held().start()
    agent = agent_of(
        keep_alive=True, max_sockets=3, hosts={_at(narrow): HostOptions(max_sockets=1)}
    )
    tasks = [
        asyncio.create_task(_get(agent, each.url)) for each in (wide, narrow) for _ in range(4)
    ]
    await asyncio.sleep(0)
    rows = {origin.port: origin for origin in agent.snapshot().origins}
    assert (3, 1, {}) == _row(rows[wide.server.port])
    assert (1, 3, {"max_sockets": 1}) == _row(rows[narrow.server.port])
    await wide.answer(4)
    await narrow.answer(4)
    await asyncio.gather(*tasks)


def _row(origin):
    return (len(origin.sockets), origin.queued, origin.own_limits)


async def test_the_clocks_of_a_host_are_its_own(held, agent_of):
    patient, hasty = await held().start(), await held().start()
    own = HostOptions(max_sockets=1, timeouts=Timeouts(queue=0.05))
    agent = agent_of(timeouts=Timeouts(total=0.05), hosts={_at(hasty): own})
    running = asyncio.create_task(agent.request("GET", hasty.url))
    await asyncio.sleep(0)
    with pytest.raises(QueueTimeout, match=r"in use 1/1"):
        await agent.request("GET", hasty.url)
    with pytest.raises(RequestTimeout, match="not complete"):
        await agent.request("GET", patient.url)
    assert not running.done(), "the agent's total is not of this host"
    assert [own.timeouts, None] == [each.timeouts for each in agent.snapshot().origins]
    await hasty.answer()
    await (await running).read()


async def test_tls_of_a_host_is_its_own_and_part_of_the_key(serve, context, agent_of):
    server = await serve(context=context())
    url = server.url.replace("127.0.0.1", "localhost")
    name = url.partition("://")[2]
    refused = agent_of()
    with pytest.raises(NetworkError):
        await refused.request("GET", url)
    agent = agent_of(hosts={name: HostOptions(tls=TLSOptions(verify=False))})
    await (await agent.request("GET", url)).read()
    (origin,) = agent.snapshot().origins
    assert not origin.verified
    assert agent.snapshot().verify, "of the agent's other hosts certificates are checked"


def test_the_connection_header_goes_by_the_limit_that_counts_for_the_host(agent_of):
    async def check():
        agent = agent_of(hosts={"b.test:80": HostOptions(max_sockets=2)})
        kept = [
            agent._sends_keep_alive(agent.way.route(f"http://{h}/").origin)
            for h in ("a.test", "b.test")
        ]
        assert [False, True] == kept

    asyncio.run(check())


async def test_a_missing_file_of_a_hosts_tls_is_found_before_a_request(agent_of):
    agent = agent_of(hosts={"a.test:443": HostOptions(tls=TLSOptions(ca=("nowhere.pem",)))})
    with pytest.raises(TLSConfigError, match=r"nowhere\.pem"):
        agent.check_tls()


@pytest.mark.parametrize(
    ("host", "own", "words"),
    [
        ("a.test", HostOptions(), "not host:port, as 'a.test:80'"),
        ("A.test:80", HostOptions(), "not host:port, as 'a.test:80'"),
        ("a.test:80/x", HostOptions(), "not host:port"),
        ("a b:80", HostOptions(), "white space"),
        ("a.test:80", {"max_sockets": 1}, "it is a pooltop.HostOptions"),
        ("a.test:80", HostOptions(max_sockets=0), "max_sockets of 'a.test:80' is 1 or more"),
        ("a.test:80", HostOptions(max_free_sockets=True), "max_free_sockets of 'a.test:80'"),
        ("a.test:80", HostOptions(max_sockets=math.nan), "max_sockets of 'a.test:80'"),
        ("a.test:80", HostOptions(timeouts=Timeouts(total=-1)), "timeouts.total is"),
        ("a.test:80", HostOptions(tls=TLSOptions(cert=5)), "tls.cert"),
    ],
)
async def test_a_hosts_options_are_checked_when_the_agent_is_made(agent_of, host, own, words):
    with pytest.raises(UsageError) as refusal:
        agent_of(hosts={host: own})
    assert words in str(refusal.value)


async def test_an_edit_of_the_agents_limit_says_whom_it_does_not_reach(serve):
    server = await serve()
    hosts = {_at(server): HostOptions(max_sockets=2)}
    engine = Engine(
        Profile(
            path="x.toml",
            agents=(AgentProfile(name="web", options=AgentOptions(max_sockets=5), hosts=hosts),),
            workloads=(Workload(name="load", agent="web", base_url=server.url, max_requests=1),),
        )
    )
    try:
        edited = engine.edit(Edit(id=1, agent="web", option="max_sockets", value=9))
        assert f"not of hosts with a maxSockets of their own: {_at(server)} (2)" == edited.note
        entries, _ = engine.journal.take()
        assert entries[-1].text.endswith(edited.note)
        other = engine.edit(Edit(id=2, agent="web", option="max_free_sockets", value=9))
        assert (True, "") == (other.accepted, other.note)
    finally:
        await engine.aclose()


@pytest.fixture
async def edited(held):
    """Start an engine of four users at a host with a limit of its own; give it and the host."""
    waits = await held().start()
    host = _at(waits)
    agent = AgentProfile(
        name="web",
        options=AgentOptions(keep_alive=True, max_sockets=5, live="drain"),
        hosts={host: HostOptions(max_sockets=1)},
        bounds={"max_sockets": (1.0, 50.0)},
        ceiling=60.0,
    )
    load = Workload(name="load", agent="web", base_url=waits.url, model="closed", users=4)
    engine = Engine(Profile(path="x.toml", agents=(agent,), workloads=(load,)))
    engine.start()

    def edit(value, option="max_sockets", host=host, **more):
        return engine.edit(Edit(id=1, agent="web", host=host, option=option, value=value, **more))

    yield engine, host, edit
    await engine.aclose()


async def test_an_edit_of_a_hosts_own_limit_is_of_that_host_alone(edited):
    engine, host, edit = edited
    done = edit(3)
    assert (True, 1, 3, 2, 3) == (
        done.accepted,
        done.before,
        done.after,
        done.opened,
        done.queued,
    )
    (agent,) = engine.snapshot().agents
    (origin,) = agent.origins
    assert ({"max_sockets": 3}, {"max_sockets": 1}) == (origin.own_limits, origin.initial_limits)
    assert (3, 5, host) == (len(origin.sockets), agent.options.max_sockets, origin.authority)
    said = [entry for entry in engine.journal.take()[0] if entry.kind == "EDIT"]
    assert ["edit 1 own maxSockets 1 > 3 by operator: 2 dialled, 0 idle closed, 3 were queued"] == [
        entry.text.rpartition(",")[0] for entry in said
    ]
    assert [(host, "web")] == [(entry.host, entry.agent) for entry in said]
    assert edit(1, by="undo").accepted
    (origin,) = engine.snapshot().agents[0].origins
    assert {"max_sockets": 1} == origin.own_limits
    assert ["undone", ""] == [each.fate for each in engine.snapshot().edits]


async def test_a_hosts_own_limit_that_nobody_keeps_is_put_back(edited, eventually):
    engine, _, edit = edited
    assert edit(2, revert_after_s=0.05).accepted
    await eventually(
        lambda: {"max_sockets": 1} == engine.snapshot().agents[0].origins[0].own_limits
    )
    assert ["reverted", ""] == [each.fate for each in engine.snapshot().edits]


async def test_what_a_host_has_not_for_itself_is_edited_at_its_agent(edited):
    engine, host, edit = edited
    refusals = [
        edit(9, option="max_free_sockets"),
        edit(9, host="other:1"),
        edit(51),
        edit(61, confirmed=True),
        edit(-1),
        engine.edit(Edit(id=1, agent="zzz", host=host, option="max_sockets", value=1)),
    ]
    assert not any(each.accepted for each in refusals)
    assert [
        f"{host} has maxSockets of its own: maxFreeSockets is its agent's, and edited there",
        "other:1 has no limit of its own: maxSockets is its agent's, and edited there",
        "maxSockets 51 is outside of the profile's bounds, 1 to 50: it has to be confirmed",
        "maxSockets 61 is above the ceiling of 60 to one host: it is max_sockets in the "
        "profile's [safety]",
        "max_sockets must be a whole number, 0 or more, or unlimited",
        "no agent 'zzz': there are web",
    ] == [each.error for each in refusals]
    assert () == engine.snapshot().edits


async def test_a_workload_runs_with_the_clocks_of_its_host(held):
    held = await held().start()
    hosts = {_at(held): HostOptions(timeouts=Timeouts(total=0.05))}
    load = Workload(name="load", agent="web", base_url=held.url, model="closed", max_requests=1)
    engine = Engine(
        Profile(path="x", agents=(AgentProfile(name="web", hosts=hosts),), workloads=(load,))
    )
    try:
        engine.start()
        async with asyncio.timeout(5):
            await engine.done.wait()
        (origin,) = engine.snapshot().agents[0].origins
        assert {"total clock": 1} == origin.counters.failed
    finally:
        await engine.aclose()


async def test_an_idle_socket_is_closed_by_the_free_clock_of_its_host(serve, agent_of, eventually):
    kept, closed = await serve(), await serve()
    hosts = {_at(kept): HostOptions(timeouts=Timeouts())}
    agent = agent_of(keep_alive=True, timeouts=Timeouts(free=0.05), hosts=hosts)
    for each in (kept, closed):
        await _get(agent, each.url)
    await eventually(lambda: 1 == agent.total_socket_count)
    rows = {origin.port: origin for origin in agent.snapshot().origins}
    assert {"idle timeout": 1} == rows[closed.port].counters.closed
    (idle,) = rows[kept.port].free_sockets
    assert 0 == idle.free_timeout_ms
    agent.timeouts = Timeouts(free=9.0)
    await _get(agent, closed.url)
    later = agent.snapshot().origins[1].free_sockets[0]
    assert 9000 == later.free_timeout_ms
    agent.timeouts = Timeouts(mode="node", free=9.0)
    await _get(agent, closed.url)
    assert 0 == agent.snapshot().origins[1].free_sockets[0].free_timeout_ms, (
        "Node has no such clock"
    )


async def test_to_keep_no_idle_socket_is_not_said_by_the_free_clock(agent_of):
    with pytest.raises(UsageError, match=r"timeouts\.free is above 0"):
        agent_of(timeouts=Timeouts(free=0))


async def test_an_edit_of_agents_made_for_every_request_says_what_it_binds(serve):
    server = await serve()
    options = AgentOptions(per_request=True)
    load = Workload(name="load", agent="web", base_url=server.url, max_requests=1)
    engine = Engine(
        Profile(path="x", agents=(AgentProfile(name="web", options=options),), workloads=(load,))
    )
    try:
        limit = engine.edit(Edit(id=1, agent="web", option="max_sockets", value=9))
        assert limit.note.endswith(": it binds within each of them only")
        other = engine.edit(Edit(id=2, agent="web", option="keep_alive", value=True))
        assert "it is of the agents that are made from now on, one for each request" == other.note
    finally:
        await engine.aclose()


async def test_agents_for_every_request_resume_no_tls_session(serve, context, ca, agent_of):
    server = await serve(context=context())
    agent = agent_of(keep_alive=True, per_request=True, tls=ca)
    for _ in range(3):
        await _get(agent, server.url)
    (origin,) = agent.snapshot().origins
    assert (3, 0) == (origin.counters.handshakes, origin.counters.resumed)
