"""The course of a lesson, by hand: snapshots that never ran."""

from __future__ import annotations

import pytest

from pooltop.core.edits import Control
from pooltop.core.snapshot import Snapshot
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.player import LessonPlayer, Phase


def at(seconds: float) -> Snapshot:
    """Give an empty picture of an instant."""
    return Snapshot(seq=1, at=seconds, wall_at=0.0)


def lesson_of(*limits: float) -> Lesson:
    """Give a lesson whose steps are over after so many seconds, and hold."""
    steps = tuple(
        Step(
            question="What?",
            choices=("this", "that"),
            answer=1,
            does="something",
            do=resume("load"),
            look="there",
            until=lambda seen, limit=limit: seen.span_s >= limit,
            claim=lambda seen: Verdict(True, "Seen.", (Number("span", seen.span_s, "s"),)),
            why=("one", "two"),
            most_s=4.0,
        )
        for limit in limits
    )
    return Lesson(
        name="made-up",
        title="Made up",
        terms=("none",),
        about="Nothing.",
        profile="",
        steps=steps,
        cure=(),
    )


@pytest.fixture
def player() -> LessonPlayer:
    """Play a lesson of two steps of 2 and of 3 seconds."""
    return LessonPlayer(lesson_of(2.0, 3.0))


def test_a_step_is_predicted_run_seen_and_left(player):
    assert player.predict(0)
    assert player.run(at(10.0)) == (Control(action="resume", workload="load"),)
    assert player.phase is Phase.RUNNING
    assert not player.add(at(11.0))
    assert player.add(at(12.0))
    assert player.phase is Phase.SEEN
    assert player.result is not None
    assert player.result.verdict.numbers == (Number("span", 2.0, "s"),)
    assert not player.result.was_right
    assert player.next()
    assert (player.phase, player.place, player.predicted) == (Phase.PREDICT, 1, None)


def test_the_last_step_ends_the_lesson(player):
    for start in (0.0, 10.0):
        player.run(at(start))
        player.add(at(start + 3.0))
        player.next()

    assert player.phase is Phase.OVER
    assert player.held
    assert [result.was_right for result in player.results] == [False, False]


def test_a_prediction_can_be_changed_until_the_step_runs(player):
    player.predict(0)
    player.predict(1)
    player.run(at(0.0))

    assert not player.predict(0)
    player.add(at(2.0))
    assert player.results[0].was_right


def test_what_is_no_choice_is_not_taken(player):
    assert not player.predict(2)
    assert not player.predict(-1)
    assert player.predicted is None


def test_a_step_that_does_not_come_to_its_end_in_time_has_not_held():
    player = LessonPlayer(lesson_of(99.0))
    player.run(at(0.0))

    assert not player.add(at(3.9))
    assert player.add(at(4.0))
    assert not player.held
    assert player.results[0].verdict.says == "It did not come to that within 4 s. Seen."


def test_keys_at_the_wrong_time_do_nothing(player):
    assert not player.next()
    assert not player.add(at(1.0))
    player.run(at(0.0))
    assert player.run(at(1.0)) == ()
    assert not player.next()
    assert player.phase is Phase.RUNNING


def test_a_snapshot_that_is_told_again_is_not_counted_twice(player):
    player.run(at(5.0))

    assert not player.add(at(5.0))
    assert not player.add(at(4.0))
    assert player.add(at(7.0))
    assert player.results[0].verdict.numbers[0].value == 2.0
