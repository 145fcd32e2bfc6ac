"""What every child process of pooltop has in common: what it inherits, how its end is told."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import IO

_TAIL_BYTES = 4000


def environment() -> dict[str, str]:
    """Give the child our own copy of the package, and (with -P) nothing of the current folder."""
    places = [str(Path(__file__).parents[1])]
    if inherited := os.environ.get("PYTHONPATH"):
        places.append(inherited)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


def exit_words(status: int | None, errors: IO[bytes] | None) -> str:
    """Give how a child ended, e.g. ``was killed by SIGKILL``, and its last words.

    Args:
        status: As ``Popen.poll`` gives it; None when it is still running.
        errors: The file that its stderr goes to; None when there is none.
    """
    return _status_words(status) + last_words(errors)


def last_words(errors: IO[bytes] | None) -> str:
    """Give the last line of a child's stderr after a colon; empty when it said nothing."""
    if errors is None:
        return ""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _TAIL_BYTES))
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""


def _status_words(status: int | None) -> str:
    if status is None:
        return "is still running"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"
