"""The dashboard over lists of snapshots: what is seen, and what keys do."""

from __future__ import annotations

import asyncio

import pytest
from scripted_source import ScriptedSource, SimAgent, SimHost, demo_agents

from pooltop.core.model import AgentOptions
from pooltop.errors import EngineError
from pooltop.ui.app import PoolTopApp


async def test_the_first_frame_waits_for_the_engine_in_words(desk) -> None:
    async with desk(steps=0) as one:
        assert "waiting for the engine" in one.text()
        assert "WAITING" in one.screen()[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_pane_is_on_the_screen(desk, size) -> None:
    async with desk(size=size) as one:
        text = one.text()
        for part in (
            "pooltop demo",
            "LIVE",
            "req/s",
            "UNLOCKED",
            "NODE",
            "starved.localhost:8081 saturated",
            "HOSTS 4",
            "QUEUE",
            "IN USE 0..4, limit 4",
            "SOCKETS 4/4",
            "LIMITS starved",
            "maxSockets[4]",
            "EVENTS",
            "? help",
            "q quit",
        ):
            assert part in text, part


async def test_the_queue_head_is_shown_where_there_is_room(desk) -> None:
    async with desk(size=(120, 40)) as one:
        assert "QUEUE HEAD" in one.text()
        assert "checkout/pay" in one.text()


async def test_a_wide_screen_lists_sockets_with_what_the_kernel_sees_of_them(desk) -> None:
    async with desk(size=(200, 60)) as one:
        text = one.text()
        for part in ("TIME_WAIT 0 peer 0  rtt 400us", "RESENT", "cwnd 10", "REMOTE"):
            assert part in text, part
        assert "SESSION" in text
        assert any(" 400us " in line and "127.0.0.1:" in line for line in one.screen())


async def test_a_small_screen_gives_the_kernel_no_room_of_others(desk) -> None:
    async with desk(size=(80, 24)) as one:
        for part in ("TWAIT", "TIME_WAIT", "400us"):
            assert part not in one.text(), part


async def test_time_wait_grows_where_keep_alive_is_off(desk) -> None:
    async with desk(size=(120, 40)) as one:
        while one.cursor() != "closed":
            await one.press("j")
        held = one.source.snapshot().agents[1].origins[0].time_wait.ours
        assert held > 0
        assert f"TIME_WAIT {held} peer 0" in one.text()


async def test_a_host_whose_certificates_nobody_checks_is_marked_and_named(desk) -> None:
    source = ScriptedSource(demo_agents())
    source.agents[3].hosts[0].verified = False
    async with desk(source, size=(80, 24)) as one:
        assert any("u" in line[:6] and "secure" in line for line in one.screen())
        await one.pilot.resize_terminal(120, 40)
        while one.cursor() != "secure":
            await one.press("j")
        await one.step()
        assert "NOT VERIFIED" in one.text()


async def test_the_cursor_stays_on_its_host_while_rows_re_sort(desk) -> None:
    async with desk() as one:
        before = one.hosts()
        assert "starved" == before[0] == one.cursor()
        await one.press("j")
        chosen = one.cursor()
        starved = next(a for a in one.source.agents if a.name == "starved")
        starved.hosts[0].queue.clear()
        other = next(a for a in one.source.agents if a.name not in {chosen, "starved"})
        other.options = AgentOptions(max_sockets=1, keep_alive=True)
        one.clock.now += 10
        await one.step(times=3)
        assert before != one.hosts()
        assert chosen == one.cursor()
        line = next(line for line in one.screen() if line.lstrip("│ ").startswith(">"))
        assert chosen in line


async def test_the_order_is_held_while_the_reader_moves(desk) -> None:
    async with desk() as one:
        before = one.hosts()
        await one.press("j")
        for agent in one.source.agents:
            agent.hosts[0].queue.clear()
        one.source.agents[0].options = AgentOptions(max_sockets=1)
        await one.step(1.0)
        assert before == one.hosts()
        assert "order held while you move" in one.text()
        one.clock.now += 10
        await one.step(1.0)
        assert before != one.hosts()


async def test_a_cursor_whose_host_is_gone_goes_to_its_place(desk) -> None:
    async with desk() as one:
        await one.press("j", "j", "j")
        gone = one.cursor()
        one.source.agents = [a for a in one.source.agents if a.name != gone]
        await one.step()
        assert gone != one.cursor()
        assert one.cursor() in {a.name for a in one.source.agents}


async def test_sorting_cycles_and_is_named(desk) -> None:
    async with desk() as one:
        for title in ("OLDEST desc", "WAIT95 desc", "SVC95 desc", "REQ/S desc", "DIAL/S desc"):
            await one.press("s")
            assert f"sort {title}" in one.text()
        while "sort HOST" not in one.text():
            await one.press("s")
        assert "sort HOST asc" in one.text()
        assert ["closed", "kept", "secure", "starved"] == one.hosts()
        await one.press("I")
        assert "sort HOST desc" in one.text()
        assert ["starved", "secure", "kept", "closed"] == one.hosts()


async def test_a_filter_acts_while_it_is_typed_and_never_breaks(desk) -> None:
    async with desk() as one:
        await one.press("slash", "s", "left_square_bracket")
        assert [] == one.hosts()
        assert "no hosts match the filter" in one.text()
        await one.press("backspace", *"tarv")
        assert ["starved"] == one.hosts()
        await one.press("enter", "s")
        assert "filter /starv" in one.text()
        await one.press("escape")
        assert 4 == len(one.hosts())


async def test_q_in_a_filter_is_a_letter(desk) -> None:
    async with desk() as one:
        await one.press("slash", "q", "P", "e")
        assert "filter /qPe_" in one.text()
        assert one.app.is_running
        assert [] == one.source.controls


async def test_a_frozen_screen_holds_one_instant_while_collection_goes_on(desk) -> None:
    async with desk() as one:
        await one.press("space")
        before = one.screen()
        await one.step(times=3)
        one.source.say("ERROR", "late.host", "after the freeze")
        await one.step()
        after = one.screen()
        assert "FROZEN" in after[0]
        assert "2s behind" in after[0]
        assert before[1:] == after[1:]
        assert one.app.history.latest.seq == 12
        await one.press("space")
        assert "after the freeze" in one.text()
        assert "LIVE" in one.screen()[0]


async def test_a_frozen_screen_can_still_be_explored(desk) -> None:
    async with desk() as one:
        await one.press("space")
        frozen = one.app.timeline.frozen
        await one.step(times=4)
        await one.press("j", "s", "Z")
        assert frozen is one.app.timeline.frozen
        assert "win 30s" in one.screen()[0]


async def test_windows_and_plots_are_chosen(desk) -> None:
    async with desk() as one:
        await one.press("z")
        assert "win 2m" in one.text()
        await one.press("m")
        assert "starved.localhost:8081  IN USE" in one.text()
        assert "WAIT _p50" not in one.text()
        await one.press("m", "m")
        assert "WAIT _p50" in one.text()
        assert "IN USE 0..4" not in one.text()
        await one.press("m")
        assert "SERVICE _p50" in one.text()
        await one.press("m")
        assert "IN USE 0..4" in one.text()


async def test_a_page_of_the_help_leaves_one_line_that_was_seen(desk) -> None:
    async with desk() as one:
        await one.press("question_mark")
        before = one.text().splitlines()
        await one.press("pagedown")
        after = one.text().splitlines()
        first = next(i for i, line in enumerate(before) if "HELP" in line) + 1
        last = max(i for i, line in enumerate(before) if line.startswith("│"))
        assert before[last] == after[first]


async def test_help_defines_every_key_column_and_glyph(desk) -> None:
    async with desk() as one:
        await one.press("question_mark")
        seen = ""
        for _ in range(60):
            seen += one.text()
            await one.press("pagedown")
        for part in (
            "stop everything at once",
            "undo the last edit",
            "saturated: requests wait",
            "idle, kept alive",
            "Idle sockets kept alive now",
            "95 % of the requests given",
            "unverified: its certificates",
            "Congestion window: segments",
            "closed connections that the kernel keeps",
            "the first name in the server's certificate",
            "raising a limit dials nothing",
        ):
            assert part in seen, part
        await one.press("escape")
        assert "HOSTS 4" in one.text()


async def test_the_end_of_the_source_is_said_and_the_last_picture_stays(desk) -> None:
    async with desk() as one:
        one.source.end("killed by signal 9")
        await one.pilot.pause()
        assert "ENDED" in one.screen()[0]
        assert "killed by signal 9" in one.text()
        assert "starved.localhost:8081" in one.text()
        await one.press("e")
        assert "refused: the engine has ended" in one.text()
        assert [] == one.source.edits


async def test_what_was_said_gives_the_key_line_back_with_or_without_an_update(desk) -> None:
    async with desk() as one:
        await one.press("2", "K")
        assert "no edit is about to be put back" in one.screen()[-1]
        one.clock.now += 9
        await one.step()
        assert "no edit is about to be put back" in one.screen()[-1]
        one.clock.now += 2
        one.app._tick()
        await one.pilot.pause()
        assert "q quit" in one.screen()[-1]


@pytest.mark.parametrize("word", ["SILENT", "ENDED"])
async def test_a_frozen_screen_says_what_is_the_matter_and_keeps_its_numbers(desk, word) -> None:
    async with desk() as one:
        await one.press("space")
        before = [row.words for row in one.app.board.pools.rows]
        assert not any("no data" in words for words in before)
        if word == "ENDED":
            one.source.end("exit 1")
        else:
            one.clock.now += 60
            one.app._tick()
        await one.pilot.pause()
        header = one.screen()[0]
        assert header.index("FROZEN") < header.index(word)
        assert before == [row.words for row in one.app.board.pools.rows]
        await one.press("space")
        assert "FROZEN" not in one.screen()[0]
        assert all("no data" in row.words for row in one.app.board.pools.rows)


async def test_a_silent_engine_is_called_so(desk) -> None:
    async with desk() as one:
        one.clock.now += 60
        one.app._tick()
        await one.pilot.pause()
        assert "SILENT" in one.screen()[0]
        await one.step()
        assert "LIVE" in one.screen()[0]


async def test_an_engine_that_cannot_be_started_is_said_in_words(desk) -> None:
    class Dead(ScriptedSource):
        async def start(self, on_update, on_end) -> None:
            raise EngineError("port taken \x1b[31m")

    async with desk(Dead([]), steps=0) as one:
        assert "could not be started: port taken \\x1b[31m" in one.text()
        await one.press("q")
    assert 1 == one.app.return_code


async def test_several_updates_before_a_frame_are_drawn_once(desk, monkeypatch) -> None:
    async with desk() as one:
        frames = []
        draw = one.app.redraw
        monkeypatch.setattr(one.app, "redraw", lambda: (frames.append(1), draw()))
        for _ in range(20):
            one.source.step(0.1)
        await one.pilot.pause()
        assert len(frames) <= 2


async def test_two_interrupts_leave_at_once_and_one_does_not(desk) -> None:
    async with desk() as one:
        await one.press("ctrl+c")
        assert "ctrl+c again leaves at once" in one.text()
        assert one.app.is_running
        one.clock.now += 5
        await one.press("ctrl+c")
        assert one.app.is_running
        await one.press("ctrl+c")
    assert (True, 130) == (one.app.forced, one.app.return_code)


async def test_q_leaves_in_order(desk) -> None:
    async with desk() as one:
        await one.press("q")
    assert 0 == one.app.return_code


async def test_a_click_moves_the_cursor_to_the_host(desk) -> None:
    async with desk() as one:
        await one.pilot.click("#pools-table", offset=(20, 4))
        await one.pilot.pause()
        assert one.cursor() == one.app.board.pools.rows[2].id.agent


async def test_twelve_hundred_hosts_scroll_under_a_fixed_heading(desk) -> None:
    hosts = [SimHost(f"h{n:04}", 80, rate=0) for n in range(1200)]
    async with desk(ScriptedSource([SimAgent("many", AgentOptions(), hosts)]), steps=1) as one:
        await one.press("end")
        assert "h1199:80" in one.text()
        assert "USE/MAX" in one.text()
        await one.press("home")
        assert "h0000:80" in one.text()


async def test_every_theme_of_textual_can_be_worn(desk) -> None:
    async with desk(steps=2) as one:
        for name in one.app.available_themes:
            one.app.theme = name
            await one.pilot.pause()
            assert "starved" in one.text()


async def test_ascii_terminals_get_ascii(desk) -> None:
    async with desk(ascii_only=True) as one:
        for pane in (*one.app.board.pools.plots.panes_of, one.app.board.pools.table):
            for line in pane.lines:
                assert "".join(text for text, _ in line).replace("\u2026", "").isascii()


async def test_a_failure_of_the_dashboard_tells_where_and_never_with_what(capsys) -> None:
    source = ScriptedSource(demo_agents())
    app = PoolTopApp(source)

    def explode() -> None:
        secret = "hunter2"  # noqa: F841 - a local that must not be printed
        raise ZeroDivisionError("a\x1b[31m")

    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            app.call_later(explode)
            await pilot.pause()
            await asyncio.sleep(0)
    printed = "".join(str(part) for part in app._exit_renderables) + "".join(capsys.readouterr())
    assert 1 == app.return_code
    assert "ZeroDivisionError: a\\x1b[31m" in printed
    assert "hunter2" not in printed.replace('secret = "hunter2"', "")
    assert "secret =" not in printed.replace('secret = "hunter2"', "")
