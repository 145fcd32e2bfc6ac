"""A whole profile running: agents, workloads, edits, the journal, and the emergency stop."""

from __future__ import annotations

import asyncio
import math
import os
import ssl
import time

import pytest
import trustme

from pooltop.core.edits import Control, Edit
from pooltop.core.model import AgentOptions, AgentProfile, Profile, TLSOptions
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine
from pooltop.errors import PooltopError, UsageError


@pytest.fixture
async def engine_of():
    """Make engines of one agent and its workloads, closed after the test."""
    made = []

    def make(*workloads, options=None, auto_revert=None, **agent):
        profile = Profile(
            path="test.toml",
            auto_revert=auto_revert,
            agents=(AgentProfile(name="web", options=AgentOptions(**(options or {})), **agent),),
            workloads=workloads,
        )
        engine = Engine(profile)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        await engine.aclose()
        for agent in engine.agents.values():
            agent.shell.core.check_invariants()
            assert 0 == agent.total_socket_count


def _load(url, **more):
    more.setdefault("name", "load")
    return Workload(agent="web", base_url=url, **more)


def _words(engine):
    entries, _ = engine.journal.take()
    return [f"{each.kind} {each.text}" for each in entries]


async def _hang(wire):
    await wire.gone()


async def test_an_engine_is_done_when_its_workloads_are(serve, engine_of):
    server = await serve()
    engine = engine_of(
        _load(server.url, name="a", model="closed", max_requests=5),
        _load(server.url, name="b", rate=1000.0, max_requests=5),
        options={"keep_alive": True},
    )
    assert ["stopped", "stopped"] == [each.state for each in engine.snapshot().workloads]
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 5)
    snapshot = engine.snapshot()
    assert [("a", "done", 5), ("b", "done", 5)] == [
        (each.name, each.state, each.completed) for each in snapshot.workloads
    ]
    assert (2, "test.toml", None) == (snapshot.seq, snapshot.profile, snapshot.environment)
    assert abs(snapshot.at - time.monotonic()) < 1
    assert abs(snapshot.wall_at - time.time()) < 1
    words = _words(engine)
    assert "LOAD a started: closed 1 user" in words
    assert any(each.startswith("LOAD b done: 5 completed, 0 failed, 0 dropped, ") for each in words)


async def test_an_engine_without_workloads_says_that_nothing_is_sent(engine_of):
    engine = engine_of()
    engine.start()
    assert ["LOAD the profile has no workload: nothing is sent"] == _words(engine)


async def test_the_process_facts_are_this_processs(engine_of, open_fds):
    facts = engine_of().snapshot().process
    assert os.getpid() == facts.pid
    assert open_fds() - 1 == facts.open_fds
    assert facts.rss_bytes > 1_000_000
    assert facts.cpu_s > 0
    assert facts.max_fds is None or facts.max_fds > facts.open_fds


@pytest.mark.parametrize(("live", "opened"), [("node", 0), ("drain", 3)])
async def test_an_edit_tells_what_it_really_did(serve, engine_of, live, opened):
    server = await serve(_hang)
    engine = engine_of(
        _load(server.url, model="closed", users=8),
        options={"keep_alive": True, "max_sockets": 2.0, "live": live},
    )
    engine.start()
    await asyncio.sleep(0)
    _words(engine)
    outcome = engine.edit(Edit(id=7, agent="web", option="max_sockets", value=5))
    assert (7, True, "", 2.0, 5.0, opened, 0, 6, live) == (
        outcome.id,
        outcome.accepted,
        outcome.error,
        outcome.before,
        outcome.after,
        outcome.opened,
        outcome.culled,
        outcome.queued,
        outcome.live,
    )
    (line,) = [each for each in _words(engine) if each.startswith("EDIT")]
    for word in ("maxSockets 2 > 5", f"{opened} dialled", live.upper(), "by operator"):
        assert word in line
    back = engine.edit(Edit(id=8, agent="web", option="max_sockets", value=None, by="undo"))
    assert math.inf == back.after


