"""What is libnghttp2's alone: its numbers, its windows, and the fields that it keeps back."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from hpack import Decoder, NeverIndexedHeaderTuple
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame
from support.h2_frames import (
    BY_NGHTTP2,
    Talk,
    data,
    head_of,
    headers,
    needs_nghttp2,
    settings,
    update,
)

from pooltop.engine.h2.blocks import Block
from pooltop.engine.h2.factory import default_codec, make_session
from pooltop.engine.h2.form import form_of
from pooltop.engine.request import prepare
from pooltop.errors import UsageError

REFUSED = b"\x00\x0aconnection\x05close"
"""A field that may not be in a response, and that no table keeps."""

GLITCHES = 10_500
"""More than libnghttp2 bears at once where it is not told otherwise."""
NODES_FRAMES = (
    "000029010500000001828741016104062f783f793d3153032a2f2a7a85ace7a127af1f0887ba51d85b141c641f11"
    "03613d62",
    "00001d0105000000038287c004062f783f793d31bfbe1f0887ba51d85b141c641f1103613d62",
    "00001d0104000000058387c004062f783f793d31bfbe1f0887ba51d85b141c641f1103613d62",
    "00000500010000000568656c6c6f",
)
"""What Node 24.21 wrote for two GETs and a POST: ``http2.connect`` and ``session.request``."""


@pytest.fixture
def talk() -> Talk:
    """A session over libnghttp2."""
    return Talk(make=BY_NGHTTP2)


# Its numbers.


@needs_nghttp2
def test_streams_that_were_left_out_make_two_numbers_of_one_stream(talk: Talk) -> None:
    first = talk.get()
    talk.next = 9
    upload = talk.post((("X-Big", "~" * 40_000),))
    talk.next = 101
    last = talk.get()
    talk.upload(upload.stream, b"u" * 40_000)
    frames = talk.take()

    assert {1: True, 9: False, 101: True} == {
        frame.stream_id: "END_STREAM" in frame.flags
        for frame in frames
        if isinstance(frame, HeadersFrame)
    }
    assert {1, 9, 101} == {frame.stream_id for frame in frames}
    assert 40_000 == sum(len(frame.data) for frame in frames if isinstance(frame, DataFrame))
    talk.feed(headers(101, end=True), headers(9, end=True), headers(1, end=True))
    assert [200, 200, 200] == [one.status for one in (first, upload, last)]


@needs_nghttp2
def test_the_windows_of_streams_behind_a_gap_are_their_own(talk: Talk) -> None:
    talk.feed(settings({4: 10}))
    first = talk.post()
    talk.next = 7
    second = talk.post()
    assert [10, 10] == [
        talk.session.send(one.stream, b"x" * 100, ends=True) for one in (first, second)
    ]
    talk.feed(update(7, 5))

    assert [7] == talk.sendable
    assert 5 == talk.session.send(7, b"x" * 90, ends=True)
    assert 0 == talk.session.send(1, b"x" * 90, ends=True)


# Its windows.


@needs_nghttp2
@pytest.mark.parametrize("size", [0, 10])
def test_the_end_of_a_body_needs_no_room(talk: Talk, size: int) -> None:
    talk.feed(settings({4: size}))
    seen, neighbour = talk.post(), talk.get()
    assert size == talk.session.send(1, b"x" * size, ends=False)
    talk.session.send(1, b"", ends=True)
    *_, last = talk.take()

    assert (1, b"", {"END_STREAM"}) == (last.stream_id, last.data, set(last.flags))
    # It is open to the peer, whatever libnghttp2 was told.
    talk.feed(update(1, 5), settings({4: 100}), headers(1, end=True), headers(3, end=True))
    assert [SettingsFrame] == [type(frame) for frame in talk.take()]
    assert [200, 200] == [seen.status, neighbour.status]
    assert [] == talk.faults
    assert 0 == talk.session.streams
    assert 200 == after(talk)


# Its compressor.


@needs_nghttp2
@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "Cookie"])
def test_a_secret_is_marked_as_one(talk: Talk, name: str) -> None:
    talk.get(fields=((name, "a=b"), ("User-Agent", "u")))
    (frame,) = talk.take()
    fields = {field[0]: field for field in Decoder().decode(frame.data, raw=True)}

    assert isinstance(fields[name.lower().encode()], NeverIndexedHeaderTuple)
    assert not isinstance(fields[b"user-agent"], NeverIndexedHeaderTuple)


@needs_nghttp2
def test_a_requests_head_may_be_large(talk: Talk) -> None:
    talk.get(fields=(("X-Big", "~" * 200_000),))
    octets = b"".join(frame.data for frame in talk.take())

    assert (b"x-big", b"~" * 200_000) in Decoder(300_000).decode(octets, raw=True)


@needs_nghttp2
def test_what_is_written_is_what_node_writes(talk: Talk) -> None:
    fields = (
        ("Accept", "*/*"),
        ("User-Agent", "pooltop"),
        ("Authorization", "Bearer abc"),
        ("Cookie", "a=b"),
    )
    for method in ("GET", "GET"):
        talk.get(method, fields, target="/x?y=1")
    talk.upload(talk.post(fields, target="/x?y=1").stream, b"hello")

    assert "".join(NODES_FRAMES) == talk.session.take().hex()


# The fields that it keeps back.


@needs_nghttp2
def test_refused_fields_are_named_where_their_block_can_be_read_alone(talk: Talk) -> None:
    talk.get()
    talk.feed(headers(1, ("connection", "close"), end=True))

    ((_, fault),) = talk.faults
    assert "stream 1: a connection field, which is of HTTP/1.1" in str(fault)


@needs_nghttp2
def test_fields_that_only_the_connections_table_has_are_refused_in_general_words(
    talk: Talk,
) -> None:
    for _ in range(3):
        talk.get()
    made_entry = b"\x88\x40\x01a\x01b"
    talk.feed(head_of(1, made_entry, end=True))
    talk.feed(head_of(3, b"\x88\xbe" + REFUSED, end=True))
    talk.feed(head_of(5, b"\x88\xbe", end=True))

    ((stream, fault),) = talk.faults
    assert (3, "PROTOCOL_ERROR") == (stream, fault.reason.name)
    assert "stream 3: a field that libnghttp2 refuses (RFC 9113, 8.1.1)" in str(fault)
    assert 200 == after(talk)


@needs_nghttp2
def test_what_a_late_block_does_to_the_table_counts_whatever_its_fields(talk: Talk) -> None:
    talk.get()
    second = talk.get()
    talk.session.reset(1, 8)
    talk.feed(head_of(1, b"\x88\x40\x01a\x01b" + REFUSED))
    talk.feed(head_of(3, b"\x88\xbe", end=True))

    assert ((b"a", b"b"),) == second.head.headers


# How long it lasts.


@needs_nghttp2
@pytest.mark.parametrize("octets", [b"\x88", b"\x88" + REFUSED, b"\x48\x03103"])
@pytest.mark.parametrize("is_trailers", [False, True])
def test_of_a_block_no_stream_is_left(talk: Talk, octets: bytes, is_trailers: bool) -> None:
    inflater = talk.session._machine._inflater
    session = inflater._session
    seen = []

    def events() -> list[object]:
        found = session.events()
        seen.extend(found)
        return found

    inflater._session = SimpleNamespace(
        events=events,
        receive_data=session.receive_data,
        send_request=session.send_request,
        data_to_send=session.data_to_send,
    )
    for _ in range(3):
        inflater.decode(Block(1, False, octets), is_trailers=is_trailers)

    assert [1, 3, 5] == [one.stream_id for one in seen if type(one).__name__ == "StreamClosed"]


@needs_nghttp2
def test_what_libnghttp2_finds_odd_it_finds_however_often() -> None:
    inflater = BY_NGHTTP2(Talk(), None)._machine._inflater
    for _ in range(GLITCHES):
        assert len(inflater.decode(Block(1, False, b"\x88" + REFUSED), is_trailers=False)) == 2

    assert [(b":status", b"200")] == list(
        inflater.decode(Block(1, False, b"\x88"), is_trailers=False)
    )


@needs_nghttp2
def test_ends_that_were_written_by_hand_are_answered_however_often(talk: Talk) -> None:
    talk.feed(settings({4: 0}))
    machine = talk.session._machine
    prepared = prepare("POST", "/", host_header="a", keep_alive=True, streamed=True)
    form = form_of(prepared, scheme="https")
    for stream in range(1, 2 * GLITCHES, 2):
        machine.request(stream, form, ends=False)
        machine.data(stream, b"", ends=True)
        machine.answered(stream)

    assert b"" != machine.request(2 * GLITCHES + 1, form, ends=True)


@needs_nghttp2
def test_a_session_keeps_nothing_of_what_is_over(talk: Talk) -> None:
    for _ in range(500):
        seen = talk.get()
        talk.take()
        talk.feed(headers(seen.stream), data(seen.stream, b"x"))
    machine = talk.session._machine

    assert len(machine._told) < 100
    assert [] == machine._gaps
    assert len(machine._session.events()) < 5
    assert len(machine._inflater._free) <= 32
    assert [] == machine._inflater._session.events()


@needs_nghttp2
def test_a_session_with_few_numbers_left_for_blocks_takes_no_more_streams(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooltop.engine.h2.ng_inflater._LAST", 0)
    first, second = talk.get(), talk.get()
    assert talk.session.takes_streams
    talk.feed(headers(1, end=True))

    assert not talk.session.takes_streams
    assert not talk.session.is_over
    talk.feed(headers(3, end=True))
    assert [200, 200] == [first.status, second.status]
    assert talk.session.is_over


@needs_nghttp2
def test_a_session_without_numbers_for_blocks_is_over(talk: Talk) -> None:
    import ngh2

    def refuse(*_, **__) -> None:
        raise ngh2.ConnectionClosingError

    talk.get()
    talk.session._machine._inflater._session = SimpleNamespace(send_request=refuse)
    talk.feed(headers(1, end=True))

    assert "ENHANCE_YOUR_CALM" == talk.error.reason.name
    assert talk.session.is_over


# Its name.


@needs_nghttp2
def test_the_fastest_that_is_installed_is_taken() -> None:
    assert "nghttp2" == make_session(Talk()).codec
    assert "h2" == make_session(Talk(), codec="h2").codec


def test_without_the_extra_there_is_the_h2_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ngh2", None)
    monkeypatch.delitem(sys.modules, "pooltop.engine.h2.ng_machine", raising=False)
    monkeypatch.delitem(sys.modules, "pooltop.engine.h2.ng_inflater", raising=False)
    default_codec.cache_clear()
    try:
        assert "h2" == make_session(Talk()).codec
        with pytest.raises(UsageError, match=r'needs the extra "h2fast": pip install'):
            make_session(Talk(), codec="nghttp2")
    finally:
        default_codec.cache_clear()


def after(talk: Talk) -> int | None:
    """The status of one more request."""
    seen = talk.get()
    talk.feed(headers(seen.stream, end=True))
    return seen.status
