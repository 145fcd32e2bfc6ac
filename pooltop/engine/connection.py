"""One socket: bytes to the codec, and what becomes of the socket to the shell.

The hot path is here: ``buffer_updated`` reads into one buffer that all connections share, feeds
the codec, whose sink is the running exchange, and then lets the shell take its ticks: no task,
no future, no copy. asyncio's plain Protocol would allocate 256 KiB for every read (25 us).

A connection knows nothing of limits or queues. It reports to its shell: connected, failed, lost
(idle or busy), writable again; and it does what it is told: send, park, finish, abort.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Literal, cast

from pooltop.core.model import Origin, SocketId
from pooltop.core.snapshot import TCPInfo
from pooltop.core.states import CloseReason
from pooltop.engine.codecs.base import Codec
from pooltop.engine.oserror import code_of
from pooltop.errors import PeerError, RequestError

try:
    from fcntl import ioctl
    from termios import FIONREAD
except ImportError:  # not on Windows
    ioctl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from asyncio.trsock import TransportSocket

    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell import PoolShell
    from pooltop.engine.tls import TLSFacts
    from pooltop.engine.tls_nested import AnyTLS

READ_BYTES = 256 * 1024
"""One buffer for all connections of a pool: a read is consumed before the next one begins."""
FINISH_S = 2.0
"""A socket that is to close once its bytes have left is aborted if they have not by then."""

Phase = Literal["dns", "tcp", "tunnel", "tls"]
"""Of a dial: the look-up, connecting, a proxy's answer to CONNECT, the handshake."""

_REST_BYTES = 1024 * 1024
"""Read at most of what the kernel still holds when a write has failed."""
_NO_BYTES = bytes(4)
_now = time.monotonic


