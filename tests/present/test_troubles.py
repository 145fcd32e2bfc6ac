"""What is wrong with a host, moment by moment."""

from __future__ import annotations

import pytest

from pooltop.core.model import OriginKey
from pooltop.present.history import History, HostId
from pooltop.present.troubles import GRAVITY, LONG_WAIT_S, Trouble

HOST = HostId("one", OriginKey("a:80:"))


def holding(history: History, at: float) -> list[Trouble]:
    return sorted((each for each, _ in history.track(HOST).spells.holding(at)), key=GRAVITY.get)


def test_a_healthy_host_has_no_trouble(make) -> None:
    history = History()
    history.add(make.snapshot(0.0, make.agent(make.origin(use=2), max_sockets=4)))
    assert [] == holding(history, 0.0)


@pytest.mark.parametrize(
    ("use", "queued", "limit", "expected"),
    [
        (4, 1, 4, [Trouble.SATURATED]),
        (6, 1, 4, [Trouble.SATURATED]),
        (6, 0, 4, [Trouble.OVER]),
        (2, 1, 4, [Trouble.WAITING]),
    ],
)
def test_a_queue_and_a_limit_make_one_trouble(make, use, queued, limit, expected) -> None:
    history = History()
    origin = make.origin(use=use, queued=queued)
    history.add(make.snapshot(LONG_WAIT_S, make.agent(origin, max_sockets=limit)))
    assert expected == holding(history, LONG_WAIT_S)


def test_a_request_that_waits_for_the_next_turn_alone_is_no_trouble(make) -> None:
    history = History()
    origin = make.origin(use=2, queued=1)
    history.add(make.snapshot(0.01, make.agent(origin, max_sockets=4)))
    assert [] == holding(history, 0.01)


@pytest.mark.parametrize(
    ("errors", "completed", "expected"), [(3, 100, True), (2, 10, False), (3, 400, False)]
)
def test_errors_are_a_trouble_from_a_share_and_a_number_on(
    make, errors, completed, expected
) -> None:
    history = History()
    history.add(make.snapshot(0.0, make.agent(make.origin())))
    origin = make.origin(completed=completed, failed={"ECONNRESET": errors})
    history.add(make.snapshot(5.0, make.agent(origin)))
    assert expected == (Trouble.ERRORS in holding(history, 5.0))


def test_errors_are_over_when_none_came_for_ten_seconds(make) -> None:
    history = History()
    for at in range(14):
        failed = {"ECONNRESET": 5} if at >= 2 else {}
        origin = make.origin(completed=10 * at, failed=failed)
        history.add(make.snapshot(float(at), make.agent(origin)))
    spell = history.track(HOST).spells.at(Trouble.ERRORS, 5.0)
    assert (2.0, 12.0) == (spell.begin, spell.end)


def test_errors_of_about_the_share_do_not_come_and_go(make) -> None:
    history, completed = History(), 0
    for at in range(60):
        completed += 300 if at % 20 < 10 else 500
        origin = make.origin(completed=completed, failed={"ECONNRESET": 4 * at})
        history.add(make.snapshot(float(at), make.agent(origin)))
    track = history.track(HOST)
    assert 1 == len(track.spells.episodes(Trouble.ERRORS, 0.0, 59.0))


def test_a_stale_socket_is_a_trouble_for_ten_seconds(make) -> None:
    history = History()
    for at in range(14):
        origin = make.origin(stale_reuse=int(at >= 1), retried=int(at >= 1))
        history.add(make.snapshot(float(at), make.agent(origin)))
    spell = history.track(HOST).spells.at(Trouble.STALE, 5.0)
    assert (1.0, 11.0) == (spell.begin, spell.end)


def test_a_queue_grows_when_it_grew_in_each_third_of_half_a_minute(make) -> None:
    history = History()
    for at in range(50):
        origin = make.origin(use=1, queued=2 * min(at, 40))
        history.add(make.snapshot(float(at), make.agent(origin, max_sockets=1)))
    spell = history.track(HOST).spells.at(Trouble.GROWING, 35.0)
    assert (30.0, 49.0) == (spell.begin, spell.end)


def test_a_queue_that_jumped_once_does_not_grow(make) -> None:
    history = History()
    for at in range(50):
        origin = make.origin(use=1, queued=1 + 90 * (at > 20))
        history.add(make.snapshot(float(at), make.agent(origin, max_sockets=1)))
    assert None is history.track(HOST).spells.at(Trouble.GROWING, 45.0)
