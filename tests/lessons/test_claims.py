"""Every lesson on live traffic: its claims hold, and without the cause one of them does not."""

from __future__ import annotations

import pytest

from pooltop.lessons.catalogue import LESSONS

lessons = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


@lessons
def test_every_claim_of_a_lesson_holds(play, lesson):
    played = play(lesson)

    assert played.failed == []
    assert played.status == 0
    assert len(played.player.results) == len(lesson.steps)


@lessons
def test_without_its_cause_a_claim_of_the_lesson_fails(play, lesson):
    played = play(lesson, lesson.cure)

    assert played.failed != []
    assert played.status == 1
