"""What the command line says itself, and the exit statuses that go with it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def say(text: str) -> int:
    """Print it; gives the status of what went well."""
    write(1, text)
    return 0


def refuse(text: str, *, prefix: str = "pooltop: ") -> int:
    """Tell what is wrong with what was asked; gives the status of bad input."""
    write(2, prefix + "".join(c if c.isprintable() or c == "\n" else "?" for c in text))
    return EXIT_USAGE


def fail(error: Exception) -> int:
    """Tell why it could not be done; gives the status of a failure."""
    refuse(f"{error}\n")
    return EXIT_FAILED


def told(work: Callable[[], int]) -> int:
    """Do it; gives its exit status, or that of a failure, which is told in words."""
    from pooltop.errors import PooltopError, ProfileError, UsageError

    try:
        return work()
    except (ProfileError, UsageError) as error:
        return refuse(f"{error}\n")
    except PooltopError as error:
        return fail(error)


def write(descriptor: int, text: str) -> None:
    """Write to a descriptor itself: a reader that left is no error, not even at the exit."""
    try:
        data = text.encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        pass
