"""The parts that a session is made of, each alone where the whole would hide it."""

from __future__ import annotations

import pytest
from hpack import NeverIndexedHeaderTuple
from support.h2_frames import Talk, data, goaway, headers, ping, raw, rst, settings, update

from pooltop.engine.h2.budget import ALLOWED, MAX_REPLY_OCTETS, PERIOD_S, Budget
from pooltop.engine.h2.faults import SessionFault
from pooltop.engine.h2.form import form_of
from pooltop.engine.h2.frames import Frame, Head, Splitter
from pooltop.engine.h2.lost import REMEMBERED, LostStreams
from pooltop.engine.request import prepare
from pooltop.errors import UsageError
from pooltop.profiles.request_head import SECRET_FIELDS

# Frames.


def test_an_overlong_frame_is_refused_at_its_head_and_nothing_of_it_is_kept(talk: Talk) -> None:
    talk.feed(raw(0, 0, 1, b"", size=16_385)[:8])
    assert talk.error is None
    talk.feed(raw(0, 0, 1, b"", size=16_385)[8:])

    assert "FRAME_SIZE_ERROR" == talk.error.reason.name


def test_a_frame_is_judged_once_and_only_after_the_one_before_was_taken() -> None:
    seen: list[object] = []
    splitter = Splitter(lambda *head: seen.append(Head(*head)))
    octets = raw(0, 1, 1, b"abc") + raw(6, 0, 0, b"12345678")
    for at in range(len(octets)):
        seen += splitter.split(memoryview(octets[at : at + 1]))

    assert [
        Head(3, 0, 1, 1),
        Frame(0, 1, 1, b"abc"),
        Head(8, 6, 0, 0),
        Frame(6, 0, 0, b"12345678"),
    ] == seen


# What moves nothing forward.


def test_the_allowance_comes_back_every_ten_seconds(talk: Talk) -> None:
    for _ in range(5):
        talk.feed(ping() * ALLOWED)
        assert talk.error is None
        talk.take()
        talk.now += PERIOD_S
    talk.feed(ping() * (ALLOWED + 1))

    assert "ENHANCE_YOUR_CALM" == talk.error.reason.name


def test_streams_that_are_opened_allow_for_words_behind_their_responses(talk: Talk) -> None:
    for _ in range(1500):
        stream = talk.get().stream
        talk.take()
        talk.feed(headers(stream, end=True) + rst(stream, 0) + update(stream, 1))

    assert talk.error is None


def test_what_streams_allowed_is_not_saved_up(talk: Talk) -> None:
    for _ in range(1000):
        talk.feed(headers(talk.get().stream, end=True))
    talk.now += PERIOD_S
    talk.feed(ping())
    talk.now += PERIOD_S
    talk.feed(ping() * (ALLOWED + 1))

    assert "ENHANCE_YOUR_CALM" == talk.error.reason.name


def test_a_body_that_is_sent_allows_for_its_credit_however_late(talk: Talk) -> None:
    talk.post()
    for _ in range(1000):
        assert 1 == talk.session.send(1, b"x", ends=False)
    talk.take()
    talk.now += 10 * PERIOD_S
    talk.feed((update(0, 1) + update(1, 1)) * 2000)
    assert talk.error is None
    talk.feed(update(0, 1) * (ALLOWED + 1))

    assert "ENHANCE_YOUR_CALM" == talk.error.reason.name


def test_answers_that_nobody_takes_to_write_are_bounded() -> None:
    budget = Budget()
    budget.reply(MAX_REPLY_OCTETS)
    with pytest.raises(SessionFault, match="does not read"):
        budget.reply(1)


def test_answers_that_were_written_count_no_longer(talk: Talk) -> None:
    for _ in range(5000):
        stream = talk.get().stream
        talk.feed(headers(stream, status="0"))
        talk.take()

    assert talk.error is None
    assert 5000 == len(talk.faults)


# Streams that we reset.


