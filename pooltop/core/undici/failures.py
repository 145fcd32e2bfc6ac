"""The errors that undici itself gives, by their codes and in its words.

Two codes decide what becomes of requests that wait: INFO and SOCKET are of a connection alone, any
other one is held against those who wait for it while nothing runs.

Source: undici 8.12.4 lib/core/errors.js.
"""

from __future__ import annotations

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

NOT_ALONE = Failure("ERR_ASSERTION", "an upgrade with others behind it on its connection")

WAS_ABORTED = Failure(INFO, "aborted")
RESET = Failure(INFO, "reset")
IDLE_TIMEOUT = Failure(INFO, "socket idle timeout")
SERVERNAME_CHANGED = Failure(INFO, "servername changed")
UPGRADED = Failure(INFO, "upgrade")


def connect_timeout(timeout_ms: float) -> Failure:
    """Give the error of a dial that took longer than it may."""
    return Failure("UND_ERR_CONNECT_TIMEOUT", f"Connect Timeout Error (timeout: {timeout_ms:g}ms)")


def spares_waiters(failure: Failure) -> bool:
    """Say whether those who wait for the connection are left alone by it."""
    return failure.code in _OF_THE_CONNECTION
