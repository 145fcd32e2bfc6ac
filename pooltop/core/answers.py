"""What a response is expected to be, and what is said of one that is something else. Pure."""

from __future__ import annotations

from pooltop.core.traffic import Expect


def unexpected(expect: Expect, status: int, body_bytes: int) -> str:
    """Give the one reason why a response is not as expected; "" for one that is.

    Args:
        expect: what is expected.
        status: the response's.
        body_bytes: octets of its body, any transfer coding removed.
    """
    statuses = expect.statuses
    if statuses and not any(low <= status <= high for low, high in statuses):
        return f"status {status}"
    if expect.max_bytes is not None and body_bytes > expect.max_bytes:
        return f"body over {expect.max_bytes} bytes"
    return ""
