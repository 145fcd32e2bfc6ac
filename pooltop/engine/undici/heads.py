"""What undici reads of a response's head: whether its connection is kept, and for how long.

Source: undici 8.12.4 lib/dispatcher/client-h1.js onHeadersComplete, lib/core/util.js
parseKeepAliveTimeout.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pooltop.engine.codecs.base import Answer, ResponseHead

_HINT = re.compile(rb"(?:^|,)[\t ]*timeout=(\d+)", re.IGNORECASE)
_LONGEST = 12
"""Digits read: a timeout of 30,000 years is long enough."""
_BODILESS = (204, 304)


class Hint(NamedTuple):
    """A server's Keep-Alive field."""

    octets: bytes
    seconds: float | None
    """What undici sees in it; None if that is nothing."""


def hint_of(head: ResponseHead) -> Hint | None:
    """Give the hint of a head; None without one. Several fields are one list."""
    values = [value for name, value in head.headers if name == b"keep-alive"]
    if not values:
        return None
    octets = b",".join(values)
    found = _HINT.search(octets)
    return Hint(octets, None if found is None else float(found[1][:_LONGEST]))


def is_kept(head: ResponseHead, answer: Answer, *, keeps: bool) -> bool:
    """Say whether the response lets the connection be used again.

    Args:
        head: of the response.
        answer: what the request's answer can be. llhttp is not told of a HEAD, and takes one
            without a length for a body that the connection's end ends: then undici goes by what
            the server says of the connection.
        keeps: what the fields and the version say.
    """
    if answer is not Answer.TO_HEAD or head.status in _BODILESS or _has_length(head):
        return keeps
    said = (value.lower() for name, value in head.headers if name == b"connection")
    return keeps and any(b"keep-alive" in value for value in said)


def is_odd(head: ResponseHead, answer: Answer) -> bool:
    """Say whether a response without a body says how long its body is."""
    return (
        answer is not Answer.TO_HEAD
        and head.status in _BODILESS
        and any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
            for name, value in head.headers
        )
    )


def has_length(head: ResponseHead, answer: Answer) -> bool:
    """Say whether a response over HTTP/2 says how much body follows."""
    is_bare = answer is Answer.TO_HEAD or head.status == 304
    return not is_bare and any(name == b"content-length" for name, _ in head.headers)


def _has_length(head: ResponseHead) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in head.headers)
