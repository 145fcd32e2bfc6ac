"""A request as HTTP/2 has it, made once of what was prepared for HTTP/1.1.

What is of one HTTP/1.1 connection is left out, Host becomes ``:authority``, names are in lower
case. Values that are secret, or short enough to be guessed, are never put into a compression
table that a later request shares.

Source: RFC 9113 sections 8.2.2, 8.2.3 and 8.3.1; RFC 7541 section 7.1.
"""

from __future__ import annotations

from typing import Final

import msgspec
from hpack import NeverIndexedHeaderTuple

from pooltop.engine.codecs.base import Answer, PreparedRequest
from pooltop.engine.h2.fields import OF_CONNECTION
from pooltop.errors import UsageError

_LEFT_OUT: Final = OF_CONNECTION | {b"host", b"http2-settings"}
_SECRET: Final = frozenset(
    (b"authorization", b"proxy-authorization", b"x-api-key", b"api-key", b"x-auth-token")
)
"""Those that make a profile's file a secret (profiles/request_head.py); a cookie by its length."""
_SHORT_COOKIE: Final = 20
"""Octets below which a cookie's value could be guessed piece by piece (nghttp2, h2)."""


class H2Form(msgspec.Struct, frozen=True):
    """A request's header block, to be compressed for each session anew."""

    fields: tuple[tuple[bytes, bytes], ...]
    """Pseudo fields first; one that no table may have is a ``NeverIndexedHeaderTuple``."""
    has_secrets: bool
    """There is one."""
    answer: Answer
    length: int | None
    """Octets of body that it promises; None if it does not say."""

    def __repr__(self) -> str:
        """Name the fields; of values only the method is shown."""
        method = self.fields[0][1].decode("latin-1")
        names = ", ".join(ascii(name.decode("latin-1"))[1:-1] for name, _ in self.fields)
        return f"<H2Form {ascii(method)[1:-1]} ({names})>"


def form_of(request: PreparedRequest, *, scheme: str) -> H2Form:
    """Give the HTTP/2 form of a request.

    Args:
        request: as it was prepared; its Host is the authority.
        scheme: "http" or "https".

    Raises:
        UsageError: it asks for another protocol, or for a tunnel.
    """
    if request.answer in {Answer.TO_UPGRADE, Answer.TO_CONNECT}:
        raise UsageError("an upgrade or a tunnel cannot be asked for over HTTP/2")
    authority = b""
    length: int | None = None
    fields: list[tuple[bytes, bytes]] = []
    for raw_name, value in request.headers:
        name = raw_name.lower()
        if name == b"host":
            authority = value
        if name == b"content-length":
            length = int(value)
        if name not in _LEFT_OUT and (name != b"te" or value == b"trailers"):
            fields.append(_field(name, value))
    pseudo = [
        (b":method", request.method),
        (b":scheme", scheme.encode("ascii")),
        (b":authority", authority),
        (b":path", request.target),
    ]
    return H2Form(
        fields=(*pseudo, *fields),
        has_secrets=any(isinstance(field, NeverIndexedHeaderTuple) for field in fields),
        answer=request.answer,
        length=length,
    )


def _field(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name in _SECRET or (name == b"cookie" and len(value) < _SHORT_COOKIE):
        return NeverIndexedHeaderTuple(name, value)
    return name, value
