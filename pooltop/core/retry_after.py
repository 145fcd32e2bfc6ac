"""Retry-After: seconds, or a date (RFC 9110, 10.2.3). Pure."""

from __future__ import annotations

import calendar
import email.utils

_MOST_OCTETS = 64


def retry_after_s(value: bytes, wall_now: float) -> float | None:
    """Give how long to wait, in seconds, 0 for a date that is over; None for nonsense.

    Args:
        value: of the field, raw.
        wall_now: Unix time.
    """
    if not value.isascii() or len(value) > _MOST_OCTETS:
        return None
    text = value.decode("ascii").strip()
    if text.isdigit():
        return float(text)
    date = email.utils.parsedate(text)
    if date is None:
        return None
    try:
        return max(0.0, calendar.timegm(date) - wall_now)
    except (ValueError, OverflowError):
        return None
