"""A connection of an undici client over HTTP/1.1: several requests may be under way on it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from pooltop.core.model import Origin, SocketId
from pooltop.engine.codecs.pipelined import Cut, PipelinedCodec
from pooltop.engine.connection import Connection
from pooltop.engine.undici.forms import closing, for_host
from pooltop.engine.undici.turn import Turn
from pooltop.errors import RequestError

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.undici.client_connection import ClientConnection
    from pooltop.engine.undici.shell import DispatcherShell


class H1Connection(Connection):
    """One that carries what was written and is not yet answered, in this order.

    ``exchange`` is the one at the front: whose response is awaited next.
    """

    __slots__ = (
        "_dispatcher",
        "_head",
        "_pipelined",
        "_secured",
        "exchanges",
        "idle_s",
        "since",
    )

    def __init__(
        self,
        id_: SocketId,
        origin: Origin,
        shell: DispatcherShell,
        codec: PipelinedCodec,
        now: float,
        *,
        servername: str | None,
    ) -> None:
        """Begin without a transport: the dial brings it. No ``servername`` is the host's."""
        super().__init__(id_, origin, shell, codec, now)
        is_other = servername and servername != origin.host
        self._secured = replace(origin, servername=servername) if is_other else origin
        self._dispatcher = shell
        self._pipelined = codec
        self.exchanges: deque[Exchange] = deque()
        self._head = b""
        """Of a request whose body is streamed, until there is something of that."""
        self.since = now
        """When it came into its state: dialling, in use, idle."""
        self.idle_s = 0.0
        """Seconds idle since it was connected, the present time of it left out."""

    @property
    def oldest(self) -> Exchange | None:
        """The request that was written first of those that are under way; None without any."""
        return self.exchanges[0] if self.exchanges else None

    @property
    def keeps(self) -> bool:
        """The head that has just come lets the connection be used again."""
        return self._pipelined.keeps

    @property
    def cut(self) -> Cut:
        """What the end of the connection would mean to the response under way."""
        return self._pipelined.cut

    @property
    def secured(self) -> Origin:
        """What the certificate is to be good for, and a TLS session resumed with."""
        return self._secured

    # asyncio's side: what is put off in one of these callbacks is done before the next one

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        with self._dispatcher.network():
            super().buffer_updated(nbytes)

    def eof_received(self) -> bool:
        """The peer has ended its side."""
        with self._dispatcher.network():
            return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        with self._dispatcher.network():
            super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The kernel is full."""
        super().pause_writing()
        if not self.dead:
            self._dispatcher.written(self, is_full=True)

    def resume_writing(self) -> None:
        """Everything is with the kernel: more of the request may be sent."""
        with self._dispatcher.network():
            super().resume_writing()

    # The shell's side

    def carries(self, exchange: Exchange) -> bool:
        """Say whether a request is under way here."""
        return exchange in self.exchanges

    def write(self, exchange: Exchange, *, close: bool = False, stream: int | None = None) -> None:
        """Write a request behind those that are under way.

        Args:
            exchange: whose.
            close: say that the connection closes after it.
            stream: of HTTP/2 alone.
        """
        del stream
        if self.dead:
            return
        shell = self._dispatcher
        self._begins(exchange)
        self.exchange = self.exchanges[0]
        prepared = exchange.prepared
        wire = self._pipelined.start(
            prepared, Turn(cast("ClientConnection", self), shell, exchange)
        )
        if exchange.origin is not self.origin and exchange.key != self.origin.key:
            wire = for_host(wire, exchange.origin.host_header, self.origin.host_header)
        if close:
            wire = closing(wire)
        if prepared.streamed:
            # It is sent with the first of the body: a request whose content never comes is none.
            self._head = wire
            exchange.on_sent()
            return
        try:
            self._write(wire)
        except RequestError as error:
            # TLS tells a fault that came right behind the previous response only now. Not at
            # once: the shell is in the middle of a step.
            asyncio.get_running_loop().call_soon(self._fail_later, error)
            return
        if not self._paused:
            exchange.sent_at = shell.now
            if exchange.hears_steps:
                exchange.on_sent()

    def write_body(self, exchange: Exchange, data: bytes) -> None:
        """Write a piece of a streamed body, with its head before the first."""
        del exchange
        if data:
            self._write(self._take_head() + self.codec.send_body(data))

    def end_body(self, exchange: Exchange) -> None:
        """Write what ends a streamed body."""
        del exchange
        self._write(self._take_head() + self.codec.end_body())

    def is_sent(self, exchange: Exchange) -> bool:
        """Say whether all of a request that is here was written."""
        del exchange
        return True

    def done(self, exchange: Exchange) -> None:
        """Have a request no more: its response is complete."""
        self._leaves(exchange)
        if self.is_held:
            self.resume_reading()  # all of it is here: those behind it need not wait for its reader

    def go_on(self, exchange: Exchange) -> None:
        """Let more of a response come. Complete already: nothing, others may be held here."""
        if exchange in self.exchanges:
            self.resume_reading()

    def drop(self, exchange: Exchange) -> None:
        """Have a request no more: it failed, or waits again. Not here: nothing."""
        if exchange in self.exchanges:
            self._leaves(exchange)
            exchange.on_detached()

    def lived_at(self, exchange: Exchange, now: float) -> float:
        """Give when a request last saw a sign of life, in monotonic seconds.

        Now while its own reader lets nothing come, and for one that is not at the front.
        """
        is_served = self.exchange is exchange and not self.is_held
        return self.last_activity if is_served else now

    def busy_s(self, until: float) -> float:
        """Give the seconds in use from its connect to ``until``, in monotonic seconds."""
        if self.connected_at is None:
            return 0.0
        idle_s = self.idle_s if self.exchanges else self.idle_s + max(0.0, until - self.since)
        return max(0.0, until - self.connected_at - idle_s)

    # Its own

    def _take_head(self) -> bytes:
        head, self._head = self._head, b""
        return head

    def _begins(self, exchange: Exchange) -> None:
        now = self._dispatcher.now
        self.quiet_since = self.last_activity
        self.last_activity = now
        self.timeout_told = False
        if not self.exchanges:
            self.idle_s += now - self.since
            self.since = now
        self.exchanges.append(exchange)

    def _leaves(self, exchange: Exchange) -> None:
        if self.exchange is exchange:
            self.exchanges.popleft()
            self.exchange = self.exchanges[0] if self.exchanges else None
        else:
            self.exchanges.remove(exchange)
        if not self.exchanges:
            self.since = self._dispatcher.now

    def _send(self, exchange: Exchange) -> None:
        """Leave it: what is written when the connection is up is the core's command."""

    def _die(self) -> None:
        super()._die()
        self._pipelined.stop()
        exchanges = list(self.exchanges)
        self.exchanges.clear()
        for exchange in exchanges[1:]:  # the first was told
            exchange.on_detached()
