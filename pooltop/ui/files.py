"""What the dashboard writes on request: never over a file that is there."""

from __future__ import annotations

import os
from pathlib import Path

from pooltop.present.units import stamp


def default_name(what: str, ending: str, wall_at: float) -> str:
    """Give a file name that tells of what and when: ``pooltop-hosts-20270131-120341.csv``."""
    return "-".join(part for part in ("pooltop", what, stamp(wall_at)) if part) + f".{ending}"


def write_new(name: str, data: bytes) -> str:
    """Write a new file, readable by its owner alone; gives a sentence about what happened.

    A file that is there is never written over, and nothing is raised: the sentence says why.
    """
    path = Path(name)
    try:
        path = path.expanduser()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return f"not written: {path} is there already; give another name"
    except (OSError, ValueError, RuntimeError) as error:  # the last of ~nobody/
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"not written: {path}: {reason}"
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        return f"not written whole: {path}: {error.strerror}"
    return f"written: {path}, {len(data)} bytes"