class Connection(asyncio.BufferedProtocol):
    """A socket of the pool, from the start of its dial to its close."""

    __slots__ = (
        "_facts",
        "_finishing",
        "_paused",
        "_transport",
        "_unsent",
        "attempts",
        "bytes_in",
        "bytes_out",
        "codec",
        "connected_at",
        "dead",
        "dial",
        "dns_s",
        "exchange",
        "hint",
        "id",
        "is_held",
        "kernel",
        "last_activity",
        "local",
        "opened_at",
        "origin",
        "phase",
        "phase_at",
        "quiet_since",
        "remote",
        "shell",
        "tcp_s",
        "timeout_told",
        "tls",
        "tls_s",
        "tunnel_s",
        "via",
        "waits_to_send",
    )

    def __init__(
        self, id_: SocketId, origin: Origin, shell: PoolShell, codec: Codec, now: float
    ) -> None:
        """Begin without a transport: the dial brings it."""
        self.id = id_
        self.origin = origin
        self.shell = shell
        self.codec = codec
        self.opened_at = now
        self.connected_at: float | None = None
        self.phase: Phase = "dns"
        """What its dial is at, or was at last."""
        self.phase_at = now
        """Since when."""
        self.last_activity = now
        self.quiet_since = now
        """The last activity before its present exchange."""
        self.timeout_told = False
        """Node's 'timeout' was told since the last activity."""
        self.exchange: Exchange | None = None
        """Whose bytes come and go: until its response is over and all of it is sent. None while
        idle: what a caller sent and was answered is not kept for as long as its socket lives."""
        self.tls: AnyTLS | None = None
        self.dial: asyncio.Task[None] | None = None
        self.attempts: int | None = None
        """How many addresses were tried until one answered."""
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
        self.bytes_in = 0
        self.bytes_out = 0
        self.hint = b""
        self.kernel: TCPInfo | None = None
        """As it was last read, for snapshots."""
        self._facts: TLSFacts | None = None
        self.is_held = False
        """Not read from, because whoever reads the body is slow."""
        self.waits_to_send = False
        """Has an exchange, and something of the peer's to read before it is sent."""
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._unsent = 0
        """Bytes that the kernel had not taken when they were last counted."""
        self._finishing: asyncio.TimerHandle | None = None

    @property
    def is_drained(self) -> bool:
        """All that was written is with the kernel."""
        return not self._paused

    def connecting(self, dns_s: float | None) -> None:
        """The look-up, if there was one, is over: its address is being connected to."""
        self.dns_s = dns_s
        self._enter("tcp")

    def tunnelling(self, tcp_s: float) -> None:
        """The proxy is connected, after so many seconds, and is being asked for a tunnel."""
        self.tcp_s = tcp_s
        self._enter("tunnel")

    def progressed(self) -> None:
        """Something came while the dial is under way: silence counts from now."""
        self.last_activity = _now()
        self.timeout_told = False

    @property
    def tls_facts(self) -> TLSFacts | None:
        """What the handshake agreed upon; None before its end, and for plain http."""
        if self._facts is None and self.tls is not None and self.tls.is_connected:
            self._facts = self.tls.facts  # they never change, and cost 50 us to find out
        return self._facts

    @property
    def sock(self) -> TransportSocket | None:
        """The socket itself, to be asked and not used; None before the connect and after all."""
        transport = self._transport
        return None if transport is None else transport.get_extra_info("socket")

    def has_progressed(self, now: float) -> bool:
        """Say whether the kernel took bytes since that was last asked; counts as a sign of life.

        Nobody is told of that before all of them are gone, which with a large body and a slow
        peer is long.  Source: Node v24 lib/net.js Socket._onTimeout.
        """
        if self._transport is None:
            return False
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        if self._unsent < before:
            self.last_activity = now
            self.timeout_told = False
        return self._unsent < before

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

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the shared buffer."""
        del sizehint
        return self.shell.buffer

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
        keep_open = False
        exchange = self.exchange
        is_over = exchange is None or exchange.is_whole or self.codec.is_idle
        try:
            if self.tls is not None and not (is_over and self.tls.is_connected):
                self.tls.receive_eof(delimits=self.codec.ends_at_eof)
            if self.connected_at is None:
                raise PeerError(
                    "Client network socket disconnected before secure TLS connection was "
                    "established"
                )
            if self.waits_to_send:
                raise PeerError("socket hang up: the peer had closed before the request was sent")
            if is_over:
                # Kept open for a response that is here whole and not yet read.
                shell.peer_ended(self)
                keep_open = not self.dead
            else:
                self.codec.receive_eof()
                keep_open = not self.dead
        except RequestError as error:
            if self.connected_at is None:
                shell.dial_failed(self, error)
            else:
                shell.lost(self, CloseReason.PEER_FIN, error)
        shell.after()
        return keep_open

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed: by us as told, or by the network."""
        if exc is not None:
            self._receive_the_rest()
        if self._finishing is not None:
            self._finishing.cancel()
            self._finishing = None
            self.shell.now = _now()
            self.shell.finished(self)
            self.shell.after()
        if self.dead:
            return
        self.shell.now = _now()
        if self.connected_at is None:
            self.shell.dial_failed(self, _reset(exc))
        elif self._is_sending_after_answer:
            self.shell.lost(self, CloseReason.NOT_WRITABLE, None)
        else:
            self.shell.lost(self, CloseReason.PEER_RESET, _reset(exc))
        self.shell.after()

    def pause_writing(self) -> None:
        """The kernel is full."""
        self._paused = True
        assert self._transport is not None
        self._unsent = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """Everything is with the kernel."""
        self._paused = False
        if self.dead or self.exchange is None:
            return
        self.shell.now = self.last_activity = _now()
        self.shell.drained(self)
        self.shell.after()

    # The shell's side

    def send(self, exchange: Exchange) -> None:
        """Give the socket to an exchange, and write it if the socket can carry bytes."""
        if self.dead:
            return  # destroyed in the tick in which it was assigned: its close settles the request
        now = self.shell.now
        # Bytes that came since the socket was parked, and that the loop has not yet read, would
        # pass for the answer. Not asked in the callback that has just read from it.
        self.waits_to_send = self.last_activity != now and self._has_unread()
        self.exchange = exchange
        self.quiet_since = self.last_activity
        self.last_activity = now
        self.timeout_told = False
        if self.waits_to_send:
            # Two turns: by then the loop has read them. TLS may have had them for itself.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._send_after_all)
        elif self.connected_at is not None:
            self._send(exchange)

    def write_body(self, data: bytes) -> None:
        """Write a piece of a streamed body."""
        self._write(self.codec.send_body(data))

    def end_body(self) -> None:
        """Write what ends a streamed body."""
        self._write(self.codec.end_body())

    def pause_reading(self) -> None:
        """Read no more until told: the body's reader is slow."""
        if self._transport is not None and not self._transport.is_closing():
            self.is_held = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self.is_held = False
        if self._transport is not None and not self._transport.is_closing():
            self.last_activity = _now()
            self._transport.resume_reading()

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
        if self.exchange is not None:
            self.shell.note_connect(self.exchange, self)

    @property
    def _is_sending_after_answer(self) -> bool:
        """The response is over, and the request's body is not."""
        exchange = self.exchange
        return exchange is not None and exchange.is_settled and exchange.sent_at is None

    def _receive_the_rest(self) -> None:
        """Take what the peer said before our write failed: a refusal of the body, as a rule.

        The transport no longer reads, and closes its socket only after ``connection_lost``.
        Source: Go net/http TestTransportPrefersResponseOverWriteError.
        """
        left = _REST_BYTES
        while left > 0 and not self.dead and self.connected_at is not None:
            exchange = self.exchange
            if exchange is None or exchange.is_whole or self._transport is None:
                return
            try:
                data = os.read(self._transport.get_extra_info("socket").fileno(), READ_BYTES)
            except OSError:
                return
            if not data:
                return
            left -= len(data)
            self.shell.buffer[: len(data)] = data
            self.buffer_updated(len(data))

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
        if self.connected_at is None and tls.is_connected:
            self._is_connected(now)
        if plain and not self.dead:
            self._receive(memoryview(plain), now)
        elif self.exchange is None or self.exchange.first_byte_at is None:
            # The handshake's end or a ticket: Node caches each at once. One that comes together
            # with the response is seen at its end.
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

    def _has_unread(self) -> bool:
        """Say whether the kernel holds bytes of the peer's. An end alone does not count."""
        if ioctl is None or self._transport is None or self.connected_at is None:
            return False
        try:
            unread = ioctl(self._transport.get_extra_info("socket").fileno(), FIONREAD, _NO_BYTES)
        except OSError:
            return False
        return unread != _NO_BYTES

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

    def _write(self, data: bytes) -> None:
        transport = self._transport
        assert transport is not None
        if self.tls is not None:
            data = self.tls.send(data)
        self.bytes_out += len(data)
        self.last_activity = self.shell.now
        transport.write(data)

    def _put(self, data: bytes) -> None:
        transport = self._transport
        assert transport is not None
        if data:
            self.bytes_out += len(data)
            self.last_activity = self.shell.now
            transport.write(data)

    def _broken(self, error: RequestError) -> None:
        if self.connected_at is None:
            if self.tls is not None:
                self._put(self.tls.unsent())
            self.shell.dial_failed(self, error)
        elif self.exchange is None or self.exchange.is_settled:
            self.shell.lost(self, CloseReason.DIRTY_IDLE, error)
        else:
            self.shell.lost(self, CloseReason.PROTOCOL_ERROR, error)


def _reset(exc: Exception | None) -> RequestError:
    if isinstance(exc, OSError) and exc.errno is not None:
        code = code_of(exc.errno)
        return PeerError(f"read {code}", code=code)
    return PeerError("socket hang up")
