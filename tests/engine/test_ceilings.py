"""The ceilings at run time: edits beyond them, users that wait their turn, and descriptors."""

from __future__ import annotations

import asyncio
import math
import os
import time

import pytest

from pooltop.core.causes import Cause, listed_cause
from pooltop.core.edits import Edit
from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.safety import Safety
from pooltop.core.traffic import RequestClass, Stage, Workload
from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.engine import Engine
from pooltop.errors import DescriptorError


@pytest.fixture
async def engine_of():
    """Make started engines of one agent, closed after the test."""
    made = []

    def make(*workloads, ceiling=math.inf, options=None, **safety):
        agent = AgentProfile(
            name="web", options=AgentOptions(**(options or {"keep_alive": True})), ceiling=ceiling
        )
        engine = Engine(
            Profile(path="p", agents=(agent,), workloads=workloads, safety=Safety(**safety))
        )
        made.append(engine)
        engine.start()
        return engine

    yield make
    for engine in made:
        await engine.aclose()


def _load(url, **more):
    more.setdefault("name", "w")
    return Workload(agent="web", base_url=url, **more)


def _rate(engine, workload, rate, **more):
    edit = Edit(id=1, workload=workload, option="rate", value=rate, confirmed=True, **more)
    return engine.edit(edit)


async def test_no_question_leads_sockets_beyond_the_ceiling(serve, engine_of):
    server = await serve()
    engine = engine_of(_load(server.url, rate=1.0), ceiling=20.0, options={"max_sockets": 4})
    for value, words in ((21, "21"), (None, "unlimited")):
        outcome = engine.edit(
            Edit(id=1, agent="web", option="max_sockets", value=value, confirmed=True)
        )
        assert (
            False,
            f"maxSockets {words} is above the ceiling of 20 to one host: it is max_sockets in the "
            "profile's [safety]",
        ) == (outcome.accepted, outcome.error)
    assert engine.edit(Edit(id=2, agent="web", option="max_sockets", value=20)).accepted
    assert (20.0, 20.0) == (
        engine.snapshot().agents[0].ceiling,
        engine.snapshot().agents[0].options.max_sockets,
    )


async def test_no_question_leads_the_rates_together_beyond_the_ceiling(serve, engine_of):
    server = await serve()
    engine = engine_of(
        _load(server.url, name="a", rate=10.0),
        _load(server.url, name="b", rate=30.0),
        _load(server.url, name="c", model="closed"),
        max_rate=50.0,
    )
    assert 50.0 == engine.snapshot().max_rate
    outcome = _rate(engine, "a", 20.5)
    assert (
        False,
        "rate 20.5/s is above the ceiling: beside the other workloads 20/s is the most; it is "
        "max_rate in the profile's [safety]",
    ) == (outcome.accepted, outcome.error)
    assert _rate(engine, "a", 20).accepted
    assert not _rate(engine, "b", 31).accepted
    assert _rate(engine, "b", 5).accepted
    assert _rate(engine, "a", 45).accepted


async def test_what_will_be_put_back_counts_as_asked_for(serve, engine_of):
    server = await serve()
    engine = engine_of(
        _load(server.url, name="a", rate=40.0), _load(server.url, name="b", rate=5.0), max_rate=50.0
    )
    assert _rate(engine, "a", 1, revert_after_s=60).accepted
    assert not _rate(engine, "b", 11).accepted
    assert _rate(engine, "b", 10).accepted


async def test_the_rest_of_the_stages_counts_at_its_peak(serve, engine_of):
    server = await serve()
    stages = (Stage(to=30.0, over_s=60.0), Stage(to=1.0, over_s=60.0))
    engine = engine_of(
        _load(server.url, name="a", rate=10.0, stages=stages),
        _load(server.url, name="b", rate=5.0),
        max_rate=50.0,
    )
    assert not _rate(engine, "b", 20.1).accepted
    assert _rate(engine, "b", 20).accepted
    assert _rate(engine, "a", 2).accepted
    assert _rate(engine, "b", 48).accepted
    undo = _rate(engine, "a", 10, by="restore")
    assert (False, "rate 30/s is above the ceiling") == (
        undo.accepted,
        undo.error.partition(":")[0],
    )


async def test_what_is_put_back_on_its_stages_counts_at_their_peak(serve, engine_of):
    server = await serve()
    stages = (Stage(over_s=60.0), Stage(to=200.0, over_s=60.0))
    engine = engine_of(
        _load(server.url, name="a", rate=10.0, stages=stages),
        _load(server.url, name="b", rate=10.0),
        max_rate=300.0,
    )
    assert _rate(engine, "a", 20.0, revert_after_s=60.0).accepted
    assert "beside the other workloads 100/s is the most" in _rate(engine, "b", 250.0).error
    assert _rate(engine, "b", 100.0).accepted


