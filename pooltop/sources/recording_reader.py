"""Reads a recording: all that is good in it, however it ended and whatever happened to the file.

The index is believed only as to where to look: every frame is checked against its own CRC when it
is read. Without an index the whole file is walked through once, and where a frame is damaged the
next good one is searched for.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from operator import lt
from typing import Self

from pooltop.core.snapshot import JournalEntry, Snapshot
from pooltop.sources.recording_format import (
    HEADER,
    LARGEST_BYTES,
    LETTERS,
    LONGEST_MAGIC,
    MAGIC,
    READABLE,
    SYNC,
    TRAILER,
    TRAILER_MARK,
    VERSION,
    Bookmark,
    Header,
    Index,
    Journal,
    Meta,
    Place,
    RecordingError,
    T,
    read_header,
    unpack,
    version_of,
)
from pooltop.sources.soundness import is_sound

_CHUNK = 1024 * 1024
_MOST_BOOKMARKS = 10_000
_MOST_UNREADABLE = 20
"""Snapshots in a row that cannot be read, after which no good one is looked for at the start."""
MOST_ENTRIES = 5000
"""Of the journal between two moments, and of its frames; what is older counts as dropped."""
_PATIENCE_BYTES = 4 * LARGEST_BYTES
"""What is looked through in vain for the next good frame; a file made to annoy has no end of it."""


class Recording:
    """An open recording; snapshots are read one by one, as they are asked for."""

    def __init__(self, path: str) -> None:
        """Open it and find everything; the first snapshot is one that can be read.

        Raises:
            RecordingError: there is no file, it is no recording, a newer one, or has no snapshot.
        """
        self.path = path
        self.meta = Meta()
        """What it is of; bare where that part of the file is damaged."""
        self.bookmarks: tuple[Bookmark, ...] = ()
        """Moments worth going to, oldest first."""
        self._damaged = 0
        self._is_whole = True
        self._cut = False
        self._snapshots = self._journals = _NOWHERE
        self._file = open_file(path)
        try:
            self._size = os.fstat(self._file).st_size
            self._find()
        except OSError as error:
            self.close()
            raise RecordingError(f"{path} cannot be read: {error.strerror}") from error
        except RecordingError:
            self.close()
            raise
        self.at: tuple[float, ...] = tuple(place.at for place in self._snapshots)
        """When each snapshot was taken: the engine's monotonic seconds, ascending."""
        self._journal_at = tuple(place.at for place in self._journals)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the file go."""
        self.close()

    def __len__(self) -> int:
        """Count the snapshots."""
        return len(self._snapshots)

    @property
    def note(self) -> str:
        """Say what is wrong with the file, in a sentence; empty when nothing is."""
        notes = []
        until = clock(self.wall_at(-1))
        if self._cut:
            notes.append(
                f"the recording ends in the middle of a frame, after {until}: what is here is shown"
            )
        elif not self._is_whole:
            notes.append(
                f"the recording was not ended in order, or still goes on: it is shown until {until}"
            )
        if self._damaged:
            places = "1 place" if self._damaged == 1 else f"{self._damaged} places"
            notes.append(f"the file is damaged in {places}, which are left out")
        return "; ".join(notes)

    def wall_at(self, index: int) -> float:
        """Give the Unix time of a snapshot."""
        return self._snapshots[index].wall_at

    def snapshot(self, index: int) -> Snapshot | None:
        """Give a snapshot; None when it is damaged.

        Raises:
            IndexError: there is none with this index.
        """
        place = self._snapshots[index]
        snapshot = self._read(Snapshot, place)
        if snapshot is None or (snapshot.at, snapshot.wall_at) != (place.at, place.wall_at):
            return None
        return snapshot

    def journal(self, after: float, until: float) -> Journal:
        """Give what the journal has between two times, the first one excluded.

        Of more than MOST_ENTRIES the last are given, and by their numbers it is counted how many
        those before are.
        """
        parts: list[tuple[JournalEntry, ...]] = []
        number = dropped = 0
        first, last = (bisect_right(self._journal_at, at) for at in (after, until))
        oldest = max(first, last - MOST_ENTRIES)
        while last > oldest and number < MOST_ENTRIES:
            last -= 1
            journal = self._read(Journal, self._journals[last])
            if journal is not None:
                parts.append(journal.entries)
                number += len(journal.entries)
                dropped += journal.dropped
        entries = tuple(entry for part in reversed(parts) for entry in part)
        too_many = max(0, number - MOST_ENTRIES)
        dropped += too_many
        if last > first and entries:
            # The engine numbers its entries one by one, those that were lost as well.
            beginning = self._read(Journal, self._journals[first])
            if beginning is not None and beginning.entries:
                all_there_were = entries[-1].seq - beginning.entries[0].seq + 1
                left_out = beginning.dropped + all_there_were - len(entries) + too_many
                dropped = max(dropped, left_out)
        return Journal(entries=entries[too_many:], dropped=dropped)

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    # Finding

    def _find(self) -> None:
        first_line = self._bytes(0, LONGEST_MAGIC)
        if not first_line:
            raise RecordingError(f"{self.path} is empty: nothing was recorded in it")
        version = version_of(first_line)
        if version is None:
            raise RecordingError(f"{self.path} is no recording of pooltop")
        if version not in READABLE:
            age = "a newer" if version > VERSION else "an older"
            raise RecordingError(
                f"{self.path} was recorded by {age} pooltop (format {version}; this one reads "
                f"{min(READABLE)} to {VERSION}): {age} pooltop can replay it"
            )
        self._read_meta()
        index = self._indexed()
        if index is None or not self._take(index):
            self._is_whole = self._trailer() is not None
            walked = self._walked()
            if self._is_whole and not self._damaged:
                self._damaged = 1  # the index
            if not walked.snapshots:
                raise RecordingError(f"{self.path} ends before its first whole snapshot")
            if not self._take(walked):
                by = self.meta.pooltop or "an unknown version"
                raise RecordingError(f"{self.path} has no snapshot that can be read (pooltop {by})")

    def _take(self, index: Index) -> bool:
        """Go by this index, from the first snapshot that can be read; tells whether there is one.

        Each that cannot may be a large one: a file made to annoy has as many as it likes.
        """
        self._snapshots, self._journals = index.snapshots, index.journals
        self.bookmarks = index.bookmarks[:_MOST_BOOKMARKS]
        for first in range(min(_MOST_UNREADABLE, len(index.snapshots))):
            if self.snapshot(first) is not None:
                self._snapshots = index.snapshots[first:]
                return True
        return False

    def _read_meta(self) -> None:
        meta = self._read(Meta, Place(len(MAGIC), 0.0, 0.0))
        if meta is not None:
            self.meta = meta

    def _indexed(self) -> Index | None:
        """Give the index that the file ends with; None when there is none to rely on."""
        offset = self._trailer()
        index = None if offset is None else self._read(Index, Place(offset, 0.0, 0.0))
        if offset is None or index is None:
            return None
        believable = _is_believable(index.snapshots, offset) and _is_believable(
            index.journals, offset
        )
        return index if believable else None

    def _trailer(self) -> int | None:
        """Give where the trailer says that the index is; None when there is no trailer."""
        start = max(0, self._size - TRAILER.size)
        data = self._bytes(start, TRAILER.size)
        if len(data) != TRAILER.size:
            return None
        offset, mark = TRAILER.unpack(data)
        return int(offset) if mark == TRAILER_MARK and offset < start else None

    def _walked(self) -> Index:
        """Give what a walk through all frames finds."""
        snapshots: list[Place] = []
        journals: list[Place] = []
        bookmarks: list[Bookmark] = []
        last_at = float("-inf")
        for place, header in self._frames():
            if header.letter == b"B":
                bookmark = self._read(Bookmark, place)
                if bookmark is not None:
                    bookmarks.append(bookmark)
            if place.at < last_at or header.letter not in (b"S", b"J"):
                continue
            last_at = place.at
            (snapshots if header.letter == b"S" else journals).append(place)
        return Index(
            snapshots=tuple(snapshots), journals=tuple(journals), bookmarks=tuple(bookmarks)
        )

    def _frames(self) -> Iterator[tuple[Place, Header]]:
        """Give every good frame in order."""
        offset = len(MAGIC)
        while offset < self._size:
            header = self._header(offset)
            if header is not None and self._body(offset, header) is not None:
                yield Place(offset, header.at, header.wall_at), header
                offset += header.size
                continue
            following = self._search(offset + 1)
            if following is None:
                self._cut = self._trailer() is None
                return
            self._damaged += 1
            offset = following

    def _search(self, start: int) -> int | None:
        """Give where the next good frame begins; None when there is none."""
        patience = _PATIENCE_BYTES
        while start < self._size and patience > 0:
            data = self._bytes(start, _CHUNK)
            found = data.find(SYNC)
            while found >= 0 and patience > 0:
                header = self._header(start + found)
                if header is not None:
                    if self._body(start + found, header) is not None:
                        return start + found
                    patience -= header.size
                found = data.find(SYNC, found + 1)
            start += max(1, len(data) - len(SYNC) + 1)
        return None

    # Reading

    def _read(self, kind: type[T], place: Place) -> T | None:
        header = self._header(place.offset)
        body = None if header is None else self._body(place.offset, header)
        if header is None or body is None or header.letter != LETTERS[kind]:
            return None
        value = unpack(kind, body)
        # The places of an index are looked at on their own: there may be very many.
        return value if value is None or kind is Index or is_sound(value) else None

    def _header(self, offset: int) -> Header | None:
        return read_header(self._bytes(offset, HEADER.size))

    def _body(self, offset: int, header: Header) -> bytes | None:
        """Give the body that belongs to a header; None when it is cut or damaged."""
        if offset + header.size > self._size:
            return None
        body = self._bytes(offset + HEADER.size, header.length)
        return body if header.fits(body) else None

    def _bytes(self, offset: int, length: int) -> bytes:
        """Give what is there, less at the end of the file."""
        parts: list[bytes] = []
        while length > 0 and (part := os.pread(self._file, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)


_NOWHERE: tuple[Place, ...] = ()


def _is_believable(places: tuple[Place, ...], end: int) -> bool:
    """Tell whether frames can be at these places: each once, in order, and before ``end``."""
    offsets = [place.offset for place in places]
    return (
        all(map(lt, offsets, offsets[1:]))
        and (not offsets or (offsets[0] >= 0 and offsets[-1] < end))
        and all(map(is_sound, places))
        and all(before.at <= place.at for before, place in pairwise(places))
    )


def clock(wall_at: float) -> str:
    """Give the local time of day of a Unix time; ``--:--:--`` if it has none."""
    try:
        return datetime.fromtimestamp(wall_at, tz=UTC).astimezone().strftime("%H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "--:--:--"


def open_file(path: str) -> int:
    """Give the descriptor of a regular file that is to be read.

    Raises:
        RecordingError: there is none, or it cannot be read.
    """
    try:
        # Without O_NONBLOCK a named pipe would wait here for somebody to write.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise RecordingError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        raise RecordingError(f"{path} cannot be read: {words}") from error
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode):
        return file
    os.close(file)
    what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
    raise RecordingError(f"{path} is {what}, not a recording")


def beginning(path: str, length: int) -> bytes:
    """Give at most so many bytes that a file begins with.

    Raises:
        RecordingError: there is none, or it cannot be read.
    """
    file = open_file(path)
    try:
        return os.read(file, length)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}") from error
    finally:
        os.close(file)
