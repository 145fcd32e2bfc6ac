"""The errors that undici itself gives, by their codes and in its words.

Two codes decide what becomes of requests that wait: INFO and SOCKET are of a connection alone, any
other one is held against those who wait for it while nothing runs.

Source: undici 8.12.4 lib/core/errors.js, lib/dispatcher/client-h2.js; the codes that begin with
ERR_ are of Node 24, lib/internal/http2/core.js.
"""

from __future__ import annotations

from pooltop.core.http2 import ERRORS
from pooltop.core.records import Failure

INFO = "UND_ERR_INFO"
SOCKET = "UND_ERR_SOCKET"
_OF_THE_CONNECTION = frozenset({INFO, SOCKET})

ABORTED = Failure("UND_ERR_ABORTED", "Request aborted")
BAD_RESPONSE = Failure(SOCKET, "bad response")
BAD_UPGRADE = Failure(SOCKET, "bad upgrade")
SOCKET_CLOSED = Failure(SOCKET, "closed")
HEADERS_TIMEOUT = Failure("UND_ERR_HEADERS_TIMEOUT", "Headers Timeout Error")
BODY_TIMEOUT = Failure("UND_ERR_BODY_TIMEOUT", "Body Timeout Error")
CLIENT_CLOSED = Failure("UND_ERR_CLOSED", "The client is closed")
CLIENT_DESTROYED = Failure("UND_ERR_DESTROYED", "The client is destroyed")
MISSING_UPSTREAM = Failure(
    "UND_ERR_BPL_MISSING_UPSTREAM", "No upstream has been added to the BalancedPool"
)
MAX_ORIGINS = Failure("UND_ERR_MAX_ORIGINS_REACHED", "Maximum allowed origins reached")

HALF_CLOSED = Failure(INFO, "HTTP/2: stream half-closed (remote)")
CLOSED_EARLY = Failure(INFO, "HTTP/2: stream closed before the response was complete")
NEVER_SENT = Failure(INFO, 'HTTP/2: "frameError" received - type 1, code 2')
NO_EXTENDED_CONNECT = Failure(INFO, "HTTP/2: Extended CONNECT protocol not supported by server")
NO_CONNECT = Failure("UND_ERR_NOT_SUPPORTED", "CONNECT over HTTP/2 is not supported")
UNRESPONSIVE = Failure(SOCKET, "HTTP/2: connection unresponsive")
PING_CANCELLED = Failure(INFO, 'HTTP/2: "PING" errored - type HTTP2 ping cancelled')
INVALID_SESSION = Failure("ERR_HTTP2_INVALID_SESSION", "The session has been destroyed")
PREMATURE_CLOSE = Failure("ERR_STREAM_PREMATURE_CLOSE", "Premature close")
LENGTH_MISMATCH = Failure(
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    "Response body length does not match content-length header",
)

NOT_ALONE = Failure("ERR_ASSERTION", "an upgrade with others behind it on its connection")

WAS_ABORTED = Failure(INFO, "aborted")
RESET = Failure(INFO, "reset")
IDLE_TIMEOUT = Failure(INFO, "socket idle timeout")
SERVERNAME_CHANGED = Failure(INFO, "servername changed")
UPGRADED = Failure(INFO, "upgrade")


def connect_timeout(timeout_ms: float) -> Failure:
    """Give the error of a dial that took longer than it may."""
    return Failure("UND_ERR_CONNECT_TIMEOUT", f"Connect Timeout Error (timeout: {timeout_ms:g}ms)")


def left_out(code: int) -> Failure:
    """Give the error of a GOAWAY: of what it leaves out and cannot be sent again."""
    return Failure(SOCKET if code else INFO, f'HTTP/2: "GOAWAY" frame received with code {code}')


def session_error(code: int) -> Failure:
    """Give Node's error of what runs on a session that a GOAWAY ends at once."""
    return Failure("ERR_HTTP2_SESSION_ERROR", f"Session closed with error code {code}")


def stream_error(code: int) -> Failure:
    """Give Node's error of a stream that the peer reset."""
    name = f"NGHTTP2_{ERRORS[code]}" if code < len(ERRORS) else str(code)
    return Failure("ERR_HTTP2_STREAM_ERROR", f"Stream closed with error code {name}")


def stream_timeout(timeout_ms: float, *, has_begun: bool) -> Failure:
    """Give the error of a stream on which nothing came for so long."""
    what, code = ("stream", BODY_TIMEOUT) if has_begun else ("headers", HEADERS_TIMEOUT)
    return Failure(code.code, f'HTTP/2: "{what} timeout after {_number(timeout_ms)}"')


def no_streams(timeout_ms: float) -> Failure:
    """Give the error of who waited for a peer that allows no streams."""
    return Failure(
        HEADERS_TIMEOUT.code,
        f"HTTP/2: server did not accept a new stream within {_number(timeout_ms)}",
    )


def of_unsent(upgrade: str, aborted: Failure | None) -> Failure:
    """Give the error of what is not sent over HTTP/2: given up before, an upgrade or a CONNECT.

    Of upgrades it has one, to websockets, in another form; any other is judged before it is looked
    whether it was given up.
    """
    if upgrade not in ("", "websocket"):
        words = f'Custom upgrade "{upgrade}" not supported over HTTP/2'
        return Failure("UND_ERR_INVALID_ARG", words)
    return aborted or (NO_EXTENDED_CONNECT if upgrade else NO_CONNECT)


def _number(value: float) -> str:
    """Write a number as JavaScript does: whole ones without a point."""
    return str(int(value) if value == int(value) else value)


def spares_waiters(failure: Failure) -> bool:
    """Say whether those who wait for the connection are left alone by it."""
    return failure.code in _OF_THE_CONNECTION
