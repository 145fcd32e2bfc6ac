"""The clocks of a session, in virtual time: exact, each stream its own.

After http2-timeout.js, issue-5087.js, issue-5381.js, the PINGs of http2-dispatcher.js and
http2-ping-errors.js of undici's tests.
"""

from __future__ import annotations

import pytest

from pooltop.core.commands import Ping, Reset
from pooltop.core.events import (
    RequestFailed,
    RequestQueued,
    SessionPinged,
    SocketClosed,
    SocketClosing,
)
from pooltop.core.states import CloseReason, QueueReason
from pooltop.core.undici.session import MOST_PINGS


def failures(client):
    return [(e.request, e.code, e.message, round(e.at, 6)) for e in client.of(RequestFailed)]


@pytest.mark.parametrize("timeout", [50, 600, 1234.5])
def test_a_head_that_does_not_come_in_time_fails_its_request_alone(h2, timeout):
    client = h2(headers_timeout=timeout)
    request = client.running_with(1)[0]
    other = client.send(headers_ms=0)
    client.wait(timeout / 1000)
    words = f'HTTP/2: "headers timeout after {timeout}"'
    assert [(request, "UND_ERR_HEADERS_TIMEOUT", words, timeout / 1000)] == failures(client)
    assert {other: 1} == client.running
    assert [Ping(1), Reset(1, request, 1, 0)] == [
        c for c in client.commands if isinstance(c, Ping | Reset)
    ]


def test_a_body_whose_parts_stop_coming_fails_its_request_alone(h2):
    client = h2(body_timeout=50, headers_timeout=10_000)
    first, second = client.running_with(2)
    client.wait(5.0)
    client.head(first)
    client.wait(1.0)
    words = 'HTTP/2: "stream timeout after 50"'
    assert [(first, "UND_ERR_BODY_TIMEOUT", words, 5.05)] == failures(client)
    assert {second: 1} == client.running


def test_each_part_of_a_body_sets_the_clock_again(h2):
    client = h2(body_timeout=1000)
    (request,) = client.running_with(1)
    client.head(request)
    for _ in range(4):
        client.wait(0.9)
        client.body(request)
    assert {} == client.settled
    client.wait(1.0)
    assert 4.6 == failures(client)[0][3]


def test_the_clock_begins_with_the_stream_and_not_before(h2):
    client = h2(headers_timeout=1000, most=1)
    first, second = client.running_with(2)
    client.wait(0.9)
    client.respond(first)
    client.wait(0.9)
    assert {second: 1} == client.running
    client.wait(0.1)
    assert 1.9 == failures(client)[0][3]


def test_one_that_is_sent_again_has_all_its_time_again(h2):
    client = h2(headers_timeout=1000)
    (request,) = client.running_with(1)
    client.wait(0.9)
    client.peer_resets(request, 7)
    client.wait(0.9)
    assert {} == client.settled


@pytest.mark.parametrize("own", [0, 300])
def test_a_request_brings_a_clock_of_its_own_or_none(h2, own):
    client = h2(headers_timeout=60_000)
    request = client.send(headers_ms=own, body_ms=own)
    client.settle()
    client.wait(59.0)
    assert bool(own) == (request in client.settled)


def test_nothing_is_sent_until_the_ping_after_a_timeout_is_answered(h2):
    client = h2(headers_timeout=600)
    client.running_with(1)
    client.wait(0.6)
    second = client.send(headers_ms=0)
    client.settle()
    assert QueueReason.LIVENESS_CHECK is client.of(RequestQueued)[-1].reason
    assert {} == client.running
    client.now = 0.7
    client.pong(1, 0.1)
    assert {second: 1} == client.running
    assert [0.1] == [e.rtt_s for e in client.of(SessionPinged)]
    client.wait(10.0)
    assert (1, {second: 1}) == (client.opened, client.running)


@pytest.mark.parametrize(("timeout", "at"), [(50, 1.05), (600, 1.6), (3000, 6.0)])
def test_a_session_that_does_not_answer_is_dropped_with_all_that_runs(h2, timeout, at):
    client = h2(headers_timeout=timeout)
    first = client.running_with(1)[0]
    second = client.send(headers_ms=0)
    client.wait(timeout / 1000)
    third = client.send(headers_ms=0)
    client.wait(10.0)
    client.settle()
    words = "HTTP/2: connection unresponsive"
    assert (second, "UND_ERR_SOCKET", words, at) == failures(client)[-1]
    assert {first, second} == client.settled.keys()
    assert {third: 2} == client.running
    assert [CloseReason.UNRESPONSIVE] == [e.reason for e in client.of(SocketClosing)]


