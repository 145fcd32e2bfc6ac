"""What if on the screen: worked out beside the loop, moved, applied, refused, left."""

from __future__ import annotations

import math

import pytest
from scripted_source import ScriptedSource, demo_agents
from support.leaks import eventually

from pooltop.core.edits import EditRecord


@pytest.fixture(autouse=True)
def _little_work(monkeypatch) -> None:
    """What is drawn and done is looked at, not how good the numbers are."""
    monkeypatch.setattr("pooltop.ui.whatif.MOST_REQUESTS", 500)
    monkeypatch.setattr("pooltop.ui.foretelling.MOST_REQUESTS", 500)
    monkeypatch.setattr("pooltop.ui.sweeping._REST_S", 0.0001)
    monkeypatch.setattr("pooltop.advise.whatif.LEAST_REQUESTS", 10)


async def studied(one) -> None:
    """Open it on the first host, and wait until all is worked out."""
    await one.press("W")
    study = lambda: one.app.whatif.study  # noqa: E731 - a name for the sentence below
    assert study() is not None
    await eventually(lambda: study().curve and not study().is_working)
    await one.pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_wait_is_drawn_against_the_limit_with_both_marked(desk, size) -> None:
    async with desk(size=size, steps=12) as one:
        await studied(one)
        study = one.app.whatif.study
        assert f"WHAT IF {study.name}" in one.text()
        assert f"[{int(study.present)}]" in one.text()
        await one.press("]", "]")
        await eventually(lambda: one.app.whatif.study.of(study.present + 2))
        await one.pilot.pause()
        assert f"({int(study.present)})" in one.text()
        assert f"[{int(study.present) + 2}]" in one.text()
        await one.press("escape")
        assert "WHAT IF" not in one.text()


async def test_enter_applies_it_and_the_card_says_what_was_predicted(desk) -> None:
    async with desk(size=(200, 60), steps=12) as one:
        await studied(one)
        limit = int(one.app.whatif.study.present)
        await one.press("]")
        await eventually(lambda: one.app.whatif.study.of(limit + 1))
        await one.press("enter")
        await eventually(lambda: one.source.edits)
        (edit,) = one.source.edits
        assert ("max_sockets", limit + 1) == (edit.option, edit.value)
        shown = one.app.whatif.study.of(limit + 1)
        await one.press("escape")
        one.source.records = (record(one, agent=edit.agent, before=limit, after=limit + 1),)
        await one.step(times=8)
        assert "(predicted " in one.text()
        assert [shown] == [each.prediction for each in one.app.foretold.promises]


def record(one, number=1, **values) -> EditRecord:
    """Give what the engine would tell of an edit that is made now."""
    at = one.app.history.latest.at + 0.2
    agent = one.app.history.latest.agents[0].name
    given = {"agent": agent, "option": "max_sockets", "before": 4, "after": 9, "by": "operator"}
    return EditRecord(number=number, at=at, wall_at=at, **given | values)


async def test_the_card_of_an_edit_made_elsewhere_says_what_was_predicted(desk) -> None:
    async with desk(size=(200, 60), steps=12) as one:
        one.source.records = (record(one, by="viewer 2"),)
        await one.step()
        await eventually(lambda: one.app.foretold.promises)
        await one.step(times=8)
        assert "(predicted " in one.text()
        (promise,) = one.app.foretold.promises
        assert promise.value == 9
        assert promise.host.agent == one.source.records[0].agent


async def test_a_raise_to_no_limit_is_foretold(desk) -> None:
    async with desk(steps=12) as one:
        one.source.records = (record(one, after=None),)
        await one.step()
        await eventually(lambda: one.app.foretold.promises)
        assert math.inf == one.app.foretold.promises[0].prediction.limit


async def test_of_edits_one_after_another_the_last_is_foretold(desk) -> None:
    async with desk(steps=12) as one:
        for number in range(1, 6):
            one.source.records = (
                *one.source.records,
                record(one, number, before=number, after=number + 1),
            )
            await one.step()
        await eventually(lambda: one.app.foretold.promises)
        assert 6 == one.app.foretold.promises[-1].value


@pytest.mark.parametrize("values", [{"option": "timeout", "after": 9000}, {"agent": "no such"}])
async def test_of_other_edits_nothing_is_foretold(desk, values) -> None:
    async with desk(steps=12) as one:
        one.source.records = (record(one, **values),)
        await one.step(times=3)
        assert one.app.foretold._sweeping is None
        assert () == one.app.foretold.promises


async def test_the_limit_in_force_is_not_applied_again(desk) -> None:
    async with desk(steps=12) as one:
        await studied(one)
        await one.press("enter")
        assert "is the limit in force" in one.text()
        assert [] == one.source.edits


async def test_locked_it_is_read_and_not_applied(desk) -> None:
    async with desk(steps=12) as one:
        await one.press("L")
        await studied(one)
        await one.press("]", "enter")
        assert "LOCKED: nothing was changed" in one.text()
        assert [] == one.source.edits


async def test_of_a_recording_it_is_worked_out_and_not_applied(desk) -> None:
    source = ScriptedSource(demo_agents("node"))
    async with desk(source, steps=12, read_only=True) as one:
        source.fixed = "a recording"
        await studied(one)
        await one.press("]", "enter")
        assert "refused: this is a recording" in one.text()


async def test_a_held_screen_studies_its_instant(desk) -> None:
    async with desk(steps=12) as one:
        await one.press("space")
        at = one.app.timeline.frozen.at
        await studied(one)
        await one.step(times=12)
        assert at == one.app.whatif.study.at


async def test_a_followed_one_begins_anew_after_some_seconds(desk) -> None:
    async with desk(steps=12) as one:
        await studied(one)
        at = one.app.whatif.study.at
        await one.step(times=48)
        assert one.app.whatif.study.at > at


async def test_leaving_gives_up_what_is_being_worked_out(desk) -> None:
    async with desk(steps=12) as one:
        await one.press("W", "W")
        assert one.app.whatif.study is None
        await one.press("W", "2")
        assert one.app.whatif.study is None
        assert "2 Sockets" in one.text()


async def test_of_what_is_no_http_agent_it_is_said(desk) -> None:
    async with desk(steps=1) as one:
        await one.press("W")
        assert "nothing can be said yet" in one.text()
        await one.press("]", "enter")
        assert "nothing to apply" in one.text()
        assert one.app.history.latest.at == one.app.whatif.study.at
