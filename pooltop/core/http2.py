"""The names of HTTP/2's error codes.

Source: RFC 9113, 7.
"""

from __future__ import annotations

ERRORS = (
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
)
"""By their numbers."""


def error_name(code: int) -> str:
    """Give the name of an error code, ``0x1f`` for one that has none."""
    return ERRORS[code] if 0 <= code < len(ERRORS) else f"{code:#x}"
