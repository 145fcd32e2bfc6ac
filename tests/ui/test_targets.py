"""Keys act on what is on the screen, and on nothing else."""

from __future__ import annotations

import pytest
from scripted_source import ScriptedSource, SimAgent, SimHost, demo_agents

from pooltop.core.model import AgentOptions


def edited() -> ScriptedSource:
    """Give agents that all differ from their profile: each could be restored."""
    source = ScriptedSource(demo_agents())
    for agent in source.agents:
        agent.initial = AgentOptions(keep_alive=True, max_sockets=1)
    return source


async def go_to(one, agent: str) -> None:
    await one.press("1", "home")
    while one.cursor() != agent:
        await one.press("j")


def restored(one) -> set[str]:
    return {edit.agent for edit in one.source.edits}


async def filter_all_out(one) -> None:
    await one.press("slash", *"zzz", "enter")


@pytest.mark.parametrize("page", ["2", "3"])
async def test_an_empty_page_acts_on_the_host_in_its_title_not_on_the_last_one(desk, page) -> None:
    source = edited()
    source.agents[1].hosts[0].rate = 0
    async with desk(source, steps=12) as one:
        await go_to(one, "starved")
        await one.press(page)
        assert one.app.board.page.subject is not None
        await go_to(one, "closed")
        await one.press(page)
        assert one.app.board.page.table.keys == ()
        assert one.app.board.page.subject is None
        await one.press("e")
        assert "EDIT closed.localhost:8082 (pinned)" in one.text()
        await one.press("escape", "D", "X")
        assert not one.app.board.asking
        await one.press("U")
        assert {"closed"} == restored(one)


async def test_the_inspector_opened_on_an_empty_page_shows_no_other_hosts_socket(desk) -> None:
    source = edited()
    source.agents[1].hosts[0].rate = 0
    async with desk(source, steps=12) as one:
        await go_to(one, "starved")
        await one.press("2")
        await go_to(one, "closed")
        await one.press("2", "enter")
        assert one.app.board.page.subject is None
        assert "the cursor is on nothing" in one.text()


async def test_a_page_of_all_hosts_without_rows_has_nothing_to_act_on(desk) -> None:
    async with desk(edited()) as one:
        await one.press("3", "h")
        await filter_all_out(one)
        await one.press("U", "e", "C")
        assert set() == restored(one)
        assert not one.app.board.asking
        assert "put the cursor on one, page 1" in one.text()


@pytest.mark.parametrize("page", ["1", "4"])
async def test_a_row_that_is_filtered_out_is_not_acted_on(desk, page) -> None:
    async with desk(edited()) as one:
        await one.press(page)
        await filter_all_out(one)
        await one.press("U")
        assert set() == restored(one)
        assert "U restores the agent of a host: put the cursor on one, page 1" in one.text()
        await one.press("e")
        assert not one.app.board.limits.editing
        await one.press("C")
        assert not one.app.board.asking


async def test_on_the_page_of_events_no_agent_is_changed(desk) -> None:
    async with desk(edited()) as one:
        await one.press("5", "U", "e", "C")
        assert set() == restored(one)
        assert not one.app.board.asking


async def test_the_queue_of_the_rows_host_is_cleared_among_all_hosts(desk) -> None:
    source = edited()
    source.agents[0].hosts[0].rate = 900
    async with desk(source, steps=12) as one:
        await go_to(one, "starved")
        await one.press("3", "h")
        while one.app.board.page.subject.host.agent != "kept":
            await one.press("j")
        await one.press("C")
        assert "CLEAR the queue of kept.localhost:8080 (pinned)" in one.text()
        await one.press(*"kept", "enter")
        assert ["kept"] == [control.agent for control in one.source.controls]


TITLES = {
    "1": "same.test:80 (first)  IN USE",
    "2": "of same.test:80 (first)",
    "3": "of same.test:80 (first)",
}


@pytest.mark.parametrize("page", TITLES)
async def test_two_agents_with_one_host_are_told_apart_in_every_title(desk, page) -> None:
    agents = [
        SimAgent(name, AgentOptions(keep_alive=True, max_sockets=1), [SimHost("same.test", 80)])
        for name in ("first", "second")
    ]
    async with desk(ScriptedSource(agents), size=(200, 60)) as one:
        await go_to(one, "first")
        await one.press(page)
        assert TITLES[page] in one.text()
        await one.press("e")
        assert "EDIT same.test:80 (first) (pinned)" in one.text()
        await one.press("escape", "C")
        assert "CLEAR the queue of same.test:80 (first) (pinned)" in one.text()
        if page == "2":
            socket = one.app.board.page.subject.socket
            assert f"SOCKET s{socket}  same.test:80 (first)  " in one.text()
        await one.press("escape", {"2": "D", "3": "X"}.get(page, "escape"))
        if page != "1":
            assert "of same.test:80 (first) (pinned)" in one.text()
