"""The numbered pages: what each shows, whom it is about, and what the inspector says."""

from __future__ import annotations

import pytest
from scripted_source import ScriptedSource, SimAgent, SimHost, demo_agents

from pooltop.core.edits import EditRecord
from pooltop.core.model import AgentOptions
from pooltop.present.inspector import RequestSubject, SocketSubject

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("2", ["SOCKETS 4  of starved.localhost:8081", "SOCKET", "active"]),
        ("3", ["REQUESTS 20  from the head of", "WAITED", "maxSockets", "/items?page=1"]),
        ("4", ["WORKLOADS 1", "running", "120/s"]),
        ("5", ["EVENTS ", "first request waits"]),
    ],
)
async def test_a_number_shows_its_page(desk, key, words, size) -> None:
    async with desk(size=size) as one:
        await one.press(key)
        for word in words:
            assert word in one.text(), word
        await one.press("1")
        assert "HOSTS 4" in one.text()


async def test_sockets_and_requests_are_those_of_the_host_in_focus(desk) -> None:
    async with desk() as one:
        while one.cursor() != "closed":
            await one.press("j")
        await one.press("2")
        assert "of closed.localhost:8082" in one.text()


async def test_h_shows_the_sockets_of_all_hosts_and_back(desk) -> None:
    async with desk() as one:
        await one.press("2")
        few = len(one.app.board.page.table.keys)
        await one.press("h")
        assert "of all hosts" in one.text()
        assert len(one.app.board.page.table.keys) > few
        await one.press("h")
        assert few == len(one.app.board.page.table.keys)


async def test_v_shows_the_running_requests_instead_of_the_queued_ones(desk) -> None:
    async with desk() as one:
        await one.press("3", "v")
        assert "running (v: queued)" in one.text()
        assert 4 == len(one.app.board.page.table.keys)


async def test_the_cursor_stays_on_an_event_that_is_told_again(desk) -> None:
    async with desk(ScriptedSource([]), steps=2) as one:
        for text in ("older", "reset"):
            one.source.say("ERROR", "kept", text)
            await one.step()
        await one.press("5", "home")
        page = one.app.board.page
        key = page.row.id
        assert "reset" == page.row.text
        one.clock.now += 10  # the order is held no more
        for text in ("reset", "newer"):
            one.source.say("ERROR", "kept", text)
            await one.step()
        assert ["newer", "reset  (2 times)", "older"] == [row.shown for row in page.rows[:3]]
        assert (key, "reset") == (page.row.id, page.row.text)


async def test_every_page_has_an_order_and_a_filter_of_its_own(desk) -> None:
    async with desk() as one:
        await one.press("2", "slash", *"zzz", "enter")
        assert "no sockets match the filter" in one.text()
        await one.press("3")
        assert "filter" not in one.app.board.page.table._title
        await one.press("2")
        assert "filter /zzz" in one.app.board.page.table._title
        await one.press("escape")
        assert "SOCKETS 4" in one.text()


async def test_a_filter_left_by_a_click_on_another_page_takes_no_more_keys(desk) -> None:
    async with desk() as one:
        await one.press("slash", "a")
        await one.pilot.click("#tabs", offset=(14, 0))
        assert "Sockets" == one.app.board.page.name
        await one.press("1", "3")
        assert "Queue" == one.app.board.page.name
        assert "a" == one.app.board.pools.choice.needle


async def test_a_filter_by_field_works_and_half_of_one_is_named_and_breaks_nothing(desk) -> None:
    async with desk() as one:
        await one.press("slash", *"queue")
        await one.press("greater_than_sign")
        assert 4 == len(one.hosts())
        assert "number" in one.app.board.page.table._title
        await one.press("1", "0")
        assert ["starved"] == one.hosts()


async def test_enter_looks_closely_and_escape_comes_back(desk) -> None:
    async with desk(size=(80, 24)) as one:
        await one.press("enter")
        assert "HOST starved.localhost:8081" in one.text()
        assert "arriving" in one.text()
        await one.press("escape")
        assert "HOSTS 4" in one.text()


async def test_on_a_wide_screen_the_inspector_follows_the_cursor(desk) -> None:
    async with desk(size=(200, 60)) as one:
        assert "HOST starved.localhost:8081" in one.text()
        await one.press("j")
        assert f"HOST {one.cursor()}.localhost" in one.text()
        await one.press("2")
        assert "SOCKET s" in one.text()


async def test_a_socket_that_is_gone_stays_in_the_inspector_and_is_said_to_be_closed(desk) -> None:
    source = ScriptedSource(
        [
            SimAgent(
                "one",
                AgentOptions(keep_alive=True, max_sockets=3),
                [SimHost("a.localhost", 80, rate=100)],
            )
        ]
    )
    async with desk(source) as one:
        await one.press("2", "enter")
        subject = one.app.board.page.subject
        assert isinstance(subject, SocketSubject)
        source.agents[0].hosts[0].sockets.clear()
        await one.step()
        assert subject == one.app.board.page.subject
        assert f"s{subject.socket} is closed" in one.text()


