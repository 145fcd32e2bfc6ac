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

    __slots__ = ("_end", "_memory", "in_use", "is_full", "size")

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.size = size
        self._end = 0
        self.in_use = 0
        self.is_full = False
        """Nothing more is put here."""

    @property
    def is_closed(self) -> bool:
        return self._memory.closed

    def has_room(self, size: int) -> bool:
        return self.size - self._end >= size

    def fill_up(self) -> None:
        self.is_full = True
        self._close_if_empty()

    def put(self, data: bytes) -> int:
        start = self._end
        self._end = start + len(data)
        self._memory[start : self._end] = data
        self.in_use += len(data)
        return start

    def get(self, start: int, size: int) -> bytes:
        return self._memory[start : start + size]

    def drop(self, size: int) -> None:
        self.in_use -= size
        self._close_if_empty()

    def _close_if_empty(self) -> None:
        if self.is_full and not self.in_use:
            self._memory.close()


@dataclass(frozen=True, slots=True)
class Parcel:
    """Where some bytes are."""

    segment: _Segment
    start: int
    size: int

    @property
    def data(self) -> bytes:
        """Give a copy of what was put."""
        return self.segment.get(self.start, self.size)

    def drop(self) -> None:
        """Let go of the bytes; they must not be asked for again."""
        self.segment.drop(self.size)


class Shelf:
    """Takes bytes, gives them back, and lets go of the memory of those that are dropped."""

    def __init__(self) -> None:
        """Begin without memory."""
        self._filling: _Segment | None = None

    def put(self, data: bytes) -> Parcel:
        """Keep a copy; what is larger than a segment gets one of its own."""
        filling = self._filling
        if filling is None or not filling.has_room(len(data)):
            if filling is not None:
                filling.fill_up()
            filling = self._filling = _Segment(max(SEGMENT_BYTES, len(data)))
        return Parcel(filling, filling.put(data), len(data))

    def take(self, parcel: Parcel) -> Parcel:
        """Move what is on another shelf to this one; gives where it is from here on."""
        moved = self.put(parcel.data)
        parcel.drop()
        return moved

    def settled(self, parcel: Parcel) -> Parcel:
        """Give where the bytes are from here on: elsewhere if most around them was dropped."""
        segment = parcel.segment
        if segment.in_use * 2 >= segment.size or not segment.is_full:
            return parcel
        return self.take(parcel)
