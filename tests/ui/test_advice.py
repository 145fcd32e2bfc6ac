"""The page of advice: what holds is listed and told in full, a key applies it, and it is watched."""

from __future__ import annotations

import pytest
from advised_source import AdvisedSource
from msgspec.structs import replace

from pooltop.sources.playback import PlayerSource
from pooltop.sources.player import Player
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile
from pooltop.ui.app import PoolTopApp


@pytest.fixture
def advised(desk):
    """Give a desk on which the limit of ``starved`` is advised to be raised."""
    return lambda **how: desk(how.pop("source", AdvisedSource()), steps=11, **how)


def _sent(one):
    return [(edit.agent, edit.option, edit.value, edit.by) for edit in one.source.edits]


async def _go_to(one, code):
    """Put the cursor on a row of the page of advice."""
    await one.press("7")
    page = one.app.board.advice
    for _ in range(10):
        if page.row is not None and page.row.code == code:
            return page.row
        await one.press("down")
    raise AssertionError(f"no {code} in {[row.code for row in page.rows]}")


async def test_the_header_counts_cards_and_the_page_tells_them_in_full(advised):
    async with advised(size=(200, 60)) as one:
        assert "7 1 advice" in one.screen()[0]
        row = await _go_to(one, "A1")
        assert row.proposal.startswith("starved maxSockets 4 > ")
        text = one.text()
        assert "The limit is too low. The queue grows while the target is well." in text
        assert "queue wait p95" in text
        assert "confidence:" in text
        assert "A apply" in text


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_on_a_small_screen_enter_opens_the_card(advised, size):
    async with advised(size=size) as one:
        await _go_to(one, "A1")
        await one.press("enter")
        assert "The queue grows while the target is well." in " ".join(one.text().split())
        await one.press("escape")
        assert "PROPOSAL" not in one.text() or size[0] >= 78


async def test_a_key_applies_the_proposal_in_the_name_of_the_advisor_and_it_is_watched(advised):
    async with advised() as one:
        row = await _go_to(one, "A1")
        wanted = row.card.finding.edit.value
        await one.press("A")
        assert [("starved", "max_sockets", wanted, "advisor")] == _sent(one)
        await one.step()
        assert ["edit 1"] == [each.code for each in one.app.board.advice.rows]
        assert "watched" in one.text()
        await one.step(times=10)
        assert "held" in one.text()
        assert "edit 1 held: nothing got worse in two windows" in one.app.operator.status[0][0]
        await one.press("u")
        assert ("starved", "max_sockets", 4.0, "undo") == _sent(one)[-1]


async def test_what_made_it_worse_is_taken_back_and_it_is_said_why(advised):
    async with advised() as one:
        await _go_to(one, "A1")
        await one.press("A")
        one.source.starved.hosts[0].service_s = 0.4
        await one.step(times=12)
        assert ("starved", "max_sockets", 4.0, "undo") == _sent(one)[-1]
        assert one.app.operator.status[0][0].startswith(" edit 1 made it worse: service p95 ")


async def test_a_locked_dashboard_takes_nothing_back_but_says_so(advised):
    async with advised() as one:
        await _go_to(one, "A1")
        await one.press("A")
        await one.press("L")
        one.source.starved.hosts[0].service_s = 0.4
        await one.step(times=12)
        assert 1 == len(_sent(one))
        assert one.app.operator.status[0][0].endswith("; u undoes it, unlocked")


async def test_locked_it_applies_nothing(advised):
    async with advised(read_only=True) as one:
        await _go_to(one, "A1")
        await one.press("A")
        assert [] == _sent(one)


async def test_beyond_the_bounds_it_asks_first(advised):
    source = AdvisedSource()
    source.bounds = {"max_sockets": (1.0, 4.0)}
    async with advised(source=source) as one:
        row = await _go_to(one, "A1")
        assert "" == row.proposal  # no advice leads beyond them
        await one.press("A")
        assert [] == _sent(one)
        assert "A1 has no live edit" in one.app.operator.status[0][0]


async def test_a_held_screen_shows_the_cards_of_its_instant_and_applies_none_that_is_over(advised):
    async with advised() as one:
        await one.press("space")
        await _go_to(one, "A1")
        one.source.starved.options = replace(one.source.starved.options, max_sockets=40.0)
        await one.step(times=10)
        assert ["A1"] == [row.code for row in one.app.board.advice.rows]
        await one.press("A")
        assert [] == _sent(one)
        assert "A1 is over" in one.app.operator.status[0][0]
        await one.press("space")
        assert [] == [row.code for row in one.app.board.advice.rows]
        await one.press(*("comma",) * 10)
        assert ["A1"] == [row.code for row in one.app.board.advice.rows]


async def test_where_the_profile_says_ask_it_asks_by_itself_once(advised):
    async with advised(source=AdvisedSource("ask")) as one:
        question = one.app.board.prompt.question
        assert question is not None
        assert question.title.startswith("ADVICE A1 starved.localhost:8081")
        await one.press("escape")
        await one.step(times=6)
        assert one.app.board.prompt.question is None
        assert [] == _sent(one)


async def test_yes_to_its_question_applies_it(advised):
    async with advised(source=AdvisedSource("ask")) as one:
        await one.press("enter")
        ((agent, option, _, by),) = _sent(one)
        assert ("starved", "max_sockets", "advisor") == (agent, option, by)


async def test_advice_stands_in_the_event_log_as_it_comes_and_goes(advised):
    async with advised() as one:
        one.source.starved.options = replace(one.source.starved.options, max_sockets=40.0)
        await one.step(times=10)
        await one.press("5")
        text = one.text()
        assert "A1 the limit is too low; starved maxSockets 4 > " in text
        assert "A1 over, after " in text


async def test_without_advice_the_page_says_so(desk):
    async with desk() as one:
        await one.press("7")
        assert "nothing to advise" in one.text()
        assert "advice" not in one.screen()[0].lower()
        await one.press("A")
        assert "put the cursor on a card of advice" in one.app.operator.status[0][0]


async def test_a_recording_has_the_advice_of_the_instant_that_is_shown(tmp_path):
    path = str(tmp_path / "r.ptr")
    engine, file = AdvisedSource(), RecordingFile(path)
    file.begin(Meta(title="demo", pooltop="1"))
    for _ in range(20):
        file.append(engine.step(0.5, send=False))
    file.finish()
    source = PlayerSource(Player(Recording(path), clock=lambda: 50.0))
    app = PoolTopApp(source, read_only=True, clock=lambda: 50.0)
    async with app.run_test(size=(120, 40)) as pilot:

        async def codes(*keys: str) -> list[str]:
            await pilot.press("space", *keys)
            for _ in range(3):
                await pilot.pause()
            return [row.code for row in app.board.advice.rows]

        assert ["A1"] == await codes("end", "7")
        assert [] == await codes(*("comma",) * 16)
        assert ["A1"] == await codes("end")
        await pilot.press("A")
        await pilot.pause()
        assert app.operator.status[0][0].startswith(" refused")
    await source.close()
