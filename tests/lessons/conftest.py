"""A lesson played without a screen, on live traffic of this machine."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pooltop import profiles
from pooltop.headless.lesson import play_headless
from pooltop.lessons.lesson import Lesson
from pooltop.lessons.player import LessonPlayer
from pooltop.sources.launch import LaunchedSource


class Played:
    """What became of a lesson."""

    def __init__(self, status: int, player: LessonPlayer, text: str) -> None:
        """Keep it."""
        self.status = status
        self.player = player
        self.text = text

    @property
    def failed(self) -> list[str]:
        """What was measured of each claim that did not hold."""
        return [each.verdict.says for each in self.player.results if not each.verdict.held]


@pytest.fixture
def play() -> Callable[..., Played]:
    """Give a function that plays a lesson, with these settings over its profile's."""

    def make(lesson: Lesson, settings: tuple[str, ...] = ()) -> Played:
        loaded = profiles.load_text(lesson.profile, lesson.name, settings=settings)
        profile = msgspec.structs.replace(loaded.profile, held=True)
        source = LaunchedSource(profile, interval_s=0.1, own_process=False)
        player = LessonPlayer(lesson)
        told: list[str] = []
        source.spawn()
        try:
            status = play_headless(source, player, told.append)
        finally:
            source.close_now()
        return Played(status, player, "".join(told))

    return make
