"""Handouts of a lesson: a picture of each step that was judged, in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from pooltop.errors import UsageError
from pooltop.lessons.handout import handout, handout_name
from pooltop.lessons.lesson import Lesson
from pooltop.lessons.player import LessonPlayer
from pooltop.profiles.shown import printable
from pooltop.reporting import write_new
from pooltop.sources.recording_format import RecordingError


class Handouts:
    """Writes what a player has judged; nothing is overwritten."""

    def __init__(self, folder: str, lesson: Lesson) -> None:
        """Make the folder, unless it is there.

        Raises:
            UsageError: it cannot be made, or has a handout of the lesson already.
        """
        self._folder = Path(folder)
        self.failed = False
        """Whether a picture could not be written."""
        try:
            os.makedirs(folder, exist_ok=True)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its name cannot be one"
            raise UsageError(f"{printable(folder)} cannot be made: {why}") from error
        for place in range(len(lesson.steps)):
            path = self._folder / handout_name(lesson, place)
            if path.exists():
                message = f"{printable(str(path))} is there already: name another folder"
                raise UsageError(message)

    def judged(self, player: LessonPlayer) -> str:
        """Write the step that was judged last; gives what to say of it."""
        place = len(player.results) - 1
        path = str(self._folder / handout_name(player.lesson, place))
        try:
            write_new(path, handout(player.lesson, place, player.results[place]))
        except RecordingError as error:
            self.failed = True
            return str(error)
        return f"handout in {path}"
