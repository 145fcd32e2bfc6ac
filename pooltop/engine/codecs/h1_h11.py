"""The reference parser: h11, pure Python and older than most of what it talks to.

h11 is used as a reader only. Requests are serialised once by ``prepare``; a minimal stand-in
with the same method moves h11's client side along, which spares it the 17 to 25 us of building
and writing the real one for every exchange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11

from pooltop.engine.codecs.parser import ParserRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pooltop.engine.codecs.base import ResponseHead

_MAX_EVENT_OCTETS: Final = 256 * 1024
"""More than any head or line the guard lets through."""
_END: Final = h11.EndOfMessage()


class H11Parser:
    """A ``Parser`` over h11.Connection."""

    __slots__ = ("_agreed", "_connection", "_method", "_stand_in", "is_complete")

    def __init__(self) -> None:
        """Begin with a connection that has seen nothing."""
        self._connection = _connect()
        self._method = b""
        self._stand_in: h11.Request | None = None
        self._agreed: ResponseHead | None = None
        """The head that h11 last read the same: given again, it is of the same octets."""
        self.is_complete = False

    def begin(self, method: bytes) -> None:
        """Move h11 to a new cycle, or begin anew where its rules do not allow one.

        They do not after HTTP/1.0, which Node keeps when it says keep-alive.
        """
        self.is_complete = False
        connection = self._connection
        if connection.our_state is connection.their_state is h11.DONE:
            connection.start_next_cycle()
        elif connection.our_state is not h11.IDLE:
            connection = self._connection = _connect()
        if self._stand_in is None or method != self._method:
            self._stand_in = h11.Request(method=method, target="/", headers=[("host", "")])
            self._method = method
        connection.send_with_data_passthrough(self._stand_in)
        connection.send_with_data_passthrough(_END)

    def feed_head(self, octets: bytes, head: ResponseHead) -> None:
        """Take a whole head; status, reason and every field must read the same."""
        connection = self._connection
        try:
            connection.receive_data(octets)
            event = connection.next_event()
            if not isinstance(event, h11.Response | h11.InformationalResponse):
                message = "h11 sees no head"
                raise ParserRefusedError(message)
            if head is not self._agreed:
                if not _says_the_same(event, head):
                    message = "h11 reads the head differently"
                    raise ParserRefusedError(message)
                self._agreed = head
        except h11.RemoteProtocolError as exc:
            raise ParserRefusedError(str(exc)) from exc

    def feed_body(self, octets: bytes | memoryview) -> Sequence[bytes]:
        """Take body octets and give what h11 decoded of them."""
        pieces: list[bytes] = []
        try:
            if octets:  # to h11 an empty read is the end of input
                self._connection.receive_data(bytes(octets))
            self._drain(self._connection, pieces)
        except h11.RemoteProtocolError as exc:
            raise ParserRefusedError(str(exc)) from exc
        return pieces

    def feed_whole(self, octets: bytes, head: ResponseHead) -> Sequence[bytes]:
        """Take a response that is here whole: a head and the body of its length."""
        self.feed_head(octets, head)
        return self.feed_body(b"")

    def abandon(self) -> None:
        """Let h11 come to the end of what has no body: it knows the method and the statuses."""
        self._drain(self._connection, [])

    def _drain(self, connection: h11.Connection, pieces: list[bytes]) -> None:
        while not self.is_complete:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self.is_complete = True
            else:
                return


def _connect() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_EVENT_OCTETS)


def _says_the_same(event: h11.Response | h11.InformationalResponse, head: ResponseHead) -> bool:
    return (
        event.status_code == head.status
        and event.reason == head.reason
        and event.http_version == head.http_version.encode()
        and len(event.headers) == len(head.headers)
        and all(
            ours == theirs or (ours[0] == theirs[0] == b"transfer-encoding")
            for ours, theirs in zip(head.headers, event.headers, strict=True)
        )
    )
