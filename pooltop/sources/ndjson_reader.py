"""Reads NDJSON as a recording: what ``--json`` printed plays in the screens of a live engine.

Rules of this file:
- A line counts only if all of it is what an engine can have told: it is decoded, converted to the
  structs of a snapshot and looked through (``soundness``). What is not is left out, and said.
- Nothing is kept of a line but its place. A file is walked through once, when it is opened.
- "No limit" is null in the lines: JSON knows no infinity.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import BinaryIO, NamedTuple, Self

import msgspec

from pooltop.core.snapshot import JournalEntry, Snapshot
from pooltop.sources.bookmarks import BookmarkFinder
from pooltop.sources.ndjson_format import LARGEST_BYTES, SCHEMA
from pooltop.sources.ndjson_revive import revived
from pooltop.sources.recording_format import Bookmark, Journal, Meta, RecordingError
from pooltop.sources.recording_reader import MOST_ENTRIES, clock, open_file
from pooltop.sources.soundness import is_sound

_MOST_BOOKMARKS = 1000
_GAPS = 1000
"""Lines that are looked at for the interval, which no line tells."""
_MOST_LINES = 10_000_000
"""Of a file; those behind are left out. Eleven days at ten a second."""
_MOST_DAMAGED_AT_ONCE = 100_000
"""Lines in a row that are none; a file made to annoy has no end of them."""


class _Line(msgspec.Struct, frozen=True):
    """What a line holds, before it is looked at; others are ignored."""

    schema: int
    snapshot: dict[str, object]
    journal: list[object] = []
    dropped: int = 0


class _Told(NamedTuple):
    """What a good line said."""

    snapshot: Snapshot
    journal: Journal


_decoder = msgspec.json.Decoder(_Line)


class NdjsonRecording:
    """An open file of NDJSON; snapshots are read one by one, as they are asked for."""

    def __init__(self, path: str) -> None:
        """Open it and find everything.

        Raises:
            RecordingError: there is no file, it is none of these, a newer one, or has no snapshot.
        """
        self.path = path
        self.meta = Meta()
        """What it is of, as far as its first line tells."""
        self.bookmarks: tuple[Bookmark, ...] = ()
        """Moments worth going to, oldest first."""
        self._offsets = array("Q")
        self._at = array("d")
        self._wall_at = array("d")
        self._damaged = self._late = 0
        self._cut = False
        self._newer: int | None = None
        self._file: BinaryIO = os.fdopen(open_file(path), "rb")
        try:
            self._find()
        except OSError as error:
            self.close()
            raise RecordingError(f"{path} cannot be read: {error.strerror}") from error
        except BaseException:
            self.close()
            raise
        self.at: tuple[float, ...] = tuple(self._at)
        """When each snapshot was taken: the engine's monotonic seconds, ascending."""

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the file go."""
        self.close()

    def __len__(self) -> int:
        """Count the snapshots."""
        return len(self._at)

    @property
    def note(self) -> str:
        """Say what is wrong with the file, in a sentence; empty when nothing is."""
        notes = []
        if self._cut:
            until = clock(self.wall_at(-1))
            notes.append(
                f"the recording ends in the middle of a line, after {until}: what is here is shown"
            )
        if self._damaged:
            lines = "1 line is" if self._damaged == 1 else f"{self._damaged} lines are"
            notes.append(f"{lines} no snapshot of pooltop's, or damaged, and left out")
        if self._late:
            lines = "1 line tells" if self._late == 1 else f"{self._late} lines tell"
            notes.append(f"{lines} of an earlier time than the one before, and left out")
        return "; ".join(notes)

    def wall_at(self, index: int) -> float:
        """Give the Unix time of a snapshot."""
        return self._wall_at[index]

    def snapshot(self, index: int) -> Snapshot | None:
        """Give a snapshot; None when the file has changed there since it was opened.

        Raises:
            IndexError: there is none with this index.
        """
        told = self._told(index)
        return None if told is None else told.snapshot

    def journal(self, after: float, until: float) -> Journal:
        """Give what the journal has between two times, the first one excluded.

        Of more than MOST_ENTRIES the last are given, and those before counted as dropped.
        """
        first, last = (bisect_right(self._at, at) for at in (after, until))
        oldest = max(first, last - MOST_ENTRIES)
        entries: list[JournalEntry] = []
        dropped = 0
        for index in range(oldest, last):
            told = self._told(index)
            if told is not None:
                entries += told.journal.entries
                dropped += told.journal.dropped
        too_many = max(0, len(entries) - MOST_ENTRIES)
        return Journal(entries=tuple(entries[too_many:]), dropped=dropped + too_many)

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        self._file.close()

    def _find(self) -> None:
        finder = BookmarkFinder()
        bookmarks: list[Bookmark] = []
        in_a_row = 0
        for offset, line in self._lines():
            told = self._read(line)
            if told is None:
                in_a_row += 1
                if not line.endswith(b"\n") and len(line) <= LARGEST_BYTES:
                    self._cut = True
                elif line.strip():
                    self._damaged += 1
                if in_a_row > _MOST_DAMAGED_AT_ONCE:
                    break
                continue
            in_a_row = 0
            snapshot = told.snapshot
            if self._at and snapshot.at < self._at[-1]:
                self._late += 1
                continue
            if not self._at:
                self.meta = Meta(
                    title=snapshot.profile,
                    environment=snapshot.environment,
                    wall_started=snapshot.wall_at,
                )
            self._offsets.append(offset)
            self._at.append(snapshot.at)
            self._wall_at.append(snapshot.wall_at)
            bookmarks += finder.look(snapshot)[: _MOST_BOOKMARKS - len(bookmarks)]
            if len(self._at) >= _MOST_LINES:
                break
        self.bookmarks = tuple(bookmarks)
        if self._at:
            self.meta = msgspec.structs.replace(self.meta, interval_s=self._interval_s())
            return
        if self._newer is not None:
            raise RecordingError(
                f"{self.path} was written by a newer pooltop (schema {self._newer}; this one reads "
                f"{SCHEMA}): a newer pooltop can replay it"
            )
        raise RecordingError(f"{self.path} has no line that is a snapshot of pooltop's")

    def _interval_s(self) -> float | None:
        """Give the usual time between two lines, to 10 ms; None where there are no two."""
        gaps = [later - at for at, later in pairwise(self._at[:_GAPS])]
        return max(0.01, round(median(gaps), 2)) if gaps else None

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Give every line with its place; of one that is too long its beginning."""
        while line := self._line():
            offset = self._file.tell() - len(line)
            yield offset, line
            while len(line) > LARGEST_BYTES and not line.endswith(b"\n"):
                line = self._line()

    def _line(self) -> bytes:
        return self._file.readline(LARGEST_BYTES + 1)

    def _told(self, index: int) -> _Told | None:
        at, wall_at = self._at[index], self._wall_at[index]
        self._file.seek(self._offsets[index])
        told = self._read(self._line())
        if told is None or (told.snapshot.at, told.snapshot.wall_at) != (at, wall_at):
            return None
        return told

    def _read(self, line: bytes) -> _Told | None:
        """Give what a line says; None where it is none."""
        if len(line) > LARGEST_BYTES:
            return None
        try:
            read = _decoder.decode(line)
            if read.schema != SCHEMA:
                if read.schema > SCHEMA:
                    self._newer = read.schema
                return None
            snapshot = revived(Snapshot, read.snapshot)
            journal = revived(Journal, {"entries": read.journal, "dropped": read.dropped})
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            return None
        return _Told(snapshot, journal) if is_sound(snapshot) and is_sound(journal) else None
