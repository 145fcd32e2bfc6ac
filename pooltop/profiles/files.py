"""From a path to text: only a regular, readable, small UTF-8 file becomes a profile."""

from __future__ import annotations

import os
import stat

LARGEST = 1024 * 1024
"""Bytes. Profiles that people write stay far below."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class FileRefusedError(Exception):
    """The file cannot be used as a profile."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the problem's code and its message."""
        super().__init__(message)
        self.code = code
        self.message = message


def read_regular(path: str, largest: int) -> bytes:
    """Read a regular file without ever waiting for it.

    Raises:
        FileRefusedError: it is missing, no regular file, unreadable or too large.
    """
    try:
        _require_regular(os.stat(path))
        # A file that becomes a pipe in between must not block the open.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            _require_regular(os.fstat(descriptor))
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        raise FileRefusedError("P001", _reason(error)) from error
    if len(data) > largest:
        raise FileRefusedError("P002", f"larger than {largest // 1024} KiB, which is the limit.")
    return data


def can_others_read(path: str) -> bool:
    """Tell whether other users of this machine may read a file; no, where it has gone since."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return os.name == "posix" and bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def decode(data: bytes) -> str:
    """Give the text of a profile; a byte-order mark is dropped.

    Raises:
        FileRefusedError: the bytes are not UTF-8.
    """
    if data[:2] in _UTF16:
        raise FileRefusedError("P003", "not UTF-8: this looks like UTF-16. Save it as UTF-8.")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = data[error.start]
        raise FileRefusedError(
            "P003",
            f"not UTF-8 at byte {error.start} (0x{wrong:02x}, line {line}). Save it as UTF-8.",
        ) from error


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise FileRefusedError("P001", "is a directory. Name the file itself.")
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError("P001", "not a regular file.")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file."
    if isinstance(error, NotADirectoryError):
        return "no such file: a part of its path is not a directory."
    if isinstance(error, PermissionError):
        return "permission denied."
    if isinstance(error, OSError):
        return f"cannot be read: {(error.strerror or 'unknown reason').lower()}."
    return "no such file: a file name cannot hold a NUL character."
