"""Redirects: where a response leads, with what of the request, and where it may not. Pure.

RFC 9110, 15.4. 301 and 302 make a GET of a POST, as everybody has done since browsers began it; 303
makes one of everything but HEAD; 307 and 308 change nothing. To another origin only such fields go
along as say nothing of who asks: a list of secrets would miss the next one's name. A body goes
nowhere else at all; that is for the caller to see to.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urljoin

FOLLOWED = (301, 302, 303, 307, 308)
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_OF_THE_HOP = frozenset(
    {b"connection", b"content-length", b"transfer-encoding", b"keep-alive", b"te", b"upgrade"}
)
"""Fields of one connection, or of one message's framing: made anew."""
_HARMLESS = frozenset(
    {b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"pragma", b"user-agent"}
)
_OF_A_BODY = frozenset({b"content-type", b"content-encoding", b"content-language"})

Fields = tuple[tuple[bytes, bytes], ...]


class Hop(NamedTuple):
    """The next request."""

    method: bytes
    fields: Fields
    """Without those that are made anew for every request."""
    body: bytes


def target_of(url: str, location: bytes) -> str:
    """Give the absolute URL that a Location stands for, without its fragment.

    Args:
        url: absolute, of the request that was answered.
        location: raw; what is not ASCII in it is percent-encoded.
    """
    return urljoin(url, quote(location, safe=_PRINTABLE)).partition("#")[0]


def hop_of(status: int, method: bytes, fields: Fields, body: bytes, *, is_same_origin: bool) -> Hop:
    """Give what is asked there.

    Args:
        status: one of FOLLOWED.
        method: that was asked with.
        fields: as they were sent.
        body: likewise.
        is_same_origin: scheme, host and port are as before.
    """
    is_post_to_get = status in (301, 302) and method == b"POST"
    becomes_get = is_post_to_get or (status == 303 and method not in (b"GET", b"HEAD"))
    kept = [(name, value) for name, value in fields if _goes(name.lower(), is_same_origin)]
    if becomes_get:
        kept = [(name, value) for name, value in kept if name.lower() not in _OF_A_BODY]
        return Hop(b"GET", tuple(kept), b"")
    return Hop(method, tuple(kept), body)


def _goes(name: bytes, is_same_origin: bool) -> bool:
    if name in _OF_THE_HOP or name.startswith(b"proxy-"):
        return False
    return is_same_origin or name in _HARMLESS
