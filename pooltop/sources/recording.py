"""A source that is recorded while it is watched: everything a viewer is told goes to a file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

import msgspec

from pooltop import __version__
from pooltop.core.snapshot import JournalEntry
from pooltop.sources.base import Source, Update
from pooltop.sources.recording_format import Meta, RecordingError
from pooltop.sources.recording_writer import RecordedFile, RecordingFile, RecordingThread
from pooltop.sources.tee import Tee

_END_S = 1.5
"""What is still to be written when a source is closed may take so long."""


class RecordingTee(Tee):
    """A Source that passes another one on and records its updates on the way.

    Whatever becomes of the recording, the session goes on: a full disk is told in the journal.
    """

    def __init__(
        self,
        source: Source,
        path: str,
        *,
        seeds: Mapping[str, int] | None = None,
        interval_s: float | None = None,
        make: Callable[[str], RecordedFile] = RecordingFile,
    ) -> None:
        """Make the file; nothing of the source is started.

        Args:
            source: what to watch and to record; closed with this one.
            path: a file that is not there yet; only its owner may read it. It is taken away
                again if not one update comes.
            seeds: of the workloads, by name, if they are known.
            interval_s: seconds between two updates; None if it is not known.
            make: makes the file; what it is written as.

        Raises:
            RecordingError: the file exists, or cannot be made.
        """
        super().__init__(source)
        self.path = path
        self._meta = Meta(
            pooltop=__version__,
            title=source.title,
            seeds=dict(seeds or {}),
            interval_s=interval_s,
        )
        self._file = make(path)
        self._thread = RecordingThread(self._file)
        self._begun = False
        self._told = False
        self._told_missed = 0

    @property
    def recorded_bytes(self) -> int:
        """The file's size so far; for the header: ``REC 4.1M``."""
        return self._file.size

    @property
    def failure(self) -> str:
        """Why nothing more is recorded, in words; empty while all is well."""
        return self._thread.failure

    async def close(self) -> None:
        """Close the source, then the recording; safe to call twice."""
        try:
            await self._source.close()
        finally:
            await asyncio.to_thread(self.finish)

    def finish(self) -> None:
        """End the recording, where no event loop runs; safe to call twice."""
        if not self._thread.finish(within_s=_END_S) and not self._thread.failure:
            self._thread.failure = "the recording did not reach the disk in time"

    def summary(self) -> str:
        """Say what was recorded, after its end."""
        pictures = self._file.snapshots
        words = f"recorded {pictures} instant{'' if pictures == 1 else 's'} in {self.path}"
        if not pictures:
            words = f"nothing was recorded in {self.path}"
        if self._thread.missed:
            words += f", {self._thread.missed} left out: the disk was slow"
        return f"{words}; {self.failure}" if self.failure else words

    def _take(self, update: Update) -> None:
        snapshot = update.snapshot
        if not self._begun:
            self._begun = True
            self._thread.begin(
                msgspec.structs.replace(
                    self._meta,
                    environment=snapshot.environment,
                    wall_started=snapshot.wall_at,
                )
            )
        self._thread.put(update)
        self._on_update(self._with_news(update))

    def _with_news(self, update: Update) -> Update:
        """Give the update with a line about the recording, if there is something new to say."""
        failure, missed = self._thread.failure, self._thread.missed
        if failure and not self._told:
            self._told = True
            text = failure
        elif missed and not self._told_missed:
            text = "the disk is slow: instants are left out of the recording"
        else:
            return update
        self._told_missed = missed
        entry = JournalEntry(
            seq=-1 - self._told,  # the engine's own count from 1
            at=update.snapshot.at,
            wall_at=update.snapshot.wall_at,
            kind="INFO",
            text=text,
        )
        return msgspec.structs.replace(update, entries=(*update.entries, entry))


def make_folder_of(path: str) -> None:
    """Make the folders that a file is to be in, for their owner alone; those that are there stay.

    Raises:
        RecordingError: they cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        raise RecordingError(f"{path} cannot be made: {words}") from error
