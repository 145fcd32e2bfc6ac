"""One socket: bytes to the codec, and what becomes of the socket to the shell.

The hot path is here: ``buffer_updated`` reads into one buffer that all connections share, feeds
the codec, whose sink is the running exchange, and then lets the shell take its ticks: no task,
no future, no copy. asyncio's plain Protocol would allocate 256 KiB for every read (25 us).

A connection knows nothing of limits or queues. It reports to its shell: connected, failed, lost
(idle or busy), writable again; and it does what it is told: send, park, finish, abort. What it
stands on, the transport and TLS, is link.py; what its end means to whom, endings.py.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, cast

from pooltop.core.model import Origin, RequestId, SocketId, Timeouts
from pooltop.core.snapshot import TCPInfo
from pooltop.engine import endings
from pooltop.engine.codecs.base import Codec
from pooltop.engine.link import Link
from pooltop.engine.unread import has_unread
from pooltop.errors import RequestError

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell_base import ShellBase

FINISH_S = 2.0
"""A socket that is to close once its bytes have left is aborted if they have not by then."""

Phase = Literal["dns", "tcp", "tunnel", "tls"]
"""Of a dial: the look-up, connecting, a proxy's answer to CONNECT, the handshake."""

MOST_PAST = 8
"""Requests remembered of each socket."""
Past = tuple[RequestId, bytes, bytes, int, str, float | None, float]
"""Of a request that is over: number, method, target, status, what it failed with, when it got the
socket, and its end. Nothing that a caller sent is kept with it."""

_now = time.monotonic


