"""The dashboard with a lesson at its bottom: who predicts, runs and goes on has some keys first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from pooltop.core.edits import Edit
from pooltop.core.model import OriginKey
from pooltop.errors import PooltopError
from pooltop.lessons.lesson import Action
from pooltop.lessons.player import LessonPlayer, Phase
from pooltop.lessons.words import LETTERS
from pooltop.present.editing import WorkloadId
from pooltop.present.history import HostId
from pooltop.present.keys import STANDARD, Keymap
from pooltop.profiles.saving import Saving
from pooltop.sources.base import Source, Update
from pooltop.ui.app import PoolTopApp
from pooltop.ui.theme import CONTRAST

_PATIENCE_S = 5.0


class LessonApp(PoolTopApp):
    """Letters predict, Enter runs, n goes on, ? tells more, F enlarges; the rest is as ever."""

    def __init__(
        self,
        source: Source,
        *,
        lesson: LessonPlayer,
        judged: Callable[[LessonPlayer], str] = lambda _: "",
        read_only: bool = False,
        window_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
        ascii_only: bool | None = None,
        keys: Keymap = STANDARD,
        saving: Saving | None = None,
    ) -> None:
        """Teach ``lesson``, over a source of its profile; the rest as of a Dashboard.

        ``judged`` is told of each step that was judged, and gives what to say of that.
        """
        super().__init__(
            source,
            read_only=read_only,
            window_s=window_s,
            clock=clock,
            spent=spent,
            ascii_only=ascii_only,
            keys=keys,
            saving=saving,
        )
        self.lesson: LessonPlayer = lesson
        self._judged = judged
        self._theme_before = self.theme

    def _take(self, update: Update) -> None:
        # Before it is drawn: the frame that shows the instant shows what it decided.
        if self.lesson.add(update.snapshot):
            said = self._judged(self.lesson)
            if said:
                self.operator.say(said)
        super()._take(update)

    def _typed(self, key: str, char: str | None) -> bool:
        """Give a key to what is typed into, then to the lesson; False when neither has a use."""
        if super()._typed(key, char):
            return True
        if self.board.helping or self.reader.inspecting or not self._taught(key):
            return False
        self.redraw()
        return True

    def _taught(self, key: str) -> bool:
        """Do what the key means to the lesson; tells whether it means anything now."""
        player = self.lesson
        if key == "question_mark":
            # Once for the lesson, once more for the help page.
            self.explained = not self.explained
            return self.explained
        if key == "escape" and self.explained:
            self.explained = False
            return True
        if key == "F":
            self._present()
            return True
        if key == "enter" and player.phase is Phase.PREDICT:
            self._run()
            return True
        if key in LETTERS:
            return player.predict(LETTERS.index(key))
        return key == "n" and player.next()

    async def action_quit(self) -> None:
        """Leave in order: a lesson's edits are its own, and there is no profile to save them in."""
        self._leave_in_order()

    def _present(self) -> None:
        """Show large digits in the strongest contrast, or the dashboard as it was."""
        self.presents = not self.presents
        if self.presents:
            self._theme_before = self.theme
            self.theme = CONTRAST.name
        else:
            self.theme = self._theme_before

    def _run(self) -> None:
        """Run the step, from the latest instant on."""
        latest = self.history.latest
        if latest is None or not self.operator.may_write():
            return
        self.explained = False
        actions = self.lesson.run(latest)
        self._own(self._act(actions), "lesson")

    async def _act(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._ask_engine(action)
            except TimeoutError:
                self.operator.say(f"lesson: no answer within {_PATIENCE_S:.0f}s", "bad")
            except (PooltopError, OSError) as error:
                self.operator.say(f"lesson: {error}", "bad")

    async def _ask_engine(self, action: Action) -> None:
        if not isinstance(action, Edit):
            await self._source.control(action)
            return
        # Through the desk, so that it can be undone as any other.
        target = (
            WorkloadId(action.workload) if action.workload else HostId(action.agent, OriginKey(""))
        )
        changes = ((action.option, action.value),)
        for done in await self.operator.desk.apply(target, changes, confirmed=True):
            self.operator.say(done.text, "accent" if done.accepted else "bad")
