"""What a front end watches and asks: the one seam between screens and engines.

A front end never reaches into an engine. It is handed Snapshots and journal entries and sends
Edits and Controls back; whether the engine is in this process, in a child or in a file is the
source's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from pooltop.core.company import Company, Standing, ViewerInfo
from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.snapshot import JournalEntry, Snapshot


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What is new: always the latest snapshot, and the journal since the previous update.

    One whose snapshot is of an earlier time than the update before begins anew: a viewer forgets
    its history and its journal. A recording that is played back to an earlier moment sends some
    minutes before that moment first, each update marked ``past``, and then the moment itself.
    """

    snapshot: Snapshot
    entries: tuple[JournalEntry, ...] = ()
    dropped: int = 0
    """Journal entries that were lost since the previous update, because there were too many."""
    past: bool = False
    """To be kept and not drawn: another update follows at once."""
    company: Company | None = None
    """All who watch this engine; None where nobody else can: it ends with its only viewer.

    A change of it comes at once, as an update of its own: whoever loses the write lock is told so.
    """


class WriteLock(Protocol):
    """Who may change the engine. Only the holder's edits and controls are carried out.

    One control needs no lock: "stop" always works, for everybody.
    """

    @property
    def standing(self) -> Standing:
        """Whose it is, as of the latest update."""
        ...

    @property
    def holder(self) -> ViewerInfo | None:
        """Who has it; None for nobody, and for an engine that has only one viewer."""
        ...

    async def take(self, *, force: bool = False) -> None:
        """Take it if it is free, or with ``force`` from whoever has it; kept if it is mine.

        Raises:
            PooltopError: it is another's, whose number and pid are in the words; or this viewer
                was started read-only; or the engine is gone.
        """
        ...

    async def release(self) -> None:
        """Let it go; harmless when it is not mine.

        Raises:
            PooltopError: the engine is gone.
        """
        ...


class OwnLock:
    """The WriteLock of an only viewer: always its own."""

    standing = Standing.MINE
    holder = None

    async def take(self, *, force: bool = False) -> None:
        """Do nothing: it is mine."""

    async def release(self) -> None:
        """Do nothing: there is nobody else."""


class Source(Protocol):
    """An engine, seen from a front end. All callbacks run on the front end's event loop."""

    title: str
    """What is being watched, for the header: the profile's name."""
    fixed: str
    """Why nothing can be changed through it, in words ("a recording"); empty where it can."""
    lock: WriteLock
    """Who may change it, of those who watch it."""

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Begin: ``on_update`` at the interval, ``on_end(reason)`` once when nothing more comes.

        Raises:
            PooltopError: the engine could not be started or reached.
        """
        ...

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask for an edit; answers with what really happened."""
        ...

    async def control(self, control: Control) -> None:
        """Pause, resume or stop the load.

        Raises:
            PooltopError: the engine is gone, or there is no such workload.
        """
        ...

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; None for of none.

        Never fails and is never answered: details that are not there are not shown.
        """
        ...

    async def close(self) -> None:
        """End the engine if this source started it, within two seconds; safe to call twice."""
        ...


__all__ = [
    "Company",
    "JournalEntry",
    "OwnLock",
    "Source",
    "Standing",
    "Update",
    "ViewerInfo",
    "WriteLock",
]
