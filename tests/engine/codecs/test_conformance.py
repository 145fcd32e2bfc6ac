"""What every HTTP/1.1 codec does with responses as servers should send them."""

from __future__ import annotations

from typing import Any

import pytest

from pooltop.core.states import CloseReason
from pooltop.engine.codecs.base import ResponseEnd, ResponseHead
from pooltop.errors import PeerError, UsageError

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
KEEP = ResponseEnd(keep=True, reason=None, hint=None)


def close(reason: CloseReason) -> ResponseEnd:
    return ResponseEnd(keep=False, reason=reason, hint=None)


def test_a_response_with_a_length_is_head_data_and_end(talk: Any) -> None:
    got = talk.get(LENGTH + b"hello")

    head = ResponseHead(
        status=200, reason=b"OK", http_version="1.1", headers=((b"content-length", b"5"),)
    )
    assert [head, b"hello", KEEP] == got.events
    assert talk.codec.is_idle


def test_names_are_lowered_values_stripped_and_the_order_kept(talk: Any) -> None:
    got = talk.get(OK + b"X-B: \t two words \t\r\nx-A:1\r\nX-b:\r\nContent-Length: 0\r\n\r\n")

    expected = ((b"x-b", b"two words"), (b"x-a", b"1"), (b"x-b", b""), (b"content-length", b"0"))
    assert expected == got.heads[0].headers


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 404 Not Found", 404, b"Not Found"),
        (b"HTTP/1.1 200", 200, b""),
        (b"HTTP/1.1 200 ", 200, b""),
        (b"HTTP/1.1 999 Request\tdenied", 999, b"Request\tdenied"),
        (b"HTTP/1.1 200 \xc3\xa9t\xc3\xa9", 200, b"\xc3\xa9t\xc3\xa9"),
    ],
)
def test_a_status_line_may_have_any_reason_or_none(
    talk: Any, line: bytes, status: int, reason: bytes
) -> None:
    got = talk.get(line + b"\r\nContent-Length: 0\r\n\r\n")

    assert (status, reason) == (got.heads[0].status, got.heads[0].reason)


def test_a_chunked_body_is_joined_and_its_trailers_dropped(talk: Any) -> None:
    got = talk.get(CHUNKED + b"5\r\nhello\r\n7;x=y\r\n, world\r\n000\r\nX-Sum: 1\r\n\r\n")

    assert b"hello, world" == got.body
    assert KEEP == got.end
    assert talk.codec.is_idle


def test_an_empty_chunked_body_has_no_data(talk: Any) -> None:
    got = talk.get(CHUNKED + b"0\r\n\r\n")

    assert [got.heads[0], KEEP] == got.events


def test_a_length_of_zero_ends_with_the_head(talk: Any) -> None:
    got = talk.get(OK + b"Content-Length: 0\r\n\r\n")

    assert [got.heads[0], KEEP] == got.events


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X: y"])
def test_the_answer_to_head_has_no_body_whatever_it_says(talk: Any, framing: bytes) -> None:
    got = talk.get(OK + framing + b"\r\n\r\n", "HEAD")
    again = talk.get(LENGTH + b"hello")

    assert [got.heads[0], KEEP] == got.events
    assert b"hello" == again.body


def test_the_same_head_is_read_anew_when_it_answers_head(talk: Any) -> None:
    first = talk.get(LENGTH + b"hello")
    second = talk.get(LENGTH, "HEAD")
    third = talk.get(LENGTH + b"world")

    assert [b"hello", b"", b"world"] == [first.body, second.body, third.body]
    assert talk.codec.is_idle


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_204_and_304_have_no_body_and_are_kept(talk: Any, status: bytes) -> None:
    got = talk.get(b"HTTP/1.1 " + status + b"\r\nETag: x\r\n\r\n")
    again = talk.get(LENGTH + b"hello")

    assert [got.heads[0], KEEP] == got.events
    assert b"hello" == again.body


