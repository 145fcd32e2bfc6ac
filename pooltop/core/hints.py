r"""What Node reads of a response's ``Keep-Alive`` field: very little.

Only a value that starts with lower-case ``timeout=`` and digits counts; ``max`` is never used.
Source: Node v24 lib/_http_agent.js keepSocketAlive, ``/^timeout=(\d+)/``.
"""

from __future__ import annotations

_PREFIX = b"timeout="
_LONGEST = 12
"""Digits read: a timeout of 30,000 years is long enough."""


def keep_alive_timeout(value: bytes) -> int | None:
    """Give the hint's seconds; None if Node would not see one."""
    if not value.startswith(_PREFIX):
        return None
    end = start = len(_PREFIX)
    while end < len(value) and 48 <= value[end] <= 57:
        end += 1
    return int(value[start : min(end, start + _LONGEST)]) if end > start else None
