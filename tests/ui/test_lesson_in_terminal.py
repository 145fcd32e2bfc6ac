"""A lesson as who sits before it plays it: the command, its engine, its hosts, and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.pseudo_terminal import PseudoTerminal, pooltop

from pooltop.lessons.catalogue import find_lesson
from pooltop.lessons.words import LETTERS


@pytest.fixture
def playing() -> Iterator[Callable[[str], PseudoTerminal]]:
    """Give lessons in terminals of their own."""
    begun: list[PseudoTerminal] = []

    def play(name: str) -> PseudoTerminal:
        begun.append(PseudoTerminal(pooltop("demo", "lesson", name)))
        return begun[-1]

    yield play
    for terminal in begun:
        terminal.close()


# One of two looks at one load, one whose second step is an edit, and one over TLS with two hosts.
@pytest.mark.parametrize("name", ["queue", "raise-limit", "tls-resumption"])
def test_each_step_is_asked_predicted_run_and_judged_over_live_traffic(playing, name):
    lesson = find_lesson(name)
    assert lesson is not None
    terminal = playing(name)
    place = terminal.wait_for("LOAD PAUSED")  # an instant is there to begin from
    for number, step in enumerate(lesson.steps, 1):
        terminal.type(LETTERS[step.answer] + "\r")
        place = terminal.wait_for(f"{number} of {number} predicted", after=place)
        place = terminal.wait_for("You were right", after=place)
        terminal.type("n")
    steps = len(lesson.steps)
    terminal.wait_for(f"{steps} of {steps} claims held; {steps} predicted rightly.", after=place)
    assert b"NOT HELD" not in terminal.seen
    terminal.type("q")
    assert 0 == terminal.end()
    assert [] == terminal.left_over
