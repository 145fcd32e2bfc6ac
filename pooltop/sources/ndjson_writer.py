"""Writes NDJSON to a file while a source is watched: what ``--json`` prints, and a recording."""

from __future__ import annotations

import os

from pooltop.sources.base import Update
from pooltop.sources.ndjson_format import json_line
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_writer import NewFile


class NdjsonFile:
    """A new file of lines, one for each update."""

    def __init__(self, path: str) -> None:
        """Make the file, for its owner alone.

        Raises:
            RecordingError: it is there already, or cannot be made.
        """
        self.path = path
        self.snapshots = 0
        """How many lines it has."""
        self._file = NewFile(path)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    def begin(self, meta: Meta) -> None:
        """Do nothing: every line stands for itself."""

    def append(self, update: Update) -> None:
        """Write an update.

        Raises:
            OSError: it could not be written; the file ends with the update before.
            UnicodeEncodeError: a text in it is not Unicode; the file is as it was.
        """
        line = json_line(update.snapshot, update.entries, dropped=update.dropped)
        self._file.write(f"{line}\n".encode())
        self.snapshots += 1

    def finish(self) -> None:
        """Close the file; one without a line is taken away again.

        Raises:
            OSError: the disk did not take it all.
        """
        try:
            if self.snapshots:
                os.fsync(self._file.descriptor)
            else:
                self._file.take_away()
        finally:
            self._file.close()