async def test_users_wait_for_their_turn_and_it_is_said(serve, engine_of, eventually):
    server = await serve()
    began = time.monotonic()
    engine = engine_of(
        _load(server.url, name="users", model="closed", users=8, max_requests=40), max_rate=100.0
    )
    await eventually(lambda: engine.snapshot().workloads[0].waiting > 0)
    assert 8 >= engine.snapshot().workloads[0].waiting
    await asyncio.wait_for(engine.done.wait(), 10)
    # 40 turns, of which one is due at once and one more is made good.
    assert (40 - 2) / 100 <= time.monotonic() - began
    load = engine.snapshot().workloads[0]
    assert (40, 40, 0, 0) == (load.sent, load.completed, load.failed, load.waiting)
    assert 30 < load.paced
    said = [entry.text for entry in engine.journal.take()[0] if "turn" in entry.text]
    assert [
        "users: users wait for their turn: all workloads together may send 100/s (max_rate in "
        "[safety])"
    ] == said


async def test_users_of_two_workloads_have_turns_alike(serve, engine_of):
    server = await serve()
    engine = engine_of(
        *(_load(server.url, name=n, model="closed", users=9, duration=0.5) for n in ("a", "b")),
        max_rate=100.0,
    )
    await asyncio.wait_for(engine.done.wait(), 10)
    fewer, more = sorted(load.sent for load in engine.snapshot().workloads)
    assert more < 2 * fewer
    assert fewer + more <= 53


async def test_redirects_of_one_workload_have_turns_beside_the_users_of_another(
    serve, engine_of, eventually
):
    async def handle(wire):
        while (asked := await wire.request()) is not None:
            if asked.target == "/a":
                wire.write(b"HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
            else:
                wire.reply()

    server = await serve(handle)
    led = RequestClass(name="led", path="/a", follow_redirects=1)
    engine = engine_of(
        _load(server.url, name="many", model="closed", users=50),
        _load(server.url, name="led", model="closed", requests=(led,)),
        max_rate=200.0,
    )
    await eventually(lambda: engine.snapshot().workloads[1].completed >= 3)


async def test_open_arrivals_are_on_time_and_users_get_what_they_leave(serve, engine_of):
    server = await serve()
    engine = engine_of(
        _load(server.url, name="open", rate=100.0, duration=0.5),
        _load(server.url, name="users", model="closed", users=5, duration=0.5),
        max_rate=200.0,
    )
    await asyncio.wait_for(engine.done.wait(), 10)
    arrivals, users = engine.snapshot().workloads
    assert (50, 50) == (arrivals.offered, arrivals.sent)
    assert users.sent <= 55


async def test_users_that_wait_leave_at_once_and_a_pause_forgets_their_turn(serve, engine_of):
    server = await serve()
    engine = engine_of(_load(server.url, name="u", model="closed", users=50), max_rate=1.0)
    runner = engine.workloads[0]
    for _ in range(3):
        await asyncio.sleep(0)
    assert runner.users == 50
    assert engine.edit(Edit(id=1, workload="u", option="users", value=1)).accepted
    assert (1, True) == (runner.users, runner.waiting <= 1)
    runner.pause()
    assert 0 == runner.waiting
    runner.resume()
    assert 1 == runner.users


async def test_a_dial_beyond_the_ceiling_on_descriptors_fails_with_both_numbers(
    serve, engine_of, monkeypatch, eventually
):
    async def hold(wire):
        await wire.gone()

    server = await serve(hold)
    # The server's ends are in this process too: every connection takes two.
    free = os.dup(0)
    os.close(free)
    monkeypatch.setattr("pooltop.engine.engine.max_fds", lambda: (free + 20) * 2)
    engine = engine_of(_load(server.url, model="closed", users=40), options={}, max_open_fds=0.5)
    await eventually(lambda: engine.snapshot().workloads[0].failed > 40)
    snapshot = engine.snapshot()
    origin = snapshot.agents[0].origins[0]
    assert {"ERR_OPEN_FDS"} == set(origin.counters.failed)
    assert 0 < origin.active <= 20
    assert free + 20 == snapshot.process.fd_ceiling
    words = origin.failures["ERR_OPEN_FDS"]
    assert f"is the ceiling (0.5 of the {(free + 20) * 2} of this process)" in words
    assert "max_open_fds in [safety]" in words
    engine.stop()


def test_the_ceiling_lets_through_what_is_below_it():
    ceiling = DescriptorCeiling(0.5, 100)
    assert 50 == ceiling.most
    assert ceiling.refusal(49, "h:1") is None
    refused = ceiling.refusal(50, "h:1")
    assert isinstance(refused, DescriptorError)
    assert "ERR_OPEN_FDS" == refused.code
    assert str(refused).startswith("no socket for h:1: 50 descriptors are open, and 50 is the")
    assert listed_cause(refused.code) is Cause.EXHAUSTED


async def test_no_unix_socket_is_made_beyond_the_ceiling(tmp_path):
    from pooltop.engine.unix_dial import connect_unix

    with pytest.raises(DescriptorError):
        connect_unix(str(tmp_path / "x"), DescriptorCeiling(0.5, 2))


async def test_of_several_addresses_none_is_tried_beyond_the_ceiling(agent_of):
    agent = agent_of()
    agent.limit_descriptors(DescriptorCeiling(0.5, 2))
    with pytest.raises(DescriptorError):
        await agent.request("GET", "http://localhost:9/")
