"""A recording, whatever it was written as: what a player, a replay and a comparison need of it."""

from __future__ import annotations

from typing import Protocol, Self

from pooltop.core.snapshot import Snapshot
from pooltop.sources.ndjson_reader import NdjsonRecording
from pooltop.sources.recording_format import LONGEST_MAGIC, Bookmark, Journal, Meta
from pooltop.sources.recording_reader import Recording, beginning


class Recorded(Protocol):
    """An open recording; snapshots are read one by one, as they are asked for."""

    path: str
    meta: Meta
    """What it is of, as far as it tells."""
    bookmarks: tuple[Bookmark, ...]
    """Moments worth going to, oldest first."""
    at: tuple[float, ...]
    """When each snapshot was taken: the engine's monotonic seconds, ascending; there is one."""

    def __enter__(self) -> Self:
        """Give itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """Let the file go."""
        ...

    def __len__(self) -> int:
        """Count the snapshots."""
        ...

    @property
    def note(self) -> str:
        """Say what is wrong with the file, in a sentence; empty when nothing is."""
        ...

    def wall_at(self, index: int) -> float:
        """Give the Unix time of a snapshot."""
        ...

    def snapshot(self, index: int) -> Snapshot | None:
        """Give a snapshot; None when it is damaged.

        Raises:
            IndexError: there is none with this index.
        """
        ...

    def journal(self, after: float, until: float) -> Journal:
        """Give what the journal has between two times, the first one excluded."""
        ...

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        ...


def open_recording(path: str) -> Recorded:
    """Open a recording: one that ``--record`` wrote, or the NDJSON of ``--json``.

    Raises:
        RecordingError: there is no file, it is neither, or nothing of it can be shown.
    """
    first = beginning(path, LONGEST_MAGIC).lstrip()
    return NdjsonRecording(path) if first.startswith(b"{") else Recording(path)
