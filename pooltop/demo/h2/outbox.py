"""Responses on their way out: as much as the windows and whoever writes have room for, in turns.

A response waits as its fields and its body, and becomes octets only when there is room for them:
so what a client that does not read has asked for costs what its streams cost, and no more. Of
those that may send each sends a frame, then it is the next one's turn.

Source: RFC 9113 section 6.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.engine.h2.frames import HEAD_SIZE, MAX_FRAME_SIZE

if TYPE_CHECKING:
    from pooltop.demo.answers import FieldLines
    from pooltop.demo.h2.library import Library


class _Response:
    """What of a response has not been sent."""

    __slots__ = ("body", "fields")

    def __init__(self, fields: FieldLines, body: bytes | memoryview) -> None:
        self.fields: FieldLines | None = fields
        """None once they are sent."""
        self.body = memoryview(body)


class Outbox:
    """The responses of one connection that are not sent to their end."""

    __slots__ = ("_blocked", "_library", "_ready", "data_frames")

    data_frames: int
    """Frames of body that were sent."""

    def __init__(self, library: Library) -> None:
        """Begin with none."""
        self._library = library
        self._ready: dict[int, _Response] = {}
        """By stream; the first one's turn it is."""
        self._blocked: dict[int, _Response] = {}
        """By stream; these wait for a window."""
        self.data_frames = 0

    def add(self, stream: int, fields: FieldLines, body: bytes | memoryview) -> None:
        """Take a response to send."""
        self._ready[stream] = _Response(fields, body)

    def drop(self, stream: int) -> None:
        """Forget the response of a stream that is over."""
        self._ready.pop(stream, None)
        self._blocked.pop(stream, None)

    def widened(self, stream: int) -> None:
        """Try anew what waits for a stream's window; for 0 what waits for any."""
        if not stream:
            self._ready |= self._blocked
            self._blocked.clear()
        elif stream in self._blocked:
            self._ready[stream] = self._blocked.pop(stream)

    def write(self, room: int) -> tuple[bytes, list[int]]:
        """Give octets of about ``room`` at most, and which streams they end."""
        library = self._library
        ready = self._ready
        ended: list[int] = []
        while ready and room > 0:
            stream = next(iter(ready))
            response = ready.pop(stream)
            body = response.body
            if response.fields is not None:
                library.send_headers(stream, response.fields, end_stream=not body)
                response.fields = None
                room -= HEAD_SIZE
            if not body:
                ended.append(stream)
                continue
            size = min(library.local_flow_control_window(stream), MAX_FRAME_SIZE, len(body))
            if size <= 0:
                self._blocked[stream] = response
                continue
            is_last = size == len(body)
            library.send_data(stream, body[:size], end_stream=is_last)
            room -= HEAD_SIZE + size
            self.data_frames += 1
            if is_last:
                ended.append(stream)
            else:
                response.body = body[size:]
                ready[stream] = response
        return library.data_to_send(), ended