class Connection(Link):
    """A socket of the pool, from the start of its dial to its close."""

    __slots__ = (
        "_finishing",
        "alpn",
        "attempts",
        "codec",
        "connected_at",
        "dead",
        "dial",
        "dns_s",
        "exchange",
        "hint",
        "id",
        "kernel",
        "local",
        "opened_at",
        "origin",
        "past",
        "phase",
        "phase_at",
        "quiet_since",
        "remote",
        "session_kept",
        "tcp_s",
        "timeouts",
        "tls_s",
        "tunnel_s",
        "via",
        "waits_to_send",
    )

    def __init__(
        self, id_: SocketId, origin: Origin, shell: ShellBase, codec: Codec, now: float
    ) -> None:
        """Begin without a transport: the dial brings it."""
        super().__init__(shell, now)
        self.id = id_
        self.origin = origin
        self.codec = codec
        self.opened_at = now
        self.connected_at: float | None = None
        self.phase: Phase = "dns"
        """What its dial is at, or was at last."""
        self.phase_at = now
        """Since when."""
        self.quiet_since = now
        """The last activity before its present exchange."""
        self.exchange: Exchange | None = None
        """Whose bytes come and go: until its response is over and all of it is sent. None while
        idle: what a caller sent and was answered is not kept for as long as its socket lives."""
        self.timeouts: Timeouts | None = None
        """Of the request that it is dialled for: a tunnel is on its way without an exchange. None
        when nobody is left who has any."""
        self.dial: asyncio.Task[None] | None = None
        self.attempts: int | None = None
        """How many addresses were tried until one answered."""
        self.alpn: tuple[str, ...] = ()
        """Protocols that it offers in its handshake."""
        self.dead = False
        """The pool has done with it: whatever comes now is late."""
        self.local = ""
        self.remote = ""
        self.dns_s: float | None = None
        self.tcp_s: float | None = None
        self.tls_s: float | None = None
        self.tunnel_s: float | None = None
        self.via = ""
        """URL of the proxy on its way, without user and password; "" for none."""
        self.hint = b""
        self.kernel: TCPInfo | None = None
        """As it was last read, for snapshots."""
        self.past: deque[Past] | None = None
        """The last few requests that it carried, the newest last; None before the first is over."""
        self.session_kept = False
        """Its TLS session is with the agent, or is not wanted."""
        self.waits_to_send = False
        """Has an exchange, and something of the peer's to read before it is sent."""
        self._finishing: asyncio.TimerHandle | None = None

    def remember(self, exchange: Exchange, outcome: str, now: float) -> None:
        """Keep a little of a request that is over.

        Args:
            exchange: which.
            outcome: what it failed with; "" for a whole response.
            now: its end.
        """
        past = self.past
        if past is None:
            past = self.past = deque(maxlen=MOST_PAST)
        prepared = exchange.prepared
        past.append(
            (
                exchange.id,
                prepared.method,
                prepared.target,
                exchange.status,
                outcome,
                exchange.assigned_at,
                now,
            )
        )

    @property
    def secured(self) -> Origin:
        """What its TLS is for: the origin, or the same under another server's name."""
        return self.origin

    def carries(self, exchange: Exchange) -> bool:
        """Say whether a request has the socket, from its being sent to its end."""
        return self.exchange is exchange

    def connecting(self, dns_s: float | None) -> None:
        """The look-up, if there was one, is over: its address is being connected to."""
        self.dns_s = dns_s
        self._enter("tcp")

    def tunnelling(self, tcp_s: float) -> None:
        """The proxy is connected, after so many seconds, and is being asked for a tunnel."""
        self.tcp_s = tcp_s
        self._enter("tunnel")

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; begin the handshake for https, else be connected."""
        self._transport = cast("asyncio.Transport", transport)
        if self.dead:
            self._transport.abort()
            return
        # High water 0: pause_writing is called as soon as the kernel does not take all, so that
        # "sent" needs no question on the hot path.
        self._transport.set_write_buffer_limits(0)
        if self.tls is None:
            self._is_connected(_now())
            return
        self._enter("tls")
        try:
            self._put(self.tls.start())
        except RequestError as error:
            self.shell.now = _now()
            self._broken(error)
            self.shell.after()

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        if self.dead:
            return
        now = _now()
        self.bytes_in += nbytes
        self.last_activity = now
        self.timeout_told = False
        shell = self.shell
        shell.now = now
        try:
            if self.tls is None:
                exchange = self.exchange
                if exchange is not None and exchange.first_byte_at is None:
                    exchange.first_byte_at = now
                self.codec.receive(shell.buffer[:nbytes])
            else:
                self._receive_tls(shell.buffer[:nbytes], now)
        except RequestError as error:
            self._broken(error)
        shell.after()

    def eof_received(self) -> bool:
        """The peer has ended its side: never keep ours open for it (allowHalfOpen is false)."""
        if self.dead:
            return False
        shell = self.shell
        shell.now = _now()
        is_of_use = endings.peer_ended(self)
        shell.after()
        return is_of_use

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed: by us as told, or by the network."""
        if exc is not None:
            endings.receive_the_rest(self)
        if self._finishing is not None:
            self._finishing.cancel()
            self._finishing = None
            self.shell.now = _now()
            self.shell.finished(self)
            self.shell.after()
        if self.dead:
            return
        self.shell.now = _now()
        endings.network_lost(self, exc)
        self.shell.after()

    def resume_writing(self) -> None:
        """Everything is with the kernel: more of the request may be sent."""
        super().resume_writing()
        if self.dead or self.exchange is None:
            return
        self.shell.now = self.last_activity = _now()
        self.shell.drained(self)
        self.shell.after()

    # The shell's side

    def send(self, exchange: Exchange) -> None:
        """Give the socket to an exchange, and write it if the socket can carry bytes."""
        self.quiet_since = self.last_activity
        if self.dead:
            return  # destroyed in the tick in which it was assigned: its close settles the request
        now = self.shell.now
        # Bytes that came since the socket was parked, and that the loop has not yet read, would
        # pass for the answer. Not asked in the callback that has just read from it.
        self.waits_to_send = (
            self.last_activity != now
            and self.connected_at is not None
            and self._transport is not None
            and has_unread(self._transport)
        )
        self.exchange = exchange
        self.last_activity = now
        self.timeout_told = False
        if self.waits_to_send:
            # Two turns: by then the loop has read them. TLS may have had them for itself.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._send_after_all)
        elif self.connected_at is not None:
            self._send(exchange)

    def takes_body(self, exchange: Exchange) -> bool:
        """Say whether a piece of a streamed body would be on its way at once."""
        del exchange  # it is alone in sending one
        return not (self.connected_at is None or self.waits_to_send or self._paused)

    def write_body(self, exchange: Exchange, data: bytes) -> None:
        """Write a piece of a streamed body."""
        del exchange
        self._write(self.codec.send_body(data))

    def end_body(self, exchange: Exchange) -> None:
        """Write what ends a streamed body."""
        del exchange
        self._write(self.codec.end_body())

    def hold(self, exchange: Exchange) -> None:
        """Let no more of a response come: its reader is slow."""
        del exchange
        self.pause_reading()

    def go_on(self, exchange: Exchange) -> None:
        """Let it come again."""
        del exchange
        self.resume_reading()

    def abort(self) -> None:
        """Close now: what was not sent is lost, and a silent peer cannot hold it."""
        self._die()
        if self.dial is not None:
            self.dial.cancel()
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """Close once what was written has left; then, or after FINISH_S, ``finished`` is told."""
        self._die()
        transport = self._transport
        assert transport is not None
        if self.tls is not None:
            self._put(self.tls.close())
        loop = asyncio.get_running_loop()
        self._finishing = loop.call_later(FINISH_S, transport.abort)
        transport.close()

    def let_go(self) -> asyncio.Transport:
        """Give the transport away: whoever takes it sets its own protocol at once."""
        self._die()
        transport, self._transport = self._transport, None
        assert transport is not None
        return transport

    # Its own

    def _die(self) -> None:
        self.dead = True
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.on_detached()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.phase_at = _now()
        timeouts = self.timeouts if self.exchange is None else self.exchange.timeouts
        if timeouts is not None:
            self.shell.note_connect(timeouts, self)

    def _receive(self, data: memoryview, now: float) -> None:
        exchange = self.exchange
        if exchange is not None and exchange.first_byte_at is None:
            exchange.first_byte_at = now
        self.codec.receive(data)

    def _receive_tls(self, data: memoryview, now: float) -> None:
        tls = self.tls
        assert tls is not None
        plain, out = tls.receive(data)
        self._put(out)
        is_ticket = tls.is_connected and not plain
        if self.connected_at is None and tls.is_connected:
            # The last word of TLS 1.3's handshake is ours, and the ticket comes after it.
            is_ticket = not tls.tickets_follow
            self._is_connected(now)
        if plain and not self.dead:
            self._receive(memoryview(plain), now)
        elif is_ticket and (self.exchange is None or self.exchange.first_byte_at is None):
            # Node caches it at once. One that comes together with the response is seen at its end.
            self.shell.keep_session(self)
        if self.dead:
            return
        if tls.fault is not None:
            raise tls.fault
        if tls.peer_closed:
            self.eof_received()

    def _is_connected(self, now: float) -> None:
        self.connected_at = self.last_activity = now
        if self.tls is not None:
            before = (self.dns_s or 0.0) + (self.tcp_s or 0.0) + (self.tunnel_s or 0.0)
            started = self.opened_at + before
            self.tls_s = max(0.0, now - started)
        self.shell.now = now
        self.shell.connected(self)
        if self.exchange is not None:
            self._send(self.exchange)
        self.shell.after()

    def _send(self, exchange: Exchange) -> None:
        prepared = exchange.prepared
        data = self.codec.start(prepared, exchange)
        if self.tls is None:
            assert self._transport is not None
            self.bytes_out += len(data)
            self._transport.write(data)
        else:
            try:
                self._write(data)
            except RequestError as error:
                # TLS tells a fault that came right behind the previous response only now. Not at
                # once: the shell is in the middle of a step.
                asyncio.get_running_loop().call_soon(self._fail_later, error)
                return
        if not (prepared.streamed or self._paused):
            exchange.sent_at = self.shell.now
        if exchange.hears_steps and (prepared.streamed or not self._paused):
            exchange.on_sent()

    def _send_after_all(self) -> None:
        self.waits_to_send = False
        if self.exchange is not None and not self.dead:
            self.shell.now = _now()
            self._send(self.exchange)
            self.shell.after()

    def _fail_later(self, error: RequestError) -> None:
        if not self.dead:
            self.shell.now = _now()
            self._broken(error)
            self.shell.after()

    def _broken(self, error: RequestError) -> None:
        if self.connected_at is None and self.tls is not None:
            self._put(self.tls.unsent())
        endings.broken(self, error)
