"""The fields of a header block: which are allowed in a response, and what the rest say.

As strict as the guard of HTTP/1.1 (codecs/grammar.py), and where RFC 9113 asks for more, as
strict as that. A block that breaks a rule costs its stream and nothing else: it was decompressed
whole, so the connection's table is sound.

Source: RFC 9113 sections 8.1 to 8.3; nghttp2 ``lib/nghttp2_http.c``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NoReturn

from h2.errors import ErrorCodes

from pooltop.engine.codecs.base import Headers, ResponseHead
from pooltop.engine.codecs.framing import MAX_LENGTH
from pooltop.engine.h2.faults import StreamFault

Fields = Sequence[tuple[bytes, bytes]]
"""Names and values as the decoder gives them, pseudo fields among them."""

OF_CONNECTION: Final = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
)
"""Fields that are of one HTTP/1.1 connection, and never sent in HTTP/2."""
NAME_RE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_EDGE: Final = rb"[\x21-\x7e\x80-\xff]"
VALUE_RE: Final = re.compile(rb"(?:" + _EDGE + rb"(?:[\t\x20-\x7e\x80-\xff]*" + _EDGE + rb")?)?")
_STATUS_RE: Final = re.compile(rb"[1-9][0-9]{2}")
_MAX_DIGITS: Final = 20
_KNOWN_FIELDS: Final = 1024
_KNOWN_FIELD_OCTETS: Final = 128
_SWITCHING_PROTOCOLS: Final = 101


def read_head(fields: Fields, stream: int) -> ResponseHead:
    """Give the response's head, interim or final, that a block's fields are.

    Raises:
        StreamFault: PROTOCOL_ERROR, the fields are no response.
    """
    if not fields or fields[0][0] != b":status":
        _refuse(stream, "a response that does not begin with :status", "8.3.2")
    value = fields[0][1]
    if _STATUS_RE.fullmatch(value) is None:
        _refuse(stream, "a :status that is no number of three digits", "8.3.2")
    status = int(value)
    if status == _SWITCHING_PROTOCOLS:
        _refuse(stream, "a response of status 101, which HTTP/2 does not have", "8.6")
    return ResponseHead(
        status=status,
        reason=b"",
        http_version="2",
        headers=_regular(fields[1:], stream),
    )


def check_trailers(fields: Fields, stream: int) -> None:
    """Refuse trailers that may not be.

    Raises:
        StreamFault: PROTOCOL_ERROR.
    """
    if content_length(_regular(fields, stream), stream) is not None:
        _refuse(stream, "a Content-Length in trailers", "8.1.1")


def content_length(headers: Headers, stream: int) -> int | None:
    """Give the Content-Length; None if there is none.

    Raises:
        StreamFault: PROTOCOL_ERROR, it is no number of octets, or there are two.
    """
    length: int | None = None
    for name, value in headers:
        if name == b"content-length":
            if length is not None:
                _refuse(stream, "a second Content-Length", "8.1.1")
            if not value.isdigit() or len(value) > _MAX_DIGITS or int(value) > MAX_LENGTH:
                _refuse(stream, "a Content-Length that is no number of octets", "8.1.1")
            length = int(value)
    return length


def _regular(fields: Fields, stream: int) -> Headers:
    for name, value in fields:
        is_short = len(name) + len(value) <= _KNOWN_FIELD_OCTETS
        fault = _known_fault(name, value) if is_short else _fault_of(name, value)
        if fault is not None:
            _refuse(stream, *fault)
    return tuple([(name, value) for name, value in fields])


def _fault_of(name: bytes, value: bytes) -> tuple[str, str] | None:
    """Give what is wrong with a regular field, in words, and the section; None if nothing."""
    if NAME_RE.fullmatch(name) is None:
        if name[:1] == b":":
            return "a pseudo field where none may be", "8.3"
        return "a field name with an octet that may not be in one", "8.2.1"
    if VALUE_RE.fullmatch(value) is None:
        return "a field value with an octet that may not be there", "8.2.1"
    if name in OF_CONNECTION or (name == b"te" and value != b"trailers"):
        return f"a {name.decode('ascii')} field, which is of HTTP/1.1", "8.2.2"
    return None


# Servers say nearly the same every time.
_known_fault: Final = lru_cache(maxsize=_KNOWN_FIELDS)(_fault_of)


def _refuse(stream: int, words: str, rule: str) -> NoReturn:
    raise StreamFault(ErrorCodes.PROTOCOL_ERROR, f"stream {stream}: {words}", rule)
