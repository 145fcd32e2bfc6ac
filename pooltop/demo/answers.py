"""What the demo server answers: a target becomes an Answer, an Answer becomes bytes.

Every path gives the host's own page, so that a profile may use any path it likes; four paths
are controls, for tests and for the curious:

    /status/404    that status (200 to 599)
    /delay/250ms   the page after exactly this time instead of the host's latency (us, ms, s)
    /bytes/1024    a body of that many bytes
    /stats         the counters of all hosts in this process, as JSON, past latency and cap

A host that speaks HTTP/2 has two more (h2/service.py).

No Date field is sent: RFC 9110, 6.6.1 allows that to a server without a clock, and it keeps
the usual response one constant.
"""

from __future__ import annotations

import functools
import math
import re
from http import HTTPStatus

import msgspec

MAX_DELAY_S = 60.0
"""The longest ``/delay``."""
MAX_BODY_BYTES = 16 * 1024 * 1024
"""The largest ``/bytes``: a response is held in memory as a whole."""
_SMALL_BYTES = 64 * 1024

TEXT = b"text/plain; charset=utf-8"
JSON = b"application/json"
STATS_TARGET = b"/stats"

_CONTROL = re.compile(rb"/(status|delay|bytes)/([0-9]{1,9}(?:\.[0-9]{1,6})?)(us|ms|s)?\Z")
_UNITS_S = {b"us": 1e-6, b"ms": 1e-3, b"s": 1.0}
_NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED})

FieldLines = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, and values."""


class Answer(msgspec.Struct, frozen=True):
    """One response before it is serialised."""

    body: bytes | memoryview
    status: int = 200
    content_type: bytes = TEXT
    delay_s: float | None = None
    """How long to work on it; None draws from the host's latency."""

    def content(self, *, is_head: bool) -> bytes | memoryview:
        """Give the body that is sent, which is none for some statuses, and to a HEAD."""
        return b"" if is_head or self.status in _NO_BODY else self.body


def page(name: str, body_bytes: int) -> bytes:
    """Give a host's usual body: it names the host, and is ``body_bytes`` long."""
    text = f"{name}.localhost, pooltop demo\n".encode()
    return text[:body_bytes].ljust(body_bytes, b".")


def answer(target: bytes, usual: Answer) -> Answer:
    """Give what to answer to a request target; ``usual`` unless it is a control.

    ``/stats`` is not handled here, because it needs the hosts.
    """
    path = target.partition(b"?")[0]
    if not path.startswith((b"/status/", b"/delay/", b"/bytes/")):
        return usual
    match = _CONTROL.match(path)
    if match is None:
        return bad_request("unreadable control path")
    control, number, unit = match.groups()
    if control == b"delay":
        return _delay(float(number), unit, usual)
    if unit is not None or b"." in number:
        return bad_request("a whole number is needed")
    return _bytes(int(number)) if control == b"bytes" else _status(int(number))


def bad_request(why: str) -> Answer:
    """Give a 400 that says why."""
    return Answer(f"400: {why}\n".encode(), status=HTTPStatus.BAD_REQUEST)


def serialise(given: Answer, *, keep: str | None, is_head: bool) -> bytes:
    """Give the bytes of a response.

    Args:
        given: The answer.
        keep: None says ``Connection: close``; otherwise the connection stays open, and this is
            the value of the Keep-Alive field ("" sends none).
        is_head: The request was a HEAD: the fields are the same, and there is no body.
    """
    has_body = given.status not in _NO_BODY
    lines = [f"HTTP/1.1 {given.status} {_reason(given.status)}".encode()]
    if has_body:
        lines.append(b"Content-Type: " + given.content_type)
        lines.append(b"Content-Length: %d" % len(given.body))
    elif given.status == HTTPStatus.RESET_CONTENT:
        lines.append(b"Content-Length: 0")
    if keep is None:
        lines.append(b"Connection: close")
    else:
        lines.append(b"Connection: keep-alive")
        if keep:
            lines.append(b"Keep-Alive: " + keep.encode())
    lines.append(b"\r\n")
    return b"\r\n".join(lines) + given.content(is_head=is_head)


def h2_fields(given: Answer) -> FieldLines:
    """Give the header block of a response over HTTP/2, which has nothing about its connection."""
    status = (b":status", b"%d" % given.status)
    if given.status in _NO_BODY:
        is_reset = given.status == HTTPStatus.RESET_CONTENT
        return (status, (b"content-length", b"0")) if is_reset else (status,)
    length = (b"content-length", b"%d" % len(given.body))
    return (status, (b"content-type", given.content_type), length)


def _delay(number: float, unit: bytes | None, usual: Answer) -> Answer:
    delay_s = number * _UNITS_S.get(unit or b"", math.inf)
    if not delay_s <= MAX_DELAY_S:  # 0 * inf is nan, and refused as well
        return bad_request("a delay is a number and us, ms or s, 60s at most")
    return msgspec.structs.replace(usual, delay_s=delay_s)


def _bytes(count: int) -> Answer:
    if count > MAX_BODY_BYTES:
        return bad_request(f"{MAX_BODY_BYTES} bytes at most")
    return Answer(b"x" * count if count <= _SMALL_BYTES else _filler()[:count])


@functools.cache
def _filler() -> memoryview:
    """Give what large bodies are cut from, so that any number may wait to be sent."""
    return memoryview(b"x" * MAX_BODY_BYTES)


def _status(status: int) -> Answer:
    if not 200 <= status <= 599:
        return bad_request("a status is 200 to 599")
    return Answer(f"{status} {_reason(status)}\n".encode(), status=status)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