def test_a_304_may_say_how_long_the_body_would_have_been(talk: Any) -> None:
    got = talk.get(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")

    assert KEEP == got.end


def test_interim_responses_come_before_the_head(talk: Any) -> None:
    got = talk.get(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + LENGTH
        + b"hello"
    )

    assert [100, 103, 200] == [head.status for head in got.heads]
    assert ((b"link", b"x"),) == got.heads[1].headers
    assert b"hello" == got.body
    assert KEEP == got.end


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_many_exchanges_with_interim_responses_follow_one_another(talk: Any, method: str) -> None:
    for _ in range(40):
        got = talk.begin(method)
        talk.feed([b"HTTP/1.1 102 Processing\r\n\r\n", LENGTH])
        talk.feed([b"hello"] if method == "GET" else [])

        assert talk.error is None
        assert KEEP == got.end


# Node's table: llhttp_should_keep_alive.
@pytest.mark.parametrize(
    ("version", "fields", "reason"),
    [
        (b"1.1", b"", None),
        (b"1.1", b"Connection: keep-alive\r\n", None),
        (b"1.1", b"Connection: close\r\n", CloseReason.CONNECTION_CLOSE),
        (b"1.1", b"Connection: CLOSE\r\n", CloseReason.CONNECTION_CLOSE),
        (b"1.1", b"connection:x, Close ,y\r\n", CloseReason.CONNECTION_CLOSE),
        (b"1.1", b"Connection: x\r\nConnection: close\r\n", CloseReason.CONNECTION_CLOSE),
        (b"1.1", b"Connection: keep-alive, close\r\n", CloseReason.CONNECTION_CLOSE),
        (b"1.1", b"Connection: closed\r\n", None),
        (b"1.1", b"X-Connection: close\r\n", None),
        (b"1.1", b"Proxy-Connection: close\r\n", CloseReason.CONNECTION_CLOSE),
        (b"1.0", b"", CloseReason.HTTP_1_0),
        (b"1.0", b"Connection: keep-alive\r\n", None),
        (b"1.0", b"Connection: Keep-Alive\r\n", None),
        (b"1.0", b"Connection: close\r\n", CloseReason.CONNECTION_CLOSE),
    ],
)
def test_a_connection_is_kept_by_nodes_rules(
    talk: Any, version: bytes, fields: bytes, reason: CloseReason | None
) -> None:
    got = talk.get(b"HTTP/" + version + b" 200 OK\r\n" + fields + b"Content-Length: 5\r\n\r\nhello")

    assert ResponseEnd(keep=reason is None, reason=reason, hint=None) == got.end
    assert (reason is None) is talk.codec.is_idle
    if reason is None:
        assert b"again" == talk.get(LENGTH + b"again").body


def test_http_1_0_can_be_kept_many_times(talk: Any) -> None:
    octets = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n"

    bodies = [talk.get(octets + b"%d" % n).body for n in range(5)]

    assert [b"0", b"1", b"2", b"3", b"4"] == bodies


def test_our_own_close_is_a_reason_not_to_keep(talk: Any) -> None:
    got = talk.begin(keep_alive=False)
    talk.feed([LENGTH + b"hello"])

    assert close(CloseReason.CONNECTION_CLOSE) == got.end


def test_a_body_without_a_length_ends_with_the_connection(talk: Any) -> None:
    got = talk.begin()
    talk.feed([OK + b"\r\n", b"hel", b"lo"])
    assert got.end is None

    talk.feed([], eof=True)

    assert b"hello" == got.body
    assert close(CloseReason.EOF_FRAMED) == got.end


def test_an_empty_body_without_a_length_ends_with_the_connection(talk: Any) -> None:
    got = talk.get(OK + b"\r\n", eof=True)

    assert [got.heads[0], close(CloseReason.EOF_FRAMED)] == got.events


def test_an_empty_read_means_nothing(talk: Any) -> None:
    got = talk.begin()
    for octets in (OK, b"\r\n", b"hello"):
        talk.feed([b"", octets, b""])
    talk.feed([], eof=True)

    assert talk.error is None
    assert b"hello" == got.body


def test_the_keep_alive_field_is_given_raw(talk: Any) -> None:
    got = talk.get(OK + b"Keep-Alive: timeout=5, max=100\r\nContent-Length: 0\r\n\r\n")

    assert ResponseEnd(keep=True, reason=None, hint=b"timeout=5, max=100") == got.end


def test_two_keep_alive_fields_are_joined_as_node_joins_them(talk: Any) -> None:
    got = talk.get(OK + b"Keep-Alive: a\r\nKeep-Alive: b\r\nContent-Length: 0\r\n\r\n")

    assert b"a, b" == got.end.hint


def test_a_verdict_against_keeping_still_gives_the_hint(talk: Any) -> None:
    got = talk.get(OK + b"Keep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\nx")

    assert ResponseEnd(keep=False, reason=CloseReason.SURPLUS, hint=b"timeout=5") == got.end


def test_a_big_body_comes_in_many_pieces(talk: Any) -> None:
    size = 3_000_000
    body = bytes(range(256)) * (size // 256)
    got = talk.begin()
    octets = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
    talk.feed(octets[at : at + 65_536] for at in range(0, len(octets), 65_536))

    assert body == got.body
    assert KEEP == got.end


def test_body_pieces_are_given_as_they_come(talk: Any) -> None:
    got = talk.begin()
    talk.feed([LENGTH + b"he"])
    assert b"he" == got.body

    talk.feed([b"l"])
    assert b"hel" == got.body
    assert got.end is None


def test_the_memory_of_a_read_may_be_used_again(talk: Any) -> None:
    buffer = bytearray(64)
    got = talk.begin()
    for octets in (LENGTH[:20], LENGTH[20:], b"hel", b"lo"):
        buffer[: len(octets)] = octets
        talk.codec.receive(memoryview(buffer)[: len(octets)])
        buffer[:] = bytes(64)

    assert b"hello" == got.body
    assert KEEP == got.end


def test_the_next_exchange_may_begin_inside_the_end_of_the_last(talk: Any) -> None:
    bodies = []
    first = talk.begin()
    recorded = first.on_end

    def on_end(end: ResponseEnd) -> None:
        recorded(end)
        bodies.append(first.body)
        bodies.append(talk.begin())

    first.on_end = on_end
    talk.feed([LENGTH + b"hello"])
    talk.feed([LENGTH + b"again"])

    assert talk.error is None
    assert b"hello" == bodies[0]
    assert b"again" == bodies[1].body


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "socket hang up"),
        (OK, "socket hang up"),
        (LENGTH + b"hel", "aborted: received 3 of 5 body bytes"),
        (CHUNKED + b"4\r\nhell\r\n2\r\no", "aborted: received 5 body bytes"),
    ],
)
def test_an_early_end_says_how_much_came(talk: Any, octets: bytes, message: str) -> None:
    talk.begin()
    talk.feed([octets])

    with pytest.raises(PeerError, match=message) as caught:
        talk.codec.receive_eof()

    assert caught.value.code == "ECONNRESET"


