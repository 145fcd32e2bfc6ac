"""Flow control both ways: nothing is sent beyond a window, and nothing stalls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hyperframe.frame import DataFrame, Frame, WindowUpdateFrame
from support.h2_frames import Talk, data, goaway, headers, rst, settings, update

from pooltop.engine.h2.credit import Credit
from pooltop.engine.h2.session import SessionOptions

NewTalk = Callable[..., Talk]
CHUNK = 16_384


def updates(frames: list[Frame]) -> list[tuple[int, int]]:
    return [
        (frame.stream_id, frame.window_increment)
        for frame in frames
        if isinstance(frame, WindowUpdateFrame)
    ]


def pieces(frames: list[Frame]) -> list[tuple[int, int, bool]]:
    return [
        (frame.stream_id, len(frame.data), "END_STREAM" in frame.flags)
        for frame in frames
        if isinstance(frame, DataFrame)
    ]


class Server:
    """Sends as much DATA as the windows let it, and no more."""

    def __init__(self, talk: Talk, *, connection: int, stream: int) -> None:
        self.talk = talk
        self.connection = connection
        self.first = stream
        self.streams: dict[int, int] = {}

    def heed(self) -> None:
        for stream, size in updates(self.talk.take()):
            if stream == 0:
                self.connection += size
            elif stream in self.streams:
                self.streams[stream] += size

    def respond(self, stream: int) -> None:
        self.streams[stream] = self.first
        self.talk.feed(headers(stream))

    def send(self, stream: int, size: int, *, end: bool = False) -> int:
        """Send what fits of so many octets; give how many those were."""
        self.heed()
        room = max(0, min(size, CHUNK, self.connection, self.streams[stream]))
        if room or end:
            self.connection -= room
            self.streams[stream] -= room
            self.talk.feed(data(stream, b"x" * room, end=end and room == size))
        return room


# What comes in.


@pytest.mark.parametrize("window", [1, 2, 3, 1000, 65_535, 262_144])
def test_a_body_far_larger_than_a_window_of_any_size_comes_through(
    new_talk: NewTalk, window: int
) -> None:
    talk = new_talk(SessionOptions(initial_window_size=window, connection_window_size=65_535))
    server = Server(talk, connection=65_535, stream=window)
    seen = talk.get()
    server.respond(1)
    left = min(window * 40, 1_000_000)
    for _ in range(2000):
        left -= server.send(1, left, end=True)
        if not left:
            break

    assert 0 == left
    assert talk.error is None
    assert (200, min(window * 40, 1_000_000)) == (seen.status, len(seen.body))


def test_a_window_that_is_half_read_is_given_back_at_once(talk: Talk) -> None:
    seen = talk.get(reads=False)
    talk.feed(headers(1), *[data(1, b"x" * CHUNK, end=False)] * 8)
    talk.take()
    talk.session.consumed(1, 131_071)
    assert [] == updates(talk.take())
    talk.session.consumed(1, 1)

    assert [(1, 131_072)] == updates(talk.take())
    assert 131_072 == len(seen.body)


def test_when_the_server_has_little_left_every_octet_read_is_given_back(talk: Talk) -> None:
    talk.get(reads=False)
    talk.feed(headers(1), *[data(1, b"x" * CHUNK, end=False)] * 16)
    talk.take()
    talk.session.consumed(1, 100)

    assert [(1, 100)] == updates(talk.take())


def test_readers_that_each_hold_a_little_do_not_stall_the_connection(new_talk: NewTalk) -> None:
    talk = new_talk(SessionOptions(initial_window_size=65_535, connection_window_size=65_535))
    server = Server(talk, connection=65_535, stream=65_535)
    slow = [talk.get(reads=False) for _ in range(100)]
    quick = talk.get()
    for one in [*slow, quick]:
        server.respond(one.stream)
    for one in slow:
        server.send(one.stream, 600)
    left = 1_000_000
    for _ in range(5000):
        left -= server.send(quick.stream, left, end=True)
        if not left:
            break

    assert 0 == left
    assert (200, 1_000_000) == (quick.status, len(quick.body))


@pytest.mark.parametrize("how", ["end", "reset", "peer's reset", "fault", "goaway"])
def test_credit_of_streams_that_nobody_reads_any_more_is_given_back(
    new_talk: NewTalk, how: str
) -> None:
    talk = new_talk(SessionOptions(initial_window_size=65_535, connection_window_size=65_535))
    server = Server(talk, connection=65_535, stream=65_535)
    talk.get()
    for _ in range(30):
        abandoned = talk.get(reads=False)
        server.respond(abandoned.stream)
        assert 15_000 == server.send(abandoned.stream, 15_000, end=how == "end")
        if how == "reset":
            talk.session.reset(abandoned.stream, 8)
            assert 1_000 == server.send(abandoned.stream, 1_000)
        elif how == "peer's reset":
            talk.feed(rst(abandoned.stream, 8))
        elif how == "fault":
            talk.feed(headers(abandoned.stream))
        elif how == "goaway":
            break
    if how == "goaway":
        talk.feed(goaway(1))
        assert 15_000 == talk.session._inflow._connection._owed
    server.heed()

    assert talk.error is None
    assert server.connection >= 65_535 // 2


def test_padding_is_given_back_without_being_read(new_talk: NewTalk) -> None:
    talk = new_talk(SessionOptions(initial_window_size=1000, connection_window_size=65_535))
    talk.get(reads=False)
    talk.feed(headers(1), data(1, b"", end=False, pad=255), data(1, b"", end=False, pad=255))

    assert [(1, 512)] == updates(talk.take())


def test_a_small_window_is_not_held_against_a_server_that_has_not_heard_of_it(
    new_talk: NewTalk,
) -> None:
    talk = new_talk(SessionOptions(initial_window_size=1), begin=False)
    talk.feed(settings())
    talk.get(reads=False)
    talk.feed(headers(1), *[data(1, b"x" * CHUNK, end=False)] * 3)
    assert [] == talk.faults
    talk.feed(settings(ack=True), data(1, b"", end=False))
    assert [] == talk.faults
    talk.feed(data(1, b"x", end=False))

    ((stream, fault),) = talk.faults
    assert (1, "FLOW_CONTROL_ERROR") == (stream, fault.reason.name)


def test_a_server_that_has_not_heard_of_a_small_window_is_given_room_again(
    new_talk: NewTalk,
) -> None:
    talk = new_talk(SessionOptions(initial_window_size=1), begin=False)
    talk.feed(settings())
    talk.get()
    talk.feed(headers(1), data(1, b"x" * CHUNK, end=False), settings(ack=True))

    assert (1, CHUNK) == sum_of(updates(talk.take()), 1)
    talk.feed(data(1, b"x"))
    assert [] == talk.faults


def sum_of(found: list[tuple[int, int]], stream: int) -> tuple[int, int]:
    return stream, sum(size for of, size in found if of == stream)


def test_what_is_read_after_the_end_while_the_request_is_still_sent_counts_no_more(
    talk: Talk,
) -> None:
    seen = talk.post()
    seen.reads = False
    talk.feed(headers(1), data(1, b"hello"))
    talk.session.consumed(1, 5)

    assert b"hello" == seen.body
    assert 1 == talk.session.streams


def test_more_cannot_be_read_than_came(talk: Talk) -> None:
    talk.get(reads=False)
    talk.feed(headers(1), data(1, b"abc", end=False))

    with pytest.raises(AssertionError, match="4 octets read of stream 1, which had 3"):
        talk.session.consumed(1, 4)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_window_with_something_owed_is_never_empty_for_long(size: int) -> None:
    window = Credit(size)
    for _ in range(size * 3):
        assert window.spend(1, slack=0)
        window.give(1)
        assert window.left > 0


# What goes out.


def test_an_upload_fills_the_window_in_frames_and_waits_for_more(talk: Talk) -> None:
    talk.post()
    talk.take()
    talk.upload(1, b"x" * 100_000)
    assert [(1, CHUNK, False)] * 3 + [(1, CHUNK - 1, False)] == pieces(talk.take())
    talk.feed(update(1, 1_000_000))
    assert [] == talk.sendable
    talk.feed(update(0, 10))
    assert [(1, 10, False)] == pieces(talk.take())
    talk.feed(update(0, 1_000_000))

    assert [1, 1] == talk.sendable
    sent = pieces(talk.take())
    assert 100_000 - 65_545 == sum(size for _, size, _ in sent)
    assert [False, False, True] == [end for _, _, end in sent]


def test_a_window_of_one_octet_sends_one_octet(talk: Talk) -> None:
    talk.feed(settings({4: 1}))
    talk.post()
    talk.take()
    talk.upload(1, b"abc")
    for _ in range(2):
        assert [(1, 1, False)] == pieces(talk.take())
        talk.feed(update(1, 1))

    assert [(1, 1, True)] == pieces(talk.take())


def test_a_window_of_nothing_sends_nothing_but_the_end(talk: Talk) -> None:
    talk.feed(settings({4: 0}))
    talk.post()
    talk.take()

    assert 0 == talk.session.send(1, b"abc", ends=False)
    assert [] == talk.take()
    assert 0 == talk.session.send(1, b"", ends=True)
    assert [(1, 0, True)] == pieces(talk.take())


def test_a_shrinking_initial_window_makes_windows_negative_and_they_are_heeded(talk: Talk) -> None:
    talk.post()
    talk.take()
    talk.upload(1, b"x" * 30_000 + b"y" * 60_000)
    assert 65_535 == sum(size for _, size, _ in pieces(talk.take()))
    talk.feed(settings({4: 100}), update(0, 100_000))
    assert [] == pieces(talk.take())
    talk.feed(update(1, 65_435))
    assert [] == pieces(talk.take())
    talk.feed(update(1, 5))
    assert [(1, 5, False)] == pieces(talk.take())
    talk.feed(settings({4: 65_535}))

    assert 90_000 - 65_540 == sum(size for _, size, _ in pieces(talk.take()))


def test_an_end_goes_through_a_negative_window(talk: Talk) -> None:
    talk.post()
    talk.take()
    talk.session.send(1, b"x" * 50_000, ends=False)
    talk.take()
    talk.feed(settings({4: 1}))
    talk.take()
    talk.session.send(1, b"", ends=True)

    assert [(1, 0, True)] == pieces(talk.take())


def test_those_that_wait_take_turns(talk: Talk) -> None:
    streams = [talk.post().stream for _ in range(3)]
    for stream in streams:
        talk.upload(stream, b"x" * 200_000)
    for _ in range(6):
        talk.feed(*[update(stream, 1_000) for stream in streams], update(0, 1_000))

    assert [1, 3, 5, 1, 3, 5] == talk.sendable


def test_a_stream_that_is_over_waits_no_longer(talk: Talk) -> None:
    for _ in range(3):
        talk.upload(talk.post().stream, b"x" * 100_000)
    talk.session.reset(1, 8)
    talk.feed(rst(3, 0), update(0, 10_000))

    assert [5] == talk.sendable


def test_many_uploads_of_any_size_come_through_windows_of_any_size(new_talk: NewTalk) -> None:
    talk = new_talk()
    talk.feed(settings({4: 7}))
    sizes = [0, 1, 6, 7, 8, 13, 14, 700, 20_000]
    streams = [talk.post().stream for _ in sizes]
    for stream, size in zip(streams, sizes, strict=True):
        talk.upload(stream, b"x" * size)
    got = dict.fromkeys(streams, 0)
    ended: list[int] = []
    for _ in range(20_000):
        sent = pieces(talk.take())
        for stream, size, end in sent:
            got[stream] += size
            ended += [stream] if end else []
        if len(ended) == len(streams):
            break
        for stream in {stream for stream, size, _ in sent if size} | {streams[-1]}:
            if stream not in ended:
                talk.feed(update(stream, 7))
        talk.feed(update(0, 7))
        talk.now += 1.0

    assert sizes == list(got.values())
    assert sorted(streams) == sorted(ended)
    assert talk.error is None
