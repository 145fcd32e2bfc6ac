"""Making a ``PreparedRequest``: a request checked and serialised once, sent any number of times.

What is added to the caller's fields, and in which order, is what Node's ClientRequest adds: the
caller's own first, then Host, Connection, and the body's length or coding (tried against
Node 24). One difference: a body on GET, HEAD, DELETE, OPTIONS or TRACE gets its Content-Length,
where Node sends it without any framing, as octets the server must take for the next request.

Source: Node 24 ``lib/_http_client.js`` and ``_storeHeader`` in ``lib/_http_outgoing.js``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import h11

from pooltop.engine.codecs.base import Answer, PreparedRequest
from pooltop.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pooltop.core.proxies import Proxy

HeaderPairs = tuple[tuple[str, str], ...]

_BODILESS_METHODS: Final = frozenset({b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"TRACE"})
"""Methods that without a body are sent without Content-Length: 0."""
_IDEMPOTENT: Final = _BODILESS_METHODS | {b"PUT"}
"""RFC 9110, 9.2.2."""
_CLOSE_RE: Final = re.compile(rb"(?:^|\W)close(?:$|\W)", re.IGNORECASE)
"""Node's RE_CONN_CLOSE."""
_VALUE_RE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def prepare(
    method: str | bytes,
    target: str | bytes,
    headers: Iterable[tuple[str | bytes, str | bytes]] = (),
    *,
    host_header: str | bytes,
    keep_alive: bool,
    body: bytes = b"",
    streamed: bool = False,
    upgrade: str | None = None,
    authority: str | None = None,
    proxy: Proxy | None = None,
    idempotent: bool | None = None,
) -> PreparedRequest:
    """Give a request ready to be sent.

    Args:
        method: Any token; CONNECT only with ``authority``.
        target: The request target as it goes on the wire: path and query.
        headers: The caller's fields, in the order to send; text is encoded as latin-1. A Host
            or Connection among them is sent instead of ours.
        host_header: The Host to send if the caller gave none; with the port when it is not
            the scheme's own.
        keep_alive: Send ``Connection: keep-alive``, else ``close``, if the caller gave none.
        body: The whole body; must be empty when ``streamed``.
        streamed: The body follows: chunked, unless the caller gave a Content-Length.
        upgrade: The protocol to switch to: whoever sends this takes the connection over after
            a 101. Sent as ``Upgrade``, with ``Connection: Upgrade``, unless the caller gave them.
        authority: For CONNECT, ``host:port`` of the tunnel's other end, sent instead of
            ``target``: whoever sends this takes the connection over. The body is the tunnel's
            first bytes, without a length.
        proxy: Whom it is sent to, if not to the server itself: with an absolute target, of
            ``host_header`` and ``target``.
        idempotent: It may be had twice by the server; None goes by the method.

    Raises:
        UsageError: the request may not be sent; the header at fault is named, its value never
            shown.
    """
    method = _encode(method, what="method")
    target = _encode(target, what="request target")
    fields = [
        (name := _encode(raw_name, what="header name"), _encode_value(name, raw_value))
        for raw_name, raw_value in headers
    ]
    if (method.upper() == b"CONNECT") is not (authority is not None):
        message = "CONNECT, and nothing else, needs the authority to connect to: host:port"
        raise UsageError(message)
    if proxy is not None:
        target = b"http://" + _encode(host_header, what="host") + target
        if authority is None:
            fields = _with_host(fields, _encode_value(b"Host", host_header))
    if authority is not None:
        target = _encode(authority, what="authority")
    if streamed and (authority is not None or upgrade is not None):
        message = "a request that may end HTTP has its whole content given at once"
        raise UsageError(message)
    if streamed and body:
        message = "a streamed request has its body sent later, so none may be given"
        raise UsageError(message)
    given = {name.lower() for name, _ in fields}
    if b"host" not in given:
        fields.append((b"Host", _encode_value(b"Host", host_header)))
    if proxy is not None:
        fields = _for_proxy(fields, proxy, keep_alive=keep_alive)
    if upgrade is not None:
        _encode(upgrade, what="upgrade")
        fields += _upgrade_fields(upgrade, given)
        given.add(b"connection")
    wants_close = not keep_alive
    if b"connection" in given:
        # Node: "close" from the caller is sent but changes nothing on our side (the socket is
        # parked, and goes when the server closes it); anything else asks to keep the socket.
        wants_close = wants_close and all(
            _CLOSE_RE.search(value) for name, value in fields if name.lower() == b"connection"
        )
    else:
        fields.append((b"Connection", b"close" if wants_close else b"keep-alive"))
    fields.extend(_body_fields(method, fields, given, body=body, streamed=streamed))
    _validate(method, target, fields)
    lines = [b"%b %b HTTP/1.1\r\n" % (method, target)]
    lines += [b"%b: %b\r\n" % field for field in fields]
    return PreparedRequest(
        method=method,
        target=target,
        headers=tuple(fields),
        body=body,
        streamed=streamed,
        wants_close=wants_close,
        wire=b"".join([*lines, b"\r\n", body]),
        answer=_answer(method, upgrade=upgrade, authority=authority),
        idempotent=method.upper() in _IDEMPOTENT if idempotent is None else idempotent,
    )


