"""Writes on a thread of its own, so that a reader who is slow delays no request.

It writes to the descriptor itself and holds no lock of Python's streams meanwhile: a thread that
is stuck in a full pipe cannot hold up the end of the process.
"""

from __future__ import annotations

import errno
import os
import queue
import select
import threading
from collections.abc import Callable

_LEFT = (errno.EPIPE, errno.EIO)
"""Of a pipe that is closed, and of a terminal that hung up."""


def why_unwritten(error: OSError) -> str:
    """Say that nothing can be written, and why; "" where it is only that the reader left."""
    why = error.strerror or str(error)
    return "" if error.errno in _LEFT else f"the output cannot be written: {why}"


class Printer:
    """Takes text without waiting; writes it in order until its reader is gone."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None] = lambda: None) -> None:
        """Begin.

        Args:
            descriptor: where to write; stays the caller's to close.
            on_broken: called once, on the printer's thread, when nothing more can be written.
        """
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._texts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._given = 0
        self._written = 0
        self._is_broken = False
        self.failure = ""
        """Why nothing more can be written, in words; "" while it can, and where nobody reads."""
        self._thread = threading.Thread(target=self._work, name="pooltop-printer", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """How many texts were given and are not written yet."""
        return self._given - self._written

    @property
    def is_broken(self) -> bool:
        """Whether nothing more can be written: what is given from then on is let go."""
        return self._is_broken

    def put(self, data: bytes) -> None:
        """Take text to write."""
        self._given += 1
        self._texts.put(data)

    def finish(self, *, within_s: float) -> bool:
        """Wait until all is written; gives whether it was. Nothing may be put after it."""
        self._texts.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (data := self._texts.get()) is not None:
            if not self._is_broken:
                try:
                    self._write(data)
                except OSError as error:
                    self.failure = why_unwritten(error)
                    self._is_broken = True
                    self._on_broken()
            self._written += 1

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                # Someone made the shared terminal or pipe non-blocking.
                select.select([], [self._descriptor], [])
