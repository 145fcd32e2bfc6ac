"""HTTP/2 on a connection: its session, and which request has which of its streams.

It is the connection's codec, and what its session tells. Who reads a response slowly holds up that
stream alone: what it has not read is not given back to the server's window, and the socket is read
on. Of a request's body as much is on its way as the windows let; the rest waits here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pooltop.core.dispatcher_snapshot import GoAway
from pooltop.core.model import H2Codec, RequestId
from pooltop.core.undici import failures
from pooltop.core.undici.session import NO_ERROR, REFUSED_STREAM
from pooltop.engine.codecs.base import ResponseEnd, ResponseHead
from pooltop.engine.h2.factory import make_session
from pooltop.engine.h2.faults import LengthFault, StreamFault
from pooltop.engine.h2.peer_settings import PeerSettings
from pooltop.engine.h2.session import SessionOptions
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.tally import OriginTally
    from pooltop.engine.undici.client_connection import ClientConnection
    from pooltop.engine.undici.shell import DispatcherShell

_NOTHING = memoryview(b"")


class Answered(NamedTuple):
    """A PING that was answered."""

    at: float
    rtt_s: float


class StreamTurn:
    """One stream and its request: the sink of its response."""

    __slots__ = (
        "_connection",
        "_shell",
        "_wire",
        "ends",
        "exchange",
        "is_held",
        "left",
        "lived_at",
        "stream",
        "unread",
    )

    def __init__(self, wire: H2Wire, stream: int, exchange: Exchange) -> None:
        """Begin with nothing sent and nothing received."""
        self._wire = wire
        self._connection = wire.connection
        self._shell = wire.shell
        self.stream = stream
        self.exchange = exchange
        self.left = _NOTHING
        """Of the request's body: what had no room in the windows yet."""
        self.ends = False
        """That is the end of it."""
        self.lived_at = wire.shell.now
        """When something last came or went on it."""
        self.is_held = False
        """Its reader is slow."""
        self.unread = 0
        """Octets of the response that came while it was."""

    def on_informational(self, head: ResponseHead) -> None:
        """Take a 1xx response."""
        self._lives()
        self._shell.head_received(self._connection, self.exchange, head)
        if self.exchange.ended_at is None:
            self.exchange.on_informational(head)

    def on_head(self, head: ResponseHead) -> None:
        """Take the final response's head."""
        self._lives()
        self._shell.head_received(self._connection, self.exchange, head)
        if self.exchange.ended_at is None:
            self.exchange.on_head(head)

    def on_data(self, data: bytes) -> None:
        """Take a piece of the body, and give its room back unless the reader is behind."""
        self.lived_at = self._shell.now
        self.exchange.on_data(data)
        if self.is_held:
            self.unread += len(data)
        else:
            self._wire.session.consumed(self.stream, len(data))

    def on_end(self, end: ResponseEnd) -> None:
        """Take the end of the response."""
        if self.exchange.ended_at is None:
            self._shell.answered(self._connection, self.exchange, end)

    def on_switched(self, early: bytes) -> None:
        """HTTP/2 switches no protocols."""

    def _lives(self) -> None:
        now = self.lived_at = self._shell.now
        if self.exchange.first_byte_at is None:
            self.exchange.first_byte_at = now


