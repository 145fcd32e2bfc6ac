"""What is typed is no command: a form, a question and a filter have the keys to themselves."""

from __future__ import annotations

import pytest
from scripted_source import ScriptedSource, SimAgent, SimHost
from textual.events import Paste

from pooltop.core.model import AgentOptions

LONG = f"/run/{'PHP' * 75}.sock"


def done(one) -> list[str]:
    return [control.action for control in one.source.controls]


def starved(agent: str, host: str) -> ScriptedSource:
    options = AgentOptions(keep_alive=True, max_sockets=1)
    return ScriptedSource([SimAgent(agent, options, [SimHost(host, 80, rate=100)])])


async def paste(one, text: str) -> None:
    one.app.post_message(Paste(text))
    await one.pilot.pause()
    await one.pilot.pause()


async def test_a_capital_p_is_typed_into_the_form(desk) -> None:
    async with desk() as one:
        await one.press("e", "4", "P")
        assert [] == done(one)
        assert "maxSockets[4P_]" in one.text()


async def test_a_capital_p_is_typed_into_an_answer(desk) -> None:
    async with desk(starved("APIs", "a.localhost")) as one:
        await one.press("C", *"APIs", "enter")
        assert ["clear_queue"] == done(one)


@pytest.mark.parametrize("before", [["e"], ["C"], ["e", "0", "enter"], ["slash"], []])
async def test_a_paste_means_no_command(desk, before) -> None:
    async with desk() as one:
        await one.press(*before)
        asking = one.app.board.asking
        await paste(one, "P [q] e")
        assert [] == done(one)
        assert [] == one.source.edits
        assert asking == one.app.board.asking
        assert one.app.is_running


async def test_a_pasted_q_does_not_say_yes_to_leaving(desk) -> None:
    async with desk() as one:
        await one.press("e", "9", "enter")
        await one.step()
        await one.press("q")
        await paste(one, "q")
        assert one.app.is_running
        assert one.app.board.prompt.question is not None


async def test_a_paste_is_typed_into_the_filter(desk) -> None:
    async with desk() as one:
        await one.press("slash")
        await paste(one, "starved")
        await one.press("enter")
        assert ["starved"] == one.hosts()


async def test_a_long_answer_can_be_pasted(desk) -> None:
    async with desk() as one:
        await one.press("x", *["backspace"] * 60)
        await paste(one, "a" * 120)
        assert "a" * 120 == one.app.board.prompt._typed


async def test_a_host_whose_name_is_a_long_path_is_cleared_after_its_agents_name(desk) -> None:
    async with desk(starved("short", LONG)) as one:
        await one.press("C")
        assert "type short then ret" in one.text()
        await one.press(*"short", "enter")
        assert ["clear_queue"] == done(one)


async def test_an_agent_whose_name_is_not_typed_easily_is_cleared_after_how_many_wait(desk) -> None:
    async with desk(starved("an agent whose name has no end", "a.localhost")) as one:
        await one.press("C")
        queued = len(one.source.agents[0].hosts[0].queue)
        assert f"type {queued} then ret" in one.text()
        await one.press(*str(queued), "enter")
        assert ["clear_queue"] == done(one)


async def test_a_stray_letter_does_not_stand_in_the_way_of_enter_alone(desk) -> None:
    async with desk() as one:
        await one.press("e", "0", "enter", "z", "enter")
        assert [0.0] == [edit.value for edit in one.source.edits]


@pytest.mark.parametrize("before", [["e"], ["C"], ["slash"], ["ctrl+p"], ["question_mark"]])
async def test_what_stops_from_anywhere_does_so(desk, before) -> None:
    async with desk() as one:
        await one.press(*before, "ctrl+x")
        assert ["stop"] == done(one)


async def test_ctrl_c_twice_leaves_at_once_with_the_palette_open(desk) -> None:
    async with desk() as one:
        await one.press("ctrl+p", "ctrl+c", "ctrl+c")
    assert one.app.forced


async def test_a_capital_p_is_typed_into_the_palette(desk) -> None:
    async with desk() as one:
        await one.press("ctrl+p", "P")
        assert [] == done(one)
        await one.press("escape")


@pytest.mark.parametrize(
    ("key", "words"),
    [("e", "EDIT starved"), ("C", "CLEAR the queue"), ("x", "EXPORT"), ("ctrl+s", "PICTURE")],
)
async def test_what_asks_closes_the_help_page_first(desk, key, words) -> None:
    async with desk() as one:
        await one.press("question_mark", key)
        assert words in one.text()
        assert not one.app.board.helping


@pytest.mark.parametrize("key", ["u", "U", "p", "L", "K", "O"])
async def test_what_changes_something_closes_the_help_page_first(desk, key) -> None:
    async with desk() as one:
        await one.press("question_mark", key)
        assert "HOSTS 4" in one.text()


async def test_everything_is_stopped_with_the_help_page_open_too(desk) -> None:
    async with desk() as one:
        await one.press("question_mark", "P")
        assert ["stop"] == done(one)
        assert one.app.board.helping


async def test_ctrl_u_clears_the_field_of_the_form(desk) -> None:
    async with desk() as one:
        await one.press("e", *"99", "ctrl+u")
        assert "maxSockets[_]" in one.text()
        await one.press("7", "enter")
        assert [7.0] == [edit.value for edit in one.source.edits]


async def test_ctrl_u_clears_the_filter_and_goes_on_typing(desk) -> None:
    async with desk() as one:
        await one.press("slash", *"zzz", "ctrl+u", *"starved", "enter")
        assert ["starved"] == one.hosts()


async def test_ctrl_u_clears_an_answer(desk) -> None:
    async with desk(starved("APIs", "a.localhost")) as one:
        await one.press("C", *"wrong", "ctrl+u", *"APIs", "enter")
        assert ["clear_queue"] == done(one)