def test_one_ping_asks_for_all_streams_that_time_out(h2):
    client = h2(headers_timeout=600)
    client.running_with(3)
    client.wait(0.6)
    assert (3, 1) == (len(client.settled), client.pings)


def test_a_session_that_goes_away_is_not_asked(h2):
    client = h2(headers_timeout=600)
    (request,) = client.running_with(1)
    client.goaway(1)
    client.wait(0.6)
    client.settle()
    assert ({request: "UND_ERR_HEADERS_TIMEOUT"}, 0) == (client.settled, client.pings)
    assert [CloseReason.GOAWAY] == [e.reason for e in client.of(SocketClosed)]


@pytest.mark.parametrize("timeout", [100, 4000])
def test_an_idle_session_is_closed_after_keep_alive_timeout(h2, timeout):
    client = h2(keep_alive_timeout=timeout)
    client.running_with(1)
    client.wait(20.0)
    client.respond(1, hint_s=60)
    client.wait(30.0)
    (closed,) = client.of(SocketClosed)
    assert (CloseReason.IDLE_TIMEOUT, 20 + timeout / 1000) == (closed.reason, round(closed.at, 6))


def test_a_request_in_time_stops_that_clock(h2):
    client = h2(keep_alive_timeout=1000)
    client.get()
    client.wait(0.9)
    request = client.send()
    client.wait(5.0)
    assert {request: 1} == client.running
    client.respond(request)
    client.wait(0.9)
    assert [] == client.of(SocketClosed)


@pytest.mark.parametrize(("interval", "pings"), [(0, 0), (100, 10), (60_000, 0)])
def test_pings_go_out_at_their_interval_whether_or_not_anything_runs(h2, interval, pings):
    client = h2(ping_interval=interval, keep_alive_timeout=10_000)
    client.get()
    for _ in range(10):
        client.wait(0.1)
        client.pong(1, 0.01)
    assert pings == client.pings
    assert pings == len(client.of(SessionPinged))


def test_none_goes_out_after_the_session_closed(h2):
    client = h2(ping_interval=1000, keep_alive_timeout=100)
    client.get()
    client.wait(10.0)
    assert 0 == client.pings
    leaving = h2(ping_interval=1000)
    leaving.running_with(1)
    leaving.goaway(1)
    leaving.wait(10.0)
    assert 0 == leaving.pings


def test_unanswered_ones_end_nothing_and_ten_are_enough(h2):
    client = h2(ping_interval=1000)
    (request,) = client.running_with(1)
    client.wait(60.0)
    assert MOST_PINGS == client.pings
    assert {request: 1} == client.running


def test_with_a_ping_timeout_an_unanswered_one_drops_the_session(h2):
    client = h2("h2", ping_interval=10_000, ping_timeout=15_000, connections=1)
    (request,) = client.running_with(1)
    client.wait(24.9)
    assert {request: 1} == client.running
    client.wait(0.2)
    told = (request, "UND_ERR_SOCKET", "HTTP/2: connection unresponsive", 25.0)
    assert [told] == failures(client)
    assert client.get() in client.ended


def test_with_a_ping_timeout_an_answer_keeps_it(h2):
    client = h2("h2", ping_interval=10_000, ping_timeout=15_000, connections=1)
    (request,) = client.running_with(1)
    for _ in range(10):
        client.wait(10.0)
        client.pong(1)
    assert {request: 1} == client.running


def test_an_answer_to_the_interval_is_none_to_the_question_whether_the_peer_is_there(h2):
    client = h2(ping_interval=500, headers_timeout=600)
    client.running_with(1)
    client.wait(0.6)
    assert 2 == client.pings
    client.send(headers_ms=0)
    client.pong(1)
    assert {} == client.running
    client.pong(1)
    assert {2: 1} == client.running


def test_an_answer_to_nothing_is_nothing(h2):
    client = h2()
    client.get()
    client.pong(1)
    assert [] == client.of(SessionPinged)


def test_a_clock_is_not_set_for_each_request(h2):
    client = h2(headers_timeout=300_000)
    client.get()
    deadline = client.core.deadline
    for _ in range(10):
        client.get()
    assert deadline == client.core.deadline


def test_a_session_that_ends_before_a_ping_is_answered_has_that_for_its_end(bench, a, b):
    for interval, weight in ((0, 85), (500, 100)):
        pool = bench("balanced-pool", upstreams=(a, b), use_h2c=True, ping_interval=interval)
        pool.speaks_h2 = True
        pool.send()
        pool.settle()
        pool.wait(0.6)
        pool.lose(1)
        pool.settle()
        root = pool.core.root
        assert weight == root.weights[root.upstream(a)]
