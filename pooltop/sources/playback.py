"""A recording as a source: in the screens of a live engine, and read-only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.errors import UsageError
from pooltop.sources.base import OwnLock, Update, WriteLock
from pooltop.sources.player import Player

FIXED = "a recording"
_REFUSAL = "this is a recording: nothing in it can be changed"


class PlayerSource:
    """A Source over a Player, whose keys the viewer calls itself."""

    def __init__(self, player: Player) -> None:
        """Prepare.

        Args:
            player: what to give; its recording is closed with this source.
        """
        self.title = player.recording.meta.title or player.recording.path
        self.fixed = FIXED
        self.lock: WriteLock = OwnLock()
        self.player = player
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Begin to play; ``on_end`` is never called: at its end a recording stands still.

        Raises:
            UsageError: it was started before.
        """
        del on_end
        if self._task is not None:
            message = "this source was started before"
            raise UsageError(message)
        self.player.on_change = self._changed.set
        self._task = asyncio.get_running_loop().create_task(
            self._play(on_update), name="pooltop-player"
        )

    async def submit(self, edit: Edit) -> EditOutcome:
        """Refuse."""
        return EditOutcome(id=edit.id, accepted=False, error=_REFUSAL)

    async def control(self, control: Control) -> None:
        """Refuse.

        Raises:
            UsageError: always.
        """
        del control
        raise UsageError(_REFUSAL)

    def watch(self, watch: Watch | None) -> None:
        """Do nothing: there are the details of the hosts that were looked at when it was made."""

    async def close(self) -> None:
        """Stop, and let the file go; safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.player.recording.close()

    async def _play(self, on_update: Callable[[Update], None]) -> None:
        while True:
            self._changed.clear()
            while (update := self.player.next_update()) is not None:
                on_update(update)
                await asyncio.sleep(0)  # keys come first, and may lead elsewhere
            try:
                async with asyncio.timeout(self.player.due_s()):
                    await self._changed.wait()
            except TimeoutError:
                pass