def test_the_end_of_an_idle_connection_is_no_error(talk: Any) -> None:
    talk.get(LENGTH + b"hello")
    talk.codec.receive_eof()

    assert not talk.codec.is_idle
    with pytest.raises(PeerError, match="after the end"):
        talk.codec.receive(memoryview(b"x"))


def test_a_streamed_body_is_chunked(talk: Any, streamed: Any, transcript: Any) -> None:
    wire = talk.codec.start(streamed(), transcript)
    wire += talk.codec.send_body(b"hello") + talk.codec.send_body(b"") + talk.codec.end_body()

    assert wire.endswith(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    talk.feed([LENGTH + b"hello"])
    assert KEEP == transcript.end
    assert talk.codec.is_idle


def test_a_streamed_body_of_known_length_goes_as_it_is(
    talk: Any, streamed: Any, transcript: Any
) -> None:
    wire = talk.codec.start(streamed(("Content-Length", "5")), transcript)
    wire += talk.codec.send_body(b"hel") + talk.codec.send_body(b"lo") + talk.codec.end_body()

    assert wire.endswith(b"\r\n\r\nhello")
    assert b"chunked" not in wire


def test_a_streamed_body_may_not_be_longer_than_promised(
    talk: Any, streamed: Any, transcript: Any
) -> None:
    talk.codec.start(streamed(("Content-Length", "5")), transcript)
    talk.codec.send_body(b"hel")

    with pytest.raises(UsageError, match=r"6 bytes .* Content-Length of 5"):
        talk.codec.send_body(b"lo!")


def test_a_streamed_body_may_not_be_shorter_than_promised(
    talk: Any, streamed: Any, transcript: Any
) -> None:
    talk.codec.start(streamed(("Content-Length", "5")), transcript)
    talk.codec.send_body(b"hel")

    with pytest.raises(UsageError, match=r"3 bytes .* Content-Length of 5"):
        talk.codec.end_body()


def test_a_body_is_ended_once(talk: Any, streamed: Any, transcript: Any) -> None:
    talk.codec.start(streamed(), transcript)
    talk.codec.end_body()

    with pytest.raises(UsageError, match="already been ended"):
        talk.codec.end_body()
    with pytest.raises(UsageError, match="already been ended"):
        talk.codec.send_body(b"x")


def test_a_request_that_is_not_streamed_has_no_body_to_send(talk: Any) -> None:
    talk.begin()

    with pytest.raises(UsageError, match="no streamed body"):
        talk.codec.send_body(b"x")


def test_an_early_answer_leaves_the_connection_busy_until_our_body_is_sent(
    talk: Any, streamed: Any, transcript: Any
) -> None:
    talk.codec.start(streamed(), transcript)
    talk.feed([LENGTH + b"hello"])
    assert KEEP == transcript.end
    assert not talk.codec.is_idle

    talk.codec.end_body()

    assert talk.codec.is_idle
    assert b"again" == talk.get(LENGTH + b"again").body


def test_octets_behind_an_early_answer_end_the_connection(
    talk: Any, streamed: Any, transcript: Any
) -> None:
    talk.codec.start(streamed(), transcript)
    talk.feed([LENGTH + b"hello"])

    with pytest.raises(PeerError, match="unasked"):
        talk.codec.receive(memoryview(b"x"))

    talk.codec.end_body()
    assert not talk.codec.is_idle


def test_a_codec_names_its_parser_and_its_state(talk: Any) -> None:
    kind = type(talk.codec).__name__
    assert repr(talk.codec) in {
        f"<{kind} {parser} idle>" for parser in ("H11Parser", "LlhttpParser")
    }