@pytest.mark.parametrize(
    ("agent", "option", "value", "word"),
    [
        ("other", "max_sockets", 5, "web"),
        ("web", "max_sockets", -1, "max_sockets"),
        ("web", "colour", 5, "max_sockets"),
    ],
)
async def test_a_refused_edit_says_what_is_allowed_and_changes_nothing(
    engine_of, agent, option, value, word
):
    engine = engine_of()
    before = engine.agents["web"].options
    outcome = engine.edit(Edit(id=1, agent=agent, option=option, value=value))
    assert (1, False) == (outcome.id, outcome.accepted)
    assert word in outcome.error
    assert before == engine.agents["web"].options
    assert [] == _words(engine)


async def test_an_edit_outside_of_the_bounds_has_to_be_confirmed(engine_of):
    bounds = {"max_sockets": (1.0, 200.0), "timeout": (1000.0, 60_000.0)}
    engine = engine_of(bounds=bounds)
    web = engine.agents["web"]
    assert bounds == engine.snapshot().agents[0].bounds

    def edit(option, value, **more):
        return engine.edit(Edit(id=1, agent="web", option=option, value=value, **more))

    assert edit("max_sockets", 1).accepted
    assert edit("max_sockets", 200).accepted
    assert (
        "maxSockets 201 is outside of the profile's bounds, 1 to 200: it has to be confirmed"
        == edit("max_sockets", 201).error
    )
    assert "maxSockets unlimited is outside" in edit("max_sockets", None).error
    assert "timeout none is outside of the profile's bounds, 1s to 1m" in edit("timeout", 0).error
    assert (200.0, 0.0) == (web.options.max_sockets, web.options.timeout)
    assert edit("max_sockets", 201, confirmed=True).accepted
    assert edit("max_free_sockets", 9999).accepted
    assert (201.0, 9999.0) == (web.options.max_sockets, web.options.max_free_sockets)


async def test_what_nobody_keeps_is_put_back_even_out_of_bounds(engine_of, eventually):
    engine = engine_of(auto_revert=60.0, bounds={"max_sockets": (1.0, 200.0)})
    assert 60.0 == engine.snapshot().auto_revert_s
    edit = Edit(id=1, agent="web", option="max_sockets", value=5, revert_after_s=0.02)
    assert 1 == engine.edit(edit).number
    await eventually(lambda: math.inf == engine.agents["web"].options.max_sockets)
    assert [("operator", "reverted"), ("revert", "")] == [
        (each.by, each.fate) for each in engine.snapshot().edits
    ]


async def test_what_is_kept_by_a_control_stays_and_the_load_is_left_alone(serve, engine_of):
    server = await serve()
    engine = engine_of(_load(server.url))
    engine.start()
    engine.control(Control(action="pause"))
    engine.edit(Edit(id=1, agent="web", option="max_sockets", value=5, revert_after_s=60.0))
    engine.control(Control(action="keep", edit=1))
    snapshot = engine.snapshot()
    assert ["kept"] == [each.fate for each in snapshot.edits]
    assert "paused" == snapshot.workloads[0].state
    with pytest.raises(UsageError, match="no edit 2"):
        engine.control(Control(action="keep", edit=2))


async def test_an_edit_of_keep_alive_reaches_the_workloads_header(serve, engine_of, eventually):
    seen = []

    async def handle(wire):
        while (request := await wire.request()) is not None:
            seen.append(request.headers["connection"])
            wire.reply()

    server = await serve(handle)
    engine = engine_of(_load(server.url, model="closed"))
    engine.start()
    await eventually(lambda: len(seen) > 3)
    engine.edit(Edit(id=1, agent="web", option="keep_alive", value=True))
    await eventually(lambda: seen[-1] == "keep-alive")
    assert "close" == seen[0]


async def test_pausing_one_workload_leaves_the_other(serve, engine_of, eventually):
    server = await serve()
    engine = engine_of(
        _load(server.url, name="a", rate=200.0),
        _load(server.url, name="b", rate=200.0),
        options={"keep_alive": True},
    )
    engine.start()
    engine.control(Control(action="pause", workload="a"))
    assert ["paused", "running"] == [each.state for each in engine.snapshot().workloads]
    engine.control(Control(action="pause"))
    assert ["paused", "paused"] == [each.state for each in engine.snapshot().workloads]
    engine.control(Control(action="resume", workload="b"))
    assert ["paused", "running"] == [each.state for each in engine.snapshot().workloads]
    words = _words(engine)
    assert {"LOAD a: paused", "LOAD all workloads: paused", "LOAD b: resumed"} <= set(words)


