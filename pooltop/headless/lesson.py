"""Plays a lesson without a screen: every step is run as it comes, and its numbers are printed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from pooltop.core.edits import Edit
from pooltop.core.snapshot import Snapshot
from pooltop.errors import EngineError, UsageError
from pooltop.lessons import words
from pooltop.lessons.lesson import Action
from pooltop.lessons.player import LessonPlayer, Phase
from pooltop.sources.base import Source, Update

_HELD, _NOT_HELD = 0, 1
_SIGNALS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))


def play_headless(
    source: Source,
    player: LessonPlayer,
    tell: Callable[[str], object],
    judged: Callable[[LessonPlayer], str] = lambda _: "",
) -> int:
    """Play a lesson from its first step to its last, and close the source.

    Args:
        source: over the lesson's profile, its load held; started and closed here.
        player: of the lesson, at its beginning.
        tell: given what is to be printed, line by line, each with its end.
        judged: told of each step that was judged; gives what to say of that, or nothing.

    Returns:
        The exit status: 0 when every claim held, 1 when one did not; 130, 143 or 129 after SIGINT,
        SIGTERM or SIGHUP.

    Raises:
        PooltopError: the engine could not be started, or it is gone, or refused what a step asks.
    """
    return asyncio.run(_Play(source, player, tell, judged).run())


class _Play:
    """One lesson on its way."""

    def __init__(
        self,
        source: Source,
        player: LessonPlayer,
        tell: Callable[[str], object],
        judged: Callable[[LessonPlayer], str],
    ) -> None:
        self._source = source
        self._player = player
        self._tell = tell
        self._judged = judged
        self._latest: Snapshot | None = None
        self._news = asyncio.Event()
        self._ended = ""
        self._status: int | None = None

    async def run(self) -> int:
        """Give the exit status."""
        loop = asyncio.get_running_loop()
        playing = loop.create_task(self._play(), name="pooltop-lesson")
        for number, status in _SIGNALS:
            loop.add_signal_handler(number, self._leave, playing, status)
        try:
            await playing
        except asyncio.CancelledError:
            if self._status is None:
                raise
            return self._status
        finally:
            for number, _ in _SIGNALS:
                loop.remove_signal_handler(number)
            await self._source.close()
        return _HELD if self._player.held else _NOT_HELD

    async def _play(self) -> None:
        player = self._player
        self._say(words.heading(player.lesson))
        await self._source.start(self._take, self._end)
        before = await self._next()
        while player.phase is not Phase.OVER:
            self._say(words.question(player))
            for action in player.run(before):
                await self._ask(action)
            while player.phase is Phase.RUNNING:
                before = await self._next()
            said = self._judged(player)
            self._say([*words.outcome(player.results[-1]), *([f"  {said}"] if said else [])])
            player.next()
        self._say(words.farewell(player))

    async def _ask(self, action: Action) -> None:
        if not isinstance(action, Edit):
            await self._source.control(action)
            return
        outcome = await self._source.submit(action)
        if not outcome.accepted:
            message = f"the lesson's edit was refused: {outcome.error}"
            raise UsageError(message)

    async def _next(self) -> Snapshot:
        """Wait for the next snapshot that the player has seen."""
        self._news.clear()
        await self._news.wait()
        if self._ended:
            raise EngineError(self._ended)
        assert self._latest is not None
        return self._latest

    def _take(self, update: Update) -> None:
        self._latest = update.snapshot
        self._player.add(update.snapshot)
        self._news.set()

    def _end(self, reason: str) -> None:
        self._ended = reason
        self._news.set()

    def _leave(self, playing: asyncio.Task[None], status: int) -> None:
        self._status = status
        playing.cancel()

    def _say(self, lines: list[str]) -> None:
        self._tell("".join(f"{line}\n" for line in lines))
