"""What undici writes: its own fields first, in its own case, and what decides where a request goes.

Host and Connection stand before the caller's fields, the length behind them. Which Connection field
it is, is known when the request is written: a request is made to be kept, and changed if the
connection is to close after it.

Source: undici 8.12.4 lib/dispatcher/client-h1.js writeH1, lib/core/request.js.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pooltop.core.undici.records import Ask
from pooltop.engine.codecs.base import Answer, PreparedRequest
from pooltop.engine.request import prepare
from pooltop.engine.way import Route
from pooltop.errors import UsageError

Fields = list[tuple[bytes, bytes]]

_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"QUERY"})
_EXPECTS_PAYLOAD = frozenset({b"PUT", b"POST", b"PATCH", b"QUERY", b"PROPFIND", b"PROPPATCH"})
_FIRST = frozenset({b"host", b"connection"})
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_REFUSED = frozenset({b"transfer-encoding", b"keep-alive", b"upgrade", b"expect"})
_KEEP = b"\r\nconnection: keep-alive\r\n"
_CLOSE = b"\r\nconnection: close\r\n"


def form_of(
    method: str | bytes,
    target: str | bytes,
    headers: Iterable[tuple[str | bytes, str | bytes]],
    route: Route,
    *,
    body: bytes = b"",
    streamed: bool = False,
    upgrade: str | None = None,
    authority: str | None = None,
    idempotent: bool | None = None,
    blocking: bool | None = None,
    headers_timeout: float | None = None,
    body_timeout: float | None = None,
) -> PreparedRequest:
    """Give a request as undici writes it.

    Args:
        method: as for ``request.prepare``, as all that is not said here.
        target: path and query.
        headers: the caller's. A Connection among them is "close" or "keep-alive", and is undici's
            ``reset``; Keep-Alive, Transfer-Encoding, Upgrade and Expect it refuses.
        route: where it goes.
        body: all of it.
        streamed: it follows.
        upgrade: the protocol to switch to.
        authority: for CONNECT.
        idempotent: others may run before it; None goes by the method: GET, HEAD and QUERY.
        blocking: nothing is sent after it before its response begins; None: all but HEAD.
        headers_timeout: in milliseconds, instead of the dispatcher's; 0 for no limit.
        body_timeout: likewise.

    Raises:
        UsageError: it cannot be sent as given.
    """
    given = [(_octets(name), value) for name, value in headers]
    reset = _reset(given)
    asked = [field for field in given if field[0].lower() != b"connection"]
    plain = prepare(
        method,
        target,
        asked,
        host_header=route.host_header,
        keep_alive=True,
        body=body,
        streamed=streamed,
        upgrade=upgrade,
        authority=authority,
        idempotent=idempotent,
    )
    expects_payload = plain.method in _EXPECTS_PAYLOAD
    switches = plain.answer in (Answer.TO_UPGRADE, Answer.TO_CONNECT)
    fields = _in_order(plain, has_length=bool(body) or streamed or expects_payload)
    lines = [b"%b %b HTTP/1.1\r\n" % (plain.method, plain.target)]
    lines += [b"%b: %b\r\n" % field for field in fields]
    is_head = plain.method == b"HEAD"
    # Only a Host of the caller's own names the server: a Client that gets both ways in turn closes
    # and dials in turn.
    names_host = any(name.lower() == b"host" for name, _ in given)
    is_idempotent = plain.method in _IDEMPOTENT if idempotent is None else idempotent
    return msgspec.structs.replace(
        plain,
        headers=tuple(fields),
        wire=b"".join([*lines, b"\r\n", body]),
        idempotent=is_idempotent,
        ask=Ask(
            idempotent=is_idempotent,
            blocking=not is_head if blocking is None else blocking,
            reset=reset,
            switches=switches,
            upgrade=upgrade or "",
            is_head=is_head,
            body="streamed" if streamed else "held" if body else "none",
            expects_payload=expects_payload,
            servername=(route.origin.servername or "") if names_host else "",
            headers_ms=headers_timeout,
            body_ms=body_timeout,
        ),
    )


def closing(wire: bytes) -> bytes:
    """Give what is written where the connection is to close after it."""
    # The first such line is undici's own: nothing but Host stands before it.
    return wire.replace(_KEEP, _CLOSE, 1)


def for_host(wire: bytes, asked: str, host: str) -> bytes:
    """Give what is written to another upstream of a BalancedPool, under that one's name.

    Args:
        wire: as it is written to the origin that was asked for.
        asked: that one's Host; a caller's own is left as it is.
        host: the other's.
    """
    request_line, _, rest = wire.partition(b"\r\n")
    old, new = (b"host: %b\r\n" % each.encode("ascii") for each in (asked, host))
    if not rest.startswith(old):
        return wire
    return b"%b\r\n%b%b" % (request_line, new, rest.removeprefix(old))


def renamed(prepared: PreparedRequest, asked: str, host: str) -> PreparedRequest:
    """Give a request to another upstream of a BalancedPool, for HTTP/2: its wire stays.

    Args:
        prepared: as it was made for the origin that was asked for.
        asked: that one's Host; a caller's own is left as it is.
        host: the other's.
    """
    ours = (b"host", asked.encode("ascii"))
    fields = [
        (b"host", host.encode("ascii")) if each == ours else each for each in prepared.headers
    ]
    return msgspec.structs.replace(prepared, headers=tuple(fields))


def _reset(given: list[tuple[bytes, str | bytes]]) -> bool | None:
    """Give undici's ``reset`` of the caller's own Connection field."""
    reset = None
    for name, value in given:
        lower = name.lower()
        if lower in _REFUSED:
            raise UsageError(f"invalid {lower.decode('ascii')} header", code="UND_ERR_INVALID_ARG")
        if lower == b"connection":
            said = _octets(value).lower()
            if said not in (b"close", b"keep-alive"):
                raise UsageError("invalid connection header", code="UND_ERR_INVALID_ARG")
            reset = said == b"close"
    return reset


def _in_order(plain: PreparedRequest, *, has_length: bool) -> Fields:
    """Put Host and Connection before the caller's fields, and the framing behind them."""
    ours: Fields = []
    callers: Fields = []
    framing: Fields = []
    for name, value in plain.headers:
        lower = name.lower()
        if lower in _FIRST or lower == b"upgrade":
            ours.append((lower, value.lower() if lower == b"connection" else value))
        elif lower in _FRAMING:
            framing.append((lower, value))
        else:
            callers.append((name, value))
    ours.sort(key=lambda field: (b"host", b"connection", b"upgrade").index(field[0]))
    return [*ours, *callers, *(framing if has_length else ())]


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")
