r"""A recording, byte for byte: what the writer, the reader and a person with ``head -1`` agree on.

    pooltop recording 4\n
    frame, frame, ...
    trailer (only of a recording that was ended in order)

A frame is ``HEADER`` and a body: MessagePack within zlib. The header begins with four bytes to find
it again by, then has the body's length, a CRC-32 of all behind the CRC itself (body included), one
letter for what it holds, and the engine's time and the wall time that it belongs to. So a file that
was cut, or damaged in places, is good everywhere else, and a reader need not unpack a frame to know
its time. Letters:

    M  Meta, first of all            S  Snapshot, a whole one
    J  Journal up to the S behind it B  Bookmark
    I  Index, last of all            others are skipped

The trailer is the place of the index's frame and eight bytes to know it by. Without it, as after a
kill, the frames are walked through.

Rules of this file: VERSION goes up with any change that an older reader would misread, in what is
told of a snapshot too. A field may be added with a default without that, at the end where a struct
is told as an array: unknown fields are ignored, missing ones take their default. Formats of which
nothing is misread stay READABLE.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from pooltop.core.snapshot import JournalEntry, Snapshot
from pooltop.errors import PooltopError

VERSION = 4
READABLE = frozenset({2, 3, VERSION})
"""Formats that can be read: what an older one tells, this one tells in the same way. 3 has more
reasons than a reader of 2 knows, and 4 what diagnoses are made from."""
MAGIC = b"pooltop recording %d\n" % VERSION
LONGEST_MAGIC = 64
LARGEST_BYTES = 64 * 1024 * 1024
"""Of a frame's body, packed or not: some 200,000 sockets. More is taken for damage."""
SYNC = b"\xf5Ptf"
HEADER = struct.Struct(">4sIIcdd")
"""SYNC, length of the body, CRC-32, letter, engine's time, wall time."""
_COVERED = 12
"""Where in the header begins what the CRC-32 covers besides the length: the letter."""
TRAILER = struct.Struct(">Q8s")
TRAILER_MARK = b"pooltop."
_FASTEST = 1

Letter = Literal[b"M", b"S", b"J", b"B", b"I"]


class RecordingError(PooltopError):
    """A recording cannot be written or read; one sentence, with its path."""

    code = "ERR_RECORDING"


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording is of."""

    version: int = VERSION
    """Of the format."""
    pooltop: str = ""
    """Version of the program that wrote it."""
    title: str = ""
    """The profile's name; raw, as all text here."""
    environment: str | None = None
    seeds: dict[str, int] = {}
    """Workload to its seed; empty where it was not known."""
    wall_started: float = 0.0
    """Unix time of the first snapshot."""
    interval_s: float | None = None
    """Seconds between two snapshots, as asked for; None where it was not known."""


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What happened between two snapshots."""

    entries: tuple[JournalEntry, ...] = ()
    dropped: int = 0
    """Entries lost on their way to the recorder."""


BookmarkKind = Literal["edit", "alert", "errors", "load"]


class Bookmark(msgspec.Struct, frozen=True, kw_only=True):
    """A moment worth going to."""

    at: float
    """Of the first snapshot that shows it, in the engine's monotonic seconds."""
    wall_at: float
    kind: BookmarkKind
    text: str
    """Raw, to be cleaned before showing."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where in the file a frame is, and when."""

    offset: int
    at: float
    wall_at: float


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to find."""

    snapshots: tuple[Place, ...] = ()
    journals: tuple[Place, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()


Body = Meta | Snapshot | Journal | Bookmark | Index
T = TypeVar("T", Meta, Snapshot, Journal, Bookmark, Index)

LETTERS: dict[type[Body], Letter] = {
    Meta: b"M",
    Snapshot: b"S",
    Journal: b"J",
    Bookmark: b"B",
    Index: b"I",
}
_encoder = msgspec.msgpack.Encoder()
_decoders: dict[type[Body], msgspec.msgpack.Decoder[Body]] = {
    kind: msgspec.msgpack.Decoder(kind) for kind in LETTERS
}


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a frame without its body."""

    length: int
    """Of the body, in bytes."""
    crc: int
    letter: bytes
    at: float
    wall_at: float
    covered: bytes
    """What of the header the CRC is over."""

    @property
    def size(self) -> int:
        """Give the bytes of the whole frame."""
        return HEADER.size + self.length

    def fits(self, body: bytes) -> bool:
        """Tell whether this is the body that was written."""
        return len(body) == self.length and zlib.crc32(body, zlib.crc32(self.covered)) == self.crc


def pack(value: Body, at: float = 0.0, wall_at: float = 0.0) -> bytes:
    """Give a whole frame.

    Raises:
        RecordingError: it is larger than LARGEST_BYTES, or holds text that is not Unicode.
    """
    try:
        raw = _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise RecordingError(f"a text that is not Unicode cannot be recorded: {error}") from error
    if len(raw) > LARGEST_BYTES:
        raise RecordingError(f"a snapshot of {len(raw)} bytes is larger than {LARGEST_BYTES}")
    body = zlib.compress(raw, _FASTEST)
    letter = LETTERS[type(value)]
    blank = HEADER.pack(SYNC, len(body), 0, letter, at, wall_at)
    covered = blank[4:8] + blank[_COVERED:]
    crc = zlib.crc32(body, zlib.crc32(covered))
    return HEADER.pack(SYNC, len(body), crc, letter, at, wall_at) + body


def read_header(data: bytes) -> Header | None:
    """Give the header that ``data`` is; None when it is none."""
    if len(data) != HEADER.size:
        return None
    sync, length, crc, letter, at, wall_at = HEADER.unpack(data)
    if sync != SYNC or length > LARGEST_BYTES or not (math.isfinite(at) and math.isfinite(wall_at)):
        return None
    return Header(length, crc, letter, at, wall_at, data[4:8] + data[_COVERED:])


def unpack(kind: type[T], body: bytes) -> T | None:
    """Give what a frame's body holds; None when it is not of this kind, or beyond all bounds."""
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(body, LARGEST_BYTES)
        if not inflate.eof:
            return None
        value = _decoders[kind].decode(raw)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    assert isinstance(value, kind)
    return value


def version_of(first_line: bytes) -> int | None:
    """Give the version that the first line of a file tells; None when it is no recording."""
    match = re.match(rb"pooltop recording ([1-9][0-9]{0,8})\n", first_line)
    return None if match is None else int(match[1])
