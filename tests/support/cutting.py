"""A stream of bytes that is at hand, cut into the bodies of messages."""

from __future__ import annotations

from pooltop.sources.wire import Frames


def cut(frames: Frames, data: bytes) -> list[bytes]:
    """Give copies of the bodies that these bytes complete, however little room there is."""
    bodies: list[bytes] = []
    while data:
        room = frames.room()
        count = min(len(room), len(data))
        room[:count] = data[:count]
        bodies += map(bytes, frames.filled(count))
        data = data[count:]
    return bodies
