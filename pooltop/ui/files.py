"""What the dashboard writes on request: never over a file that is there."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path


def default_name(what: str, ending: str, wall_at: float) -> str:
    """Give a file name that tells what it is of and when, e.g. ``pooltop-hosts-120341.csv``."""
    moment = datetime.fromtimestamp(wall_at).strftime("%Y%m%d-%H%M%S")  # noqa: DTZ006 - local, to read
    return f"pooltop-{what}-{moment}.{ending}"


def write_new(name: str, data: bytes) -> str:
    """Write a new file, readable by its owner alone; gives a sentence about what happened.

    A file that is there is never written over, and nothing is raised: the sentence says why.
    """
    path = Path(name).expanduser()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return f"not written: {path} is there already; give another name"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"not written: {path}: {reason}"
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        return f"not written whole: {path}: {error.strerror}"
    return f"written: {path}, {len(data)} bytes"
