"""What a request is told that undici itself has failed, by undici's code."""

from __future__ import annotations

from pooltop.core.undici import failures
from pooltop.errors import AbortError, PeerError, RequestError, RequestTimeout

_CLOCKS = {
    "UND_ERR_CONNECT_TIMEOUT": "connect",
    failures.HEADERS_TIMEOUT.code: "headers",
    failures.BODY_TIMEOUT.code: "body",
}
_GIVEN_UP = frozenset(
    {failures.ABORTED.code, failures.CLIENT_CLOSED.code, failures.CLIENT_DESTROYED.code}
)


def error_of(code: str, message: str) -> RequestError:
    """Give the error of a request of which no more is known than this."""
    clock = _CLOCKS.get(code)
    if clock is not None:
        return RequestTimeout(message, clock=clock, code=code)
    return (AbortError if code in _GIVEN_UP else PeerError)(message, code=code)
