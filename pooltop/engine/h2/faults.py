"""What a peer did wrong in HTTP/2, and how much of the connection it costs.

A stream fault costs one request and its stream is reset; a session fault costs the connection,
which ends with a GOAWAY. Both are a PeerError whose ``code`` is Node's.

Source: RFC 9113 section 5.4; Node 24 ``lib/internal/errors.js``.
"""

from __future__ import annotations

from h2.errors import ErrorCodes

from pooltop.errors import PeerError


class SessionFault(PeerError):
    """The peer broke a rule of the connection: all its streams are lost."""

    code = "ERR_HTTP2_SESSION_ERROR"

    def __init__(self, reason: ErrorCodes, words: str, rule: str) -> None:
        """Keep what the GOAWAY says.

        Args:
            reason: the code the peer is told.
            words: what it did, for people; nothing of a field's value.
            rule: the section of RFC 9113 it broke, or whose limit it is.
        """
        super().__init__(f"{words} (RFC 9113, {rule}): HTTP/2 session ended, {reason.name}")
        self.reason = reason
        self.rule = rule


class StreamFault(PeerError):
    """The peer broke a rule of one stream: its request is lost, its neighbours go on."""

    code = "ERR_HTTP2_STREAM_ERROR"

    def __init__(self, reason: ErrorCodes, words: str, rule: str) -> None:
        """Keep what the RST_STREAM says; the arguments are ``SessionFault``'s."""
        super().__init__(f"{words} (RFC 9113, {rule}): HTTP/2 stream reset, {reason.name}")
        self.reason = reason
        self.rule = rule


class LengthFault(StreamFault):
    """The body of a response is not as long as its Content-Length says."""
