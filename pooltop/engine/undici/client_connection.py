"""A connection of one of undici's clients, which speaks HTTP/1.1 or HTTP/2: the handshake says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from pooltop.core.model import H2Codec
from pooltop.core.states import CloseReason
from pooltop.core.undici.records import ConnProtocol
from pooltop.engine.h2.session import SessionOptions
from pooltop.engine.undici.h1_connection import H1Connection
from pooltop.engine.undici.h2_wire import H2Wire
from pooltop.errors import RequestError

if TYPE_CHECKING:
    from pooltop.engine.codecs.base import Codec
    from pooltop.engine.exchange import Exchange

_NO_ERROR = 0


class ClientConnection(H1Connection):
    """One that begins with HTTP/1.1 in mind, and is told otherwise when it is up."""

    __slots__ = ("h2", "knows_h2")

    h2: H2Wire | None
    """Once it speaks HTTP/2."""
    knows_h2: bool
    """http: HTTP/2 is begun at once, by prior knowledge."""

    @property
    def protocol(self) -> ConnProtocol:
        """What it is to speak, once it is up: what was agreed upon, or known before."""
        if self.tls is None:
            return "h2" if self.knows_h2 else "h1"
        facts = self.tls_facts
        return "h2" if facts is not None and facts.alpn == "h2" else "h1"

    def speak_h2(self, options: SessionOptions, codec: H2Codec | None) -> None:
        """Begin HTTP/2: it is up, and nothing was written.

        Args:
            options: what the server is allowed.
            codec: who speaks it; None for the fastest that is installed.
        """
        self.h2 = H2Wire(self, self._dispatcher, options, codec)
        # Of a codec it is what receives; what is sent goes by streams.
        self.codec = cast("Codec", self.h2)
        self.h2.session.preface()
        self.flush()

    def flush(self) -> None:
        """Write what HTTP/2 has to say."""
        if self.h2 is not None and not self.dead:
            data = self.h2.session.take()
            if data:
                try:
                    self._write(data)
                except RequestError as error:
                    # TLS is broken, and may have told nobody yet. Not at once: see H1Connection.
                    asyncio.get_running_loop().call_soon(self._fail_later, error)

    # asyncio's side

    def resume_writing(self) -> None:
        """Everything is with the kernel."""
        if self.h2 is None:
            super().resume_writing()
            return
        self._paused = False
        if not self.dead:
            with self._dispatcher.network():
                self._dispatcher.touch()
                self._dispatcher.drained(self)
                self._dispatcher.after()

    # The shell's side

    def write(self, exchange: Exchange, *, close: bool = False, stream: int | None = None) -> None:
        """Write a request: on HTTP/2 on a stream, else behind those that are under way."""
        if self.h2 is None or stream is None:
            super().write(exchange, close=close)
        elif not self.dead:
            self._begins(exchange)
            self.h2.open(exchange, stream)

    def is_sent(self, exchange: Exchange) -> bool:
        """Say whether all of a request that is here was written."""
        return self.h2 is None or self.h2.is_sent(exchange)

    def takes_body(self, exchange: Exchange) -> bool:
        """Say whether a piece of a streamed body would be on its way at once."""
        has_room = self.h2 is None or self.h2.takes_body(exchange)
        return has_room and super().takes_body(exchange)

    def write_body(self, exchange: Exchange, data: bytes) -> None:
        """Write a piece of a streamed body."""
        if self.h2 is None:
            super().write_body(exchange, data)
        else:
            self.h2.send_body(exchange, data, ends=False)
            self.flush()

    def end_body(self, exchange: Exchange) -> None:
        """Write what ends a streamed body."""
        if self.h2 is None:
            super().end_body(exchange)
        else:
            self.h2.send_body(exchange, b"", ends=True)
            self.flush()

    def hold(self, exchange: Exchange) -> None:
        """Let no more of a response come: its reader is slow."""
        if self.h2 is None:
            super().hold(exchange)
        else:
            self.h2.hold(exchange)

    def go_on(self, exchange: Exchange) -> None:
        """Let it come again."""
        if self.h2 is None:
            super().go_on(exchange)
        else:
            self.h2.go_on(exchange)
            self.flush()

    def lived_at(self, exchange: Exchange, now: float) -> float:
        """Give when a request last saw a sign of life: see ``H1Connection``."""
        return (
            super().lived_at(exchange, now) if self.h2 is None else self.h2.lived_at(exchange, now)
        )

    def done(self, exchange: Exchange) -> None:
        """Have a request no more: its response is complete."""
        if self.h2 is not None:
            self.h2.done(exchange)
        super().done(exchange)

    def drop(self, exchange: Exchange) -> None:
        """Have a request no more: it failed, or waits again. Not here: nothing."""
        if self.h2 is not None:
            self.h2.forget(exchange)
        super().drop(exchange)

    def abort(self) -> None:
        """Close now; the server is told, if it can be."""
        if self.h2 is not None and not self.dead:
            self.h2.session.go_away(_NO_ERROR)
            self.flush()
        super().abort()

    # Its own

    def _die(self) -> None:
        super()._die()
        if self.h2 is not None:
            # A GOAWAY with an error may stand before responses that were read together with it.
            self.h2.session.abandon()

    def _broken(self, error: RequestError) -> None:
        if self.h2 is None or self.connected_at is None:
            super()._broken(error)
            return
        self.flush()  # the GOAWAY that says why
        self._dispatcher.lost(self, CloseReason.PROTOCOL_ERROR, error)
