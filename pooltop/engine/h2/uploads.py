"""Request bodies on their way out: as much as the windows have room for, and who waits for more.

Nothing of a body is kept here: what does not fit stays with whoever sends it, who is told when it
may be tried again. Those that wait take turns: one that is told and waits again goes to the end.

Source: RFC 9113 section 6.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.engine.h2.frames import MAX_FRAME_SIZE

if TYPE_CHECKING:
    from pooltop.engine.h2.machine import Machine
    from pooltop.engine.h2.session import SessionSink
    from pooltop.engine.h2.stream import Stream


class Uploads:
    """All bodies of one session."""

    __slots__ = ("_blocked", "_machine", "_out", "_sink")

    def __init__(self, machine: Machine, sink: SessionSink, out: list[bytes]) -> None:
        """Begin with none; what is to be written is appended to ``out``."""
        self._machine = machine
        self._sink = sink
        self._out = out
        self._blocked: dict[int, None] = {}
        """Streams whose body waits for a window, the longest first."""

    def send(self, record: Stream, data: bytes | memoryview, *, ends: bool) -> int:
        """Send what fits of a piece; give how many octets that was.

        Raises:
            UsageError: the piece breaks the request's word.
        """
        record.check_upload(len(data), ends=ends)
        machine = self._machine
        stream = record.id
        view = memoryview(data)
        size = len(data)
        taken = 0
        while taken < size:
            room = min(machine.window(stream), MAX_FRAME_SIZE, size - taken)
            if room <= 0:
                self._blocked[stream] = None
                break
            piece = view[taken : taken + room]
            taken += room
            self._out.append(machine.data(stream, piece, ends=ends and taken == size))
        if ends and not size:
            self._out.append(machine.data(stream, b"", ends=True))
        record.sent += taken
        record.is_sent = ends and taken == size
        return taken

    def wake(self) -> None:
        """Tell those that wait, the longest first, while the connection has room."""
        for stream in list(self._blocked):
            if self._machine.window(0) <= 0:
                return
            self.widened(stream)

    def widened(self, stream: int) -> None:
        """Tell a stream that waits, if there is room for it."""
        if stream in self._blocked and self._machine.window(stream) > 0:
            del self._blocked[stream]
            self._sink.on_sendable(stream)

    def drop(self, stream: int) -> None:
        """Forget a stream that is over."""
        self._blocked.pop(stream, None)

    def clear(self) -> None:
        """Forget all."""
        self._blocked.clear()
