"""How busy a socket was by the second, for a minute, in bounded memory."""

from __future__ import annotations

import sys

import msgspec
import pytest

from pooltop.core.model import OriginKey, SocketId
from pooltop.core.states import SocketState
from pooltop.present.history import History, HostId
from pooltop.present.socket_track import KEPT_S, SocketTracks

HOST = HostId("one", OriginKey("a:80:"))


@pytest.fixture
def past(make):
    """Give a History, and a way to add a moment with sockets and their seconds in use."""
    history = History()

    def add(at: float, busy: dict[int, float]) -> None:
        sockets = tuple(make.socket(n, busy_s=busy_s) for n, busy_s in busy.items())
        origin = msgspec.structs.replace(make.origin(), sockets=sockets)
        history.add(make.snapshot(at, make.agent(origin)))

    return history, add


def test_a_socket_has_a_share_for_every_second(past) -> None:
    history, add = past
    busy = 0.0
    for at in range(100, 111):
        add(float(at), {1: busy})
        busy += 1.0 if at < 105 else 0.25
    shares = history.socket(HOST, SocketId(1)).busy(110.0, 12)
    assert [None, *[1.0] * 5, *[0.25] * 5, None] == [
        None if share is None else round(share, 6) for share in shares
    ]


def test_samples_between_whole_seconds_are_shared_out(past) -> None:
    history, add = past
    for step in range(6):
        add(100.5 + step, {1: 1.0 * step if step <= 2 else 2.0})
    shares = history.socket(HOST, SocketId(1)).busy(105.4, 6)
    assert [None, 1.0, 0.5, 0.0, 0.0] == [
        None if share is None else round(share, 6) for share in shares[:5]
    ]


def test_a_socket_that_came_later_was_idle_in_the_second_of_its_birth(past) -> None:
    history, add = past
    add(100.0, {1: 0.0})
    add(101.0, {1: 1.0, 2: 0.5})
    add(102.0, {1: 2.0, 2: 1.0})
    assert [0.5, 0.5, None] == history.socket(HOST, SocketId(2)).busy(102.0, 3)


def test_an_instant_of_the_past_does_not_know_what_came_later(past) -> None:
    history, add = past
    for at in range(100, 111):
        add(float(at), {1: float(at - 100)})
    assert [1.0, 1.0, None] == history.socket(HOST, SocketId(1)).busy(105.0, 3)


def test_a_silence_is_not_known(past) -> None:
    history, add = past
    for at in (100, 101, 107, 108):
        add(float(at), {1: float(at - 100)})
    shares = history.socket(HOST, SocketId(1)).busy(108.0, 9)
    assert [1.0, *[None] * 6, 1.0, None] == shares


def test_where_an_engine_is_seldom_asked_every_second_is_known_all_the_same(past) -> None:
    history, add = past
    for at in range(100, 141, 10):
        add(float(at), {1: (at - 100) / 2})
    shares = history.socket(HOST, SocketId(1)).busy(139.0, 30)
    assert [0.5] * 20 == shares[:20]


def test_a_socket_that_is_gone_is_forgotten(past) -> None:
    history, add = past
    add(100.0, {1: 0.0, 2: 0.0})
    add(101.0, {1: 1.0, 2: 1.0})
    add(102.0, {2: 2.0})
    assert [None] * 5 == history.socket(HOST, SocketId(1)).busy(102.0, 5)
    assert 1.0 == history.socket(HOST, SocketId(2)).busy(102.0, 5)[-2]


def test_the_past_of_two_thousand_sockets_stays_under_four_mebibytes(make) -> None:
    origin = make.origin(use=2000)
    tracks = SocketTracks()
    for at in range(200):
        tracks.add(float(at), origin)
    shares = tracks.socket(SocketId(1)).busy(199.0, KEPT_S)
    assert [0.0] * (KEPT_S - 1) == shares[:-1]
    size = sum(sys.getsizeof(samples) for samples in tracks._busy.values())
    assert size + sys.getsizeof(tracks._busy) < 4 * 2**20


def test_idle_sockets_have_a_past_too(make) -> None:
    tracks = SocketTracks()
    for at in range(3):
        tracks.add(float(at), make.origin(free=1))
    assert make.origin(free=1).free_sockets[0].state is SocketState.FREE
    assert 0.0 == tracks.socket(SocketId(1)).busy(2.0, 2)[0]
