"""Against a server of the h2 library: two implementations that must agree on every octet."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.settings import SettingCodes
from support.h2_frames import StreamTranscript, Talk, cuts

from pooltop.engine.h2.session import SessionOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

NewTalk = Callable[..., Talk]


class Server:
    """Echoes a request's body, or sends as many octets as its path says; in memory."""

    def __init__(self, talk: Talk, settings: dict[SettingCodes, int] | None = None) -> None:
        self.talk = talk
        self.connection = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        if settings:
            self.connection.local_settings.update(settings)
            self.connection.local_settings.acknowledge()
        self.connection.initiate_connection()
        self.requests: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytes] = {}
        self.waiting: dict[int, bytes] = {}
        self.resets: list[tuple[int, int]] = []
        self.trailers = False

    def turn(self, cut: Callable[[bytes], Iterable[bytes]] = lambda octets: [octets]) -> bool:
        """Take what the session writes, answer, and feed the answer; False if nothing moved."""
        asked = self.talk.session.take()
        events = self.connection.receive_data(asked) if asked else []
        # The library knows of a reset when it gives the events before it.
        for event in sorted(events, key=lambda event: not isinstance(event, StreamReset)):
            self.heed(event)
        answered = self.connection.data_to_send()
        for piece in cut(answered):
            self.talk.feed(piece)
        return bool(asked or answered)

    def settle(self, cut: Callable[[bytes], Iterable[bytes]] = lambda octets: [octets]) -> None:
        """Go on until nothing moves."""
        for _ in range(20_000):
            if not self.turn(cut):
                return
        raise AssertionError("it never settled")

    @property
    def reset_ids(self) -> list[int]:
        """The streams that the client reset."""
        return [stream for stream, _ in self.resets]

    def heed(self, event: Event) -> None:
        connection = self.connection
        if isinstance(event, RequestReceived):
            self.requests[event.stream_id] = dict(event.headers)
            self.bodies[event.stream_id] = b""
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded) and event.stream_id not in self.reset_ids:
            self.respond(event.stream_id)
        elif isinstance(event, StreamReset):
            self.resets.append((event.stream_id, event.error_code))
            self.waiting.pop(event.stream_id, None)
        elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
            for stream in list(self.waiting):
                self.go_on(stream)

    def respond(self, stream: int) -> None:
        request = self.requests[stream]
        path = request[b":path"]
        size = int(path[1:] or b"0")
        body = self.bodies[stream] or b"x" * size
        fields = [(b":status", b"200"), (b"content-length", b"%d" % len(body))]
        if b"x-hint" in request:
            self.connection.send_headers(stream, [(b":status", b"103"), (b"link", b"x")])
        if request[b":method"] == b"HEAD":
            self.connection.send_headers(stream, fields, end_stream=True)
            return
        self.connection.send_headers(stream, fields)
        self.waiting[stream] = body
        self.go_on(stream)

    def go_on(self, stream: int) -> None:
        connection = self.connection
        while True:
            body = self.waiting[stream]
            room = connection.local_flow_control_window(stream)
            size = max(0, min(room, connection.max_outbound_frame_size, len(body)))
            is_last = size == len(body)
            if not size and not is_last:
                return
            connection.send_data(stream, body[:size], end_stream=is_last and not self.trailers)
            self.waiting[stream] = body[size:]
            if is_last:
                del self.waiting[stream]
                if self.trailers:
                    connection.send_headers(stream, [(b"x-sum", b"1")], end_stream=True)
                return


def ask(talk: Talk, size: int) -> StreamTranscript:
    return talk.get(fields=(("x-size", str(size)),), target=f"/{size}")


@pytest.fixture
def fresh(new_talk: NewTalk) -> Talk:
    return new_talk(begin=False)


def test_requests_of_every_kind_are_served(fresh: Talk) -> None:
    server = Server(fresh)
    server.turn()
    small, large, head, hinted = (
        ask(fresh, 5),
        ask(fresh, 300_000),
        fresh.get("HEAD", target="/7"),
        fresh.get(fields=(("x-hint", "1"),)),
    )
    upload = fresh.post()
    fresh.upload(upload.stream, b"y" * 200_000)
    server.settle()

    assert [200] * 5 == [one.status for one in (small, large, head, hinted, upload)]
    assert (5, 300_000, 0) == (len(small.body), len(large.body), len(head.body))
    assert [103] == [one.status for one in hinted.interims]
    assert b"y" * 200_000 == upload.body
    assert 0 == fresh.session.streams
    assert fresh.error is None


def test_trailers_end_a_response(fresh: Talk) -> None:
    server = Server(fresh)
    server.trailers = True
    seen = ask(fresh, 100_000)
    server.settle()

    assert (200, 100_000) == (seen.status, len(seen.body))


def test_what_is_secret_is_never_put_into_the_table(fresh: Talk) -> None:
    server = Server(fresh)
    fresh.get(fields=(("Authorization", "Basic eDp5"), ("Cookie", "a=b"), ("User-Agent", "u")))
    server.settle()

    kept = {name for name, _ in server.connection.decoder.header_table.dynamic_entries}
    assert {b":authority", b"user-agent"} == kept & {
        b":authority", b"user-agent", b"authorization", b"cookie",
    }  # fmt: skip
    assert b"Basic eDp5" == server.requests[1][b"authorization"]


def test_a_reset_reaches_the_server_and_its_neighbours_are_served(fresh: Talk) -> None:
    server = Server(fresh)
    first, second = ask(fresh, 900_000), ask(fresh, 900_000)
    for _ in range(3):
        server.turn()
    fresh.session.reset(first.stream, 8)
    server.settle()

    assert [(1, 8)] == server.resets
    assert (None, 200) == (first.status, second.status)


@pytest.mark.parametrize("seed", range(25))
def test_a_busy_session_agrees_with_the_server_however_it_is_cut(
    new_talk: NewTalk, seed: int
) -> None:
    chance = random.Random(seed)
    talk = new_talk(
        SessionOptions(
            initial_window_size=chance.choice((1_000, 65_535, 262_144)),
            connection_window_size=chance.choice((65_535, 524_288)),
        ),
        begin=False,
    )
    server = Server(
        talk,
        {
            SettingCodes.INITIAL_WINDOW_SIZE: chance.choice((1_000, 65_535, 1_000_000)),
            SettingCodes.HEADER_TABLE_SIZE: chance.choice((0, 100, 4096, 65_536)),
            SettingCodes.MAX_FRAME_SIZE: chance.choice((16_384, 100_000)),
        },
    )
    server.trailers = chance.random() < 0.3
    wanted: list[tuple[StreamTranscript, int]] = []
    given_up: list[StreamTranscript] = []
    for _ in range(40):
        size = chance.choice((0, 1, 17, 5_000, 40_000))
        if chance.random() < 0.3:
            seen = talk.post()
            talk.upload(seen.stream, b"u" * size)
        else:
            seen = ask(talk, size)
        wanted.append((seen, size))
        for _ in range(chance.randrange(3)):
            server.turn(lambda octets: cuts(octets, chance.choice((7, 100, 16_384))))
        if chance.random() < 0.1 and seen.end is None:
            talk.session.reset(seen.stream, 8)
            given_up.append(seen)
    server.settle()

    assert talk.error is None
    assert [] == talk.faults
    assert 0 == talk.session.streams
    for seen, size in wanted:
        if seen not in given_up:
            assert (200, size) == (seen.status, len(seen.body))