def test_of_streams_that_we_reset_the_last_are_known_by_id() -> None:
    lost = LostStreams()
    for stream in range(1, 2 * REMEMBERED + 1, 2):
        lost.add(stream)
    assert 1 in lost
    assert 2 * REMEMBERED + 1 not in lost
    lost.add(9_999)

    assert 1 in lost
    assert 9_999 in lost
    assert 10_001 not in lost


def test_what_is_late_by_more_than_is_remembered_is_borne(talk: Talk) -> None:
    streams = [talk.get().stream for _ in range(REMEMBERED + 50)]
    for stream in streams:
        talk.session.reset(stream, 8)
    talk.feed(headers(1), data(1, b"late"))

    assert talk.error is None


# Requests.


def test_a_request_is_made_over_into_the_form_of_http_2() -> None:
    form = form_of(
        prepare(
            "POST",
            "/a?b",
            [
                ("Host", "example:8443"),
                ("X-Odd", "1"),
                ("Connection", "close"),
                ("Keep-Alive", "timeout=5"),
                ("Proxy-Connection", "close"),
                ("TE", "gzip"),
                ("HTTP2-Settings", "AAMAAABk"),
            ],
            host_header="a",
            keep_alive=True,
            body=b"hello",
        ),
        scheme="http",
    )

    assert (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":authority", b"example:8443"),
        (b":path", b"/a?b"),
        (b"x-odd", b"1"),
        (b"content-length", b"5"),
    ) == form.fields
    assert 5 == form.length


def test_a_chunked_request_has_no_length_and_no_coding() -> None:
    prepared = prepare("POST", "/", host_header="a", keep_alive=True, streamed=True)
    form = form_of(prepared, scheme="https")

    assert form.length is None
    assert 4 == len(form.fields)


@pytest.mark.parametrize(
    ("name", "value", "is_kept_out"),
    [
        *((name, "Bearer x", True) for name in sorted(SECRET_FIELDS)),
        ("Cookie", "a=b", True),
        ("Cookie", "session=0123456789abcdef", False),
        ("Accept", "*/*", False),
    ],
)
def test_what_is_secret_or_short_enough_to_guess_is_kept_out_of_the_table(
    name: str, value: str, is_kept_out: bool
) -> None:
    prepared = prepare("GET", "/", [(name, value)], host_header="a", keep_alive=True)
    (field,) = form_of(prepared, scheme="https").fields[4:]

    assert is_kept_out is isinstance(field, NeverIndexedHeaderTuple)


@pytest.mark.parametrize("more", [{"upgrade": "websocket"}, {"authority": "b:443"}])
def test_an_upgrade_or_a_tunnel_cannot_be_asked_for(more: dict[str, str]) -> None:
    method = "CONNECT" if "authority" in more else "GET"
    prepared = prepare(method, "/", host_header="a", keep_alive=True, **more)

    with pytest.raises(UsageError, match="cannot be asked for over HTTP/2"):
        form_of(prepared, scheme="https")


def test_a_form_shows_its_names_and_none_of_its_values() -> None:
    prepared = prepare(
        "GET", "/secret", [("Authorization", "s3cret")], host_header="a", keep_alive=True
    )

    assert "<H2Form GET (:method, :scheme, :authority, :path, authorization)>" == repr(
        form_of(prepared, scheme="https")
    )


# What the library must not be asked about.


@pytest.mark.parametrize(
    "octets", [rst(1, 8), headers(1, status="0"), goaway(0), headers(1, end=True)]
)
def test_the_window_of_a_stream_that_is_over_cannot_overflow(talk: Talk, octets: bytes) -> None:
    talk.post()
    talk.session.send(1, b"", ends=True)
    talk.feed(update(1, 2**31 - 1 - 65_535), octets)
    assert 0 == talk.session.streams
    talk.feed(settings({4: 65_536}))

    assert talk.error is None


def test_the_window_of_a_stream_that_we_reset_cannot_overflow(talk: Talk) -> None:
    talk.post()
    talk.feed(update(1, 2**31 - 1 - 65_535))
    talk.session.reset(1, 8)
    talk.feed(settings({4: 65_536}))

    assert talk.error is None
