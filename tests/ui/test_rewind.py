"""Walking through the kept past: all panes at one instant."""

from __future__ import annotations


async def test_a_comma_goes_back_an_instant_and_freezes(desk) -> None:
    async with desk() as one:
        await one.press("comma")
        assert "FROZEN" in one.screen()[0]
        assert "0s behind" in one.screen()[0] or "1s behind" in one.screen()[0]
        shown = one.app.timeline.frozen
        assert shown.at < one.app.history.latest.at


async def test_table_plot_and_log_are_of_the_same_instant(desk) -> None:
    async with desk(steps=20) as one:
        one.source.say("ERROR", "late.host", "after that")
        await one.step()
        queued = one.app.board.pools.rows[0].queued
        await one.press("comma", "comma")
        assert one.app.board.pools.rows[0].queued < queued
        assert "after that" not in one.text()
        await one.press("full_stop", "full_stop")
        assert queued == one.app.board.pools.rows[0].queued
        assert "after that" in one.text()


async def test_the_past_goes_on_being_collected_while_it_is_looked_at(desk) -> None:
    async with desk() as one:
        await one.press("comma")
        held = one.app.timeline.frozen
        await one.step(times=5)
        assert held is one.app.timeline.frozen
        await one.press("full_stop", "full_stop", "full_stop")
        assert one.app.timeline.frozen.at > held.at


async def test_end_is_live_again(desk) -> None:
    async with desk() as one:
        await one.press("comma", "comma", "end")
        assert one.app.timeline.frozen is None
        assert "LIVE" in one.screen()[0]


async def test_a_full_stop_while_the_screen_follows_freezes_nothing_and_says_so(desk) -> None:
    async with desk() as one:
        await one.press("full_stop")
        assert one.app.timeline.frozen is None
        assert "this is the newest" in one.text()


async def test_a_comma_where_nothing_is_kept_before_freezes_nothing(desk) -> None:
    async with desk(steps=1) as one:
        one.app.timeline.rewind.clear()
        await one.press("comma")
        assert one.app.timeline.frozen is None
        assert "nothing kept before" in one.text()


async def test_the_ends_of_the_past_are_said_and_nothing_breaks(desk) -> None:
    async with desk(steps=3) as one:
        await one.press(*["less_than_sign"] * 3)
        await one.press("comma")
        assert "nothing kept before" in one.text()
        await one.press(*["greater_than_sign"] * 3)
        await one.press("full_stop")
        assert "this is the newest" in one.text()


async def test_b_goes_to_the_last_edit_and_on_again(desk) -> None:
    async with desk() as one:
        await one.press("e", "9", "enter")
        await one.step(times=12)
        await one.press("B")
        edited = one.app.timeline.frozen
        assert edited is not None
        assert one.app.history.latest.at - edited.at > 5
        for _ in range(5):
            await one.press("B")
        assert "no edit or alert before" in one.text()
        first = one.app.timeline.frozen
        assert first.at < edited.at
        await one.press("b")
        assert one.app.timeline.frozen.at > first.at


async def test_b_goes_from_edit_to_edit_however_far_apart_the_instants_are(desk) -> None:
    async with desk(steps=1) as one:
        for number in range(30):
            if number in (5, 15, 25):
                say_later(one.source, 1.5, f"edit {number}")
            await one.step(5.0)
        instants = one.app.timeline.rewind.instants
        seen = [await pressed(one, "B") for _ in range(3)]
        assert [instants[26], instants[16], instants[6]] == seen
        assert "edit 5" in one.text()
        assert [instants[16], instants[26]] == [await pressed(one, "b") for _ in range(2)]
        await one.press("b")
        assert "no edit or alert after" in one.text()


async def test_landmarks_older_than_what_is_kept_are_said_to_be(desk) -> None:
    async with desk(steps=1) as one:
        one.source.say("EDIT", "kept", "the first")
        await one.step()
        await one.step(30.0, times=22)
        one.source.say("EDIT", "kept", "the second")
        await one.step()
        held = await pressed(one, "B")
        assert held == await pressed(one, "B")
        assert "the edit or alert before is older than what is kept" in one.text()


async def pressed(one, key: str) -> float:
    """Give the instant that a key leads to."""
    await one.press(key)
    return one.app.timeline.frozen.at


def say_later(source, seconds: float, text: str) -> None:
    source._at += seconds
    source.say("EDIT", "kept", text)
    source._at -= seconds


async def test_an_edit_on_a_frozen_screen_is_of_what_is_now(desk) -> None:
    async with desk() as one:
        await one.press("e", "9", "enter")
        await one.step()
        await one.press("comma", "comma", "comma", "e")
        assert "maxSockets*[9_]" in one.text()


async def test_where_a_host_was_not_there_yet_no_other_instants_plots_stand_for_it(desk) -> None:
    async with desk() as one:
        agents, one.source.agents = one.source.agents, []
        await one.step()
        assert "no host at this instant" in one.text()
        assert "IN USE 0.." not in one.text()
        one.source.agents = agents
        await one.step()
        assert "IN USE 0..4" in one.text()


async def test_the_log_fills_its_new_height_without_waiting_for_an_update(desk) -> None:
    async with desk(size=(80, 24)) as one:
        for number in range(30):
            one.source.say("ERROR", f"h{number}", "failed")
        await one.step()
        await one.pilot.resize_terminal(120, 60)
        await one.pilot.pause()
        assert one.app.board.log.size.height == len(one.app.board.log.lines)
