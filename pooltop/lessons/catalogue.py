"""All lessons, in the order in which they are taught, and how one is found."""

from __future__ import annotations

from pooltop.lessons.content import cold_start, free_sockets, queue, reuse
from pooltop.lessons.lesson import Lesson

LESSONS: tuple[Lesson, ...] = (
    reuse.LESSON,
    cold_start.LESSON,
    queue.LESSON,
    free_sockets.LESSON,
)
"""The first is lesson 1."""


def find_lesson(word: str) -> Lesson | None:
    """Give the lesson with this number, or this name; None where there is none."""
    if word.isascii() and word.isdigit():
        number = int(word[:6])
        return LESSONS[number - 1] if 1 <= number <= len(LESSONS) else None
    return next((lesson for lesson in LESSONS if lesson.name == word), None)


def number_of(lesson: Lesson) -> int:
    """Give a lesson's number, from 1."""
    return LESSONS.index(lesson) + 1
