"""Alerts: shown, gone to, put aside; and the card of the latest edit."""

from __future__ import annotations

import msgspec
import pytest
from scripted_source import ScriptedSource, demo_agents

from pooltop.core.edits import Edit, EditOutcome, EditRecord
from pooltop.core.model import AgentOptions
from pooltop.core.thresholds import ThresholdState


async def test_n_goes_to_the_host_of_the_next_alert_whatever_page_is_shown(desk) -> None:
    async with desk(steps=20) as one:
        await one.press("4", "n")
        assert "HOSTS 4" in one.text()
        first = one.app.board.alerts[one.app.board.alert_place]
        assert first.id.host == one.app.board.pools.host
        await one.press("n")
        second = one.app.board.alerts[one.app.board.alert_place]
        assert first.id != second.id
        assert second.id.host == one.app.board.pools.host
        await one.press("N")
        assert first.id == one.app.board.alerts[one.app.board.alert_place].id


async def test_an_acknowledged_alert_gives_way_to_the_next(desk) -> None:
    async with desk(steps=20) as one:
        assert "starved.localhost:8081 saturated" in one.screen()[2]
        await one.press("a")
        assert "starved.localhost:8081 saturated" not in one.screen()[2]
        assert one.app.board.alerts[0].acknowledged


async def test_an_alert_is_an_event_once_it_has_lasted(desk) -> None:
    async with desk(steps=30) as one:
        await one.press("5")
        line = next(line for line in one.screen() if "ALERT" in line)
        assert "starved.localhost:8081" in line
        assert "saturated for 10s" in line


async def test_the_latest_edit_has_a_card_with_what_was_before_and_after(desk) -> None:
    async with desk(Numbered(), steps=70) as one:
        await one.press("e", "4", "0", "enter")
        latest = one.app.history.latest
        one.source.records = (record(latest, number=7, revert_at=latest.at + 60),)
        await one.step(times=4)
        text = one.text()
        assert "EDIT 7 starved maxSockets 4>40" in text
        assert "measuring" in text
        assert "K keep" in text
        assert "u undo" in text


async def test_no_undo_is_offered_under_an_edit_of_somebody_else(desk) -> None:
    async with desk(Numbered(), steps=10) as one:
        await one.press("e", "4", "0", "enter")
        mine = record(one.app.history.latest, number=7)
        one.source.records = (mine,)
        await one.step()
        assert "u undo" in card(one)
        one.source.records = (mine, msgspec.structs.replace(mine, number=8, agent="secure"))
        await one.step()
        assert "EDIT 8 secure" in card(one)
        assert "u undo" not in card(one)


async def test_the_header_counts_what_is_not_as_in_the_profile_whoever_edited_it(desk) -> None:
    async with desk(Numbered()) as one:
        await one.press("e", "9", "enter")
        await one.step()
        assert "1 edit " in one.screen()[0]
        await one.press("U")
        await one.step()
        assert "edit" not in one.screen()[0]
        one.source.agents[0].options = AgentOptions(max_sockets=11)
        await one.step()
        assert "edits " in one.screen()[0]


async def test_a_frozen_header_counts_down_as_its_card_does(desk) -> None:
    async with desk(size=(160, 40)) as one:
        latest = one.app.history.latest
        one.source.records = (record(latest, number=7, revert_at=latest.at + 60),)
        await one.step()
        await one.press("space")
        await one.step(times=40)
        assert "K keep 59s" in one.screen()[0]
        assert "reverts in 59s" in card(one)


def card(one) -> str:
    return "".join(text for line in one.app.board.card.lines for text, _ in line)


async def test_a_card_makes_room_again_when_it_is_old_and_settled(desk) -> None:
    async with desk(steps=10) as one:
        one.source.records = (record(one.app.history.latest, number=7),)
        await one.step()
        assert "EDIT 7" in one.text()
        await one.step(2.0, times=46)
        assert "EDIT 7" not in one.text()


async def test_k_keeps_what_would_be_put_back(desk) -> None:
    async with desk() as one:
        await one.press("K")
        assert "no edit is about to be put back" in one.text()
        latest = one.app.history.latest
        one.source.records = (record(latest, number=3, revert_at=latest.at + 60),)
        await one.step()
        await one.press("K")
        assert ["keep"] == [control.action for control in one.source.controls]
        assert "kept: edit 3" in one.text()


class Numbered(ScriptedSource):
    """Numbers what it accepts, from 7 on."""

    def __init__(self) -> None:
        super().__init__(demo_agents())

    async def submit(self, edit: Edit) -> EditOutcome:
        outcome = await super().submit(edit)
        return msgspec.structs.replace(outcome, number=6 + len(self.edits))


def record(latest, *, number: int, revert_at: float | None = None) -> EditRecord:
    return EditRecord(
        number=number,
        at=latest.at,
        wall_at=latest.wall_at,
        agent="starved",
        option="max_sockets",
        before=4.0,
        after=40.0,
        by="operator",
        revert_at=revert_at,
    )


FAILED = ThresholdState(
    text="request.errors share < 1%", state="failed", value=0.02, unit="share", since=1.0
)


async def test_a_threshold_that_fails_is_an_alert_that_leads_to_the_load(desk) -> None:
    source = ScriptedSource(demo_agents())
    source.thresholds = (FAILED,)
    async with desk(source, steps=20) as one:
        assert "request.errors share < 1% failed for" in one.screen()[2]
        await one.press("n", "N")
        assert "Workloads" == one.app.board.page.name
        await one.press("enter")
        assert "MUST HOLD" in one.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_page_4_has_all_that_must_hold_where_there_is_something(desk, size) -> None:
    later = ThresholdState(text="pool.opened count < 9", why="begins after 10s", after_s=10.0)
    source = ScriptedSource(demo_agents())
    async with desk(source, size=size) as one:
        await one.press("4")
        assert "MUST HOLD" not in one.text()
        source.thresholds = (later, FAILED)
        await one.step()
        text = one.text()
        assert "MUST HOLD 2  1 FAILED, 1 not known" in text
        assert text.index("FAILED     request.errors share < 1%") < text.index("not known  pool.")
        assert "from 10s on" in text
        await one.press("1")
        assert "MUST HOLD" not in one.text()


async def test_who_leaves_after_the_load_is_told_by_the_status_that_it_did_not_hold(desk) -> None:
    source = ScriptedSource(demo_agents())
    source.thresholds = (FAILED,)
    async with desk(source) as one:
        assert 0 == one.app.verdict
        source.is_done = True
        await one.step()
        assert 99 == one.app.verdict
        await one.press("q")
        assert 99 == one.app.return_code
    assert any("FAILED     request.errors share < 1%: 2%" in line for line in one.app.farewell())
