"""What every HTTP/2 session does with a server that keeps to the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hpack import Decoder
from hyperframe.frame import (
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from support.h2_frames import (
    Talk,
    block,
    data,
    goaway,
    head_of,
    headers,
    parse,
    ping,
    rst,
    settings,
)

from pooltop.engine.codecs.base import ResponseEnd, ResponseHead
from pooltop.engine.h2.factory import make_session
from pooltop.engine.h2.session import SessionOptions
from pooltop.errors import UsageError

NewTalk = Callable[..., Talk]


def test_the_preface_says_what_node_says_and_opens_the_connections_window() -> None:
    talk = Talk(begin=False)
    octets = talk.session.take()

    assert octets.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    first, second = parse(octets)
    assert isinstance(first, SettingsFrame)
    assert {2: 0, 4: 262_144} == first.settings
    assert isinstance(second, WindowUpdateFrame)
    assert (0, 524_288 - 65_535) == (second.stream_id, second.window_increment)
    assert b"" == talk.session.take()


def test_the_largest_head_is_told_where_the_options_say_it() -> None:
    talk = Talk(SessionOptions(max_header_list_size=65_536), begin=False)
    first, _ = parse(talk.session.take())

    assert {2: 0, 4: 262_144, 6: 65_536} == first.settings


def test_a_connection_window_cannot_be_smaller_than_http_2_begins_with() -> None:
    talk = Talk(SessionOptions(connection_window_size=1), begin=False)

    assert [SettingsFrame] == [type(frame) for frame in parse(talk.session.take())]


@pytest.mark.parametrize("name", ["initial_window_size", "connection_window_size"])
@pytest.mark.parametrize("size", [0, -1, 2**31])
def test_windows_that_cannot_be_had_are_refused(name: str, size: int) -> None:
    with pytest.raises(UsageError, match=f"{name} is 1 to 2147483647, not {size}"):
        SessionOptions(**{name: size})


def test_a_request_may_go_before_the_servers_settings_which_are_acknowledged(
    new_talk: NewTalk,
) -> None:
    talk = new_talk(begin=False)
    assert not talk.session.has_settings
    seen = talk.get()
    talk.take()
    talk.feed(settings({3: 7, 4: 99, 5: 20_000, 6: 512, 1: 0, 8: 1}))
    (ack,) = talk.take()
    talk.feed(headers(1, end=True))

    assert talk.session.has_settings
    assert {"ACK"} == set(ack.flags)
    peer = talk.session.peer
    assert [peer] == talk.settings
    assert (7, 99, 20_000) == (
        peer.max_concurrent_streams,
        peer.initial_window_size,
        peer.max_frame_size,
    )
    assert (512, 0, True) == (
        peer.max_header_list_size,
        peer.header_table_size,
        peer.enable_connect_protocol,
    )
    assert 200 == seen.status


def test_settings_change_what_they_name_and_nothing_else(talk: Talk) -> None:
    talk.feed(settings({3: 7}), settings({4: 99}))

    assert (7, 99) == (
        talk.session.peer.max_concurrent_streams,
        talk.settings[-1].initial_window_size,
    )
    assert 3 == len(talk.settings)


def test_a_get_is_one_frame_with_the_pseudo_fields_first(talk: Talk) -> None:
    talk.get(fields=(("Accept", "*/*"), ("Connection", "close"), ("TE", "trailers")))
    (frame,) = talk.take()

    assert isinstance(frame, HeadersFrame)
    assert {"END_HEADERS", "END_STREAM"} == set(frame.flags)
    assert [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", b"a"),
        (b":path", b"/"),
        (b"accept", b"*/*"),
        (b"te", b"trailers"),
    ] == list(Decoder().decode(frame.data, raw=True))


def test_a_response_is_head_data_and_end(talk: Talk) -> None:
    seen = talk.get()
    talk.feed(headers(1, ("server", "x"), ("content-length", "5")), data(1, b"hello"))

    assert ResponseHead(200, b"", "2", ((b"server", b"x"), (b"content-length", b"5"))) == seen.head
    assert b"hello" == seen.body
    assert ResponseEnd(keep=True, reason=None, hint=None) == seen.end
    assert 0 == talk.session.streams
    assert talk.session.takes_streams


def test_responses_come_in_any_order_and_mixed(talk: Talk) -> None:
    seen = [talk.get() for _ in range(3)]
    assert [1, 3, 5] == [one.stream for one in seen]
    assert 3 == talk.session.streams
    talk.feed(
        headers(5),
        headers(1),
        data(5, b"c", end=False),
        data(1, b"a", end=False),
        data(5, b"C"),
        headers(3, end=True),
        data(1, b"A"),
    )

    assert [b"aA", b"", b"cC"] == [one.body for one in seen]
    assert [200, 200, 200] == [one.status for one in seen]


def test_interim_responses_come_before_the_head_and_trailers_are_dropped(talk: Talk) -> None:
    seen = talk.get()
    talk.feed(
        headers(1, status="100"),
        headers(1, ("link", "x"), status="103"),
        headers(1),
        data(1, b"hello", end=False),
        head_of(1, block(("x-sum", "1")), end=True),
    )

    assert [100, 103] == [head.status for head in seen.interims]
    assert ((b"link", b"x"),) == seen.interims[1].headers
    assert (200, b"hello", ()) == (seen.status, seen.body, seen.head.headers)


@pytest.mark.parametrize("status", ["204", "304", "205", "404", "999"])
def test_a_response_may_end_with_its_head(talk: Talk, status: str) -> None:
    seen = talk.get()
    talk.feed(headers(1, status=status, end=True))

    assert int(status) == seen.status


def test_the_answer_to_head_may_say_how_long_it_would_have_been(talk: Talk) -> None:
    seen = talk.get("HEAD")
    talk.feed(headers(1, ("content-length", "1000"), end=True))

    assert (200, b"") == (seen.status, seen.body)


def test_many_requests_one_after_another_use_one_table(talk: Talk) -> None:
    decoder = Decoder()
    for n in range(300):
        seen = talk.get(fields=(("x-n", str(n)), ("user-agent", "pooltop")))
        (frame,) = talk.take()
        fields = dict(decoder.decode(frame.data, raw=True))
        assert (b"%d" % n, b"pooltop") == (fields[b"x-n"], fields[b"user-agent"])
        talk.feed(headers(seen.stream, end=True))
        assert 200 == seen.status

    assert 1 + 2 * 299 == seen.stream


def test_a_table_the_server_makes_small_is_kept_to(talk: Talk) -> None:
    decoder = Decoder()
    decoder.max_allowed_table_size = 0
    talk.feed(settings({1: 0}))
    talk.take()
    for _ in range(2):
        talk.get(fields=(("user-agent", "pooltop"),))
        (frame,) = talk.take()

        assert (b"user-agent", b"pooltop") in decoder.decode(frame.data, raw=True)


def test_a_table_whose_size_changes_is_the_servers_table(talk: Talk) -> None:
    decoder = Decoder()
    fields = (("user-agent", "pooltop"), ("x-long", "v" * 60))
    for change in ({1: 100}, {1: 4096}, {4: 70_000}, {1: 0}, {1: 50}, {1: 4096}, {3: 100}):
        talk.feed(settings(change))
        if change != {1: 4096}:
            for _ in range(2):
                talk.get(fields=fields)

    heads = [frame for frame in talk.take() if isinstance(frame, HeadersFrame)]
    assert 10 == len(heads)
    for head in heads:
        assert (b"user-agent", b"pooltop") in decoder.decode(head.data, raw=True)


def test_a_head_larger_than_a_frame_is_continued(talk: Talk) -> None:
    talk.get(fields=(("x-big", "~" * 30_000),))
    frames = talk.take()

    # How many there are is the compressor's matter.
    parts = len(frames)
    assert ["HeadersFrame", *["ContinuationFrame"] * (parts - 1)] == [
        type(frame).__name__ for frame in frames
    ]
    assert [*[False] * (parts - 1), True] == ["END_HEADERS" in frame.flags for frame in frames]
    assert parts > 1
    assert "END_STREAM" in frames[0].flags
    octets = b"".join(frame.data for frame in frames)
    assert (b"x-big", b"~" * 30_000) in Decoder().decode(octets, raw=True)


def test_a_reset_by_the_server_ends_one_stream(talk: Talk) -> None:
    first, second = talk.get(), talk.get()
    talk.feed(headers(1), rst(1, 8), headers(3, end=True))

    assert [(1, 8)] == talk.resets
    assert (None, 200) == (first.status, second.status)
    assert 0 == talk.session.streams


def test_a_refused_stream_is_told_with_its_code(talk: Talk) -> None:
    talk.get()
    talk.feed(rst(1, 7))

    assert [(1, 7)] == talk.resets


def test_a_reset_by_us_ends_one_stream_and_what_is_under_way_is_dropped(talk: Talk) -> None:
    first, second = talk.get(), talk.get()
    talk.take()
    talk.session.reset(1, 8)
    (frame,) = talk.take()
    assert isinstance(frame, RstStreamFrame)
    assert (1, 8) == (frame.stream_id, frame.error_code)
    assert 1 == talk.session.streams
    # Its head makes an entry of the table that the next head needs.
    talk.feed(head_of(1, b"\x88\x40\x01a\x01b"), data(1, b"late"), rst(1, 8))
    talk.feed(head_of(3, b"\x88\xbe", end=True))

    assert ((b"a", b"b"),) == second.head.headers
    assert (None, b"") == (first.head, first.body)
    assert talk.error is None
    assert [] == talk.resets
    assert [] == talk.take()


def test_a_stream_that_is_over_can_be_reset_and_read_again_without_effect(talk: Talk) -> None:
    talk.get()
    talk.feed(headers(1), data(1, b"hello"))
    talk.take()
    talk.session.reset(1, 8)
    talk.session.consumed(1, 5)

    assert 0 == talk.session.send(1, b"x", ends=True)
    assert [] == talk.take()


def test_a_sink_may_reset_its_stream_when_it_is_told_of_the_head_or_of_data(talk: Talk) -> None:
    first, second = talk.get(), talk.get()
    first.on_head = lambda _: talk.session.reset(1, 8)
    second.on_data = lambda _: talk.session.reset(3, 8)
    talk.feed(headers(1, end=True), headers(3) + data(3, b"x"))

    assert [(1, 8), (3, 8)] == [(frame.stream_id, frame.error_code) for frame in talk.take()[-2:]]
    assert (None, None) == (first.end, second.end)
    assert talk.error is None


def test_a_sink_may_send_the_next_request_when_it_is_told_of_the_end(talk: Talk) -> None:
    first = talk.get()
    opened = []
    first.on_end = lambda _: opened.append(talk.get())
    talk.feed(headers(1, end=True) + headers(3, end=True))

    assert talk.error is None
    assert [200] == [one.status for one in opened]


def test_a_ping_is_answered_with_its_octets(talk: Talk) -> None:
    talk.feed(ping(b"abcdefgh"))
    (frame,) = talk.take()

    assert isinstance(frame, PingFrame)
    assert ({"ACK"}, b"abcdefgh") == (set(frame.flags), frame.opaque_data)


def test_pings_of_ours_tell_how_long_each_took(talk: Talk) -> None:
    talk.session.ping(now=100.0)
    talk.session.ping(now=101.0)
    first, second = talk.take()
    talk.now = 101.5
    talk.feed(ping(second.opaque_data, ack=True), ping(first.opaque_data, ack=True))
    talk.feed(ping(first.opaque_data, ack=True))

    assert first.opaque_data != second.opaque_data
    assert [0.5, 1.5] == talk.rtts


def test_pings_that_nobody_answers_are_forgotten(talk: Talk) -> None:
    for n in range(20):
        talk.session.ping(now=float(n))
    sent = talk.take()
    talk.feed(*[ping(frame.opaque_data, ack=True) for frame in sent])

    assert 16 == len(talk.rtts)


def test_after_a_goaway_the_streams_it_lets_live_go_on_to_their_end(talk: Talk) -> None:
    seen = [talk.get() for _ in range(3)]
    upload = talk.post()
    talk.take()
    talk.feed(headers(1), goaway(3, 0, b"max_age"), data(1, b"hello"))

    assert [(0, 3, b"max_age")] == talk.goaways
    assert not talk.session.takes_streams
    assert not talk.session.is_over
    assert 1 == talk.session.streams
    assert 0 == talk.session.send(upload.stream, b"x", ends=True)
    talk.feed(headers(3), data(3, b"x"))
    assert [200, 200, None] == [one.status for one in seen]
    assert talk.session.is_over
    with pytest.raises(AssertionError, match="stream 9 opened on"):
        talk.get()


def test_after_a_goaway_an_upload_that_it_lets_live_goes_on(talk: Talk) -> None:
    seen = talk.post()
    talk.upload(seen.stream, b"x" * 70_000)
    talk.take()
    talk.feed(goaway(1))
    talk.feed(b"\0\0\4\x08\0\0\0\0\1\0\1\0\0", b"\0\0\4\x08\0\0\0\0\0\0\1\0\0")
    sent = talk.take()
    talk.feed(headers(1, end=True))

    assert 70_000 - 65_535 == sum(len(frame.data) for frame in sent)
    assert 200 == seen.status
    assert talk.session.is_over


def test_a_second_goaway_can_leave_out_more(talk: Talk) -> None:
    seen = [talk.get() for _ in range(3)]
    talk.feed(goaway(2**31 - 1), goaway(1))
    talk.feed(headers(1, end=True))

    assert [(0, 2**31 - 1, b""), (0, 1, b"")] == talk.goaways
    assert [200, None, None] == [one.status for one in seen]
    assert talk.session.is_over


def test_of_what_a_goaway_says_to_people_little_is_kept(talk: Talk) -> None:
    talk.feed(goaway(0, 11, b"calm" * 1000))

    assert [(11, 0, b"calm" * 64)] == talk.goaways


def test_our_goaway_lets_what_is_under_way_end_and_is_said_once(talk: Talk) -> None:
    seen = talk.get()
    talk.take()
    talk.session.go_away(0)
    talk.session.go_away(0)
    (frame,) = talk.take()

    assert isinstance(frame, GoAwayFrame)
    assert (0, 0) == (frame.error_code, frame.last_stream_id)
    assert not talk.session.takes_streams
    assert not talk.session.is_over
    talk.feed(headers(1), data(1, b"hello"))
    assert (200, b"hello") == (seen.status, seen.body)
    assert talk.session.is_over


def test_what_came_whole_before_a_fault_is_told(talk: Talk) -> None:
    first, second = talk.get(), talk.get()
    talk.feed(headers(1) + data(1, b"hello") + headers(99) + headers(3, end=True))

    assert (200, b"hello") == (first.status, first.body)
    assert second.head is None
    assert "ERR_HTTP2_SESSION_ERROR" == talk.error.code


def test_a_fault_of_a_stream_has_nodes_code_and_names_the_rule(talk: Talk) -> None:
    talk.get()
    talk.feed(headers(1, ("content-length", "6")) + data(1, b"abc"))

    ((stream, fault),) = talk.faults
    assert (1, "ERR_HTTP2_STREAM_ERROR") == (stream, fault.code)
    assert (
        "stream 1: 3 octets of body for a Content-Length of 6 (RFC 9113, 8.1.1): "
        "HTTP/2 stream reset, PROTOCOL_ERROR"
    ) == str(fault)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP/1.1"),
        (b"SSH-2.0-OpenSSH\r\n", "speaks SSH"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "speaks TLS"),
        (b"\x1b[2J\x1b[2J", r"it sent '\\x1b\[2J"),
        (b"\x00\x00\x08\x06\x00\x00\x00\x00\x00", "no SETTINGS but PING"),
    ],
)
def test_a_peer_that_speaks_something_else_is_named(octets: bytes, words: str) -> None:
    talk = Talk(begin=False)
    with pytest.raises(Exception, match=words):
        talk.session.receive(memoryview(octets), now=0.0)


def test_a_session_says_what_it_is(talk: Talk) -> None:
    talk.get()
    assert "<GuardedSession open, 1 streams>" == repr(talk.session)
    talk.feed(goaway(1))
    assert "<GuardedSession going away, 1 streams>" == repr(talk.session)
    talk.feed(headers(1, end=True))
    assert "<GuardedSession over, 0 streams>" == repr(talk.session)


def test_an_upload_is_sent_in_frames_and_its_response_may_come_first(talk: Talk) -> None:
    seen = talk.post()
    talk.take()
    assert 5 == talk.session.send(1, b"hello", ends=False)
    talk.feed(headers(1, end=True))
    assert 200 == seen.status
    assert 1 == talk.session.streams
    assert 3 == talk.session.send(1, b"you", ends=True)

    assert [(b"hello", set()), (b"you", {"END_STREAM"})] == [
        (frame.data, set(frame.flags)) for frame in talk.take() if isinstance(frame, DataFrame)
    ]
    assert 0 == talk.session.streams


def test_a_server_that_wants_no_more_of_a_body_says_so(talk: Talk) -> None:
    seen = talk.post()
    talk.session.send(1, b"hello", ends=False)
    talk.feed(headers(1, end=True), rst(1, 0))

    assert 200 == seen.status
    assert [(1, 0)] == talk.resets
    assert 0 == talk.session.streams
    assert 0 == talk.session.send(1, b"more", ends=True)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([(b"123456", False)], "6 bytes of request body for a Content-Length of 5"),
        ([(b"123", False), (b"456", True)], "6 bytes of request body"),
        ([(b"123", True)], "3 bytes of request body for a Content-Length of 5"),
        ([(b"12345", True), (b"", True)], "has already been ended"),
    ],
)
def test_an_upload_keeps_its_requests_word(
    talk: Talk, pieces: list[tuple[bytes, bool]], words: str
) -> None:
    talk.post((("Content-Length", "5"),))

    with pytest.raises(UsageError, match=words):
        for piece, ends in pieces:
            talk.session.send(1, piece, ends=ends)


def test_ids_run_out_and_the_session_with_them(new_talk: NewTalk) -> None:
    talk = new_talk()
    talk.next = 2**31 - 1
    seen = talk.get()
    assert 2**31 - 1 == seen.stream
    assert not talk.session.takes_streams
    talk.feed(headers(seen.stream, end=True))

    assert 200 == seen.status
    assert talk.session.is_over


@pytest.mark.parametrize("stream", [0, 1, 2, 4, -1, 2**31 + 1])
def test_streams_are_numbered_upwards_and_odd(talk: Talk, stream: int) -> None:
    talk.get()
    talk.next = stream

    with pytest.raises(AssertionError, match=f"stream {stream} opened on"):
        talk.get()


def test_the_factory_gives_a_session_with_the_options() -> None:
    session = make_session(Talk(), SessionOptions(initial_window_size=7))
    session.preface()

    assert 7 == parse(session.take())[0].settings[4]
