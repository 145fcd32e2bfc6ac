"""Two readers must agree: the h2 library and libnghttp2 under one guard, over frames at random.

A server's frames, most of them right, and a client's acts go to a session over either. After each
step everything that a user of the session can see must be equal, and so must what was written,
header blocks by their fields. What may differ is little: libnghttp2 takes a Content-Length of 0
out of a 204, where it keeps refused fields to itself the fault's words are general, and of a
request that was ended by an empty frame while its window was shut it no longer knows the window.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hpack import Decoder, Encoder
from hyperframe.frame import ContinuationFrame, Frame, HeadersFrame
from support.h2_frames import (
    BY_H2,
    BY_NGHTTP2,
    StreamTranscript,
    Talk,
    goaway,
    needs_nghttp2,
    ping,
    raw,
    settings,
    update,
)

from pooltop.engine.h2.faults import SessionFault, StreamFault
from pooltop.engine.h2.session import SessionOptions

STEPS = 120
NAMES = ("server", "date", "x-a", "x-b", "set-cookie", "x-long-name-of-a-field")
VALUES = ("", "x", "nginx/1.22.1", "v" * 300, "é\u00ff", "a\tb")
ODD_FIELDS = (
    ("X-Up", "x"),
    ("", "x"),
    ("a b", "x"),
    ("x-a", " x"),
    ("x-a", "x\r\ny: z"),
    ("x-a", "\x00"),
    ("connection", "close"),
    ("transfer-encoding", "chunked"),
    ("te", "trailers"),
    ("te", "gzip"),
    (":status", "200"),
    (":path", "/"),
    ("content-length", "0"),
    ("content-length", "7"),
    ("content-length", "x"),
    ("big", "b" * 30_000),
)
STATUSES = ("200",) * 30 + ("204", "304", "404", "999", "103", "103", "100", "101", "099", "2", "")
SETTINGS = (
    *[(1, size) for size in (0, 100, 4096, 2**32 - 1)],
    *[(4, size) for size in (0, 1, 20_000, 65_535, 100_000, 65_535)],
    *[(3, 0), (3, 100), (5, 16_384), (6, 1), (8, 1), (99, 1)],
)
CODES = (0, 1, 7, 8, 0xDEAD)


class Both:
    """One session over either library; every act is done to both."""

    def __init__(self, options: SessionOptions) -> None:
        self.talks = (Talk(options, make=BY_H2), Talk(options, make=BY_NGHTTP2))
        self.seen: list[tuple[StreamTranscript, ...]] = []
        self.decoders = (Decoder(), Decoder())
        self.unread: dict[int, int] = {}

    def do(self, act: Callable[[Talk], object]) -> None:
        """Do the same to both."""
        first, second = [act(talk) for talk in self.talks]
        if isinstance(first, StreamTranscript):
            self.seen.append((first, second))
        else:
            assert first == second

    def compare(self) -> None:
        """Everything that can be seen is equal."""
        one, other = self.talks
        assert told(one) == told(other)
        assert [stream for stream, _ in one.faults] == [stream for stream, _ in other.faults]
        for (_, first), (_, second) in zip(one.faults, other.faults, strict=True):
            assert fault(first)[:2] == fault(second)[:2]
            assert str(first) == str(second) or "that libnghttp2 refuses" in str(second)
        for first, second in self.seen:
            assert response(first) == response(second)
        wrote = [
            written(talk.take(), decoder)
            for talk, decoder in zip(self.talks, self.decoders, strict=True)
        ]
        assert wrote[0] == wrote[1]


def told(talk: Talk) -> list[object]:
    session = talk.session
    return [
        fault(talk.error),
        talk.settings,
        talk.goaways,
        talk.resets,
        talk.rtts,
        talk.sendable,
        {stream: len(rest) for stream, rest in talk.uploads.items()},
        (session.streams, session.takes_streams, session.is_over, session.peer),
    ]


def fault(found: Exception | None) -> object:
    assert found is None or isinstance(found, SessionFault | StreamFault)
    return found and (type(found), found.reason, str(found))


def response(seen: StreamTranscript) -> list[object]:
    heads = [*seen.interims, *([seen.head] if seen.head else [])]
    return [seen.stream, seen.body, seen.end, *[(head.status, fields(head)) for head in heads]]


def fields(head) -> list[tuple[bytes, bytes]]:
    return [field for field in head.headers if head.status != 204 or field[0] != b"content-length"]


def written(frames: list[Frame], decoder: Decoder) -> list[object]:
    found: list[object] = []
    block = b""
    for frame in frames:
        if not isinstance(frame, HeadersFrame | ContinuationFrame):
            found.append((type(frame), frame.stream_id, set(frame.flags), frame.serialize()))
            continue
        block += frame.data
        if isinstance(frame, HeadersFrame):
            found.append((frame.stream_id, "END_STREAM" in frame.flags))
        if "END_HEADERS" in frame.flags:
            found.append(list(decoder.decode(block, raw=True)))
            block = b""
    assert block == b""
    return found


class Server:
    """Says what a server may say, and now and then what it may not."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.coder = Encoder()
        self.waiting: list[int] = []
        self.answering: list[int] = []
        self.last = 0

    def look(self, talk: Talk) -> None:
        """See which streams wait for a head, and which are in the midst of a response."""
        streams = talk.session._streams.values()
        self.last = talk.next - 2
        self.waiting = [one.id for one in streams if not one.reading.has_head]
        self.answering = [one.id for one in streams if one.reading.has_head and not one.is_answered]

    def one_in(self, times: int) -> bool:
        return not self.chance.randrange(times)

    def stream(self, among: list[int]) -> int:
        """One of these, or seldom any."""
        if self.one_in(500):
            return self.chance.choice((0, 2, self.last + 2, 2**31 - 1))
        if self.one_in(100) and self.last > 0:
            return self.chance.randrange(1, self.last + 1, 2)
        return self.chance.choice(among)

    def block(self, *, trailers: bool) -> bytes:
        chance = self.chance
        if self.one_in(400):
            return chance.randbytes(chance.choice((1, 4, 20)))
        if self.one_in(15):
            self.coder.header_table_size = chance.choice((0, 100, 1000, 4096))
        found = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randrange(5))]
        if self.one_in(8):
            found.insert(chance.randrange(len(found) + 1), chance.choice(ODD_FIELDS))
        if not trailers:
            found[:0] = [(":status", status) for status in (chance.choice(STATUSES),) if status]
        return self.coder.encode(
            [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found],
            huffman=chance.random() < 0.5,
        )

    def head(self, stream: int, *, trailers: bool) -> bytes:
        """HEADERS, whole or in pieces, padded or not."""
        chance = self.chance
        octets = self.block(trailers=trailers)
        flags = int(trailers != self.one_in(4))
        if self.one_in(10):
            octets = b"\x00\x00\x00\x03\x10" + octets
            flags |= 0x20
        if self.one_in(10):
            octets = b"\x03" + octets + bytes(3)
            flags |= 0x08
        parts = 1 if flags & 0x28 else chance.choice((1, 1, 1, 1, 2, 5))
        size = min(-(-len(octets) // parts) or 1, 16_384)
        first, *rest = [octets[at : at + size] for at in range(0, max(len(octets), 1), size)]
        found = raw(1, flags | (0 if rest else 4), stream, first)
        for at, piece in enumerate(rest, 1):
            found += raw(9, 4 if at == len(rest) else 0, stream, piece)
        return found

    def frame(self, talk: Talk) -> bytes:
        """The next frame."""
        self.look(talk)
        chance = self.chance
        waiting, answering = self.waiting, self.answering
        match chance.choice("HHHHHTDDDDDRWWWSPUG"):
            case "H" if waiting:
                return self.head(self.stream(waiting), trailers=self.one_in(40))
            case "T" if answering:
                return self.head(self.stream(answering), trailers=not self.one_in(10))
            case "D" if answering:
                stream = self.stream(answering)
                octets = b"d" * chance.choice((0, 1, 7, 7, 500, 16_000))
                if self.one_in(4):
                    return raw(0, 0x8 | self.one_in(3), stream, b"\x09" + octets + bytes(9))
                return raw(0, int(self.one_in(3)), stream, octets)
            case "D" if waiting and self.one_in(20):
                return raw(0, 1, self.stream(waiting), b"d")
            case "R" if answering:
                return raw(3, 0, self.stream(answering), chance.choice(CODES).to_bytes(4, "big"))
            case "W":
                size = 2**31 - 1 if self.one_in(200) else chance.choice((1, 100, 70_000))
                return update(chance.choice((0, self.stream(waiting or [0]))), size)
            case "S":
                return settings(dict([chance.choice(SETTINGS)]))
            case "G" if self.one_in(12):
                last = chance.choice((0, 1, max(self.last, 0), 2**31 - 1))
                return goaway(last, chance.choice(CODES))
            case "U" if waiting:
                kind = chance.choice((2, 0xA, 0xFA))
                return raw(kind, 0, self.stream(waiting), b"\0\0\0\0\x05")
            case _:
                return ping(ack=self.one_in(2))


def act(both: Both, chance: random.Random) -> None:
    """Do something that a client may do."""
    session = both.talks[0].session
    open_ones = [seen for seen, _ in both.seen]
    match chance.choice("GGGGPPURRCCN"):
        case "G" | "P" if not session.takes_streams:
            return
        case "G":
            if not chance.randrange(20):
                both.do(lambda talk: setattr(talk, "next", talk.next + 4))
            method = chance.choice(("GET", "GET", "GET", "HEAD"))
            reads = chance.random() < 0.7
            more = tuple((f"x-{chance.randrange(4)}", "v" * chance.choice((1, 50))) for _ in "ab")
            more += (("Authorization", "Basic x"),) if chance.random() < 0.2 else ()
            both.do(lambda talk: talk.get(method, more, reads=reads))
        case "P":
            both.do(lambda talk: talk.post())
            size = chance.choice((0, 1, 5_000, 40_000, 90_000))
            stream = both.talks[0].next - 2
            has_room = session._machine.window(stream) > 0
            if chance.random() < 0.7 and (size or has_room):
                both.do(lambda talk: talk.upload(stream, b"u" * size))
        case "R" if open_ones:
            stream = chance.choice(open_ones).stream
            code = chance.choice(CODES)
            both.do(lambda talk: talk.session.reset(stream, code))
        case "C" if open_ones:
            index = chance.randrange(len(open_ones))
            seen = open_ones[index]
            rest = 0 if seen.reads else len(seen.body) - both.unread.get(index, 0)
            both.unread[index] = len(seen.body)
            both.do(lambda talk: talk.session.consumed(seen.stream, rest))
        case "N":
            both.do(lambda talk: talk.session.ping(now=talk.now))


@needs_nghttp2
@pytest.mark.parametrize("seed", range(120))
def test_either_library_gives_the_same_session(seed: int) -> None:
    chance = random.Random(seed)
    server = Server(chance)
    both = Both(
        SessionOptions(
            initial_window_size=chance.choice((1_000, 65_535, 262_144)),
            connection_window_size=chance.choice((65_535, 524_288)),
        )
    )
    for _ in range(STEPS):
        if chance.random() < 0.4:
            act(both, chance)
        else:
            frame = server.frame(both.talks[0])
            both.do(lambda talk, octets=frame: talk.feed(octets))
        both.compare()
        if both.talks[0].error is not None:
            break
