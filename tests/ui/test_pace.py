"""Frames that take too much of the machine become fewer, and the header says so."""

from __future__ import annotations

from itertools import pairwise

import pytest
from scripted_source import ScriptedSource, demo_agents

from pooltop.ui.app import PoolTopApp
from pooltop.ui.pace import DEAR, RAREST, ROOM, Pace, rate_words

INTERVAL_S = 0.25


class Machine:
    """Updates at an interval, each of which takes a share of it, drawn or not, or drawn alone."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.at = self.spent = 0.0

    def run(self, updates: int, share: float, drawing: float = 0.0) -> int:
        """Give how many of these were drawn."""
        drawn = 0
        for _ in range(updates):
            self.at += INTERVAL_S
            self.spent += share * INTERVAL_S
            draws = self.pace.take(self.at, self.spent)
            self.spent += draws * drawing * INTERVAL_S
            drawn += draws
        return drawn


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_every_update_is_drawn_while_a_frame_takes_less_than_its_share(machine: Machine) -> None:
    assert 100 == machine.run(100, DEAR - 0.01)
    assert 1 == machine.pace.every


def test_one_dear_frame_changes_nothing(machine: Machine) -> None:
    for _ in range(10):
        machine.run(1, 0.9)
        machine.run(1, 0.1)

    assert 1 == machine.pace.every


def test_frames_that_stay_dear_are_drawn_half_as_often_and_half_again_to_a_bound(
    machine: Machine,
) -> None:
    machine.run(4, 0.9)
    assert 2 == machine.pace.every
    assert 5 == machine.run(10, DEAR - 0.01)

    machine.run(200, 0.9)
    assert RAREST == machine.pace.every


def test_they_are_drawn_more_often_again_when_the_machine_has_room(machine: Machine) -> None:
    machine.run(4, 0.2, drawing=0.36)
    assert 2 == machine.pace.every

    machine.run(100, 0.2, drawing=0.36)
    assert 2 == machine.pace.every

    machine.run(40, DEAR * ROOM - 0.21, drawing=0.1)
    assert 1 == machine.pace.every
    assert 100 == machine.run(100, DEAR * ROOM - 0.21, drawing=0.1)


def test_what_comes_with_every_update_does_not_keep_drawing_rare(machine: Machine) -> None:
    machine.run(60, 0.3, drawing=0.8)
    assert 4 <= machine.pace.every

    machine.run(400, 0.3, drawing=0.02)
    assert 1 == machine.pace.every


def test_a_rate_that_was_found_too_dear_is_not_tried_every_other_moment(machine: Machine) -> None:
    machine.run(40, 0.25, drawing=0.2)
    changes, last = 0, machine.pace.every
    for _ in range(400):
        machine.run(1, 0.25, drawing=0.2)
        changes += machine.pace.every != last
        last = machine.pace.every
    assert (0, 2) == (changes, last)


@pytest.mark.parametrize(
    ("every", "words"), [(1, "4/s"), (2, "4/s -> 2/s"), (4, "4/s -> 1/s"), (8, "4/s -> 0.5/s")]
)
def test_the_rate_is_told_with_what_it_was_halved_from(every: int, words: str) -> None:
    assert words == rate_words(INTERVAL_S, every)


async def test_the_dashboard_halves_its_rate_says_so_and_still_draws_at_every_key() -> None:
    source = ScriptedSource(demo_agents())
    now = spent = 0.0
    app = PoolTopApp(source, clock=lambda: now, spent=lambda: spent)

    def header() -> str:
        return "".join(text for text, _ in app.board.header.lines[0])

    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for _ in range(6):
            now, spent = now + 0.5, spent + 0.4
            source.step(0.5)
            await pilot.pause()
        assert "LIVE  2/s -> 1/s" in header()

        headers = [header()]
        for _ in range(4):
            now, spent = now + 0.5, spent + 0.1
            source.step(0.5)
            await pilot.pause()
            headers.append(header())
        changes = [one != other for one, other in pairwise(headers)]
        assert changes in ([True, False] * 2, [False, True] * 2)

        source.step(0.5)
        await pilot.pause()
        await pilot.press("z")
        assert "win 2m" in header()