class H2Wire:
    """The HTTP/2 of one connection: a ``Codec`` to it, and the ``SessionSink`` of its session."""

    def __init__(
        self,
        connection: ClientConnection,
        shell: DispatcherShell,
        options: SessionOptions,
        codec: H2Codec | None,
    ) -> None:
        """Begin without streams; ``preface`` is to be written first."""
        self.connection = connection
        self.shell = shell
        self.session = make_session(self, options, codec=codec)
        self.goaway: GoAway | None = None
        """The peer's, as it said it last; None while it takes streams."""
        self.ping: Answered | None = None
        """The last PING that was answered."""
        self._turns: dict[int, StreamTurn] = {}
        self._streams: dict[RequestId, int] = {}

    # The connection's side

    @property
    def is_idle(self) -> bool:
        """No stream is open."""
        return not self._turns

    @property
    def ends_at_eof(self) -> bool:
        """No response ends with its connection."""
        return False

    def receive(self, data: memoryview) -> None:
        """Take what came.

        Raises:
            SessionFault: the peer broke a rule of the connection.
        """
        self.session.receive(data, now=self.shell.now)
        self.shell.has_to_write(self.connection)

    def receive_eof(self) -> None:
        """The peer ended its side.

        Raises:
            PeerError: in the midst of streams.
        """
        if self._turns:
            raise PeerError("other side closed", code="UND_ERR_SOCKET")

    def open(self, exchange: Exchange, stream: int) -> None:
        """Send a request on a new stream."""
        turn = self._turns[stream] = StreamTurn(self, stream, exchange)
        self._streams[exchange.id] = stream
        prepared = exchange.prepared
        form = self.shell.h2_form(exchange, self.connection.origin)
        self.session.open(stream, form, turn, ends=not (prepared.body or prepared.streamed))
        if prepared.body:
            self._send(turn, memoryview(prepared.body), ends=True)
        if not prepared.streamed and not turn.left:
            exchange.sent_at = self.shell.now
        if exchange.hears_steps and (prepared.streamed or not turn.left):
            exchange.on_sent()
        self.shell.has_to_write(self.connection)

    def takes_body(self, exchange: Exchange) -> bool:
        """Say whether a piece of the request's body would not have to wait."""
        turn = self._turn_of(exchange)
        return turn is None or not turn.left

    def send_body(self, exchange: Exchange, data: bytes, *, ends: bool) -> None:
        """Send a piece of a streamed body; of a stream that is over: nothing."""
        turn = self._turn_of(exchange)
        if turn is not None:
            self._send(turn, memoryview(bytes(turn.left) + data), ends=ends)
            self.shell.has_to_write(self.connection)

    def hold(self, exchange: Exchange) -> None:
        """Give the server no more room on a stream: its reader is slow."""
        turn = self._turn_of(exchange)
        if turn is not None:
            turn.is_held = True

    def go_on(self, exchange: Exchange) -> None:
        """Give it room again."""
        turn = self._turn_of(exchange)
        if turn is not None:
            turn.is_held = False
            turn.lived_at = self.shell.now
            unread, turn.unread = turn.unread, 0
            self.session.consumed(turn.stream, unread)
            self.shell.has_to_write(self.connection)

    def lived_at(self, exchange: Exchange, now: float) -> float:
        """Give when something last came or went on a stream; now while its reader lets nothing."""
        turn = self._turn_of(exchange)
        return now if turn is None or turn.is_held else turn.lived_at

    def reset(self, stream: int, code: int) -> None:
        """End a stream that is not wanted any more."""
        self._tally().resets += 1
        self._forget(stream)
        self.session.reset(stream, code)
        self.shell.has_to_write(self.connection)

    def ask(self) -> None:
        """Ask whether the peer is there."""
        self.session.ping(now=self.shell.now)
        self.shell.has_to_write(self.connection)

    def forget(self, exchange: Exchange) -> None:
        """Have a request no more."""
        stream = self._streams.get(exchange.id)
        if stream is not None:
            self._forget(stream)

    def done(self, exchange: Exchange) -> None:
        """Have a request no more that is answered; what waits of its body nobody is to get.

        The server would count its stream for as long. Of a streamed body the core has it reset.
        """
        stream = self._streams.get(exchange.id)
        turn = None if stream is None else self._forget(stream)
        if turn is not None and turn.left and not exchange.prepared.streamed:
            self.reset(turn.stream, NO_ERROR)

    def is_sent(self, exchange: Exchange) -> bool:
        """Say whether nothing of a request's body waits for a window."""
        turn = self._turn_of(exchange)
        return turn is None or not turn.left

    # The session's side

    def on_settings(self, settings: PeerSettings) -> None:
        """The peer says what it allows."""
        self.shell.core.settings(
            self.connection.id,
            now=self.shell.now,
            max_streams=settings.max_concurrent_streams,
        )
        self.shell.perform()

    def on_goaway(self, code: int, last: int, debug: bytes) -> None:
        """The peer takes no more streams; those above ``last`` are over."""
        del debug
        self.goaway = GoAway(at=self.shell.now, code=code, last_stream=last)
        for stream in [stream for stream in self._turns if stream > last]:
            self._forget(stream)
        self.shell.core.goaway(self.connection.id, now=self.shell.now, code=code, last_stream=last)
        self.shell.perform()

    def on_stream_reset(self, stream: int, code: int) -> None:
        """The peer reset a stream."""
        tally = self._tally()
        tally.resets += 1
        tally.refused += code == REFUSED_STREAM
        turn = self._forget(stream)
        if turn is not None and turn.exchange.ended_at is None:
            self.shell.core.stream_reset(turn.exchange.id, now=self.shell.now, code=code)
            self.shell.perform()

    def on_stream_fault(self, stream: int, fault: StreamFault) -> None:
        """The peer broke a rule of a stream, and it was reset by us."""
        self._tally().resets += 1
        turn = self._forget(stream)
        if turn is not None and turn.exchange.ended_at is None:
            code, message = fault.code, str(fault)
            if isinstance(fault, LengthFault):  # undici's own check, and in its words
                code, message, _ = failures.LENGTH_MISMATCH
            turn.exchange.cause = fault
            self.shell.core.stream_failed(
                turn.exchange.id, now=self.shell.now, code=code, message=message
            )
            self.shell.perform()

    def on_ping_ack(self, rtt_s: float) -> None:
        """The peer is there."""
        self.ping = Answered(self.shell.now, rtt_s)
        self.shell.core.ping_acked(self.connection.id, now=self.shell.now, rtt_s=rtt_s)
        self.shell.perform()

    def on_sendable(self, stream: int) -> None:
        """A window has room again."""
        turn = self._turns.get(stream)
        if turn is None:
            return
        self._send(turn, turn.left, ends=turn.ends)
        if turn.left:
            return
        exchange = turn.exchange
        if not exchange.prepared.streamed:
            exchange.sent_at = self.shell.now
        exchange.on_sent()

    # Its own

    def _tally(self) -> OriginTally:
        return self.shell.tally.origins[self.connection.origin.key]

    def _turn_of(self, exchange: Exchange) -> StreamTurn | None:
        stream = self._streams.get(exchange.id)
        return None if stream is None else self._turns.get(stream)

    def _send(self, turn: StreamTurn, data: memoryview, *, ends: bool) -> None:
        taken = self.session.send(turn.stream, data, ends=ends)
        if taken:
            turn.lived_at = self.shell.now
        turn.left, turn.ends = data[taken:], ends

    def _forget(self, stream: int) -> StreamTurn | None:
        turn = self._turns.pop(stream, None)
        if turn is not None:
            self._streams.pop(turn.exchange.id, None)
        return turn
