"""A player goes where it is told to, and gives a viewer the past that belongs to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pooltop.core.edits import Control, Edit
from pooltop.errors import UsageError
from pooltop.present.history import WINDOWS_S, History, HostId
from pooltop.present.moments import HOLD_S
from pooltop.sources.base import Update
from pooltop.sources.playback import PlayerSource
from pooltop.sources.player import SPEEDS, Player
from pooltop.sources.recording_reader import Recording

if TYPE_CHECKING:
    from conftest import Story, Viewer, Write

Open = Callable[[str], Recording]


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.now = 5000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


Play = Callable[[list[Update]], Player]


@pytest.fixture
def clock() -> Clock:
    """Set the time by hand."""
    return Clock()


@pytest.fixture
def play(write: Write, opened: Open, clock: Clock) -> Play:
    """Make a player of a recording of these updates."""
    return lambda updates: Player(opened(write(updates)), clock=clock)


def _given(player: Player) -> list[tuple[float, bool]]:
    """Give what a viewer is given now: seconds since the start, and whether it is past."""
    given = []
    while (update := player.next_update()) is not None:
        given.append((update.snapshot.at - 100.0, update.past))
    return given


def _entries(player: Player) -> list[int]:
    given = []
    while (update := player.next_update()) is not None:
        given += [entry.seq for entry in update.entries]
    return given


def test_it_plays_as_time_goes_by(story: Story, play: Play, clock: Clock) -> None:
    player = play(story.updates(3))

    assert ([(0.0, False)], 0.5) == (_given(player), player.due_s())
    clock.now += 0.4
    assert ([], pytest.approx(0.1)) == (_given(player), player.due_s())
    clock.now += 0.1
    assert [(0.5, False)] == _given(player)
    clock.now += 1.0
    assert [(1.5, False)] == _given(player)
    assert (1.5, 3.0, False, True) == (
        player.position_s,
        player.length_s,
        player.at_end,
        player.playing,
    )


def test_its_time_begins_when_somebody_looks(story: Story, play: Play, clock: Clock) -> None:
    player = play(story.updates(3))
    clock.now += 60
    assert [(0.0, False)] == _given(player)


def test_at_the_end_it_stands_still_and_plays_again_from_the_start(
    story: Story, play: Play, clock: Clock
) -> None:
    player = play(story.updates(3))
    _given(player)
    clock.now += 60
    assert (3.0, False) == _given(player)[-1]
    assert (False, True, None) == (player.playing, player.at_end, player.due_s())

    player.toggle()
    assert ([(0.0, False)], True) == (_given(player), player.playing)


def test_a_pause_holds_it(story: Story, play: Play, clock: Clock) -> None:
    player = play(story.updates(5))
    _given(player)
    clock.now += 1.0
    player.toggle()
    clock.now += 50.0
    assert ([(1.0, False)], None) == (_given(player), player.due_s())

    player.toggle()
    assert 0.5 == player.due_s()
    clock.now += 0.5
    assert [(1.5, False)] == _given(player)


@pytest.mark.parametrize(("faster", "speed", "position"), [(1, 2.0, 8.0), (2, 4.0, 16.0)])
def test_faster_it_goes_on_from_where_it_is(
    story: Story, play: Play, clock: Clock, faster: int, speed: float, position: float
) -> None:
    player = play(story.updates(30))
    _given(player)
    for _ in range(faster):
        player.faster()
    clock.now += 4.0

    assert (speed, (position, False)) == (player.speed, _given(player)[-1])
    player.slower()
    clock.now += 1.0
    assert (position + speed / 2, False) == _given(player)[-1]


def test_a_change_of_speed_loses_no_time(story: Story, play: Play, clock: Clock) -> None:
    player = play(story.updates(30))
    _given(player)
    clock.now += 0.3
    player.faster()
    clock.now += 0.1
    assert [(0.5, False)] == _given(player)


def test_speeds_stop_at_their_ends(story: Story, play: Play) -> None:
    player = play(story.updates(1))
    for _ in range(20):
        player.faster()
    assert SPEEDS[-1] == player.speed == 64
    for _ in range(20):
        player.slower()
    assert SPEEDS[0] == player.speed == 0.25


def test_however_fast_it_is_not_drawn_more_than_ten_times_a_second(
    story: Story, play: Play
) -> None:
    player = play(story.updates(30))
    _given(player)
    for _ in range(8):
        player.faster()
    assert 0.1 == player.due_s()


def test_steps_pause_it_and_stop_at_the_ends(story: Story, play: Play) -> None:
    player = play(story.updates(2))
    _given(player)
    moments = []
    for step in (1, 1, -1, 10, 1, -10, -1):
        player.step(step)
        _given(player)
        moments.append(player.position_s)
    assert [0.5, 1.0, 0.5, 2.0, 2.0, 0.0, 0.0] == moments
    assert not player.playing


def test_back_a_viewer_begins_anew_with_ten_minutes_before_the_moment(
    story: Story, play: Play
) -> None:
    player = play(story.updates(1000))
    player.end()
    _given(player)

    player.seek(100.0 + 900.0)
    given = _given(player)

    times = [at for at, _ in given]
    assert (300.0, 900.0) == (times[0], times[-1])
    assert [True] * (len(given) - 1) + [False] == [past for _, past in given]
    assert {1.0} == {b - a for a, b in pairwise(times) if a >= 780}
    assert {2.5} == {b - a for a, b in pairwise(times) if b < 780}
    assert len(given) < 600


def test_forward_a_viewer_is_given_what_lies_between(story: Story, play: Play) -> None:
    player = play(story.updates(20))
    _given(player)
    player.seek(100.0 + 10.2)
    assert [(float(s), s < 10) for s in range(1, 11)] == _given(player)


def test_no_journal_entry_is_lost_on_the_way_forward(story: Story, play: Play) -> None:
    player = play(story.updates(1000, step=1.0))
    assert [1] == _entries(player)
    player.seek(100.0 + 990)
    assert [s * 2 + 1 for s in range(1, 991)] == _entries(player)


def test_back_the_journal_is_that_of_the_ten_minutes(story: Story, play: Play) -> None:
    player = play(story.updates(1000, step=1.0))
    player.end()
    _entries(player)
    player.seek(100.0 + 700)
    assert [s * 2 + 1 for s in range(101, 701)] == _entries(player)
    player.seek(100.0 + 300)
    assert [s * 2 + 1 for s in range(301)] == _entries(player)


def test_another_key_while_it_is_on_its_way_leads_elsewhere(story: Story, play: Play) -> None:
    player = play(story.updates(100))
    player.end()
    _given(player)
    player.seek(100.0 + 50)
    for _ in range(5):
        update = player.next_update()
        assert update is not None
        assert update.past

    player.start()

    assert [(0.0, False)] == _given(player)


@pytest.mark.parametrize(("at", "position"), [(0.0, 0.0), (101.4, 1.0), (1e9, 3.0)])
def test_a_time_is_shown_by_the_latest_moment_up_to_it(
    story: Story, play: Play, at: float, position: float
) -> None:
    player = play(story.updates(3))
    player.seek(at)
    assert position == player.position_s


def test_bookmarks_are_gone_to_in_both_directions(story: Story, play: Play) -> None:
    player = play([story.update(s, queued=2 * (s in (15, 40))) for s in range(60)])
    visited = []
    while (mark := player.next_bookmark()) is not None:
        visited.append((player.position_s, mark.kind))
    assert [(15.0, "alert"), (40.0, "alert")] == visited
    assert (2, player.bookmarks[-1], False) == (
        len(player.bookmarks),
        player.bookmark,
        player.playing,
    )
    player.seek(player.at - 1)
    assert None is player.bookmark
    assert player.bookmarks[0] == player.previous_bookmark()
    assert None is player.previous_bookmark()


def test_a_damaged_moment_is_said_and_the_one_before_stands_in(
    story: Story, write: Write, opened: Open, clock: Clock
) -> None:
    path = write(story.updates(5))
    with Recording(path) as whole:
        offset = whole._snapshots[4].offset
    data = bytearray(Path(path).read_bytes())
    data[offset + 40] ^= 1
    Path(path).write_bytes(data)
    player = Player(opened(path), clock=clock)

    player.seek(102.0)
    *_, last = iter(player.next_update, None)

    assert (101.0, False) == (last.snapshot.at, last.past)
    assert "this moment is damaged in the recording: it is left out" == last.entries[-1].text


def test_what_is_wrong_with_the_file_is_in_the_journal_once(
    story: Story, write: Write, opened: Open, clock: Clock
) -> None:
    path = write(story.updates(5), finished=False)
    os.truncate(path, os.path.getsize(path) - 1)
    player = Player(opened(path), clock=clock)

    first = player.next_update()
    assert first is not None
    assert ["entry 1", player.note] == [entry.text for entry in first.entries]
    player.step(1)
    following = player.next_update()
    assert following is not None
    assert ["entry 2"] == [entry.text for entry in following.entries]


def test_back_rates_and_plots_are_those_of_a_viewer_who_was_there(story: Story, play: Play) -> None:
    updates = [story.update(n / 2, queued=n % 7) for n in range(2 * 900)]
    there, back = History(), History()
    for update in updates:
        if update.snapshot.at <= 800.0:
            there.add(update.snapshot)
    player = play(updates)
    player.end()
    for update in iter(player.next_update, None):
        back.add(update.snapshot)
    player.seek(800.0)
    for update in iter(player.next_update, None):
        back.add(update.snapshot)

    latest = there.latest
    assert latest is not None
    assert latest == back.latest
    agent = latest.agents[0]
    host = HostId(agent.name, agent.origins[0].key)
    for window in WINDOWS_S:
        seen, now = (h.rates(host, 800.0, window) for h in (there, back))
        assert pytest.approx(seen.req_s, rel=0.01) == now.req_s
    times = list(back.track(host).at)
    assert 200.0 == times[0]
    assert HOLD_S > max(b - a for a, b in pairwise(times))


# As a source


async def test_it_is_a_source_that_nothing_can_be_asked_of(
    story: Story, play: Play, viewer: Viewer
) -> None:
    source = PlayerSource(play(story.updates(3)))
    await source.start(viewer.on_update, viewer.on_end)
    source.watch(None)

    outcome = await source.submit(Edit(id=7, option="max_sockets", value=1))
    assert (7, False, "this is a recording: nothing in it can be changed") == (
        outcome.id,
        outcome.accepted,
        outcome.error,
    )
    with pytest.raises(UsageError, match="this is a recording: nothing in it can be changed"):
        await source.control(Control(action="stop"))
    with pytest.raises(UsageError, match="this source was started before"):
        await source.start(viewer.on_update, viewer.on_end)
    assert ("p.toml", "a recording") == (source.title, source.fixed)
    await source.close()
    await source.close()


async def test_keys_wake_it_and_time_does(
    story: Story, play: Play, viewer: Viewer, clock: Clock
) -> None:
    player = play(story.updates(30))
    source = PlayerSource(player)
    await source.start(viewer.on_update, viewer.on_end)
    await viewer.until(lambda: len(viewer.updates) == 1)

    player.seek(100.0 + 20)
    await viewer.until(lambda: viewer.updates[-1].snapshot.at == 120.0)
    clock.now += 0.5  # the timer is the loop's own: it looks again after half a second at most
    await viewer.until(lambda: viewer.updates[-1].snapshot.at == 120.5)

    player.pause()
    player.step(-1)
    await viewer.until(lambda: viewer.updates[-1].snapshot.at == 120.0)
    await source.close()
    assert [] == viewer.ends
