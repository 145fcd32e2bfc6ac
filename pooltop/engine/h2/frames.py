"""Frames: cutting a peer's octets into them, and the shape each must have.

Rules of this file:

- A frame's head is judged as soon as its nine octets are there, so that an overlong or misplaced
  frame is refused before one octet of its payload is kept. What is kept is never more than one
  frame of 16,384 octets.
- The verdict does not depend on how TCP cut the octets: a head is judged after the frame before
  it was taken, whether or not its payload has come.

Source: RFC 9113 sections 4.1, 4.2 and 6.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from h2.errors import ErrorCodes

from pooltop.engine.h2.faults import SessionFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA: Final = 0x0
HEADERS: Final = 0x1
PRIORITY: Final = 0x2
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
PUSH_PROMISE: Final = 0x5
PING: Final = 0x6
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
CONTINUATION: Final = 0x9
NAMES: Final = (
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
)
"""By type; a greater type is of an extension."""

ACK: Final = 0x1
END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
WITH_PRIORITY: Final = 0x20

MAX_FRAME_SIZE: Final = 16_384
"""Octets of payload we take and send: the least that every peer must take."""
HEAD_SIZE: Final = 9
_HEAD: Final = Struct(">HBBBL")
_STREAM_BITS: Final = 0x7FFF_FFFF
PRIORITY_SIZE: Final = 5
_OF_SESSION: Final = frozenset({SETTINGS, PING, GOAWAY})
_OF_STREAM: Final = frozenset({DATA, HEADERS, PRIORITY, RST_STREAM, PUSH_PROMISE, CONTINUATION})
_SIZES: Final = {RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}


class Frame(NamedTuple):
    """One frame, its payload as it came."""

    kind: int
    flags: int
    stream: int
    """0 is the connection."""
    payload: bytes


class Head(NamedTuple):
    """A frame's first nine octets."""

    size: int
    """Octets of payload that follow."""
    kind: int
    flags: int
    stream: int


class Splitter:
    """Cuts octets into frames. Keeps the beginning of a frame until the rest of it comes."""

    __slots__ = ("_head", "_held", "_judge")

    def __init__(self, judge: Callable[[int, int, int, int], None]) -> None:
        """Ask ``judge`` about every head, before its payload; it raises if it refuses.

        Args:
            judge: takes a ``Head``'s four numbers.
        """
        self._judge = judge
        self._held = bytearray()
        self._head: Head | None = None

    def split(self, data: memoryview) -> Iterator[Frame]:
        """Give the frames that are whole now, in order; each is taken before the next is judged.

        Raises:
            SessionFault: ``judge`` refused a frame.
        """
        octets: bytes | bytearray = bytes(data)
        if self._held:
            self._held += octets
            if len(self._held) < self._wanted():
                return
            octets, self._held = self._held, bytearray()
        at = 0
        end = len(octets)
        while end - at >= HEAD_SIZE:
            high, low, kind, flags, stream = _HEAD.unpack_from(octets, at)
            size = high << 8 | low
            stream &= _STREAM_BITS
            if self._head is None:
                self._judge(size, kind, flags, stream)
            after = at + HEAD_SIZE + size
            if after > end:
                self._head = Head(size, kind, flags, stream)
                break
            self._head = None
            payload = bytes(octets[at + HEAD_SIZE : after])
            at = after
            yield Frame(kind, flags, stream, payload)
        self._held += octets[at:]

    def _wanted(self) -> int:
        """How many octets must be held before anything new can be said."""
        return HEAD_SIZE if self._head is None else HEAD_SIZE + self._head.size


def pack(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Give a frame's octets."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def pack_block(stream: int, block: bytes, *, ends: bool) -> bytes:
    """Give the octets of a HEADERS frame, and of the CONTINUATIONs that a large block takes."""
    ending = END_STREAM if ends else 0
    if len(block) <= MAX_FRAME_SIZE:
        return pack(HEADERS, ending | END_HEADERS, stream, block)
    pieces = [block[at : at + MAX_FRAME_SIZE] for at in range(0, len(block), MAX_FRAME_SIZE)]
    first, *between, last = pieces
    return b"".join(
        [
            pack(HEADERS, ending, stream, first),
            *[pack(CONTINUATION, 0, stream, piece) for piece in between],
            pack(CONTINUATION, END_HEADERS, stream, last),
        ]
    )


def name_of(kind: int) -> str:
    """Give a frame type's name, or its number."""
    return NAMES[kind] if kind < len(NAMES) else f"frame of type {kind}"


def check_shape(head: Head) -> None:
    """Refuse a frame that is too long, of a wrong size for its type, or on a wrong stream.

    A PRIORITY of a wrong size is left to whoever knows its stream: it costs only that.

    Raises:
        SessionFault: FRAME_SIZE_ERROR or PROTOCOL_ERROR.
    """
    kind = head.kind
    if head.size > MAX_FRAME_SIZE:
        raise SessionFault(
            ErrorCodes.FRAME_SIZE_ERROR,
            f"a {name_of(kind)} of {head.size} octets, over the {MAX_FRAME_SIZE} allowed",
            "4.2",
        )
    if (kind in _OF_SESSION and head.stream) or (kind in _OF_STREAM and not head.stream):
        where = f"on stream {head.stream}" if head.stream else "on no stream"
        raise SessionFault(ErrorCodes.PROTOCOL_ERROR, f"{name_of(kind)} {where}", "6")
    if not _has_size(head):
        raise SessionFault(
            ErrorCodes.FRAME_SIZE_ERROR, f"a {name_of(kind)} of {head.size} octets", "4.2"
        )


def _has_size(head: Head) -> bool:
    kind = head.kind
    if kind == SETTINGS:
        return head.size == 0 if head.flags & ACK else head.size % 6 == 0
    if kind == GOAWAY:
        return head.size >= 8
    return head.size == _SIZES.get(kind, head.size)


def unpad(frame: Frame) -> bytes:
    """Give the payload of DATA or HEADERS without padding and priority.

    Raises:
        SessionFault: FRAME_SIZE_ERROR if what the flags promise is not there, PROTOCOL_ERROR if
            the padding is longer than what it pads.
    """
    payload = frame.payload
    flags = frame.flags
    ahead = 0
    padding = 0
    if flags & PADDED:
        ahead = 1
        padding = payload[0] if payload else 0
    if flags & WITH_PRIORITY and frame.kind == HEADERS:
        ahead += PRIORITY_SIZE
    if ahead > len(payload):
        raise SessionFault(
            ErrorCodes.FRAME_SIZE_ERROR,
            f"{name_of(frame.kind)} without the fields that its flags promise",
            "4.2",
        )
    if ahead + padding > len(payload):
        raise SessionFault(
            ErrorCodes.PROTOCOL_ERROR,
            f"{name_of(frame.kind)} with {padding} octets of padding in {len(payload)}",
            "6.1" if frame.kind == DATA else "6.2",
        )
    return payload[ahead : len(payload) - padding] if ahead or padding else payload
