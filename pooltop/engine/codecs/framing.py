"""Where a response ends and whether its connection may be used again, from its fields alone.

One place for both codecs, so that they cannot differ. The rules are Node's (a second
Content-Length or Transfer-Encoding with Content-Length is refused; the keep-alive table) and
where Node is lax the safer reading: an unknown transfer coding is refused, and what a second
reader could frame differently is delivered but its connection is not kept.

Source: RFC 9112 sections 6.1 to 6.3 and 9.3; Node ``deps/llhttp`` ``llhttp_should_keep_alive``.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from pooltop.core.states import CloseReason
from pooltop.engine.codecs.base import Answer, ResponseEnd, ResponseHead
from pooltop.engine.codecs.strangers import show
from pooltop.errors import PeerError

MAX_LENGTH: Final = 2**63 - 1
"""The largest Content-Length or chunk size, in bytes, that is believed."""
_MAX_DIGITS: Final = 20
"""h11's limit, leading zeros included; llhttp has none."""
_SWITCHING_PROTOCOLS: Final = 101
_FIRST_FINAL: Final = 200
_NO_CONTENT: Final = 204
_NOT_MODIFIED: Final = 304
_FRAMING_FIELDS: Final = frozenset(
    {b"content-length", b"transfer-encoding", b"connection", b"proxy-connection", b"keep-alive"}
)


class BodyKind(Enum):
    """What ends a body."""

    NONE = "none"
    """There is none: the head is the whole response."""
    LENGTH = "length"
    CHUNKED = "chunked"
    EOF = "eof"
    """Only the end of the connection."""
    SWITCHED = "switched"
    """Nothing: behind the head it is no HTTP."""


class Framing(msgspec.Struct, frozen=True):
    """What the fields say about the body and about the connection after it."""

    body: BodyKind
    length: int
    """Body bytes for LENGTH, otherwise 0."""
    end: ResponseEnd
    """The verdict, if the exchange ends cleanly and our request did not say close."""


_SWITCHED: Final = Framing(
    body=BodyKind.SWITCHED,
    length=0,
    end=ResponseEnd(keep=False, reason=CloseReason.DETACHED, hint=None),
)


def judge(head: ResponseHead, answer: Answer) -> Framing:
    """Give the framing of a response.

    Every final response to CONNECT ends HTTP on the connection, one that refuses included: Node
    gives the socket to the caller whatever the status (RFC 9110, 9.3.6 only where it is 2xx). And
    framing fields are not read where there is nothing to frame.

    Args:
        head: The head, its grammar checked.
        answer: What the request can be answered with. To HEAD there is no body, whatever the
            fields say.

    Raises:
        PeerError: contradicting or malformed framing fields, or an upgrade nobody asked for.
    """
    if head.status == _SWITCHING_PROTOCOLS:
        _check_switch(head, answer)
        return _SWITCHED
    if answer is Answer.TO_CONNECT and head.status >= _FIRST_FINAL:
        return _SWITCHED
    length: int | None = None
    chunked = False
    tokens: set[bytes] = set()
    hints: list[bytes] = []
    for name, value in head.headers:
        if name not in _FRAMING_FIELDS:
            continue
        if name == b"content-length":
            if length is not None or chunked:
                raise _second_length(value, chunked=chunked)
            length = _read_length(value)
        elif name == b"transfer-encoding":
            _check_coding(value, length=length, chunked=chunked)
            chunked = True
        elif name == b"keep-alive":
            hints.append(value)
        else:
            tokens.update(token.strip(b" \t") for token in value.lower().split(b","))

    bodiless = head.status < _FIRST_FINAL or head.status == _NO_CONTENT
    untrusted = (chunked and head.http_version == "1.0") or (bodiless and (chunked or bool(length)))
    if bodiless or answer is Answer.TO_HEAD or head.status == _NOT_MODIFIED:
        body = BodyKind.NONE
    else:
        body = _body_kind(length=length, chunked=chunked)
    reason = _why_not_keep(tokens, http_version=head.http_version, body=body, untrusted=untrusted)
    return Framing(
        body=body,
        length=(length or 0) if body is BodyKind.LENGTH else 0,
        end=ResponseEnd(
            keep=reason is None, reason=reason, hint=b", ".join(hints) if hints else None
        ),
    )


def _check_switch(head: ResponseHead, answer: Answer) -> None:
    """Refuse a 101 that nobody asked for, or that does not say what to (RFC 9110, 15.2.2).

    Node destroys the socket of the first, and takes the second for a response without a body.
    """
    if answer is not Answer.TO_UPGRADE:
        message = "the peer switches protocols (101) although no upgrade was asked for"
        raise PeerError(message, code="ERR_UNEXPECTED_UPGRADE")
    names = [name for name, _ in head.headers]
    asks = any(
        token.strip(b" \t") == b"upgrade"
        for name, value in head.headers
        if name == b"connection"
        for token in value.lower().split(b",")
    )
    if not asks or b"upgrade" not in names:
        message = "the peer switches protocols (101) without an Upgrade and Connection: upgrade"
        raise PeerError(message, code="ERR_UNEXPECTED_UPGRADE")


def _body_kind(*, length: int | None, chunked: bool) -> BodyKind:
    if chunked:
        return BodyKind.CHUNKED
    if length is None:
        return BodyKind.EOF
    return BodyKind.LENGTH if length else BodyKind.NONE


def _why_not_keep(
    tokens: set[bytes], *, http_version: str, body: BodyKind, untrusted: bool
) -> CloseReason | None:
    if untrusted:
        return CloseReason.UNTRUSTED_FRAMING
    if b"close" in tokens:
        return CloseReason.CONNECTION_CLOSE
    if http_version == "1.0" and b"keep-alive" not in tokens:
        return CloseReason.HTTP_1_0
    if body is BodyKind.EOF:
        return CloseReason.EOF_FRAMED
    return None


def _read_length(value: bytes) -> int:
    if value.isdigit() and len(value) <= _MAX_DIGITS and (length := int(value)) <= MAX_LENGTH:
        return length
    message = f"Content-Length is not a number of bytes: {show(value)}"
    raise PeerError(message, code="HPE_INVALID_CONTENT_LENGTH")


def _second_length(value: bytes, *, chunked: bool) -> PeerError:
    if chunked:
        message = f"Content-Length {show(value)} beside Transfer-Encoding"
        return PeerError(message, code="HPE_INVALID_CONTENT_LENGTH")
    message = f"a second Content-Length: {show(value)}"
    return PeerError(message, code="HPE_UNEXPECTED_CONTENT_LENGTH")


def _check_coding(value: bytes, *, length: int | None, chunked: bool) -> None:
    if length is not None:
        message = f"Transfer-Encoding {show(value)} beside Content-Length"
    elif chunked or value.lower() != b"chunked":
        message = f"the only transfer coding understood is chunked, once; got {show(value)}"
    else:
        return
    raise PeerError(message, code="HPE_INVALID_TRANSFER_ENCODING")
