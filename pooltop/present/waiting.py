"""Why a request waits that a dispatcher of undici's has, in words."""

from __future__ import annotations

from collections.abc import Mapping

from pooltop.core.states import QueueReason

NODE_LIMITS = frozenset((QueueReason.MAX_SOCKETS, QueueReason.MAX_TOTAL_SOCKETS))
"""The reasons that an http.Agent has; all others are undici's."""

MEANINGS: Mapping[str, str] = {
    "connections": "all clients of the pool are full, and it has as many as connections lets it",
    "waits for ALPN": "the first connection is to say which protocol the server speaks; no other "
    "one is opened before",
    "connecting": "its client has no connection yet",
    "pipelining": "as many requests run on its connection as pipelining lets it",
    "blocking": "the one before it lets nothing be sent until its response begins: all but HEAD do",
    "not idempotent": "it may not be sent twice, so nothing else may run on its connection",
    "streamed body": "a body that can be had only once, its own or another's, is sent with nothing "
    "else on the connection",
    "switches protocols": "an upgrade or a CONNECT is sent with nothing else on the connection",
    "idle check": "its connection was idle: what came in meanwhile is read before it is used",
    "closing": "its client's connection closes, at once or after what runs on it",
    "streams (ours)": "as many streams are open on the session as maxConcurrentStreams lets it",
    "streams (peer's)": "as many streams are open on the session as the server allows "
    "(SETTINGS_MAX_CONCURRENT_STREAMS)",
    "waits for SETTINGS": "the server has not sent its SETTINGS: until then one stream is opened "
    "at a time",
    "liveness check": "a stream was silent for too long, and a PING asks whether the server is "
    "there: nothing is sent until it says so",
    "no streams allowed": "the server allows no stream at all now "
    "(SETTINGS_MAX_CONCURRENT_STREAMS 0)",
}
"""What stands behind each of undici's reasons, by its word."""


def meaning_of(reason: QueueReason) -> str:
    """Say what stands behind a reason; empty for Node's limits, which speak for themselves."""
    return MEANINGS.get(reason, "")
