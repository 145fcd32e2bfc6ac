"""An HTTP/2 session in words: what it carries, what caps that, and why it takes no more."""

from __future__ import annotations

from typing import NamedTuple

from pooltop.core.dispatcher_snapshot import GoAway, SessionInfo
from pooltop.core.http2 import error_name
from pooltop.present import units

DEFINITIONS = {
    "PROTO": "What a connection speaks: h1 for HTTP/1.1, h2 for HTTP/2.",
    "STREAMS": "Requests that run on a connection now / how many may: streams of a session; over "
    "HTTP/1.1 what is in its pipeline; - is no limit.",
    "CAP": "Who sets that limit: ours (maxConcurrentStreams), the peer's "
    "(SETTINGS_MAX_CONCURRENT_STREAMS), or both alike; SETTINGS until the peer has said so, for "
    "one stream is opened at a time until then; GOAWAY, after which none is; pipelining over "
    "HTTP/1.1.",
    "PING": "How long the last PING took to be answered; ! while one has waited for over a second.",
}
"""Of the columns that sessions have, by their titles."""

LATE_S = 1.0
"""A PING that has waited for longer is said to: undici's own probe waits for as long at least."""


class Load(NamedTuple):
    """What a connection carries, and how much it may."""

    running: int
    cap: int | None
    """None for no limit."""
    capped_by: str
    """Who says so: a word of ``DEFINITIONS["CAP"]``."""

    @property
    def is_full(self) -> bool:
        """It carries all that it may."""
        return self.cap is not None and self.running >= self.cap

    @property
    def words(self) -> str:
        """Give ``42/100``."""
        cap = units.NONE if self.cap is None else units.count(self.cap)
        return f"{units.count(self.running)}/{cap}"


def session_load(session: SessionInfo) -> Load:
    """Give what a session carries, and what caps it."""
    return Load(session.streams, session.cap, _capped_by(session))


def _capped_by(session: SessionInfo) -> str:
    if session.goaway is not None:
        return "GOAWAY"
    if session.peer is None:
        return "SETTINGS"
    own, peer = session.own, session.peer.max_concurrent_streams
    if own is None and peer is None:
        return ""
    if own == peer:
        return "both"
    return "ours" if peer is None or (own is not None and own < peer) else "peer's"


def goaway_words(goaway: GoAway) -> str:
    """Say who ended a session, why, and up to which stream it was heard."""
    who = "the peer" if goaway.by_peer else "this side"
    upto = f"up to stream {goaway.last_stream}" if goaway.last_stream else "no stream"
    return f"{who} said GOAWAY, {error_name(goaway.code)}, dealing with {upto}"


def is_late(session: SessionInfo, at: float) -> bool:
    """Tell whether a PING has waited for its answer for too long."""
    return session.ping_since is not None and at - session.ping_since > LATE_S