async def test_a_request_that_is_settled_stays_in_the_inspector_as_it_was(desk) -> None:
    async with desk() as one:
        await one.press("3")
        subject = one.app.board.page.subject
        assert isinstance(subject, RequestSubject)
        for agent in one.source.agents:
            for host in agent.hosts:
                host.queue.clear()
        one.source.paused = True
        one.app.history.add(one.source.step(0.5, send=False).snapshot)
        await one.press("enter")
        assert subject == one.app.board.page.subject
        text = one.text()
        assert f"REQUEST r{subject.request}  " in text
        assert "SETTLED" in text
        assert f"r{subject.request} is settled" in text
        assert "WHY WAITING" in text


async def test_an_edit_on_the_events_page_is_inspected_with_its_card(desk) -> None:
    async with desk() as one:
        update = one.source.step(0.5)
        record = EditRecord(
            number=3,
            at=update.snapshot.at,
            wall_at=update.snapshot.wall_at,
            agent="starved",
            option="max_sockets",
            before=4,
            after=9,
            by="operator",
        )
        one.source.records = (record,)
        one.source.say("EDIT", "", "edit 3 starved maxSockets 4 > 9 by operator: 5 dialled")
        await one.step(5.0)
        await one.press("5", "v", "v", "home", "enter")
        text = one.text()
        assert "EVENT EDIT" in text
        assert "maxSockets 4 > 9 by operator" in text
        assert "5s ago" in text
        assert "maxSockets 4>9" in text


async def test_a_settled_request_can_be_copied_and_g_leads_to_the_socket_that_it_was_on(
    desk,
) -> None:
    async with desk() as one:
        await one.press("3", "v")
        subject = one.app.board.page.subject
        row = one.app.board.page.row
        assert isinstance(subject, RequestSubject)
        hosts = [host for agent in one.source.agents for host in agent.hosts]
        one.source.paused = True
        for host in hosts:
            host.queue.clear()
        one.app.history.add(one.source.step(5.0, send=False).snapshot)
        await one.press("enter")
        assert f"r{subject.request} is settled" in one.text()
        await one.press("y")
        assert one.app.clipboard.startswith("curl ")
        await one.press("g")
        there = one.app.board.page.subject
        assert "Sockets" == one.app.board.page.name
        assert SocketSubject(subject.host, row.request.socket) == there


async def test_g_says_of_one_that_waits_behind_others_why_it_leads_nowhere(desk) -> None:
    async with desk() as one:
        await one.press("3", "j")
        subject = one.app.board.page.subject
        assert isinstance(subject, RequestSubject)
        await one.press("g")
        assert f"r{subject.request} waits behind 1: only of the first is it known" in one.text()
        assert subject == one.app.board.page.subject


async def test_j_and_k_go_through_the_rows_behind_the_inspector(desk) -> None:
    async with desk(size=(80, 24)) as one:
        await one.press("2", "enter")
        before = one.app.board.page.subject
        await one.press("j")
        after = one.app.board.page.subject
        assert before != after
        assert f"SOCKET s{after.socket}" in one.text()


async def test_the_engine_is_asked_for_details_of_what_the_cursor_is_on_and_of_nothing_else(
    desk,
) -> None:
    async with desk() as one:
        starved = one.source.watched
        assert ("starved", None) == (starved.agent, starved.request)
        await one.press("3")
        subject = one.app.board.page.subject
        assert isinstance(subject, RequestSubject)
        assert subject.request == one.source.watched.request


async def test_a_heading_that_is_clicked_sorts_and_the_other_way_round_again(desk) -> None:
    async with desk() as one:
        heading = next(i for i, line in enumerate(one.screen()) if " HOST " in line)
        x = one.screen()[heading].index(" HOST ") + 2
        await one.pilot.click(offset=(x, heading))
        await one.pilot.pause()
        assert "sort HOST asc" in one.text()
        await one.pilot.click(offset=(x, heading))
        await one.pilot.pause()
        assert "sort HOST desc" in one.text()


async def test_the_workload_that_the_cursor_is_on_can_be_edited(desk) -> None:
    async with desk() as one:
        await one.press("4", "e")
        assert "EDIT workload load (pinned)" in one.text()
        assert "rate" in one.text()
        await one.press("x")
        assert "must be a number above 0" in one.text()
        await one.press("escape")
        assert [] == one.source.edits


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 34), (183, 47), (184, 48), (300, 100)])
async def test_every_page_is_laid_out_whole_at_the_edges_of_the_modes(desk, size) -> None:
    async with desk(ScriptedSource(demo_agents()), size=size) as one:
        for key in ("1", "2", "3", "4", "5"):
            await one.press(key)
            assert "q quit" in one.screen()[-1] or "? help" in one.screen()[-1], key


async def test_g_goes_from_a_socket_to_its_request_and_back(desk) -> None:
    async with desk() as one:
        await one.press("2")
        socket = one.app.board.page.subject
        await one.press("g")
        assert "running (v: queued)" in one.text()
        request = one.app.board.page.subject
        assert isinstance(request, RequestSubject)
        await one.press("g")
        assert socket == one.app.board.page.subject


async def test_a_wide_screen_has_the_workloads_beside_the_events(desk) -> None:
    async with desk(size=(200, 60)) as one:
        assert "WORKLOADS 1  (4)" in one.text()
        await one.pilot.resize_terminal(120, 40)
        await one.step()
        assert "WORKLOADS 1  (4)" not in one.text()


async def test_a_click_on_a_pages_name_shows_it(desk) -> None:
    async with desk() as one:
        x = one.screen()[1].index("Workloads")
        await one.pilot.click(offset=(x, 1))
        await one.pilot.pause()
        assert "WORKLOADS 1" in one.text()
