"""A strict reader of the chunked transfer coding that only says where things end.

It decodes nothing (the parser does that): it tells the guard how many octets are proved to be
well formed, so that no parser ever sees a malformed line or an octet past the end, and so that
chunk extensions and trailers are bounded, which neither parser does.

Source: RFC 9112 section 7.1; limits and codes as in Node 24 (kMaxChunkExtensionsSize).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from pooltop.engine.codecs.framing import MAX_LENGTH
from pooltop.engine.codecs.grammar import check_field_line
from pooltop.engine.codecs.strangers import show
from pooltop.errors import PeerError

MAX_EXTENSION_OCTETS: Final = 16 * 1024
"""Chunk extensions of one response together, in octets."""
_TCHAR: Final = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]"
_SIZE_RE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,20})"
    rb"((?:;" + _TCHAR + rb"+(?:=(?:" + _TCHAR + rb'+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]'
    rb'|\\[\t \x21-\x7e\x80-\xff])*"))?)*+)\r\n'
)
_SIZE_ONLY_RE: Final = re.compile(rb"[0-9A-Fa-f]+(?=[;\r\n])")
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_CR: Final = 0x0D
_MAX_SIZE_LINE: Final = 20 + 2


class _Stage(Enum):
    SIZE = 1
    DATA = 2
    DATA_END = 3
    TRAILERS = 4
    DONE = 5


class ChunkScanner:
    """Follows one chunked body from the octet after the head to the end of its trailers."""

    __slots__ = ("_extension_octets", "_left", "_stage", "_trailer_octets")

    def __init__(self, max_trailer_octets: int) -> None:
        """Start before the first chunk.

        Args:
            max_trailer_octets: What the head has left over of the cap on header octets.
        """
        self._stage = _Stage.SIZE
        self._left = 0
        self._extension_octets = MAX_EXTENSION_OCTETS
        self._trailer_octets = max_trailer_octets

    @property
    def is_done(self) -> bool:
        """The last octet of the body has been proved."""
        return self._stage is _Stage.DONE

    def scan(self, octets: bytes) -> int:
        """Give how many octets from the start are proved; come back with the rest and more.

        Raises:
            PeerError: HPE_INVALID_CHUNK_SIZE, HPE_CHUNK_EXTENSIONS_OVERFLOW, HPE_STRICT,
                HPE_HEADER_OVERFLOW or a fault of a trailer line.
        """
        at = 0
        while True:
            before = (at, self._stage)
            if self._stage is _Stage.DATA:
                step = min(self._left, len(octets) - at)
                at += step
                self._left -= step
                if not self._left:
                    self._stage = _Stage.DATA_END
            elif self._stage is _Stage.DATA_END:
                at = self._end_data(octets, at)
            elif self._stage is _Stage.SIZE:
                at = self._read_size(octets, at)
            elif self._stage is _Stage.TRAILERS:
                at = self._read_trailer(octets, at)
            if before == (at, self._stage):
                return at

    def _end_data(self, octets: bytes, at: int) -> int:
        found = octets[at : at + 2]
        if not b"\r\n".startswith(found):
            if found[:1] == b"\n":
                message, code = "chunk data ended by LF alone", "HPE_CR_EXPECTED"
            else:
                message, code = f"more chunk data than its size: {show(found)}", "HPE_STRICT"
            raise PeerError(message, code=code)
        if len(found) < 2:
            return at
        self._stage = _Stage.SIZE
        return at + 2

    def _read_size(self, octets: bytes, at: int) -> int:
        if at < len(octets) and octets[at] not in _HEX:
            message = f"malformed chunk size: {show(octets[at : at + 1])}"
            raise PeerError(message, code="HPE_INVALID_CHUNK_SIZE")
        # A line is judged within this window only, so that the cut cannot change the verdict.
        limit = at + _MAX_SIZE_LINE + self._extension_octets
        feed = octets.find(b"\n", at, limit)
        if feed < 0:
            if len(octets) >= limit:
                message = f"chunk extensions of more than {MAX_EXTENSION_OCTETS} octets"
                raise PeerError(message, code="HPE_CHUNK_EXTENSIONS_OVERFLOW")
            return at
        line = octets[at : feed + 1]
        match = _SIZE_RE.fullmatch(line)
        if match is None:
            raise _bad_size(line)
        self._left = int(match[1], 16)
        if self._left > MAX_LENGTH:
            raise _bad_size(line)
        self._extension_octets = max(0, self._extension_octets - len(match[2]))
        self._stage = _Stage.DATA if self._left else _Stage.TRAILERS
        return feed + 1

    def _read_trailer(self, octets: bytes, at: int) -> int:
        limit = at + self._trailer_octets
        feed = octets.find(b"\n", at, limit)
        if feed < 0:
            if len(octets) >= limit:
                message = "header and trailer octets over the cap"
                raise PeerError(message, code="HPE_HEADER_OVERFLOW")
            return at
        line = octets[at : feed + 1]
        self._trailer_octets -= len(line)
        if line == b"\r\n":
            self._stage = _Stage.DONE
            return feed + 1
        check_field_line(line)
        name = line.partition(b":")[0].lower()
        if name in {b"content-length", b"transfer-encoding"}:
            code = name.decode().replace("-", "_").upper()
            message = f"{name.decode()} among the trailers"
            raise PeerError(message, code=f"HPE_INVALID_{code}")
        return feed + 1


def _bad_size(line: bytes) -> PeerError:
    if line.endswith(b"\n") and not line.endswith(b"\r\n"):
        return PeerError("chunk size ended by LF alone", code="HPE_CR_EXPECTED")
    if _SIZE_ONLY_RE.match(line) and b";" in line:
        return PeerError(f"malformed chunk extension: {show(line)}", code="HPE_STRICT")
    return PeerError(f"malformed chunk size: {show(line)}", code="HPE_INVALID_CHUNK_SIZE")
