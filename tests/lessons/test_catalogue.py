"""What all lessons have in common, looked at without running them."""

from __future__ import annotations

import pytest

from pooltop import profiles
from pooltop.cli.of_terms import book
from pooltop.glossary import SHELVES, Book
from pooltop.lessons import words
from pooltop.lessons.catalogue import LESSONS, find_lesson, number_of

LONGEST_WHY = 80
"""Characters: each of the two lines stays one on the narrowest dashboard that shows them."""

lessons = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def test_a_lesson_is_found_by_its_number_and_by_its_name():
    for number, lesson in enumerate(LESSONS, 1):
        assert find_lesson(str(number)) is lesson
        assert find_lesson(lesson.name) is lesson
        assert number_of(lesson) == number


@pytest.mark.parametrize("word", ["0", "-1", "", "nothing", "999999999999", str(len(LESSONS) + 1)])
def test_what_is_no_lesson_is_not_found(word):
    assert find_lesson(word) is None


def test_no_two_lessons_have_the_same_name():
    assert len({lesson.name for lesson in LESSONS}) == len(LESSONS)


@lessons
def test_a_lesson_can_be_read_as_it_is_told(lesson):
    assert lesson.terms
    assert lesson.cure
    for step in lesson.steps:
        assert 2 <= len(step.choices) <= len(words.LETTERS)
        assert 0 <= step.answer < len(step.choices)
        assert step.most_s <= 10
        assert max(len(line) for line in step.why) <= LONGEST_WHY


@lessons
def test_the_line_to_try_without_the_cause_is_one_that_profiles_take(lesson):
    plain = profiles.load_text(lesson.profile, lesson.name).profile
    cured = profiles.load_text(lesson.profile, lesson.name, settings=lesson.cure).profile

    assert plain != cured


@lessons
def test_the_right_choice_does_not_always_stand_at_the_same_place(lesson):
    answers = {step.answer for each in LESSONS for step in each.steps}

    assert answers >= {0, 1, 2}
    assert all(step.choices[step.answer] for step in lesson.steps)


@lessons
def test_a_lesson_names_terms_that_pooltop_explains(lesson):
    assert [] == [term for term in lesson.terms if not Book(SHELVES).find(term)]
    assert [] == [term for term in lesson.terms if not book().find(term)]


def test_the_listing_has_a_line_for_each():
    lines = words.listing()

    assert len(lines) == len(LESSONS)
    assert lines[0] == "  1  reuse              Reuse: keepAlive on, keepAlive off"
