"""The guard: what stands between a peer's octets and whoever waits for a response.

Neither h11 nor llhttp has a notion of "this connection is dirty": both read octets left over
from one response as the answer to the next request. So the guard reads the framing itself,
strictly, and uses the parser as a second reader that must agree. Its rules:

1. A connection is kept only if not one octet follows the response. (An extra CRLF counts: alone
   on an idle connection it could not be told from the start of anything else.)
2. Any octet while idle is an error.
3. Transfer-Encoding in HTTP/1.0, or framing fields where no body can be: delivered, not kept.
   Transfer-Encoding with Content-Length: refused, as in Node.
4. The version is 1.0 or 1.1.
5. First octets that cannot begin ``HTTP/1.`` are refused at once, with words.
6. Heads, interim ones and trailers included, have at most 64 KiB of octets an exchange.
7. At most 32 interim responses an exchange; a 101 that nobody asked for is refused.
8. After the end of input or an error nothing is accepted.

No verdict and no code depends on how TCP cut the octets: a line is judged when it is whole, a
limit is counted from where its subject began.

The last head is remembered with what it said: a server that repeats it costs one comparison
instead of a second reading. The parser still sees every octet.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

from pooltop.core.states import CloseReason
from pooltop.engine.codecs.base import (
    Answer,
    PreparedRequest,
    ResponseEnd,
    ResponseHead,
    ResponseSink,
)
from pooltop.engine.codecs.chunked import ChunkScanner
from pooltop.engine.codecs.framing import BodyKind, Framing, judge
from pooltop.engine.codecs.grammar import (
    HEAD_END,
    check_lines,
    check_opening,
    read_head,
)
from pooltop.engine.codecs.parser import Parser, ParserRefusedError
from pooltop.engine.codecs.strangers import show
from pooltop.engine.codecs.upload import Upload
from pooltop.errors import PeerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_HEADER_OCTETS: Final = 64 * 1024
"""Octets of all heads and trailers of one exchange."""
MAX_INTERIM: Final = 32
"""Interim (1xx) responses of one exchange."""
_FIRST_FINAL: Final = 200
_NO_REST: Final = memoryview(b"")
# llhttp takes "chunked<TAB>" for an unknown coding and then reads to the end of input.
_CHUNKED_LINE_RE: Final = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked *\r\n", re.IGNORECASE)


class State(Enum):
    """What a guarded codec is at."""

    IDLE = "idle"
    HEAD = "waiting for a head"
    LENGTH = "in a body of known length"
    CHUNKED = "in a chunked body"
    EOF = "in a body that the end of input ends"
    ANSWERED = "answered before the request body was sent"
    CLOSED = "of no further use"


_IDLE: Final = State.IDLE
_HEAD: Final = State.HEAD
_LENGTH: Final = State.LENGTH
_CHUNKED: Final = State.CHUNKED
_EOF: Final = State.EOF
_ANSWERED: Final = State.ANSWERED
_CLOSED: Final = State.CLOSED


class GuardedCodec:
    """A ``Codec``: one connection's HTTP/1.1 client side, guarded."""

    __slots__ = (
        "_answer",
        "_checked",
        "_expected",
        "_framing",
        "_head",
        "_head_octets",
        "_held",
        "_interims",
        "_known",
        "_known_answer",
        "_known_octets",
        "_known_whole",
        "_parser",
        "_received",
        "_scanner",
        "_sink",
        "_state",
        "_untrusted",
        "_upload",
        "_wants_close",
    )

    _sink: ResponseSink
    _framing: Framing
    _scanner: ChunkScanner
    _known: tuple[ResponseHead, Framing]

    def __init__(self, parser: Parser) -> None:
        """Stand over a parser that nobody else uses."""
        self._parser = parser
        self._state = _IDLE
        self._known_octets = b""
        self._known_answer = Answer.PLAIN
        self._known_whole = 0
        """Octets of a response with the known head and a body of known length; else 0."""
        self._held = bytearray()
        self._checked = 0
        self._head_octets = 0
        self._interims = 0
        self._received = 0
        self._expected = 0
        self._answer = Answer.PLAIN
        self._untrusted = False
        self._wants_close = False
        self._upload: Upload | None = None

    def __repr__(self) -> str:
        """Name the parser and the state."""
        return f"<{type(self).__name__} {type(self._parser).__name__} {self._state.value}>"

    @property
    def is_idle(self) -> bool:
        """Between two exchanges, and fit for the next."""
        return self._state is _IDLE

    @property
    def ends_at_eof(self) -> bool:
        """In a body that the end of input ends: nobody can tell a cut one from a whole one."""
        return self._state is _EOF

    def start(self, request: PreparedRequest, sink: ResponseSink) -> bytes:
        """Begin an exchange; give what to write first. The codec must be idle."""
        if self._state is not _IDLE:
            message = f"an exchange begun on a connection that is {self._state.value}"
            raise AssertionError(message)
        method = request.method
        self._state = _HEAD
        self._sink = sink
        self._answer = request.answer
        self._wants_close = request.wants_close
        self._head_octets = self._interims = self._received = 0
        self._upload = Upload(request) if request.streamed else None
        self._parser.begin(method)
        return request.wire

    def send_body(self, data: bytes) -> bytes:
        """Give the wire form of a piece of a streamed body.

        Raises:
            UsageError: the request has no streamed body, or this is more than it promised.
        """
        return self._streamed().send(data)

    def end_body(self) -> bytes:
        """Give what ends a streamed body.

        Raises:
            UsageError: the request has no streamed body, or less of it was sent than promised.
        """
        wire = self._streamed().end()
        if self._state is _ANSWERED:
            self._state = _IDLE
        return wire

    def receive(self, data: memoryview) -> None:
        """Take bytes from the peer; the memory is only valid during the call.

        Raises:
            PeerError: they are not a response, or were not asked for.
        """
        if not data:
            return  # To h11 an empty read would be the end of input.
        try:
            state = self._state
            if state is _HEAD:
                self._receive_head(data)
            elif state is _LENGTH:
                self._receive_length(data)
            elif state is _CHUNKED:
                self._receive_chunked(bytes(data))
            elif state is _EOF:
                self._deliver(self._parser.feed_body(data))
            else:
                raise self._unsolicited(data)
        except ParserRefusedError as exc:
            self._state = _CLOSED
            message = f"two readers of the response disagree: {exc}"
            raise PeerError(message, code="HPE_INTERNAL") from exc
        except PeerError:
            self._state = _CLOSED
            raise

    def receive_eof(self) -> None:
        """Take the end of the peer's side. Ends an EOF-framed response through the sink.

        Raises:
            PeerError: ECONNRESET, "socket hang up" before a final head, "aborted" inside a body.
        """
        state = self._state
        self._state = _CLOSED
        if state is _HEAD:
            message = "socket hang up: the peer closed before it answered"
        elif state is _LENGTH:
            message = f"aborted: received {self._received} of {self._expected} body bytes"
        elif state is _CHUNKED:
            message = f"aborted: received {self._received} body bytes, and no last chunk"
        elif state is _EOF:
            sink = self._sink
            del self._sink
            sink.on_end(self._verdict(has_surplus=False))
            return
        else:
            return
        raise PeerError(message, code="ECONNRESET")

    def _receive_head(self, data: memoryview) -> None:
        held = self._held
        search_from = 0
        if held:
            search_from = max(0, len(held) - 3)
            held += data
            if held.find(HEAD_END, search_from) < 0:
                self._check_held()
                return
            octets = bytes(held)
            data = memoryview(octets)
            held.clear()
        else:
            octets = bytes(data)
            known = self._known_octets
            if (
                known
                and len(octets) == self._known_whole
                and octets.startswith(known)
                and self._known_answer is self._answer
                and not self._head_octets
            ):
                # The last head again and exactly its body: nothing is left to be found out.
                head, self._framing = self._known
                self._expected = self._received = self._framing.length
                self._state = _LENGTH
                pieces = self._parser.feed_whole(octets, head)
                sink = self._sink
                sink.on_head(head)
                for piece in pieces:
                    sink.on_data(piece)
                self._end(_NO_REST)
                return
        at = 0
        while True:
            end = octets.find(HEAD_END, search_from) + 4
            if end == 3:
                held += octets[at:]
                self._check_held()
                return
            head, framing = self._take_head(octets[at:end])
            if head.status >= _FIRST_FINAL or framing.body is BodyKind.SWITCHED:
                break
            self._framing = framing
            self._sink.on_informational(head)
            at = search_from = end
        self._framing = framing
        self._sink.on_head(head)
        self._begin_body(framing, data[end:])

    def _begin_body(self, framing: Framing, rest: memoryview) -> None:
        """Go on with what came behind the final head; ``rest`` may be empty."""
        body = framing.body
        if body is BodyKind.LENGTH:
            self._state = _LENGTH
            self._expected = framing.length
            if rest:
                self._receive_length(rest)
        elif body is BodyKind.NONE:
            self._parser.abandon()
            self._end(rest)
        elif body is BodyKind.CHUNKED:
            self._state = _CHUNKED
            self._scanner = ChunkScanner(MAX_HEADER_OCTETS - self._head_octets)
            if rest:
                self._receive_chunked(bytes(rest))
        elif body is BodyKind.SWITCHED:
            self._state = _CLOSED
            self._sink.on_switched(bytes(rest))
        else:
            self._state = _EOF
            if rest:
                self._deliver(self._parser.feed_body(rest))

    def _check_held(self) -> None:
        """Check the part of a head that has come, as far as can be."""
        held = self._held
        if not held:
            return
        if self._checked == 0:
            check_opening(held)
        room = MAX_HEADER_OCTETS - self._head_octets
        if len(held) > room:
            check_lines(held[:room], self._checked)
            raise _head_too_long()
        self._checked = check_lines(held, self._checked)

    def _take_head(self, octets: bytes) -> tuple[ResponseHead, Framing]:
        """Give what a whole head says, once the parser has agreed to it."""
        self._checked = 0
        room = MAX_HEADER_OCTETS - self._head_octets
        self._head_octets += len(octets)
        if self._head_octets > MAX_HEADER_OCTETS:
            check_opening(octets)
            check_lines(octets[:room], 0)
            raise _head_too_long()
        if octets == self._known_octets and self._known_answer is self._answer:
            known = self._known
            self._parser.feed_head(octets, known[0])
            return known
        head = read_head(octets)
        framing = judge(head, self._answer)
        if framing.body is BodyKind.CHUNKED and _CHUNKED_LINE_RE.search(octets) is None:
            message = "white space other than a space after the transfer coding"
            raise PeerError(message, code="HPE_INVALID_TRANSFER_ENCODING")
        if framing.body is BodyKind.SWITCHED:
            # Where the head ends is all there is to agree on, and httptools knows no CONNECT.
            return head, framing
        self._parser.feed_head(octets, head)
        if head.status < _FIRST_FINAL:
            self._interims += 1
            if self._interims > MAX_INTERIM:
                message = f"more than {MAX_INTERIM} interim (1xx) responses"
                raise PeerError(message, code="ERR_TOO_MANY_INTERIM")
            self._parser.abandon()
            if framing.end.reason is CloseReason.UNTRUSTED_FRAMING:
                self._untrusted = True
            return head, framing
        self._known_octets = octets
        self._known_answer = self._answer
        self._known = (head, framing)
        has_body = framing.body is BodyKind.LENGTH
        self._known_whole = len(octets) + framing.length if has_body else 0
        return self._known

    def _receive_length(self, data: memoryview) -> None:
        left = self._expected - self._received
        surplus = len(data) - left
        rest = _NO_REST
        if surplus > 0:
            data, rest = data[:left], data[left:]
        self._received += len(data)
        pieces = self._parser.feed_body(data)
        for piece in pieces:
            self._sink.on_data(piece)
        if surplus >= 0:
            self._end(rest)

    def _receive_chunked(self, octets: bytes) -> None:
        if self._held:
            octets = bytes(self._held) + octets
            self._held.clear()
        scanner = self._scanner
        proved = scanner.scan(octets)
        if proved:
            self._deliver(self._parser.feed_body(octets[:proved]))
        if scanner.is_done:
            self._end(memoryview(octets)[proved:])
        else:
            self._held += octets[proved:]

    def _deliver(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._received += len(piece)
            self._sink.on_data(piece)

    def _end(self, rest: memoryview) -> None:
        """Give the verdict. The sink may begin the next exchange inside the call.

        Args:
            rest: what came behind the response.
        """
        if not self._parser.is_complete and self._framing.body is not BodyKind.NONE:
            message = "the parser waits for more of the body"
            raise ParserRefusedError(message)
        end = self._framing.end
        if rest or self._wants_close or self._untrusted:
            end = self._verdict(has_surplus=bool(rest))
        if not end.keep:
            self._state = _CLOSED
        elif self._upload is not None and not self._upload.is_done:
            self._state = _ANSWERED
        else:
            self._state = _IDLE
        sink = self._sink
        del self._sink  # an idle connection keeps nobody's request and response
        sink.on_end(end)

    def _verdict(self, *, has_surplus: bool) -> ResponseEnd:
        end = self._framing.end
        if has_surplus:
            return ResponseEnd(keep=False, reason=CloseReason.SURPLUS, hint=end.hint)
        if self._untrusted:
            return ResponseEnd(keep=False, reason=CloseReason.UNTRUSTED_FRAMING, hint=end.hint)
        if end.keep and self._wants_close:
            return ResponseEnd(keep=False, reason=CloseReason.CONNECTION_CLOSE, hint=end.hint)
        return end

    def _streamed(self) -> Upload:
        if self._upload is None:
            message = "this request has no streamed body"
            raise UsageError(message)
        return self._upload

    def _unsolicited(self, data: memoryview) -> PeerError:
        where = "after the end of a response" if self._state is _CLOSED else "while idle"
        octets = bytes(data[:64])
        message = f"{len(data)} bytes came {where}, unasked: {show(octets)}"
        return PeerError(message, code="ERR_UNSOLICITED_BYTES")


def _head_too_long() -> PeerError:
    message = f"more than {MAX_HEADER_OCTETS} octets of response head"
    return PeerError(message, code="HPE_HEADER_OVERFLOW")
