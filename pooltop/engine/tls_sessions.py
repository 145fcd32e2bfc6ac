"""One agent's TLS: its contexts, and the sessions that later connections resume.

Node's https.Agent caches up to ``maxCachedSessions`` (100), one per origin key, and evicts the
oldest inserted. Source: Node v24 lib/https.js, Agent.prototype._cacheSession.
"""

from __future__ import annotations

import ipaddress
import ssl
import sys

from pooltop.core.model import Origin, OriginKey, TLSOptions
from pooltop.core.states import CloseReason
from pooltop.engine.tls import TLSSession, TLSStream
from pooltop.engine.tls_context import make_context
from pooltop.engine.tls_nested import AnyTLS

MOST_CONTEXTS = 100
"""Contexts kept, one for each way to secure a connection; beyond, the oldest is made anew."""
READING_LEAKS = sys.version_info < (3, 12, 8) or (3, 13) <= sys.version_info < (3, 13, 1)
"""Each look at an ``ssl`` object's session loses a copy of it, some 6.5 KiB, for good.

Source: https://github.com/python/cpython/issues/116810, mended in CPython 3.12.8 and 3.13.1.
"""
_SOCKET_BROKE = (CloseReason.CONNECT_FAILED, CloseReason.PEER_RESET)


class TLSFactory:
    """Makes the TLS streams of one agent."""

    def __init__(self, options: TLSOptions, max_cached_sessions: float = 100) -> None:
        """Keep the options; files are read when the first https connection needs them."""
        self.options = options
        self._max_cached = max_cached_sessions
        self._contexts: dict[tuple[TLSOptions, bool, tuple[str, ...]], ssl.SSLContext] = {}
        self._sessions: dict[OriginKey, TLSSession] = {}

    def check(self, options: TLSOptions | None = None) -> None:
        """Read the files now: those of the agent's options, or of a host's own.

        Raises:
            TLSConfigError: one is missing or unfit; names it.
        """
        self._context(self.options if options is None else options)

    def stream(self, origin: Origin, alpn: tuple[str, ...] = ()) -> TLSStream:
        """Give a stream for a new connection, with the session to resume if there is one.

        Args:
            origin: where it leads.
            alpn: the protocols that it offers; empty for none.

        Raises:
            TLSConfigError: a file of the options is missing or unfit.
        """
        name = origin.server_name
        # An address is never sent, and OpenSSL verifies it by itself.
        sni = name != "" or _is_address(origin.host)
        context = self._context(origin.tls or self.options, sni=sni, alpn=alpn)
        return TLSStream(context, name or origin.host, self._sessions.get(origin.key), sni=sni)

    def verifies(self, origin: Origin) -> bool:
        """Say whether the certificates of an origin are checked."""
        return (origin.tls or self.options).verifies

    def remember(self, origin: Origin, stream: AnyTLS) -> bool:
        """Keep the stream's session, if the server gave one, for the origin's next connection.

        TLS on the way to an http origin is a proxy's: it is not kept, as in Node. Node takes each
        ticket of each connection; here it is one of each, and where ``READING_LEAKS`` none of a
        connection whose resuming has just shown that the ticket held is still good. A server that
        takes a ticket only once is then resumed every other time.

        Returns:
            Whether the stream need not be asked again.
        """
        if origin.scheme == "http" or not self._max_cached:
            return True
        sessions = self._sessions
        is_held = origin.key in sessions
        if READING_LEAKS and is_held and stream.is_resumed:
            return True
        session = stream.session
        if session is None:
            return False
        if sessions and not is_held and len(sessions) >= self._max_cached:
            del sessions[next(iter(sessions))]
        sessions[origin.key] = session
        return True

    @property
    def cached(self) -> tuple[OriginKey, ...]:
        """The origins that have a session to resume, the next to be evicted first."""
        return tuple(self._sessions)

    def lost(self, origin: Origin, stream: AnyTLS, reason: CloseReason) -> None:
        """Drop the origin's session if the 'close' of Node's TLS socket would have an error.

        A response that cannot be read is not the socket's fault, nor is a request that is given
        up; what happens to an idle socket is swallowed: it is not to be told here.
        Source: Node v24 lib/https.js createConnection.
        """
        if reason in _SOCKET_BROKE or stream.fault is not None:
            self.forget(origin)

    def forget(self, origin: Origin) -> None:
        """Drop the origin's session: a connection of it was closed by an error."""
        self._sessions.pop(origin.key, None)

    def close(self) -> None:
        """Let go of everything that is kept for later connections, the key log's file too."""
        for context in self._contexts.values():
            if context.keylog_filename is not None:
                context.keylog_filename = None  # type: ignore[assignment]  # typeshed: never None
        self._contexts.clear()
        self._sessions.clear()

    def _context(
        self, options: TLSOptions, *, sni: bool = True, alpn: tuple[str, ...] = ()
    ) -> ssl.SSLContext:
        context = self._contexts.get((options, sni, alpn))
        if context is None:
            context = make_context(options, sni=sni, alpn=alpn)
            if len(self._contexts) >= MOST_CONTEXTS:
                oldest = next(iter(self._contexts))
                del self._contexts[oldest]
            self._contexts[options, sni, alpn] = context
        return context


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