async def test_a_control_of_a_workload_that_is_none_is_refused_and_not_journalled(serve, engine_of):
    server = await serve()
    engine = engine_of(_load(server.url, name="a"), _load(server.url, name="b"))
    engine.start()
    engine.journal.take()
    with pytest.raises(UsageError, match="no workload 'c': there are a, b"):
        engine.control(Control(action="pause", workload="c"))
    assert [] == _words(engine)
    assert ["running", "running"] == [each.state for each in engine.snapshot().workloads]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_stop_closes_every_socket_to_silent_peers_and_nothing_new_opens(
    engine_of, silent, scheme, eventually, open_fds
):
    port = silent()
    before = open_fds()
    engine = engine_of(
        _load(f"{scheme}://127.0.0.1:{port}", name="closed", model="closed", users=300),
        _load(f"{scheme}://127.0.0.1:{port}", name="open", rate=500.0),
        options={"keep_alive": True, "max_sockets": 100.0},
        tls=TLSOptions(verify=False),
    )
    engine.start()
    agent = engine.agents["web"]
    await eventually(lambda: open_fds() >= before + 100)
    opened = agent.snapshot().origins[0].counters.opened
    began = time.monotonic()
    engine.control(Control(action="stop"))
    assert engine.done.is_set()
    await eventually(lambda: open_fds() <= before)
    assert time.monotonic() - began < 1
    assert 0 == agent.total_socket_count
    engine.journal.take()
    engine.control(Control(action="resume"))
    assert [] == _words(engine), "nothing went on: it is not told that it did"
    engine.edit(Edit(id=1, agent="web", option="live", value="drain"))
    engine.edit(Edit(id=2, agent="web", option="max_sockets", value=500))
    with pytest.raises(UsageError, match="closed"):
        await agent.request("GET", f"{scheme}://127.0.0.1:{port}/")
    await asyncio.sleep(0.05)
    (origin,) = agent.snapshot().origins
    assert (opened, 0, 0) == (origin.counters.opened, origin.total, origin.queued)
    assert open_fds() <= before
    submitted = origin.counters.submitted
    assert {"ERR_AGENT_CLOSED": submitted} == origin.counters.failed
    assert ["stopped", "stopped"] == [each.state for each in engine.snapshot().workloads]
    assert [0, 0] == [each.in_flight for each in engine.snapshot().workloads]
    engine.stop()


async def test_stop_ends_established_tls_sockets_whose_peers_fell_silent(
    serve, engine_of, tmp_path, eventually
):
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    hold = asyncio.Event()

    async def handle(wire):
        await wire.request()
        await hold.wait()

    server = await serve(handle, context=context)
    engine = engine_of(_load(server.url, model="closed", users=30), tls=TLSOptions(ca=(str(path),)))
    engine.start()
    await eventually(lambda: engine.snapshot().agents[0].origins[0].active == 30)
    began = time.monotonic()
    engine.stop()
    await asyncio.wait_for(engine.aclose(), 1)
    assert time.monotonic() - began < 1
    assert 0 == engine.agents["web"].total_socket_count
    hold.set()


async def test_a_tls_file_that_is_unfit_is_told_before_anything_is_sent(engine_of):
    with pytest.raises(PooltopError, match=r"missing\.pem"):
        engine_of(
            _load("https://127.0.0.1:1", model="closed"), tls=TLSOptions(ca=("/missing.pem",))
        )


async def test_errors_and_waits_are_in_the_journal(serve, engine_of, eventually):
    async def hang_up(wire):
        await wire.request()

    server = await serve(hang_up)
    engine = engine_of(
        _load(server.url, model="closed", users=2, max_requests=2), options={"max_sockets": 1.0}
    )
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 5)
    entries, dropped = engine.journal.take()
    assert 0 == dropped
    assert [each.seq for each in entries] == sorted(each.seq for each in entries)
    told = [(each.kind, each.text) for each in entries if each.host]
    assert ("QUEUE", "first request waits: at maxSockets") in told
    assert ("OPEN", "s2 replacement") in told
    assert ("CLOSE", "s1 closed by peer, 1 request") in told
    assert next(text for kind, text in told if kind == "ERROR").startswith("r1 ECONNRESET: socket")
    assert {f"127.0.0.1:{server.port}"} == {each.host for each in entries if each.host}
