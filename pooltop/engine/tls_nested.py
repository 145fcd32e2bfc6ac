"""TLS inside TLS: an origin's TLS through a proxy that is itself spoken to over TLS.

Both are TLSStreams without a socket, so that one's bytes are simply the other's plaintext. From
outside it is one: what it tells (names, facts, session, end) is the inner one's, the origin's.
"""

from __future__ import annotations

from pooltop.engine.tls import TLSSession, TLSStream
from pooltop.engine.tls_facts import TLSFacts
from pooltop.errors import NetworkError


class NestedTLS:
    """Two TLSStreams that are driven as one."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, outer: TLSStream, inner: TLSStream) -> None:
        """Put the origin's stream into the proxy's.

        Args:
            outer: its handshake is done, and the proxy's tunnel is up.
            inner: not started.
        """
        self._outer = outer
        self._inner = inner

    def __repr__(self) -> str:
        """Show both."""
        return f"<NestedTLS {self._inner!r} in {self._outer!r}>"

    @property
    def is_connected(self) -> bool:
        """The origin's handshake is done."""
        return self._inner.is_connected

    @property
    def peer_closed(self) -> bool:
        """One of them sent close_notify: no more comes. Whole or cut, ``receive_eof`` says."""
        return self._inner.peer_closed or self._outer.peer_closed

    @property
    def fault(self) -> NetworkError | None:
        """What ended either of them."""
        return self._inner.fault or self._outer.fault

    @property
    def session(self) -> TLSSession | None:
        """The origin's."""
        return self._inner.session

    @property
    def tickets_follow(self) -> bool:
        """The origin's come only after the handshake: TLS 1.3."""
        return self._inner.tickets_follow

    @property
    def is_resumed(self) -> bool:
        """The origin's handshake took up the session that was given."""
        return self._inner.is_resumed

    @property
    def handshake_cpu_s(self) -> float:
        """Of both handshakes."""
        return self._outer.handshake_cpu_s + self._inner.handshake_cpu_s

    @property
    def facts(self) -> TLSFacts:
        """The origin's."""
        return self._inner.facts

    def start(self) -> bytes:
        """Begin the origin's handshake."""
        return self._outer.send(self._inner.start())

    def receive(self, data: bytes | memoryview) -> tuple[bytes, bytes]:
        """Take bytes from the proxy; give the origin's plaintext and what is to be written.

        Raises:
            NetworkError: a fault of either; what came before it was given.
        """
        from_proxy, out = self._outer.receive(data)
        plain = b""
        if from_proxy:
            plain, answer = self._inner.receive(from_proxy)
            if self._outer.fault is None:  # else it is told by the next call
                out += self._wrapped(answer)
        return plain, out

    def receive_eof(self, *, delimits: bool = True) -> None:
        """Take the TCP connection's end, as the end of the origin's stream.

        Args:
            delimits: as for ``TLSStream.receive_eof``.

        Raises:
            PeerError: ERR_TLS_TRUNCATED, the origin had not ended it.
            NetworkError: the handshake was not done, or a fault was still to be told.
        """
        if self._outer.fault is not None:
            raise self._outer.fault
        self._inner.receive_eof(delimits=delimits)

    def send(self, data: bytes | bytearray | memoryview) -> bytes:
        """Give the bytes to write for this plaintext."""
        return self._outer.send(self._inner.send(data))

    def close(self) -> bytes:
        """Give both close_notify, the origin's first."""
        return self._wrapped(self._inner.close()) + self._outer.close()

    def unsent(self) -> bytes:
        """Give what is still to be written after an error."""
        return self._wrapped(self._inner.unsent()) + self._outer.unsent()

    def _wrapped(self, data: bytes) -> bytes:
        return self._outer.send(data) if data else b""


AnyTLS = TLSStream | NestedTLS
"""What a connection speaks through."""
