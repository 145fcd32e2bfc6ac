"""A profile to start from, which runs as it is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pooltop.errors import UsageError
from pooltop.profiles.shown import printable

USUAL_NAME = "pooltop.toml"


def starter_text() -> str:
    """Give the text of the profile."""
    return Path(__file__).with_name("starter.toml").read_text(encoding="utf-8")


def write_starter(path: str) -> None:
    """Write the profile to a new file, which others may read: it holds no secret.

    Raises:
        UsageError: the file is there already, or cannot be written; nothing was changed.
    """
    name = printable(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    except FileExistsError:
        raise UsageError(f"{name} is there already: give another name, or remove it") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{name} cannot be written: {_why(path, error)}") from error
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(starter_text())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise UsageError(f"{name} cannot be written: {error.strerror}") from error


def _why(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"its folder is not there: mkdir -p {printable(os.path.dirname(path))}"
    if isinstance(error, OSError):
        return (error.strerror or "unknown reason").lower()
    return "a file name cannot hold a NUL character"
