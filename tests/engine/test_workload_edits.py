"""Rate and users edited while a workload runs: nothing bursts, nothing is lost or given up."""

from __future__ import annotations

import asyncio
import math

import pytest

from pooltop.core.edits import Control, Edit
from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.traffic import Think, Workload
from pooltop.engine.engine import Engine
from pooltop.engine.workload import MOST_AT_ONCE


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Let every edit be in force at once: test_ramped_edits.py has the way up."""
    monkeypatch.setattr("pooltop.core.climb.EVERYDAY_LOAD", 1_000_000)


@pytest.fixture
async def engine_of():
    """Make started engines of one agent and one workload, closed after the test."""
    made = []

    def make(url, **more):
        profile = Profile(
            path="test.toml",
            agents=(AgentProfile(name="web", options=AgentOptions(keep_alive=True)),),
            workloads=(Workload(name="browse", agent="web", base_url=url, **more),),
        )
        engine = Engine(profile)
        made.append(engine)
        engine.start()
        engine.journal.take()
        return engine

    yield make
    for engine in made:
        await engine.aclose()


@pytest.fixture
async def gate(serve):
    """Start a server that answers one request for each time that it is told to."""

    class Gate:
        waiting = answered = 0

        def __init__(self):
            self._turns = asyncio.Semaphore(0)

        def let(self, count):
            for _ in range(count):
                self._turns.release()

        async def handle(self, wire):
            while await wire.request() is not None:
                self.waiting += 1
                await self._turns.acquire()
                self.waiting -= 1
                self.answered += 1
                wire.reply()

    gate = Gate()
    server = await serve(gate.handle)
    gate.url = server.url
    yield gate
    gate.let(1000)


def _set(engine, option, value, **more):
    return engine.edit(Edit(id=1, workload="browse", option=option, value=value, **more))


def _load(engine):
    return engine.snapshot().workloads[0]


def _edits(engine):
    entries, _ = engine.journal.take()
    return [(entry.agent, entry.text) for entry in entries if entry.kind == "EDIT"]


async def test_more_users_begin_at_once(gate, engine_of, eventually):
    engine = engine_of(gate.url, model="closed", users=2)
    await eventually(lambda: gate.waiting == 2)
    outcome = _set(engine, "users", 5)
    assert (True, 2, 5, 1) == (outcome.accepted, outcome.before, outcome.after, outcome.number)
    await eventually(lambda: gate.waiting == 5)
    load = _load(engine)
    assert (5, 2, 5, "closed 5 users") == (
        load.users,
        load.initial_users,
        load.in_flight,
        load.pattern,
    )
    assert ("closed", None, None) == (load.model, load.rate, load.initial_rate)
    words = "edit 1 browse users 2 > 5 by operator: 3 more begin at once"
    assert [("web", words)] == _edits(engine)
    gate.let(20)
    await eventually(lambda: gate.answered == 20 and gate.waiting == 5)


async def test_users_that_are_too_many_leave_when_their_request_is_over(
    gate, engine_of, eventually
):
    engine = engine_of(gate.url, model="closed", users=5)
    await eventually(lambda: gate.waiting == 5)
    _set(engine, "users", 2)
    words = (
        "edit 1 browse users 5 > 2 by operator: 0 left at once, 3 leave when their request is over"
    )
    assert [("web", words)] == _edits(engine)
    load = _load(engine)
    assert (2, 5, 0) == (load.users, load.in_flight, load.failed)
    gate.let(3)
    await eventually(lambda: _load(engine).completed == 3)
    assert (5, 2) == (_load(engine).sent, _load(engine).in_flight)
    gate.let(4)
    await eventually(lambda: _load(engine).completed == 7 and gate.waiting == 2)
    assert (9, 2, 0) == (_load(engine).sent, _load(engine).in_flight, _load(engine).failed)


async def test_users_that_were_to_leave_stay_when_they_are_wanted_again(
    gate, engine_of, eventually
):
    engine = engine_of(gate.url, model="closed", users=4)
    await eventually(lambda: gate.waiting == 4)
    _set(engine, "users", 1)
    _set(engine, "users", 6)
    await eventually(lambda: gate.waiting == 6)
    gate.let(10)
    await eventually(lambda: gate.answered == 10 and gate.waiting == 6)


async def test_users_that_think_leave_at_once_and_new_ones_wake_nobody(
    serve, engine_of, eventually
):
    server = await serve()
    engine = engine_of(server.url, model="closed", users=6, think=Think(min_s=3600.0, max_s=3600.0))
    await eventually(lambda: _load(engine).completed == 6 and _load(engine).in_flight == 0)
    _set(engine, "users", 2)
    assert "4 left at once" in _edits(engine)[0][1]
    assert 2 == len(engine.workloads[0]._thinking)
    _set(engine, "users", 3)
    await eventually(lambda: _load(engine).completed == 7 and _load(engine).in_flight == 0)
    assert (7, 3) == (_load(engine).sent, _load(engine).users)


async def test_users_changed_during_a_pause_come_and_go_when_it_goes_on(
    gate, engine_of, eventually
):
    engine = engine_of(gate.url, model="closed", users=3)
    await eventually(lambda: gate.waiting == 3)
    engine.control(Control(action="pause"))
    _set(engine, "users", 5)
    assert "2 more begin at once, once it is resumed" in _edits(engine)[0][1]
    assert 3 == _load(engine).in_flight
    engine.control(Control(action="resume"))
    await eventually(lambda: gate.waiting == 5)
    engine.control(Control(action="pause"))
    _set(engine, "users", 1)
    gate.let(5)
    await eventually(lambda: _load(engine).completed == 5)
    engine.control(Control(action="resume"))
    await eventually(lambda: gate.waiting == 1)
    assert (6, 1) == (_load(engine).sent, _load(engine).in_flight)


async def test_new_users_send_no_more_than_max_requests(gate, engine_of, eventually):
    engine = engine_of(gate.url, model="closed", users=1, max_requests=4)
    await eventually(lambda: gate.waiting == 1)
    assert "at most max_requests, 4" in _set(engine, "users", 5).error
    _set(engine, "users", 4)
    await eventually(lambda: gate.waiting == 4)
    gate.let(4)
    await asyncio.wait_for(engine.done.wait(), 5)
    assert (4, 4) == (_load(engine).sent, _load(engine).completed)


async def test_arrivals_go_on_from_now_at_the_new_rate(serve, engine_of, eventually):
    server = await serve()
    engine = engine_of(server.url, rate=0.001)
    await eventually(lambda: _load(engine).completed == 1)
    outcome = _set(engine, "rate", 500.0, confirmed=True)
    assert (0.001, 500.0) == (outcome.before, outcome.after)
    await eventually(lambda: _load(engine).completed > 10)
    _set(engine, "rate", 0.001)
    load = _load(engine)
    assert (0.001, 0.001, "open constant 0.001/s") == (load.rate, load.initial_rate, load.pattern)
    assert ("open", None, None) == (load.model, load.users, load.initial_users)
    await asyncio.sleep(0.001)  # what was due already, where the loop is late, is still sent
    await eventually(lambda: _load(engine).in_flight == 0)
    offered = _load(engine).offered
    await asyncio.sleep(0.02)
    assert offered == _load(engine).offered
    assert [
        ("web", "edit 1 browse rate 0.001/s > 500/s by operator: " + _GO_ON),
        ("web", "edit 2 browse rate 500/s > 0.001/s by operator: " + _GO_ON),
    ] == _edits(engine)


_GO_ON = "arrivals go on from here, none lost and none made up for"


async def test_a_rate_changed_during_a_pause_counts_from_its_end(serve, engine_of, eventually):
    server = await serve()
    engine = engine_of(server.url, rate=0.001)
    await eventually(lambda: _load(engine).completed == 1)
    engine.control(Control(action="pause"))
    await asyncio.sleep(0.05)
    _set(engine, "rate", 500.0, confirmed=True)
    assert _GO_ON + ", once it is resumed" in _edits(engine)[0][1]
    runner = engine.workloads[0]
    assert runner._started_at + runner._arrivals.due - runner._still_at <= 1 / 500
    assert 1 == _load(engine).offered
    engine.control(Control(action="resume"))
    assert 1 == _load(engine).offered
    await eventually(lambda: _load(engine).completed > 5)


@pytest.mark.parametrize(
    ("shape", "option", "value", "words"),
    [
        ({}, "users", 5, "users are of the closed model; this workload is open and has a rate"),
        ({"model": "closed"}, "rate", 5, "rate is of the open model; this workload is closed"),
        ({}, "rate", 0, "rate must be above 0 and at most 1000000 arrivals per second; a pause"),
        ({}, "rate", None, "rate must be above 0"),
        ({}, "seed", 1, "of a workload editable are rate, users"),
    ],
)
async def test_an_edit_that_does_not_fit_is_refused_with_words(
    gate, engine_of, shape, option, value, words
):
    engine = engine_of(gate.url, **shape)
    before = engine.workloads[0].workload
    outcome = _set(engine, option, value)
    assert (False, None) == (outcome.accepted, outcome.number)
    assert words in outcome.error
    assert before is engine.workloads[0].workload


async def test_a_workload_that_is_over_takes_no_edit_but_is_put_back(serve, engine_of, eventually):
    server = await serve()
    engine = engine_of(server.url, model="closed", max_requests=50)
    assert _set(engine, "users", 2, revert_after_s=0.1).accepted
    await asyncio.wait_for(engine.done.wait(), 5)
    assert "browse is done: it starts nothing more" == _set(engine, "users", 3).error
    await eventually(lambda: engine.snapshot().edits[0].fate == "reverted")
    assert (1, 50) == (_load(engine).users, _load(engine).sent)
    assert "by revert of edit 1: it is done" in _edits(engine)[-1][1]


async def test_an_edit_of_a_workload_is_put_back_and_undone_as_an_agents_is(
    gate, engine_of, eventually
):
    engine = engine_of(gate.url, rate=0.001)
    _set(engine, "rate", 0.002, revert_after_s=0.02)
    await eventually(lambda: 0.001 == _load(engine).rate)
    _set(engine, "rate", 0.003)
    _set(engine, "rate", 0.001, by="undo")
    assert [("operator", "reverted"), ("revert", ""), ("operator", "undone"), ("undo", "")] == [
        (each.by, each.fate) for each in engine.snapshot().edits
    ]
    assert {("", "browse", "rate")} == {
        (each.agent, each.workload, each.option) for each in engine.snapshot().edits
    }


async def test_a_workload_knows_how_long_its_completed_requests_took(gate, engine_of, eventually):
    engine = engine_of(gate.url, model="closed", users=3)
    await eventually(lambda: gate.waiting == 3)
    assert 0 == _load(engine).latency.count
    await asyncio.sleep(0.02)
    gate.let(3)
    await eventually(lambda: _load(engine).completed == 3)
    latency = _load(engine).latency
    (origin,) = engine.snapshot().agents[0].origins
    assert origin.latency.total == latency
    assert 3 == latency.count
    assert latency.quantile(0.0) > 0.018
    engine.stop()
    assert (3, 3) == (_load(engine).failed, _load(engine).latency.count)
    assert not math.isnan(_load(engine).latency.sum_s)


class NoPool:
    """Takes requests and never settles them: many thousand users without a socket."""

    now = 0.0

    def touch(self):
        return self.now

    def submit(self, exchange):
        del exchange

    def after(self):
        pass

    after_this_turn = after


@pytest.fixture
async def crowd(gate, engine_of):
    """Give an engine whose one user is to become very many."""
    engine = engine_of(gate.url, model="closed", users=1)
    engine.workloads[0]._shell = NoPool()
    return engine


async def _turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_very_many_new_users_begin_in_batches(crowd):
    wanted = 2 * MOST_AT_ONCE + 500
    _set(crowd, "users", wanted, confirmed=True)
    load = crowd.workloads[0]
    assert (1 + MOST_AT_ONCE, wanted) == (load.offered, load.users)
    await _turns(1)
    assert 1 + 2 * MOST_AT_ONCE == load.offered
    await _turns(1)
    assert (wanted, wanted) == (load.offered, load.users)


@pytest.mark.parametrize("action", ["pause", "stop"])
async def test_a_pause_and_a_stop_hold_users_back_that_have_not_begun(crowd, action):
    _set(crowd, "users", 2 * MOST_AT_ONCE, confirmed=True)
    crowd.control(Control(action=action))
    await _turns(5)
    assert 1 + MOST_AT_ONCE == crowd.workloads[0].offered
    crowd.control(Control(action="resume"))
    await _turns(5)
    rest = MOST_AT_ONCE - 1 if action == "pause" else 0
    assert 1 + MOST_AT_ONCE + rest == crowd.workloads[0].offered


async def test_users_that_have_not_begun_leave_first(crowd):
    _set(crowd, "users", 2 * MOST_AT_ONCE, confirmed=True)
    _set(crowd, "users", 2)
    await _turns(5)
    load = crowd.workloads[0]
    assert (1 + MOST_AT_ONCE, 1 + MOST_AT_ONCE) == (load.users, load.offered)


@pytest.mark.parametrize(
    ("shape", "option", "value", "words"),
    [
        ({"rate": 10.0}, "rate", 101, "rate 10/s > 101/s more than doubles the load"),
        ({"rate": 60.0}, "rate", 121, "rate 60/s > 121/s more than doubles the load"),
        ({"model": "closed"}, "users", 101, "users 1 > 101 more than doubles the load"),
    ],
)
async def test_a_leap_has_to_be_confirmed(gate, engine_of, shape, option, value, words):
    engine = engine_of(gate.url, **shape)
    outcome = _set(engine, option, value)
    assert (False, words + ": it has to be confirmed") == (outcome.accepted, outcome.error)
    assert _set(engine, option, value - 1).accepted
    assert _set(engine, option, 2 * value, confirmed=True).accepted


async def test_a_rate_without_an_arrival_before_the_end_does_not_end_the_workload(
    gate, engine_of, eventually
):
    gate.let(1000)
    engine = engine_of(gate.url, rate=100.0, duration=60.0)
    await eventually(lambda: _load(engine).completed > 1)
    _set(engine, "rate", 0.001, revert_after_s=0.1)
    await eventually(lambda: _load(engine).in_flight == 0)
    assert ("running", False) == (_load(engine).state, engine.done.is_set())
    sent = _load(engine).sent
    await eventually(lambda: _load(engine).sent > sent)
    assert (100.0, "running") == (_load(engine).rate, _load(engine).state)


async def test_such_a_workload_ends_at_its_end(gate, engine_of):
    gate.let(1000)
    engine = engine_of(gate.url, rate=0.001, duration=0.1)
    began = asyncio.get_running_loop().time()
    await asyncio.wait_for(engine.done.wait(), 5)
    assert asyncio.get_running_loop().time() - began > 0.09
    assert ("done", 1) == (_load(engine).state, _load(engine).completed)
