"""The server side of HTTP/2 without a socket: what a client may send, and what comes of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import hypothesis
import pytest
from h2.errors import ErrorCodes
from hpack import Decoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given
from hypothesis import strategies as some
from support.h2_frames import (
    block,
    cuts,
    data,
    goaway,
    head_of,
    more,
    parse,
    ping,
    promise,
    raw,
    rst,
    settings,
    update,
)

from pooltop.demo.answers import Answer, h2_fields
from pooltop.demo.h2.session import ServerSession
from pooltop.engine.h2.faults import SessionFault
from pooltop.engine.h2.guard import MAGIC

ROOM = 65536
GET = ((":method", "GET"), (":scheme", "http"), (":authority", "d"), (":path", "/"))
POST = ((":method", "POST"), *GET[1:])
PAGE = Answer(b"page")


@dataclass
class Server:
    """A session, and what it told; answers nothing unless the test does."""

    most: int = 100
    refusals: int = 0
    """So many of the next streams are refused."""
    opened: int = 0
    refused: int = 0
    requests: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    closed: list[tuple[int, bool]] = field(default_factory=list)
    fault: SessionFault | None = None
    now: float = 100.0

    def __post_init__(self) -> None:
        self.session = ServerSession(self, max_streams=self.most)
        self.decoder = Decoder()

    def on_open(self) -> bool:
        if self.refusals:
            self.refusals -= 1
            return False
        self.opened += 1
        return True

    def on_refused(self) -> None:
        self.refused += 1

    def on_request(self, stream: int, method: bytes, target: bytes) -> None:
        self.requests.append((stream, method, target))

    def on_closed(self, stream: int, *, is_answered: bool) -> None:
        self.closed.append((stream, is_answered))

    def feed(self, *pieces: bytes) -> None:
        """Receive pieces; keep the fault if there is one, after which nothing is received."""
        try:
            for piece in pieces:
                self.session.receive(memoryview(piece), now=self.now)
        except SessionFault as exc:
            self.fault = exc

    def take(self, room: int = ROOM) -> list[Frame]:
        return parse(self.session.take(room))

    def answer(self, stream: int, given: Answer = PAGE, *, is_head: bool = False) -> None:
        self.session.respond(stream, h2_fields(given), given.content(is_head=is_head))


def begun(**options: int) -> Server:
    """A server whose client has said its preface and been answered."""
    server = Server(**options)
    server.feed(MAGIC, settings(), settings(ack=True))
    server.take()
    return server


def get(stream: int, *more: tuple[str, str]) -> bytes:
    return head_of(stream, block(*GET, *more), end=True)


def post(stream: int, *more: tuple[str, str]) -> bytes:
    return head_of(stream, block(*POST, *more))


def kinds(written: list[Frame]) -> list[type[Frame]]:
    return [type(frame) for frame in written]


def test_it_begins_with_its_settings() -> None:
    server = Server(most=7)
    (first,) = server.take()
    assert isinstance(first, SettingsFrame)
    assert {SettingsFrame.MAX_CONCURRENT_STREAMS: 7, SettingsFrame.MAX_HEADER_LIST_SIZE: 65536} == (
        first.settings
    )
    assert [] == server.take()


@pytest.mark.parametrize("size", [1, 2, 9, 10, 23, 24, 25, 33, 4096])
def test_however_it_is_cut_a_request_is_told_once_it_is_whole(size: int) -> None:
    server = Server()
    octets = MAGIC + settings() + settings(ack=True) + get(1) + post(3) + data(3, b"body", pad=3)
    server.feed(*cuts(octets, size))
    assert [(1, b"GET", b"/"), (3, b"POST", b"/")] == server.requests
    assert 2 == server.session.streams


def test_an_answer_is_a_head_and_a_body_that_ends_the_stream() -> None:
    server = begun()
    server.feed(get(1))
    server.answer(1)
    head, body = server.take()
    assert isinstance(head, HeadersFrame)
    assert isinstance(body, DataFrame)
    expected = [
        (":status", "200"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "4"),
    ]
    assert expected == server.decoder.decode(head.data)
    assert (b"page", {"END_STREAM"}) == (body.data, set(body.flags))
    assert [(1, True)] == server.closed
    assert 0 == server.session.streams


@pytest.mark.parametrize(
    ("given", "is_head"),
    [(PAGE, True), (Answer(b"", status=200), False), (Answer(b"x", status=204), False)],
)
def test_an_answer_without_content_is_a_head_that_ends_the_stream(
    given: Answer, is_head: bool
) -> None:
    server = begun()
    server.feed(get(1))
    server.answer(1, given, is_head=is_head)
    (head,) = server.take()
    assert isinstance(head, HeadersFrame)
    assert "END_STREAM" in head.flags
    assert [(1, True)] == server.closed


def test_a_body_waits_for_the_window_of_its_stream_and_for_that_of_the_connection() -> None:
    server = begun()
    server.feed(settings({SettingsFrame.INITIAL_WINDOW_SIZE: 10}), get(1), get(3))
    server.take()
    for stream in (1, 3):
        server.answer(stream, Answer(b"x" * 100_000))

    def sent() -> dict[int, int]:
        sizes = {1: 0, 3: 0}
        for frame in server.take():
            if isinstance(frame, DataFrame):
                sizes[frame.stream_id] += len(frame.data)
        return sizes

    assert {1: 10, 3: 10} == sent()
    assert {1: 0, 3: 0} == sent()
    server.feed(update(3, 5))
    assert {1: 0, 3: 5} == sent()
    server.feed(settings({SettingsFrame.INITIAL_WINDOW_SIZE: 11}))
    assert {1: 1, 3: 1} == sent()
    server.feed(update(1, 200_000), update(3, 200_000))
    assert 65_535 - 27 == sum(sum(sent().values()) for _ in range(2))
    server.feed(update(0, 200_000))
    assert 200_000 - 65_535 == sum(sum(sent().values()) for _ in range(5))
    assert [1, 3] == sorted(stream for stream, _ in server.closed)


def test_bodies_take_turns() -> None:
    server = begun()
    server.feed(get(1), get(3), get(5))
    for stream in (1, 3, 5):
        server.answer(stream, Answer(b"x" * 20_000))
    frames = [frame for frame in server.take() if isinstance(frame, DataFrame)]
    assert [(1, 16384), (3, 16384), (5, 16384), (1, 3616), (3, 3616), (5, 3616)] == [
        (frame.stream_id, len(frame.data)) for frame in frames
    ]


def test_no_more_is_made_than_there_is_room_for() -> None:
    server = begun()
    server.feed(get(1))
    server.answer(1, Answer(b"x" * 60_000))
    assert [16384, 16384, 16384, 10848] == [
        sum(len(frame.data) for frame in server.take(1000) if isinstance(frame, DataFrame))
        for _ in range(4)
    ]


def test_a_window_made_negative_by_settings_is_waited_for() -> None:
    server = begun()
    server.feed(get(1))
    server.answer(1, Answer(b"x" * 100))
    server.take(0)
    server.feed(settings({SettingsFrame.INITIAL_WINDOW_SIZE: 50}))
    assert 50 == sum(len(f.data) for f in server.take() if isinstance(f, DataFrame))
    server.feed(settings({SettingsFrame.INITIAL_WINDOW_SIZE: 0}), update(1, 49))
    assert [SettingsFrame] == kinds(server.take())
    server.feed(update(1, 51))
    assert [b"x" * 50] == [frame.data for frame in server.take()]
    assert [(1, True)] == server.closed


def test_what_is_uploaded_is_given_credit_for() -> None:
    server = begun()
    server.feed(post(1))
    credit = {0: 65_535, 1: 65_535}
    for _ in range(20):
        server.feed(data(1, bytes(16_000), end=False, pad=100))
        for stream in credit:
            credit[stream] -= 16_101
        for frame in server.take():
            assert isinstance(frame, WindowUpdateFrame)
            credit[frame.stream_id] += frame.window_increment
        assert min(credit.values()) > 16_101
    server.feed(data(1))
    assert [(1, b"POST", b"/")] == server.requests


def test_data_of_a_refused_stream_gives_its_credit_back() -> None:
    server = begun(refusals=1)
    server.feed(post(1))
    assert [RstStreamFrame] == kinds(server.take())
    credit = 65_535
    for _ in range(20):
        server.feed(data(1, bytes(16_000), end=False))
        credit -= 16_000
        credit += sum(
            frame.window_increment
            for frame in server.take()
            if isinstance(frame, WindowUpdateFrame) and not frame.stream_id
        )
        assert credit > 16_000
    assert server.fault is None


def test_trailers_end_a_request() -> None:
    server = begun()
    server.feed(post(1), data(1, b"x", end=False), head_of(1, block(("a", "b")), end=True))
    assert [(1, b"POST", b"/")] == server.requests


def test_a_head_in_pieces_is_put_together() -> None:
    server = begun()
    octets = block(*GET, ("x", "y" * 30_000))
    server.feed(
        head_of(1, octets[:10], end=True, whole=False),
        more(1, octets[10:16_000], last=False),
        more(1, octets[16_000:]),
    )
    assert [(1, b"GET", b"/")] == server.requests


def test_who_waits_to_be_asked_for_the_body_is_asked() -> None:
    server = begun()
    server.feed(post(1, ("expect", "100-continue")))
    (asked,) = server.take()
    assert isinstance(asked, HeadersFrame)
    assert [(":status", "100")] == server.decoder.decode(asked.data)
    server.feed(data(1, b"x"))
    server.answer(1)
    head, _ = server.take()
    assert isinstance(head, HeadersFrame)
    assert (":status", "200") in server.decoder.decode(head.data)


def test_a_ping_comes_back() -> None:
    server = begun()
    server.feed(ping(b"abcdefgh"))
    (back,) = server.take()
    assert isinstance(back, PingFrame)
    assert (b"abcdefgh", {"ACK"}) == (back.opaque_data, set(back.flags))


# How many streams there may be.


def test_a_stream_beyond_the_cap_is_refused_and_the_others_go_on() -> None:
    server = begun(most=2)
    server.feed(get(1), get(3), get(5))
    (reset,) = server.take()
    assert isinstance(reset, RstStreamFrame)
    assert (5, ErrorCodes.REFUSED_STREAM) == (reset.stream_id, reset.error_code)
    assert [1, 3] == [stream for stream, *_ in server.requests]
    assert (2, 1) == (server.opened, server.refused)
    server.answer(1)
    server.take()
    server.feed(get(7))
    assert [1, 3, 7] == [stream for stream, *_ in server.requests]


def test_a_new_cap_is_said_and_holds_from_then_on() -> None:
    server = begun(most=2)
    server.feed(get(1), get(3))
    server.session.set_max_streams(1)
    server.session.set_max_streams(3)
    (said,) = server.take()
    assert isinstance(said, SettingsFrame)
    assert {SettingsFrame.MAX_CONCURRENT_STREAMS: 3} == said.settings
    server.feed(settings(ack=True), get(5), get(7))
    assert [1, 3, 5] == [stream for stream, *_ in server.requests]
    server.session.set_max_streams(0)
    assert {RstStreamFrame, SettingsFrame} == set(kinds(server.take()))
    server.feed(get(9))
    assert (3, 2) == (server.session.streams, server.refused)


def test_a_cap_that_is_the_same_is_not_said_again() -> None:
    server = begun(most=2)
    server.session.set_max_streams(2)
    assert [] == server.take()


def test_a_refused_stream_costs_its_client_nothing_else() -> None:
    server = begun(refusals=1)
    # The second block is made of what the first put into the table.
    first = b"\x82\x86\x84\x41\x01d"
    server.feed(head_of(1, first, end=True), head_of(3, b"\x82\x86\x84\xbe", end=True))
    assert [(3, b"GET", b"/")] == server.requests
    assert (1, 1, None) == (server.opened, server.refused, server.fault)


# GOAWAY.


def test_a_goaway_names_the_last_stream_and_lets_all_up_to_it_be_answered() -> None:
    server = begun()
    server.feed(get(1), get(3))
    assert server.session.go_away()
    assert not server.session.go_away()
    (said,) = server.take()
    assert isinstance(said, GoAwayFrame)
    assert (3, ErrorCodes.NO_ERROR) == (said.last_stream_id, said.error_code)
    server.answer(1)
    assert [HeadersFrame, DataFrame] == kinds(server.take())
    assert not server.session.is_over
    server.answer(3)
    server.take()
    assert server.session.is_over
    assert [(1, True), (3, True)] == server.closed


def test_streams_after_a_goaway_are_passed_over_in_silence() -> None:
    server = begun()
    server.feed(get(1))
    server.session.go_away()
    server.take()
    server.feed(get(3), post(5), ping())
    assert [PingFrame] == kinds(server.take())
    assert [(1, b"GET", b"/")] == server.requests
    # Their blocks are in the table all the same, and their bodies get credit.
    server.feed(data(5, bytes(16_000), end=False), data(5, bytes(16_000), end=False), data(5))
    server.answer(1)
    assert HeadersFrame in kinds(server.take())
    assert (0, None) == (server.refused, server.fault)


def test_a_clients_goaway_lets_its_streams_be_answered() -> None:
    server = begun()
    server.feed(get(1), goaway(0))
    assert not server.session.is_over
    server.answer(1)
    assert [HeadersFrame, DataFrame] == kinds(server.take())
    assert server.session.is_over


def test_a_goaway_of_a_client_without_streams_is_the_end() -> None:
    server = begun()
    server.feed(goaway(0))
    assert server.session.is_over


def test_only_whole_requests_are_answered_once_the_client_sends_no_more() -> None:
    server = begun()
    server.feed(get(1), post(3))
    server.session.hear_no_more()
    assert ([(3, False)], 1) == (server.closed, server.session.streams)


# Resets.


def test_a_stream_that_its_client_resets_is_over_and_not_answered() -> None:
    server = begun()
    server.feed(get(1), post(3), rst(1, 8), rst(3, 8))
    assert [(1, False), (3, False)] == server.closed
    server.answer(1)
    assert [] == server.take()


def test_a_body_under_way_ends_where_its_stream_is_reset() -> None:
    server = begun()
    server.feed(settings({SettingsFrame.INITIAL_WINDOW_SIZE: 200_000}), get(1))
    server.answer(1, Answer(b"x" * 100_000))
    server.take()
    server.feed(rst(1, 8), update(0, 100_000))
    assert [] == server.take()
    assert [(1, False)] == server.closed


def test_a_stream_whose_window_grows_too_large_is_reset() -> None:
    server = begun()
    server.feed(get(1), get(3), update(1, 2**31 - 1))
    (reset,) = server.take()
    assert isinstance(reset, RstStreamFrame)
    assert (1, ErrorCodes.FLOW_CONTROL_ERROR) == (reset.stream_id, reset.error_code)
    assert ([(1, False)], None) == (server.closed, server.fault)


def test_data_after_the_end_costs_its_stream() -> None:
    server = begun()
    server.feed(get(1), get(3), data(1, b"x"))
    (reset,) = server.take()
    assert isinstance(reset, RstStreamFrame)
    assert (1, ErrorCodes.STREAM_CLOSED) == (reset.stream_id, reset.error_code)
    assert ([(1, False)], 1) == (server.closed, server.session.streams)


# What costs the connection.

TWICE = (*GET, (":path", "/"))
HOSTILE: dict[str, tuple[list[bytes], ErrorCodes]] = {
    "HEADERS on an even stream": ([get(2)], ErrorCodes.PROTOCOL_ERROR),
    "HEADERS on stream 0": ([head_of(1, block(*GET)).replace(b"\0\0\0\1", b"\0\0\0\0", 1)], ErrorCodes.PROTOCOL_ERROR),
    "a stream below one that was opened": ([get(5), get(3)], ErrorCodes.PROTOCOL_ERROR),
    "DATA on a stream that nobody opened": ([data(1, b"x")], ErrorCodes.PROTOCOL_ERROR),
    "RST_STREAM on a stream that nobody opened": ([rst(1, 8)], ErrorCodes.PROTOCOL_ERROR),
    "WINDOW_UPDATE on a stream that nobody opened": ([update(1, 8)], ErrorCodes.PROTOCOL_ERROR),
    "PUSH_PROMISE": ([get(1), promise(1, 2)], ErrorCodes.PROTOCOL_ERROR),
    "CONTINUATION of nothing": ([more(1, b"")], ErrorCodes.PROTOCOL_ERROR),
    "PING inside a block": ([head_of(1, b"", whole=False), ping()], ErrorCodes.PROTOCOL_ERROR),
    "an overlong frame": ([raw(0, 0, 1, b"", size=16_385)], ErrorCodes.FRAME_SIZE_ERROR),
    "a SETTINGS of 5 octets": ([raw(4, 0, 0, bytes(5))], ErrorCodes.FRAME_SIZE_ERROR),
    "a PING of 7 octets": ([raw(6, 0, 0, bytes(7))], ErrorCodes.FRAME_SIZE_ERROR),
    "a PING on a stream": ([raw(6, 0, 1, bytes(8))], ErrorCodes.PROTOCOL_ERROR),
    "SETTINGS acknowledged once more": ([settings(ack=True)], ErrorCodes.PROTOCOL_ERROR),
    "a window of 2^31": ([settings({4: 2**31})], ErrorCodes.FLOW_CONTROL_ERROR),
    "frames of 16,383 octets": ([settings({5: 16_383})], ErrorCodes.PROTOCOL_ERROR),
    "ENABLE_PUSH of 2": ([settings({2: 2})], ErrorCodes.PROTOCOL_ERROR),
    "a WINDOW_UPDATE of 0": ([raw(8, 0, 0, bytes(4))], ErrorCodes.PROTOCOL_ERROR),
    "a connection window over 2^31-1": ([update(0, 2**31 - 1)], ErrorCodes.FLOW_CONTROL_ERROR),
    "padding that is longer than its frame": ([post(1), raw(0, 8, 1, b"\x05abc")], ErrorCodes.PROTOCOL_ERROR),
    "a block that is no HPACK": ([head_of(1, b"\xff\xff\xff\xff\xff\xff", end=True)], ErrorCodes.COMPRESSION_ERROR),
    "a table update too many": ([head_of(1, b"\x20" * 3 + block(*GET), end=True)], ErrorCodes.COMPRESSION_ERROR),
    "a head without pseudo fields": ([head_of(1, block(("a", "b")), end=True)], ErrorCodes.PROTOCOL_ERROR),
    "an empty head": ([head_of(1, b"", end=True)], ErrorCodes.PROTOCOL_ERROR),
    "a pseudo field twice": ([head_of(1, block(*TWICE), end=True)], ErrorCodes.PROTOCOL_ERROR),
    "a name in upper case": ([get(1, ("A", "b"))], ErrorCodes.PROTOCOL_ERROR),
    "Connection": ([get(1, ("connection", "close"))], ErrorCodes.PROTOCOL_ERROR),
    "a body longer than it says": ([post(1, ("content-length", "1")), data(1, b"ab")], ErrorCodes.PROTOCOL_ERROR),
    "a body shorter than it says": ([post(1, ("content-length", "3")), data(1, b"ab")], ErrorCodes.PROTOCOL_ERROR),
    "a head of 9 CONTINUATIONs": ([head_of(1, b"", whole=False), *[more(1, b"", last=False)] * 9], ErrorCodes.ENHANCE_YOUR_CALM),
    "a compressed head of over 64 KiB": ([head_of(1, bytes(16_000), whole=False), *[more(1, bytes(16_000), last=False)] * 5], ErrorCodes.ENHANCE_YOUR_CALM),
    "a head that grows when it is read": ([head_of(1, block(*GET) + b"\x40\x01a\x7f\xa1\x1e" + b"x" * 4000 + b"\xbe" * 100, end=True)], ErrorCodes.ENHANCE_YOUR_CALM),
    "pings without end": ([ping()] * 1001, ErrorCodes.ENHANCE_YOUR_CALM),
    "settings without end": ([settings()] * 1001, ErrorCodes.ENHANCE_YOUR_CALM),
    "PRIORITY without end": ([raw(2, 0, 3, bytes(5))] * 1001, ErrorCodes.ENHANCE_YOUR_CALM),
    "empty DATA without end": ([post(1), *[data(1, end=False)] * 1001], ErrorCodes.ENHANCE_YOUR_CALM),
    "frames of unknown types without end": ([raw(99, 0, 0, b"")] * 1001, ErrorCodes.ENHANCE_YOUR_CALM),
    "streams opened and reset without end": ([get(n) + rst(n, 8) for n in range(1, 2003, 2)], ErrorCodes.ENHANCE_YOUR_CALM),
    "streams beyond the cap without end": ([get(n) for n in range(1, 2301, 2)], ErrorCodes.ENHANCE_YOUR_CALM),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_breaks_a_rule_ends_the_connection_with_the_reason(name: str) -> None:
    octets, code = HOSTILE[name]
    server = begun()
    server.feed(*octets)
    assert server.fault is not None, name
    assert code == server.fault.reason
    said = server.take()[-1]
    assert isinstance(said, GoAwayFrame)
    assert code == said.error_code
    assert (0, True) == (server.session.streams, server.session.is_over)
    assert [] == server.take()


@pytest.mark.parametrize(
    "octets",
    [b"GET / HTTP/1.1\r\n\r\n", MAGIC[:-1] + b"x", MAGIC + ping(), MAGIC + settings(ack=True), MAGIC + get(1)],
)  # fmt: skip
def test_who_does_not_begin_as_a_client_must_is_told(octets: bytes) -> None:
    server = Server()
    server.feed(octets)
    assert server.fault is not None
    assert ErrorCodes.PROTOCOL_ERROR == server.fault.reason


def test_what_came_whole_before_a_fault_is_told() -> None:
    server = begun()
    server.feed(get(1) + raw(6, 0, 0, bytes(7)))
    assert [(1, b"GET", b"/")] == server.requests
    assert [(1, False)] == server.closed


def test_answers_that_nobody_reads_are_not_kept_without_end() -> None:
    server = begun()
    server.feed(*[b"".join(get(n) for n in range(1, 201, 2))])
    for stream in range(1, 201, 2):
        server.answer(stream, Answer(b"x" * 1_000_000))
    assert 100 == server.session.streams
    # Nothing of it is octets yet: what is asked for is what there is room for.
    assert len(server.session.take(10_000)) < 10_000 + 16_384 + 200 * 100


def test_what_moves_things_forward_is_never_too_much() -> None:
    server = begun()
    for stream in range(1, 6001, 2):
        server.feed(get(stream), update(0, 4), ping())
        server.answer(stream)
        server.take()
    assert (None, 3000) == (server.fault, len(server.closed))


def test_replies_that_nobody_reads_are_not_kept_without_end() -> None:
    many = [post(stream) for stream in range(1, 12_001, 2)]
    reading, silent = begun(refusals=6000), begun(refusals=6000)
    for piece in many:
        reading.feed(piece)
        reading.take()
    silent.feed(*many)
    assert (None, 6000) == (reading.fault, reading.refused)
    assert silent.fault is not None
    assert ErrorCodes.ENHANCE_YOUR_CALM == silent.fault.reason
    assert len(silent.session.take(ROOM)) < 66_000


def test_streams_after_a_goaway_are_not_passed_over_without_end() -> None:
    server = begun()
    server.feed(get(1))
    server.session.go_away()
    server.feed(*[get(stream) for stream in range(3, 2007, 2)])
    assert server.fault is not None
    assert ErrorCodes.ENHANCE_YOUR_CALM == server.fault.reason
    assert [1] == [frame.last_stream_id for frame in server.take()[-1:]]


def test_no_larger_table_is_used_than_is_usual() -> None:
    server = begun()
    server.feed(settings({SettingsFrame.HEADER_TABLE_SIZE: 2**31}), get(1))
    server.answer(1)
    (head,) = [frame for frame in server.take() if isinstance(frame, HeadersFrame)]
    assert (":status", "200") in server.decoder.decode(head.data)


PIECES = [
    get(1), get(3), get(5, ("x", "y")), post(7), post(9, ("expect", "100-continue")),
    data(7, b"abc", end=False), data(7, b"d"), data(9, pad=9), data(1), data(3, b"x", end=False),
    head_of(7, block(("t", "u")), end=True), head_of(11, block(*GET)[:9], whole=False),
    more(11, block(*GET)[9:]), more(11, b"", last=False),
    *[rst(n, 8) for n in (1, 3, 7, 9, 11)], *[update(n, 9) for n in (0, 1, 5, 7)],
    update(1, 2**31 - 1), settings({4: 0}), settings({4: 2**31 - 1}), settings({1: 0, 77: 9}),
    settings(ack=True), ping(), ping(ack=True), goaway(0), goaway(5, 2, b"bye"),
    raw(2, 0, 5, bytes(5)), raw(2, 0, 1, b"\0\0\0\1\t"), raw(99, 255, 7, b"?"), promise(1, 2),
]  # fmt: skip


@hypothesis.settings(deadline=None)
@given(
    some.lists(some.sampled_from(PIECES), max_size=30),
    some.integers(0, 2**32),
    some.booleans(),
)
def test_nothing_that_a_client_sends_is_more_than_a_fault(
    pieces: list[bytes], seed: int, is_damaged: bool
) -> None:
    """Also what the library does not expect: any other exception would end the server's callback."""
    chance = random.Random(seed)
    octets = bytearray(b"".join(pieces))
    if is_damaged and octets:
        for _ in range(chance.randint(1, 4)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
    server = begun(most=3)
    at = 0
    answered = 0
    while at < len(octets) and server.fault is None:
        size = chance.randint(1, 60)
        server.feed(bytes(octets[at : at + size]))
        at += size
        if chance.random() < 0.05:
            server.session.go_away()
        for stream, *_ in server.requests[answered:]:
            server.answer(stream, Answer(b"x" * chance.choice((0, 9, 70_000))))
        answered = len(server.requests)
        if chance.random() < 0.5:
            server.take(chance.choice((0, 100, ROOM)))
    server.take(10**6)
    over = [stream for stream, _ in server.closed]
    assert sorted(set(over)) == sorted(over)
    assert server.opened == len(over) + server.session.streams
