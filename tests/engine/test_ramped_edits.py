"""A raise of the load beyond the everyday goes step by step, and says so."""

from __future__ import annotations

import pytest

from pooltop.core.edits import Edit
from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.traffic import Stage, Workload
from pooltop.engine.engine import Engine


@pytest.fixture
async def engine_of(serve):
    """Make started engines of one agent and one workload, closed after the test."""
    made = []

    async def make(**more):
        server = await serve()
        load = Workload(name="browse", agent="web", base_url=server.url, **more)
        agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
        engine = Engine(Profile(path="p", agents=(agent,), workloads=(load,)))
        made.append(engine)
        engine.start()
        engine.journal.take()
        return engine

    yield make
    for engine in made:
        await engine.aclose()


def _set(engine, option, value, **more):
    more.setdefault("confirmed", True)
    return engine.edit(Edit(id=1, workload="browse", option=option, value=value, **more))


def _load(engine):
    return engine.snapshot().workloads[0]


def _edits(engine):
    return [entry.text for entry in engine.journal.take()[0] if entry.kind == "EDIT"]


async def test_the_outcome_and_the_journal_say_how_long_a_raise_takes(engine_of):
    engine = await engine_of(rate=100.0)
    outcome = _set(engine, "rate", 1000)
    assert (True, 100.0, 1000.0, "ramps to 1000/s over 6.6 s") == (
        outcome.accepted,
        outcome.before,
        outcome.after,
        outcome.note,
    )
    load = _load(engine)
    assert (1000.0, True) == (load.heading_for, 100.0 <= load.rate < 200.0)
    assert [
        "edit 1 browse rate 100/s > 1000/s by operator: arrivals go on from here, none lost and "
        "none made up for; ramps to 1000/s over 6.6 s"
    ] == _edits(engine)


async def test_it_arrives_and_holds(engine_of, monkeypatch, eventually):
    monkeypatch.setattr("pooltop.core.climb.DOUBLES_IN_S", 0.05)
    engine = await engine_of(rate=100.0)
    _set(engine, "rate", 800)
    await eventually(lambda: _load(engine).heading_for is None)
    assert 800.0 == _load(engine).rate


async def test_what_is_everyday_and_what_is_less_is_at_once(engine_of):
    engine = await engine_of(rate=10.0)
    assert "" == _set(engine, "rate", 100).note
    assert (100.0, None) == (_load(engine).rate, _load(engine).heading_for)
    _set(engine, "rate", 5000)
    assert "" == _set(engine, "rate", 20).note
    assert (20.0, None) == (_load(engine).rate, _load(engine).heading_for)


async def test_a_second_edit_begins_where_the_first_one_is(engine_of):
    engine = await engine_of(rate=100.0)
    _set(engine, "rate", 400)
    outcome = _set(engine, "rate", 800)
    assert (400.0, 800.0) == (outcome.before, outcome.after)
    assert outcome.note.startswith("ramps to 800/s over ")
    assert 5.8 < float(outcome.note.split()[-2]) <= 6.0
    assert _load(engine).rate < 200


async def test_an_undo_that_raises_and_a_revert_that_raises_go_step_by_step(engine_of, eventually):
    engine = await engine_of(rate=400.0)
    _set(engine, "rate", 50)
    assert "ramps to 400/s over 4.0 s" == _set(engine, "rate", 400, by="undo").note
    _set(engine, "rate", 50, revert_after_s=0.05)
    await eventually(lambda: _load(engine).heading_for == 400.0)
    assert _load(engine).rate < 200


async def test_users_join_step_by_step(engine_of, eventually):
    engine = await engine_of(model="closed", users=1)
    assert "ramps to 150 over 1.2 s" == _set(engine, "users", 150).note
    load = _load(engine)
    assert (True, 150.0) == (100 <= load.users < 110, load.heading_for)
    assert engine.workloads[0].users < 110
    await eventually(lambda: engine.workloads[0].users == 150)
    await eventually(lambda: _load(engine).heading_for is None)


async def test_a_pause_stops_the_way_up(engine_of):
    engine = await engine_of(rate=100.0)
    _set(engine, "rate", 800)
    engine.workloads[0].pause()
    rate = _load(engine).rate
    assert (rate, 800.0) == (_load(engine).rate, _load(engine).heading_for)
    engine.workloads[0].resume()
    assert rate <= _load(engine).rate < 200


async def test_back_to_stages_goes_step_by_step_until_it_meets_them(engine_of):
    stages = (Stage(to=800.0, over_s=0.0), Stage(over_s=60.0))
    engine = await engine_of(rate=100.0, stages=stages)
    _set(engine, "rate", 50)
    outcome = _set(engine, "rate", 800, by="restore")
    assert "ramps to 800/s over 6.0 s" == outcome.note
    load = _load(engine)
    assert (800.0, True) == (load.heading_for, load.rate < 200)
    assert "open constant, stage 2 of 2: 800/s for 60 s" == load.pattern
