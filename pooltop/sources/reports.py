"""Faults of our own in an engine's process: told on stderr and in the journal, but not for ever."""

from __future__ import annotations

import asyncio
import sys
import traceback

from pooltop.engine.journal import Journal

_MOST = 20
"""Failures of callbacks that are told: a fault that repeats must not fill a disk."""


class Reports:
    """An exception handler for the engine's event loop."""

    def __init__(self) -> None:
        """Begin without a journal."""
        self.journal: Journal | None = None
        """Where viewers are told; None until there is an engine."""
        self._told = 0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Tell of a callback that raised: numbers may be wrong after it."""
        del loop
        self._told += 1
        if self._told > _MOST:
            return
        error = context.get("exception")
        what = repr(error) if isinstance(error, BaseException) else str(context.get("message"))
        if isinstance(error, BaseException):
            traceback.print_exception(error)
        else:
            sys.stderr.write(f"{what}\n")
        if self.journal is not None:
            words = f"a fault in pooltop's engine, numbers may be wrong from here on: {what}"
            self.journal.write("ERROR", words)
