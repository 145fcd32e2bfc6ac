"""Workloads with stages: they follow them, leave them when they are edited, and can be put back."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.edits import Control, Edit
from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.traffic import Stage, Workload
from pooltop.engine.engine import Engine


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Let every edit be in force at once: test_ramped_edits.py has the way up."""
    monkeypatch.setattr("pooltop.core.climb.EVERYDAY_LOAD", 1_000_000)


@pytest.fixture
async def engine_of(serve):
    """Make started engines of one workload with stages on a server that answers at once."""
    made = []

    async def make(*stages, **more):
        server = await serve()
        workload = Workload(
            name="browse",
            agent="web",
            base_url=server.url,
            stages=tuple(Stage(to=to, over_s=over) for to, over in stages),
            **more,
        )
        agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
        engine = Engine(Profile(path="p", agents=(agent,), workloads=(workload,)))
        made.append(engine)
        engine.start()
        return engine

    yield make
    for engine in made:
        await engine.aclose()


def _load(engine):
    return engine.snapshot().workloads[0]


def _set(engine, option, value, **more):
    return engine.edit(Edit(id=1, workload="browse", option=option, value=value, **more))


def _said(engine):
    return [entry.text for entry in engine.journal.take()[0]]


async def test_an_open_workload_sends_what_its_stages_say_and_ends_with_them(engine_of):
    engine = await engine_of((200.0, 0.2), (None, 0.2), (0.0, 0.2), rate=0.0)
    assert "browse started: open constant, stage 1 of 3: 0/s to 200/s in 0.2 s" == _said(engine)[-1]
    await asyncio.wait_for(engine.done.wait(), 5)
    load = _load(engine)
    assert (80, 80, "done") == (load.offered, load.completed, load.state)
    assert (0.0, 0.0) == (load.rate, load.initial_rate)
    assert "open constant, stage 3 of 3: 200/s to 0/s in 0.2 s" == load.pattern


async def test_users_join_and_leave_along_the_ramp(engine_of, eventually):
    engine = await engine_of((6.0, 0.2), (None, 60.0), model="closed", users=2)
    assert "closed, stage 1 of 2: 2 to 6 in 0.2 s" == _load(engine).pattern
    await eventually(lambda: _load(engine).users == 6)
    assert 6 == _load(engine).initial_users
    await eventually(lambda: engine.workloads[0].users == 6)

    falling = await engine_of((0.0, 0.2), model="closed", users=6)
    await eventually(lambda: falling.workloads[0].users < 6)
    await asyncio.wait_for(falling.done.wait(), 5)
    load = _load(falling)
    assert ("done", 0, 0) == (load.state, load.in_flight, load.users)


async def test_a_closed_workload_ends_with_its_stages_or_sooner_with_its_duration(engine_of):
    for more in ({}, {"duration": 0.1}):
        over = 0.1 if not more else 60.0
        engine = await engine_of((None, over), model="closed", users=1, **more)
        await asyncio.wait_for(engine.done.wait(), 5)
        assert "done" == _load(engine).state


async def test_an_edit_leaves_the_stages_and_undo_puts_the_load_back_where_they_are_by_now(
    engine_of, eventually
):
    engine = await engine_of((100.0, 0.1), (300.0, 0.1), (None, 60.0), rate=100.0)
    before = _load(engine)
    assert before.rate == before.initial_rate
    outcome = _set(engine, "rate", 50.0)
    assert outcome.accepted
    assert 100 <= outcome.before <= 300
    assert "it leaves its stages; arrivals go on from here" in _said(engine)[-1]
    load = _load(engine)
    assert (50.0, "open constant 50/s, off its stages") == (load.rate, load.pattern)
    await eventually(lambda: _load(engine).initial_rate == 300.0)
    assert 50.0 == _load(engine).rate
    assert _set(engine, "rate", outcome.before, by="undo").accepted
    load = _load(engine)
    assert (300.0, 300.0) == (load.rate, load.initial_rate)
    assert "back on its stages, stage 3 of 3: 300/s for 60 s: " in _said(engine)[-1]
    assert 300.0 == engine.workloads[0]._arrivals.rate(engine.workloads[0].elapsed)


async def test_an_undo_of_an_edit_made_off_the_stages_holds_what_there_was(engine_of):
    engine = await engine_of((None, 60.0), rate=100.0)
    _set(engine, "rate", 50.0)
    _set(engine, "rate", 20.0)
    _set(engine, "rate", 50.0, by="undo")
    assert "open constant 50/s, off its stages" == _load(engine).pattern
    _set(engine, "rate", 100.0, by="restore")
    assert "open constant, stage 1 of 1: 100/s for 60 s" == _load(engine).pattern


