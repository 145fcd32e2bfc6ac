"""Response bodies on their way in: what each frame of DATA takes of the windows, and gives back.

The connection's credit is given back as DATA comes, the stream's when its reader has it: so readers
that are slow, or streams that were left, hold up nobody but themselves. The price is that each
keeps what its own stream's window let in. And as half of the connection's window is more than the
largest frame, no peer can overrun it: only the streams' windows are ever a fault.

Source: RFC 9113 section 6.9; Node 24 src/node_http2.cc Http2Session::OnDataChunkReceived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hyperframe.frame import WindowUpdateFrame

from pooltop.engine.h2.credit import Credit, overrun

if TYPE_CHECKING:
    from pooltop.engine.h2.session import SessionOptions
    from pooltop.engine.h2.stream import Stream

FIRST_WINDOW: Final = 65_535
"""Every window's size until SETTINGS or WINDOW_UPDATE say otherwise."""


class Inflow:
    """The windows that one session's peer is given."""

    __slots__ = ("_connection", "_out", "_slack")

    def __init__(self, options: SessionOptions, out: list[bytes]) -> None:
        """Begin with whole windows; what is to be written is appended to ``out``."""
        self._connection = Credit(max(options.connection_window_size, FIRST_WINDOW))
        self._slack: int | None = max(0, FIRST_WINDOW - options.initial_window_size)
        """What the peer may send on a stream beyond its window, as it has not acknowledged our
        SETTINGS; None once it has."""
        self._out = out

    @property
    def left(self) -> int:
        """Octets that the peer may still send on all streams together."""
        return self._connection.left

    def begin(self) -> None:
        """Open the connection's window from what HTTP/2 begins with."""
        more = self._connection.size - FIRST_WINDOW
        if more:
            self._out.append(_window_update(0, more))

    def acknowledged(self) -> bool:
        """Note that the peer knows our SETTINGS; False if it said so before."""
        was_due = self._slack is not None
        self._slack = None
        return was_due

    def spend(self, record: Stream | None, size: int) -> None:
        """Take so many octets, padding included, of the windows.

        Args:
            record: whose they are; None of a stream that is over.
            size: octets.

        Raises:
            StreamFault: the stream's window had no room for them.
        """
        self._connection.spend(size, slack=0)
        more = self._connection.give(size)
        if more:
            self._out.append(_window_update(0, more))
        if record is None:
            return
        record.unread += size
        if not record.credit.spend(size, slack=self._slack or 0):
            raise overrun(record.id)

    def read(self, record: Stream, size: int) -> None:
        """Give credit for octets that were read of a stream whose response goes on."""
        if size > record.unread:
            message = f"{size} octets read of stream {record.id}, which had {record.unread}"
            raise AssertionError(message)
        record.unread -= size
        more = record.credit.give(size)
        if more:
            self._out.append(_window_update(record.id, more))


def _window_update(stream: int, size: int) -> bytes:
    return WindowUpdateFrame(stream, window_increment=size).serialize()
