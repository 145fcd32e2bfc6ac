"""One agent's TLS: its context, made once, and the sessions that later connections resume.

Node's https.Agent caches up to 100 sessions, one per origin key, and evicts the oldest inserted.
Source: Node v24 lib/https.js, Agent.prototype._cacheSession.
"""

from __future__ import annotations

import ssl

from pooltop.core.model import Origin, OriginKey, TLSOptions
from pooltop.engine.tls import TLSSession, TLSStream
from pooltop.engine.tls_context import make_context

MAX_CACHED_SESSIONS = 100


class TLSFactory:
    """Makes the TLS streams of one agent."""

    def __init__(self, options: TLSOptions) -> None:
        """Keep the options; files are read when the first https connection needs them."""
        self.options = options
        self._context: ssl.SSLContext | None = None
        self._sessions: dict[OriginKey, TLSSession] = {}

    def check(self) -> None:
        """Read the files now.

        Raises:
            ProfileError: one is missing or unfit; names it.
        """
        if self._context is None:
            self._context = make_context(self.options)

    def stream(self, origin: Origin) -> TLSStream:
        """Give a stream for a new connection, with the session to resume if there is one.

        Raises:
            ProfileError: a file of the options is missing or unfit.
        """
        self.check()
        assert self._context is not None
        name = origin.servername or self.options.servername or origin.host
        return TLSStream(self._context, name, self._sessions.get(origin.key))

    def remember(self, origin: Origin, stream: TLSStream) -> None:
        """Keep the stream's session, if the server gave one, for the origin's next connection."""
        session = stream.session
        if session is None:
            return
        sessions = self._sessions
        if origin.key not in sessions and len(sessions) >= MAX_CACHED_SESSIONS:
            del sessions[next(iter(sessions))]
        sessions[origin.key] = session

    def forget(self, origin: Origin) -> None:
        """Drop the origin's session: a connection that used it failed."""
        self._sessions.pop(origin.key, None)
