"""Bytes kept in memory of their own, beside the heap, in the order in which they came.

The past of a dashboard is a thousand blocks of ever differing sizes, each of which lives for ten
minutes. On the C heap they leave holes that nothing fits into, and what a process once took of it
stays its own: some 15 MiB an hour at first. A segment here goes back to the system as a whole.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass

SEGMENT_BYTES = 256 * 1024


class _Segment:
    """Memory of the system's, filled from its start."""

    __slots__ = ("_end", "_memory", "in_use", "size")

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.size = size
        self._end = 0
        self.in_use = 0

    @property
    def is_closed(self) -> bool:
        return self._memory.closed

    def has_room(self, size: int) -> bool:
        return self.size - self._end >= size

    def put(self, data: bytes) -> int:
        start = self._end
        self._end = start + len(data)
        self._memory[start : self._end] = data
        self.in_use += len(data)
        return start

    def get(self, start: int, size: int) -> bytes:
        return self._memory[start : start + size]

    def close(self) -> None:
        self._memory.close()


@dataclass(frozen=True, slots=True)
class Parcel:
    """Where some bytes are."""

    segment: _Segment
    start: int
    size: int


class Shelf:
    """Takes bytes, gives them back, and lets go of the memory of those that are dropped."""

    def __init__(self) -> None:
        """Begin without memory."""
        self._filling: _Segment | None = None

    def put(self, data: bytes) -> Parcel:
        """Keep a copy; what is larger than a segment gets one of its own."""
        filling = self._filling
        if filling is None or not filling.has_room(len(data)):
            self._filling = None
            if filling is not None and not filling.in_use:
                filling.close()
            filling = self._filling = _Segment(max(SEGMENT_BYTES, len(data)))
        return Parcel(filling, filling.put(data), len(data))

    def get(self, parcel: Parcel) -> bytes:
        """Give a copy of what was put."""
        return parcel.segment.get(parcel.start, parcel.size)

    def drop(self, parcel: Parcel) -> None:
        """Let go of what was put; it must not be asked for again."""
        segment = parcel.segment
        segment.in_use -= parcel.size
        if not segment.in_use and segment is not self._filling:
            segment.close()

    def settled(self, parcel: Parcel) -> Parcel:
        """Give where the bytes are from here on: elsewhere if most around them was dropped."""
        if parcel.segment.in_use * 2 >= parcel.segment.size or parcel.segment is self._filling:
            return parcel
        moved = self.put(self.get(parcel))
        self.drop(parcel)
        return moved
