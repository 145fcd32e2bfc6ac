"""Several requests on their way at once: HTTP/1.1 pipelining, for undici's clients.

The responses come in the order of the requests (RFC 9112, 9.3.2). Each is read by the same guard as
anywhere else; only what follows a response that lets the connection be used is no surplus as long
as another is awaited: it is the beginning of the next.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from pooltop.engine.codecs.base import PreparedRequest, ResponseSink
from pooltop.engine.codecs.guard import GuardedCodec, State
from pooltop.engine.codecs.parser import Parser
from pooltop.engine.codecs.upload import Upload

_NOTHING = memoryview(b"")


class Cut(Enum):
    """What the end of the connection means to the response under way."""

    CLEAN = "it cuts nothing off, or what it cuts off is no response"
    SHORT = "a body of known length is cut, after which the connection was to end anyway"
    NO_LAST_CHUNK = "likewise, a body in chunks"


_CUTS = {State.LENGTH: Cut.SHORT, State.CHUNKED: Cut.NO_LAST_CHUNK}


class PipelinedCodec(GuardedCodec):
    """A guarded codec that may be given a request while others are under way."""

    __slots__ = ("_behind", "_rest", "_was_cut")

    def __init__(self, parser: Parser) -> None:
        """Stand over a parser that nobody else uses."""
        super().__init__(parser)
        self._behind: deque[tuple[PreparedRequest, ResponseSink]] = deque()
        self._rest = _NOTHING
        """Of what is being received: the part behind the response that has just ended."""
        self._was_cut = Cut.CLEAN

    @property
    def is_idle(self) -> bool:
        """No response is awaited, and the connection is fit for a request."""
        return super().is_idle and not self._behind

    @property
    def keeps(self) -> bool:
        """The head that has just come lets the connection be used again, as llhttp judges."""
        return self._framing.end.keep

    @property
    def cut(self) -> Cut:
        """What the end of the connection would mean now, or did when it came."""
        if self._state not in _CUTS or self._framing.end.keep:
            return self._was_cut
        return _CUTS[self._state]

    def start(self, request: PreparedRequest, sink: ResponseSink) -> bytes:
        """Begin an exchange, behind those that are under way; give what to write first."""
        state = self._state
        if state is State.CLOSED or (state is State.IDLE and not self._behind):
            return super().start(request, sink)
        # What is sent is sent in turn: no other body is on its way.
        self._upload = Upload(request) if request.streamed else None
        self._behind.append((request, sink))
        return request.wire

    def receive(self, data: memoryview) -> None:
        """Take bytes from the peer: of several responses, one after the other.

        Raises:
            PeerError: they are not responses, or were not asked for.
        """
        super().receive(data)
        while self._rest:
            rest, self._rest = self._rest, _NOTHING
            if self._state is State.HEAD:
                super().receive(rest)

    def receive_eof(self) -> None:
        """Take the end of the peer's side: see ``GuardedCodec``."""
        self._was_cut = self.cut
        super().receive_eof()

    def stop(self) -> None:
        """Tell nobody anything any more: the connection is at its end."""
        self._state = State.CLOSED
        self._behind.clear()
        self._rest = _NOTHING

    def _end(self, rest: memoryview) -> None:
        if rest and self._behind and self._framing.end.keep and not self._untrusted:
            self._rest, rest = rest, _NOTHING
        super()._end(rest)
        if self._state is State.IDLE and self._behind:
            request, sink = self._behind.popleft()
            upload = self._upload
            super().start(request, sink)
            self._upload = upload
