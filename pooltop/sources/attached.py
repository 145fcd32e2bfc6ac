"""An engine of the background, watched by one viewer of several: what ``pooltop attach`` shows.

Closing it leaves the engine and its load as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.errors import EngineError, UsageError
from pooltop.sources.base import Company, Standing, Update, ViewerInfo, WriteLock
from pooltop.sources.dialogue import Dialogue
from pooltop.sources.peer import require_own
from pooltop.sources.rendezvous import open_rendezvous
from pooltop.sources.wire import VERSION, Attach

CONNECT_S = 1.0
START_TIMEOUT_S = 5.0
"""How long the engine may take to its first update."""


class AttachedSource:
    """A Source over the socket of a named engine."""

    def __init__(
        self,
        name: str,
        *,
        title: str,
        interval_s: float = 0.5,
        kind: Literal["dashboard", "headless"] = "dashboard",
        read_only: bool = False,
    ) -> None:
        """Prepare.

        Args:
            name: the engine's.
            title: what is watched, for the header.
            interval_s: seconds between two updates, 0.1 to 3600.
            kind: what the other viewers are told of this one.
            read_only: never hold the write lock.
        """
        self.title = title
        self.fixed = "attached read-only" if read_only else ""
        self.lock: WriteLock = _Lock(self)
        self._name = name
        self._attach = Attach(
            version=VERSION, interval_s=interval_s, kind=kind, read_only=read_only
        )
        self._dialogue: Dialogue | None = None
        self._on_end: Callable[[str], None] | None = None
        self._closing = False

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Attach; the first update has come when this returns.

        Raises:
            UsageError: it was started before, or the name cannot be one.
            EngineError: there is no such engine, it is another user's, it let nobody in, or it
                speaks another version of the wire.
        """
        if self._on_end is not None:
            message = "this source was started before"
            raise UsageError(message)
        self._on_end = on_end
        with open_rendezvous() as rendezvous:
            end = rendezvous.connect(self._name, within_s=CONNECT_S)
        try:
            require_own(end)
        except BaseException:
            end.close()
            raise
        self._dialogue = Dialogue(
            on_update=on_update, on_lost=self._lost, remedy=other_version(self._name)
        )
        await self._dialogue.open(end, self._attach, within_s=START_TIMEOUT_S)

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask for an edit; gives what really happened: refused, for who has not the lock.

        Raises:
            EngineError: the engine is gone, or this is not attached.
        """
        return await self.dialogue().submit(edit)

    async def control(self, control: Control) -> None:
        """Pause, resume or stop the load; "stop" needs no lock.

        Raises:
            EngineError: the engine is gone, or refuses in words, or this is not attached.
        """
        await self.dialogue().control(control)

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; None for of none."""
        if self._dialogue is not None:
            self._dialogue.watch(watch)

    async def close(self) -> None:
        """Go away; the engine goes on. Safe to call twice."""
        self._closing = True
        if self._dialogue is not None:
            await self._dialogue.close()

    @property
    def company(self) -> Company | None:
        """All who watch the engine, as of the latest update; None before there was one."""
        return None if self._dialogue is None else self._dialogue.company

    def dialogue(self) -> Dialogue:
        """Give the talk with the engine.

        Raises:
            EngineError: this is not attached.
        """
        if self._dialogue is None:
            message = "the engine is not attached"
            raise EngineError(message)
        return self._dialogue

    def _lost(self, reason: str) -> None:
        del reason  # what is known stands in ``gone``
        dialogue = self.dialogue()
        if not dialogue.fail(dialogue.gone) and not self._closing and self._on_end is not None:
            self._on_end(dialogue.gone)


class _Lock:
    """The write lock of the engine that a source is attached to."""

    def __init__(self, source: AttachedSource) -> None:
        self._source = source

    @property
    def standing(self) -> Standing:
        """Whose it is, as of the latest update; free before there was one."""
        company = self._source.company
        return Standing.FREE if company is None else company.standing

    @property
    def holder(self) -> ViewerInfo | None:
        """Who has it; None for nobody."""
        company = self._source.company
        return None if company is None else company.holder

    async def take(self, *, force: bool = False) -> None:
        """Take it if it is free, or with ``force`` from whoever has it.

        Raises:
            EngineError: it is another's, or never this viewer's, or the engine is gone.
        """
        await self._source.dialogue().take(force=force)

    async def release(self) -> None:
        """Let it go; harmless when it is another's.

        Raises:
            EngineError: the engine is gone.
        """
        await self._source.dialogue().release()


def other_version(name: str) -> str:
    """Give what helps with an engine of another version, to stand behind that it is one."""
    return (
        f": attach with the pooltop that started it, or end it with pooltop stop {name} "
        "and start it anew"
    )
