"""All lessons, in the order in which they are taught, and how one is found."""

from __future__ import annotations

from pooltop.lessons.content import (
    agent_per_request,
    cold_start,
    connection_close,
    free_sockets,
    http2,
    keep_alive_msecs,
    lower_limit,
    off_yet_reused,
    one_agent,
    queue,
    raise_limit,
    reuse,
    shutdown,
    stale_reuse,
    three_timeouts,
    tls_resumption,
    total_sockets,
    undici_pool,
    unlimited,
    verify_off,
    who_closes,
)
from pooltop.lessons.lesson import Lesson

LESSONS: tuple[Lesson, ...] = (
    reuse.LESSON,
    cold_start.LESSON,
    queue.LESSON,
    free_sockets.LESSON,
    who_closes.LESSON,
    stale_reuse.LESSON,
    keep_alive_msecs.LESSON,
    raise_limit.LESSON,
    agent_per_request.LESSON,
    one_agent.LESSON,
    total_sockets.LESSON,
    three_timeouts.LESSON,
    tls_resumption.LESSON,
    verify_off.LESSON,
    http2.LESSON,
    connection_close.LESSON,
    unlimited.LESSON,
    undici_pool.LESSON,
    lower_limit.LESSON,
    off_yet_reused.LESSON,
    shutdown.LESSON,
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