def header_pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> HeaderPairs:
    """Give a caller's header fields as pairs, in their order.

    Args:
        headers: a mapping, or name and value in pairs.

    Raises:
        UsageError: they are neither, or one is no text: it is named, its value is not shown.
    """
    try:
        given = headers.items() if isinstance(headers, Mapping) else headers
        pairs = tuple((name, value) for name, value in given)
    except (TypeError, ValueError):
        raise UsageError("headers is a mapping, or name and value in pairs") from None
    for name, value in pairs:
        if not isinstance(name, str | bytes):
            raise UsageError(f"a header's name is a text, not of type {type(name).__name__}")
        if not isinstance(value, str | bytes):
            shown = _show_name(name if isinstance(name, bytes) else name.encode(errors="replace"))
            kind = type(value).__name__
            raise UsageError(
                f"header {shown} cannot be sent: its value is a text, not of type {kind}"
            )
    return pairs


def _with_host(fields: list[tuple[bytes, bytes]], host: bytes) -> list[tuple[bytes, bytes]]:
    """Send the Host that the absolute target says, however the caller wrote it.

    Source: Node v24 lib/_http_client.js rewriteForProxiedHttp.
    """
    return [
        (b"Host", host) if field[0].lower() == b"host" and field[1] != host else field
        for field in fields
    ]


def _for_proxy(
    fields: list[tuple[bytes, bytes]], proxy: Proxy, *, keep_alive: bool
) -> list[tuple[bytes, bytes]]:
    """Add what is for the proxy, in place of the caller's own.

    Source: Node v24 lib/_http_client.js rewriteForProxiedHttp.
    """
    ours = [(b"proxy-connection", b"keep-alive" if keep_alive else b"close")]
    if proxy.authorization is not None:
        ours.insert(0, (b"proxy-authorization", proxy.authorization.encode("ascii")))
    names = {name for name, _ in ours}
    return [*(field for field in fields if field[0].lower() not in names), *ours]


def _upgrade_fields(upgrade: str, given: set[bytes]) -> list[tuple[bytes, bytes]]:
    fields = []
    if b"connection" not in given:
        fields.append((b"Connection", b"Upgrade"))
    if b"upgrade" not in given:
        fields.append((b"Upgrade", _encode_value(b"Upgrade", upgrade)))
    return fields


def _answer(method: bytes, *, upgrade: str | None, authority: str | None) -> Answer:
    if authority is not None:
        return Answer.TO_CONNECT
    if method == b"HEAD":
        return Answer.TO_HEAD
    return Answer.PLAIN if upgrade is None else Answer.TO_UPGRADE


def _body_fields(
    method: bytes,
    fields: list[tuple[bytes, bytes]],
    given: set[bytes],
    *,
    body: bytes,
    streamed: bool,
) -> list[tuple[bytes, bytes]]:
    """Give the field that frames the body; check the one the caller gave."""
    has_length, has_coding = b"content-length" in given, b"transfer-encoding" in given
    if has_length and has_coding:
        message = "Content-Length and Transfer-Encoding may not both be given"
        raise UsageError(message)
    if has_length:
        lengths = [value for name, value in fields if name.lower() == b"content-length"]
        if len(lengths) != 1 or not lengths[0].isdigit():
            message = "header Content-Length must be given once, a number of bytes"
            raise UsageError(message)
        if not streamed and int(lengths[0]) != len(body):
            message = f"header Content-Length does not match the body of {len(body)} bytes"
            raise UsageError(message)
        return []
    if has_coding:
        if not streamed:
            message = "header Transfer-Encoding is only for a streamed body"
            raise UsageError(message)
        return []
    if streamed:
        return [(b"Transfer-Encoding", b"chunked")]
    if method == b"CONNECT":
        return []
    if body or method not in _BODILESS_METHODS:
        return [(b"Content-Length", b"%d" % len(body))]
    return []


def _validate(method: bytes, target: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    """Ask h11; it lets control octets through in values, which Node does not."""
    for name, value in fields:
        if _VALUE_RE.fullmatch(value) is None:
            message = f"header {_show_name(name)} cannot be sent: control octet in its value"
            raise UsageError(message)
    try:
        h11.Request(method=method, target=target, headers=fields)
    except h11.LocalProtocolError as exc:
        raise UsageError(_explain(method, target, fields, exc)) from exc


def _explain(
    method: bytes, target: bytes, fields: list[tuple[bytes, bytes]], exc: h11.LocalProtocolError
) -> str:
    """Say what h11 refused: it quotes a header's value, which may be secret, and not its name."""
    host = (b"Host", b"")
    try:
        h11.Request(method=method, target=target, headers=[host])
    except h11.LocalProtocolError as why:
        return f"method or request target cannot be sent: {why}"
    for name, value in fields:
        try:
            h11.Request(method=b"GET", target=b"/", headers=[host, (name, value)])
        except h11.LocalProtocolError:
            if name.lower() != b"host":
                return f"header {_show_name(name)} cannot be sent: its name or value is malformed"
    return f"headers that cannot be sent together: {exc}"


def _encode(text: str | bytes, *, what: str) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as exc:
        message = f"{what} is not ASCII"
        raise UsageError(message) from exc
    except AttributeError:
        message = f"{what} is a text, not of type {type(text).__name__}"
        raise UsageError(message) from None


def _encode_value(name: bytes, value: str | bytes) -> bytes:
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError as exc:
            message = f"header {_show_name(name)} cannot be sent: its value is not latin-1"
            raise UsageError(message) from exc
    return value.strip(b" \t")


def _show_name(name: bytes) -> str:
    return ascii(name.decode("latin-1"))[1:-1] or "with an empty name"
