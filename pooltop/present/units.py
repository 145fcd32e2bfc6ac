"""Numbers in few characters, with their unit; ``-`` always means that there is no number."""

from __future__ import annotations

import math
from datetime import UTC, datetime

NONE = "-"
_MINUTE = 60
_HOUR = 3600


def duration(seconds: float | None) -> str:
    """Give at most five characters, e.g. ``0``, ``850us``, ``36ms``, ``1.3s``, ``2m05``."""
    if seconds is None or math.isnan(seconds):
        return NONE
    if math.isinf(seconds):
        return "inf"
    if seconds < 0.00005:
        return "0"
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f}us"
    if seconds < 0.00995:
        return f"{seconds * 1e3:.1f}ms"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    return age(seconds)


def round_trip(seconds: float | None) -> str:
    """Give what ``duration`` gives, but single microseconds too: on loopback they are usual."""
    if seconds is not None and 0 < seconds < 0.00005:
        return f"{max(1, round(seconds * 1e6))}us"
    return duration(seconds)


def age(seconds: float) -> str:
    """Give whole seconds, e.g. ``11s``, ``9m12s`` as ``9m12``, ``3h07``."""
    if not math.isfinite(seconds):
        return NONE
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02d}"
    return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}"


def count(number: float | None) -> str:
    """Give at most five characters, e.g. ``212``, ``12.4k``, ``3.1M``; ``-`` for no limit."""
    if number is None or math.isnan(number) or math.isinf(number):
        return NONE
    if abs(number) < 10_000:
        return f"{number:.0f}"
    for divisor, unit in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        scaled = number / divisor
        if abs(scaled) < 99.95:
            return f"{scaled:.1f}{unit}"
        if abs(scaled) < 999.5:
            return f"{scaled:.0f}{unit}"
    return f"{number:.0e}"


def rate(per_second: float | None) -> str:
    """Give a rate per second: one decimal below ten, whole numbers above."""
    if per_second is None or math.isnan(per_second):
        return NONE
    if per_second <= 0:
        return "0"
    if per_second < 0.05:
        return "<.1"
    if per_second < 9.95:
        return f"{per_second:.1f}"
    return count(per_second)


def share(fraction: float | None) -> str:
    """Give a share of 1 in percent, e.g. ``97%``, ``1.2%``; never rounds to 0 or 100 falsely."""
    if fraction is None or math.isnan(fraction):
        return NONE
    if fraction <= 0:
        return "0"
    if fraction >= 1:
        return "100%"
    percent = fraction * 100
    if percent < 0.1:
        return "<.1%"
    if percent < 9.95:
        return f"{percent:.1f}%"
    return f"{min(percent, 99):.0f}%"


def signed(per_second: float) -> str:
    """Give a rate of change per second with its sign, e.g. ``+8/s``, ``-0.4/s``."""
    sign = "-" if per_second < 0 else "+"
    return f"{sign}{rate(abs(per_second))}/s"


def clock(wall_at: float) -> str:
    """Give the local time of day of a Unix time, ``12:03:41``; ``--:--:--`` if it has none."""
    try:
        return datetime.fromtimestamp(wall_at, tz=UTC).astimezone().strftime("%H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "--:--:--"


def stamp(wall_at: float) -> str:
    """Give the local day and time of a Unix time for a file's name; empty if it has none."""
    try:
        return datetime.fromtimestamp(wall_at, tz=UTC).astimezone().strftime("%Y%m%d-%H%M%S")
    except (OverflowError, OSError, ValueError):
        return ""


def day(wall_at: float) -> str:
    """Give the day of a Unix time in UTC, ``2027-01-31``; ``-`` if it has none."""
    try:
        return datetime.fromtimestamp(wall_at, tz=UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        return NONE


def window(seconds: float) -> str:
    """Give a window's length, e.g. ``10s``, ``2m``."""
    whole = round(seconds)
    return f"{whole // _MINUTE}m" if whole % _MINUTE == 0 and whole else f"{whole}s"
