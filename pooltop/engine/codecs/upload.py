"""The wire form of a streamed request body: by Content-Length if there is one, or chunked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.errors import UsageError

if TYPE_CHECKING:
    from pooltop.engine.codecs.base import PreparedRequest


class Upload:
    """One streamed body on its way out."""

    __slots__ = ("_left", "_length", "is_done")

    is_done: bool
    """The body has been ended."""

    def __init__(self, request: PreparedRequest) -> None:
        """Read from the request's fields how its body is framed."""
        self._length: int | None = None
        for name, value in request.headers:
            if name.lower() == b"content-length":
                self._length = int(value)
        self._left = self._length or 0
        self.is_done = False

    def send(self, data: bytes) -> bytes:
        """Give the wire form of a piece; an empty piece is nothing, not an end.

        Raises:
            UsageError: more bytes than Content-Length promised, or the body has been ended.
        """
        if self.is_done:
            message = "the request body has already been ended"
            raise UsageError(message)
        if self._length is None:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        if len(data) > self._left:
            sent = self._length - self._left + len(data)
            message = f"{sent} bytes of request body for a Content-Length of {self._length}"
            raise UsageError(message)
        self._left -= len(data)
        return data

    def end(self) -> bytes:
        """Give what ends the body.

        Raises:
            UsageError: fewer bytes than Content-Length promised, or it has been ended before.
        """
        if self.is_done:
            message = "the request body has already been ended"
            raise UsageError(message)
        if self._length is not None and self._left:
            sent = self._length - self._left
            message = f"{sent} bytes of request body for a Content-Length of {self._length}"
            raise UsageError(message)
        self.is_done = True
        return b"0\r\n\r\n" if self._length is None else b""
