"""One response as it comes in on a stream: in which order its parts may be, and how long it is.

HTTP/2 frames a body itself, so a Content-Length frames nothing; but one that is not what came
means that something between the two ends cut or added, and the response is refused.

Source: RFC 9113 section 8.1.
"""

from __future__ import annotations

from typing import Final, NoReturn

from h2.errors import ErrorCodes

from pooltop.engine.codecs.base import Answer, ResponseHead
from pooltop.engine.codecs.guard import MAX_HEADER_OCTETS, MAX_INTERIM
from pooltop.engine.h2.faults import LengthFault, StreamFault
from pooltop.engine.h2.fields import Fields, check_trailers, content_length, read_head

_ENTRY_OVERHEAD: Final = 32
"""Octets that a field counts for beside its own (RFC 9113, 6.5.2)."""
_FIRST_FINAL: Final = 200
_BODILESS: Final = frozenset({204, 304})


class Reading:
    """What has come of one response."""

    __slots__ = ("_answer", "_expected", "_has_body", "_head_octets", "_interims", "_received",
                 "_stream", "has_head")  # fmt: skip

    has_head: bool
    """The final head has come."""

    def __init__(self, stream: int, answer: Answer) -> None:
        """Begin with nothing; the answer says whether there can be a body."""
        self._stream = stream
        self._answer = answer
        self.has_head = False
        self._has_body = True
        self._expected: int | None = None
        self._received = 0
        self._interims = 0
        self._head_octets = 0

    def take_fields(self, fields: Fields, *, ends: bool) -> ResponseHead | None:
        """Take a block's fields; give the head they are, None if they are trailers.

        Raises:
            StreamFault: they may not be, or may not be here.
        """
        self._head_octets += sum(
            [len(name) + len(value) + _ENTRY_OVERHEAD for name, value in fields]
        )
        if self._head_octets > MAX_HEADER_OCTETS:
            self._refuse(
                f"more than {MAX_HEADER_OCTETS} octets of response head",
                "10.5.1",
                ErrorCodes.ENHANCE_YOUR_CALM,
            )
        if self.has_head:
            if not ends:
                self._refuse("a second head, or trailers that do not end it", "8.1")
            check_trailers(fields, self._stream)
            self._check_end()
            return None
        head = read_head(fields, self._stream)
        length = content_length(head.headers, self._stream)
        # A length that cannot be; of 204 libnghttp2 bears 0, which some servers say.
        if length is not None and (head.status < _FIRST_FINAL or (head.status == 204 and length)):
            self._refuse(f"a Content-Length in a response of status {head.status}", "8.1.1")
        if head.status < _FIRST_FINAL:
            self._take_interim(ends=ends)
            return head
        self._expected = length
        self.has_head = True
        if self._answer is Answer.TO_HEAD or head.status in _BODILESS:
            self._has_body = False
            self._expected = None
        if ends:
            self._check_end()
        return head

    def take_data(self, size: int, *, ends: bool) -> None:
        """Take octets of body, padding not among them.

        Raises:
            StreamFault: there may be none, or not so many, or more were promised.
        """
        if not self.has_head:
            self._refuse("DATA before the response's head", "8.1")
        if size and not self._has_body:
            self._refuse("DATA in a response that has no content", "8.1.1")
        self._received += size
        if self._expected is not None and self._received > self._expected:
            self._refuse_length()
        if ends:
            self._check_end()

    def _take_interim(self, *, ends: bool) -> None:
        if ends:
            self._refuse("an interim response that ends the stream", "8.1")
        self._interims += 1
        if self._interims > MAX_INTERIM:
            self._refuse(
                f"more than {MAX_INTERIM} interim responses", "10.5", ErrorCodes.ENHANCE_YOUR_CALM
            )

    def _check_end(self) -> None:
        if self._expected is not None and self._received != self._expected:
            self._refuse_length()

    def _refuse_length(self) -> NoReturn:
        came = f"{self._received} octets of body for a Content-Length of {self._expected}"
        words = f"stream {self._stream}: {came}"
        raise LengthFault(ErrorCodes.PROTOCOL_ERROR, words, "8.1.1")

    def _refuse(
        self, words: str, rule: str, reason: ErrorCodes = ErrorCodes.PROTOCOL_ERROR
    ) -> NoReturn:
        raise StreamFault(reason, f"stream {self._stream}: {words}", rule)