async def test_an_undo_in_the_midst_of_a_ramp_puts_the_load_back_on_its_stages(engine_of):
    engine = await engine_of((1000.0, 600.0), rate=100.0)
    outcome = _set(engine, "rate", 50.0)
    assert outcome.before > 100
    undone = _set(engine, "rate", outcome.before, by="undo")
    assert engine.workloads[0].course.on_stages
    assert undone.after > outcome.before
    left, back = engine.snapshot().edits
    assert ((True, False), (False, True)) == (
        (left.was_on_stages, left.on_stages),
        (back.was_on_stages, back.on_stages),
    )
    assert "undone" == left.fate


async def test_what_is_not_kept_reverts_to_the_stages_in_the_midst_of_a_ramp_too(
    engine_of, eventually
):
    engine = await engine_of((1000.0, 600.0), rate=100.0)
    _set(engine, "rate", 50.0, revert_after_s=0.1)
    _set(engine, "rate", 60.0, revert_after_s=0.1)
    assert not engine.workloads[0].course.on_stages
    await eventually(lambda: engine.workloads[0].course.on_stages)
    assert ["reverted", "reverted", ""] == [each.fate for each in engine.snapshot().edits]


async def test_an_undo_goes_by_the_edit_that_it_takes_back_and_not_by_its_level(engine_of):
    engine = await engine_of((None, 60.0), rate=100.0)
    for rate in (50.0, 100.0, 20.0):
        _set(engine, "rate", rate)
    _set(engine, "rate", 100.0, by="undo")
    assert "open constant 100/s, off its stages" == _load(engine).pattern
    _set(engine, "rate", 50.0, by="undo")
    assert "open constant 50/s, off its stages" == _load(engine).pattern
    _set(engine, "rate", 100.0, by="undo")
    assert engine.workloads[0].course.on_stages


async def test_a_restore_leads_back_to_stages_that_are_at_the_same_level_and_only_once(engine_of):
    engine = await engine_of((None, 60.0), rate=100.0)
    _set(engine, "rate", 50.0)
    _set(engine, "rate", 100.0)
    assert not engine.workloads[0].course.on_stages
    assert _set(engine, "rate", 100.0, by="restore").accepted
    assert engine.workloads[0].course.on_stages
    assert 3 == len(engine.snapshot().edits)
    again = _set(engine, "rate", 90.0, by="restore")
    assert (True, None, 100.0) == (again.accepted, again.number, again.after)
    assert engine.workloads[0].course.on_stages


async def test_an_undo_of_a_restore_leaves_the_stages_again(engine_of):
    engine = await engine_of((None, 60.0), rate=100.0)
    _set(engine, "rate", 50.0)
    _set(engine, "rate", 100.0, by="restore")
    assert _set(engine, "rate", 50.0, by="undo").accepted
    assert "open constant 50/s, off its stages" == _load(engine).pattern


async def test_each_stage_is_told_as_it_begins_while_the_load_is_on_them(engine_of):
    engine = await engine_of((200.0, 0.05), (300.0, 0.0), (None, 0.05), (0.0, 0.05), rate=100.0)
    await asyncio.wait_for(engine.done.wait(), 5)
    assert [
        "browse: stage 3 of 4: 300/s for 0.05 s",
        "browse: stage 4 of 4: 300/s to 0/s in 0.05 s",
    ] == [words for words in _said(engine) if words.startswith("browse: stage")]

    off = await engine_of((200.0, 0.05), (None, 0.05), rate=100.0)
    _set(off, "rate", 50.0)
    await asyncio.wait_for(off.done.wait(), 5)
    assert not [words for words in _said(off) if words.startswith("browse: stage")]


async def test_what_is_not_kept_reverts_to_the_stages(engine_of, eventually):
    engine = await engine_of((8.0, 0.1), (None, 60.0), model="closed", users=8)
    assert _set(engine, "users", 3, revert_after_s=0.15).accepted
    assert 3 == _load(engine).users
    await eventually(lambda: _load(engine).users == 8)
    assert engine.workloads[0].course.on_stages
    assert "back on its stages" in _said(engine)[-1]


async def test_users_can_be_put_back_to_stages_that_are_at_nothing(engine_of):
    engine = await engine_of((0.0, 0.0), (None, 60.0), model="closed", users=4)
    assert 0 == _load(engine).users
    assert _set(engine, "users", 2).accepted
    assert "users must be a whole number from 1" in _set(engine, "users", 0).error
    assert _set(engine, "users", 0, by="undo").accepted
    assert (0, True) == (_load(engine).users, engine.workloads[0].course.on_stages)


async def test_a_pause_holds_the_stages_back(engine_of, eventually):
    engine = await engine_of((1000.0, 0.4), rate=0.0)
    engine.control(Control(action="pause"))
    held = _load(engine).rate
    assert held < 1000
    await asyncio.sleep(0.1)
    assert held == _load(engine).rate
    engine.control(Control(action="resume"))
    await asyncio.wait_for(engine.done.wait(), 5)
    assert 200 == _load(engine).offered
