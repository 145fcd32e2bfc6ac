"""Writes a recording, on a thread of its own: neither packing nor a slow disk delays the engine.

Every update is written when it comes, not kept back, so that a kill costs the last one at most.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from array import array
from typing import Protocol

import msgspec

from pooltop.core.snapshot import Snapshot
from pooltop.sources.base import Update
from pooltop.sources.bookmarks import BookmarkFinder
from pooltop.sources.recording_format import (
    MAGIC,
    TRAILER,
    TRAILER_MARK,
    Body,
    Bookmark,
    Index,
    Journal,
    Meta,
    Place,
    RecordingError,
    pack,
)

_MOST_PENDING = 64
"""Updates that may wait for the disk; beyond them pictures are left out, and counted."""
_MOST_CARRIED = 10_000
"""Journal entries of updates that were left out, to be written with the next; the oldest go."""
_MOST_BOOKMARKS = 1000


class _Places:
    """Where the frames of one kind are, in columns: a recording may go on for weeks."""

    def __init__(self) -> None:
        self._offsets = array("Q")
        self._at = array("d")
        self._wall_at = array("d")

    def __len__(self) -> int:
        return len(self._offsets)

    def append(self, place: Place) -> None:
        self._offsets.append(place.offset)
        self._at.append(place.at)
        self._wall_at.append(place.wall_at)

    def freeze(self) -> tuple[Place, ...]:
        return tuple(map(Place, self._offsets, self._at, self._wall_at))


class NewFile:
    """A file that was not there before, for its owner alone; only appended to."""

    def __init__(self, path: str) -> None:
        """Make it.

        Raises:
            RecordingError: it is there already, or cannot be made.
        """
        self.path = path
        self.size = 0
        """Bytes written so far."""
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self.descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            raise RecordingError(
                f"{path} exists, and nothing is overwritten: choose another name"
            ) from None
        except (OSError, ValueError) as error:
            raise RecordingError(f"{path} cannot be made: {_why(error)}") from error
        self._identity = _identity(os.fstat(self.descriptor))

    def write(self, data: bytes) -> None:
        """Append all of it, or nothing.

        Raises:
            OSError: it could not be written.
        """
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.descriptor, view) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self.descriptor, self.size)
                os.lseek(self.descriptor, self.size, os.SEEK_SET)
            raise
        self.size += len(data)

    def take_away(self) -> None:
        """Delete it, unless it is gone, or another has its name by now."""
        with contextlib.suppress(FileNotFoundError):
            if _identity(os.lstat(self.path)) == self._identity:
                os.unlink(self.path)

    def close(self) -> None:
        """Let it go."""
        os.close(self.descriptor)


class RecordedFile(Protocol):
    """What updates are written to, whatever the format; ``finish`` makes it whole."""

    path: str

    @property
    def size(self) -> int:
        """Bytes written so far."""
        ...

    @property
    def snapshots(self) -> int:
        """How many snapshots it has."""
        ...

    def begin(self, meta: Meta) -> None:
        """Write what comes first."""
        ...

    def append(self, update: Update) -> None:
        """Write an update."""
        ...

    def finish(self) -> None:
        """Write what comes last, and close the file; one without a snapshot is taken away."""
        ...


class RecordingFile:
    """A new file that updates are appended to; ``finish`` makes it whole."""

    def __init__(self, path: str) -> None:
        """Make the file, for its owner alone.

        Raises:
            RecordingError: it is there already, or cannot be made.
        """
        self.path = path
        self._snapshots = _Places()
        self._journals = _Places()
        self._bookmarks: list[Bookmark] = []
        self._finder = BookmarkFinder()
        self._file = NewFile(path)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    @property
    def snapshots(self) -> int:
        """How many snapshots it has."""
        return len(self._snapshots)

    def begin(self, meta: Meta) -> None:
        """Write what comes first.

        Raises:
            OSError: it could not be written.
        """
        self._file.write(MAGIC + pack(meta, 0.0, meta.wall_started))

    def append(self, update: Update) -> None:
        """Write an update.

        Raises:
            OSError: it could not be written; the file ends with the update before.
            RecordingError: it cannot be packed; the file is as it was.
        """
        snapshot = update.snapshot
        frames: list[bytes] = []
        end = self.size
        journal, bookmarks = None, self._finder.look(snapshot)
        if update.entries or update.dropped:
            journal = Place(end, snapshot.at, snapshot.wall_at)
            frames.append(_frame(Journal(entries=update.entries, dropped=update.dropped), snapshot))
            end += len(frames[-1])
        place = Place(end, snapshot.at, snapshot.wall_at)
        frames.append(_frame(snapshot, snapshot))
        room = _MOST_BOOKMARKS - len(self._bookmarks)
        frames += [_frame(bookmark, snapshot) for bookmark in bookmarks[:room]]
        self._file.write(b"".join(frames))
        self._snapshots.append(place)
        if journal is not None:
            self._journals.append(journal)
        self._bookmarks += bookmarks[:room]

    def finish(self) -> None:
        """Write the index and close the file; one without a snapshot is taken away again.

        Raises:
            OSError: the disk did not take it all: a reader finds its way without the index.
        """
        try:
            if not self._snapshots:
                self._file.take_away()
                return
            index = Index(
                snapshots=self._snapshots.freeze(),
                journals=self._journals.freeze(),
                bookmarks=tuple(self._bookmarks),
            )
            place = self.size
            with contextlib.suppress(RecordingError):  # weeks of it: found by walking then
                self._file.write(pack(index) + TRAILER.pack(place, TRAILER_MARK))
            os.fsync(self._file.descriptor)
        finally:
            self._file.close()


class RecordingThread:
    """Takes updates without waiting and writes them to a file until one fails."""

    def __init__(self, file: RecordedFile) -> None:
        """Begin; the file is this one's from here on."""
        self.missed = 0
        """Updates that were left out because the disk was slow."""
        self.failure = ""
        """Why nothing more is written, in words; empty while all is well."""
        self._file = file
        self._given = self._done = 0
        self._left_out: Update | None = None
        """The latest of these since one was taken, with the journal of them all."""
        self._updates: queue.SimpleQueue[Update | Meta | None] = queue.SimpleQueue()
        # A daemon: a disk that hangs for ever does not hold up the end of the process.
        self._thread = threading.Thread(target=self._work, name="pooltop-recording", daemon=True)
        self._thread.start()

    def begin(self, meta: Meta) -> None:
        """Take what comes first."""
        self._given += 1
        self._updates.put(meta)

    def put(self, update: Update) -> None:
        """Take an update; of one that is left out the journal goes with the next."""
        if self._left_out is not None:
            update = _joined(self._left_out, update)
            self._left_out = None
        if self._given - self._done >= _MOST_PENDING:
            self.missed += 1
            self._left_out = update
            return
        self._given += 1
        self._updates.put(update)

    def finish(self, *, within_s: float) -> bool:
        """Write what is left, and the end; gives whether that was done in time.

        Nothing may be put after it. Safe to call again.
        """
        if self._left_out is not None:
            self.missed -= 1
            self._updates.put(self._left_out)
            self._left_out = None
        self._updates.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (given := self._updates.get()) is not None:
            if not self.failure:
                self._try(given)
            self._done += 1
        try:
            self._file.finish()
        except Exception as error:  # noqa: BLE001 - as in ``_try``
            self.failure = self.failure or _stopped(error)

    def _try(self, given: Update | Meta) -> None:
        try:
            if isinstance(given, Meta):
                self._file.begin(given)
            else:
                self._file.append(given)
        except RecordingError as error:
            self.failure = f"the recording stopped: {error}"
        except Exception as error:  # noqa: BLE001 - whatever it is, the viewer is to be told
            self.failure = _stopped(error)


def _frame(value: Body, snapshot: Snapshot) -> bytes:
    return pack(value, snapshot.at, snapshot.wall_at)


def _joined(left_out: Update, update: Update) -> Update:
    """Give an update with the journal of one before it that was left out."""
    entries = (*left_out.entries, *update.entries)
    too_many = max(0, len(entries) - _MOST_CARRIED)
    dropped = left_out.dropped + update.dropped + too_many
    return msgspec.structs.replace(update, entries=entries[too_many:], dropped=dropped)


def _stopped(error: Exception) -> str:
    return f"the recording stopped: {_why(error)}; all before this is in it"


def _why(error: Exception) -> str:
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return words or type(error).__name__


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
