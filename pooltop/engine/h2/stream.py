"""What the guard keeps of one stream that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.engine.h2.credit import Credit
from pooltop.engine.h2.reading import Reading
from pooltop.errors import UsageError

if TYPE_CHECKING:
    from pooltop.engine.codecs.base import Answer, ResponseSink


class Stream:
    """One request and its response. The guard alone changes it."""

    __slots__ = ("credit", "id", "is_answered", "is_sent", "promised", "reading", "sent", "sink",
                 "unread")  # fmt: skip

    unread: int
    """Octets of DATA that came, padding included, and that its reader has not had."""
    is_sent: bool
    """The request has ended."""
    is_answered: bool
    """The response has ended."""

    def __init__(
        self, stream: int, sink: ResponseSink, answer: Answer, *, window: int, promised: int | None
    ) -> None:
        """Begin with a head that is sent.

        Args:
            stream: its id.
            sink: who takes the response.
            answer: what that can be.
            window: octets of body that the peer may send before it is given more.
            promised: octets of request body that Content-Length says; None if it does not.
        """
        self.id = stream
        self.sink = sink
        self.credit = Credit(window)
        self.reading = Reading(stream, answer)
        self.unread = 0
        self.promised = promised
        self.sent = 0
        self.is_sent = False
        self.is_answered = False

    def check_upload(self, size: int, *, ends: bool) -> None:
        """Refuse a piece of body that breaks the request's word.

        Raises:
            UsageError: more octets than Content-Length promised, fewer at the end, or the body
                has been ended.
        """
        if self.is_sent:
            message = "the request body has already been ended"
            raise UsageError(message)
        if self.promised is None:
            return
        after = self.sent + size
        if after > self.promised or (ends and after < self.promised):
            message = f"{after} bytes of request body for a Content-Length of {self.promised}"
            raise UsageError(message)
