"""Memory that is free goes back to the system, now and then.

A picture of 200 hosts is a megabyte that comes and goes four times a second, among what stays: over
an hour that left glibc's heap with holes which it keeps for itself, a MiB or two more each hour.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

GIVE_BACK_S = 60.0
"""So often; it takes a millisecond or two."""


def give_back() -> None:
    """Give whole pages of the C heap that hold nothing back; where it is not glibc's, do nothing.

    Source: glibc malloc/malloc.c, ``malloc_trim``: since 2.8 it looks inside of the heap as well.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], object] | None:
    import ctypes  # noqa: PLC0415 - a minute after the start

    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
    return trim
