"""undici's three coarse clocks, in virtual time.

After request-timeout.js, client-timeout.js, socket-timeout.js and connect-timeout.js of its tests.
"""

from __future__ import annotations

import pytest

from pooltop.core.events import RequestFailed, SocketClosed
from pooltop.core.states import CloseReason


def failed_at(client, request):
    return next(round(e.at, 6) for e in client.of(RequestFailed) if e.request == request)


def running(bench, kind="client", ask=None, **options):
    client = bench(kind, **options)
    request = client.send(**(ask or {}))
    client.settle()
    return client, request


@pytest.mark.parametrize(
    ("timeout", "at"), [(100, 0.998), (1000, 1.497), (1500, 1.996), (300_000, 300.398)]
)
def test_a_head_that_does_not_come_in_time_fails_its_request(bench, timeout, at):
    client, request = running(bench, headers_timeout=timeout, connect_timeout=0)
    client.wait(301.0)
    assert {request: "UND_ERR_HEADERS_TIMEOUT"} == client.settled
    assert at == failed_at(client, request)
    assert [CloseReason.TIMED_OUT] == [e.reason for e in client.of(SocketClosed)]


@pytest.mark.parametrize(("own", "code"), [(100, "UND_ERR_HEADERS_TIMEOUT"), (0, None)])
def test_a_request_brings_a_clock_of_its_own_or_none(bench, own, code):
    client, request = running(bench, ask={"headers_ms": own}, headers_timeout=60_000)
    client.wait(70.0)
    assert code == client.settled.get(request)


def test_it_does_not_run_while_the_request_waits(bench):
    client = bench("client", headers_timeout=100, connect_timeout=0)
    request = client.send()
    client.wait(10.0)
    assert {} == client.settled
    client.connect()
    client.wait(10.0)
    assert 10.998 == failed_at(client, request)


def test_an_interim_head_sets_it_again(bench):
    client, request = running(bench, headers_timeout=500, connect_timeout=0)
    client.wait(0.9)
    client.head(request, status=103)
    client.wait(5.0)
    assert 1.898 == failed_at(client, request)


def test_all_that_are_pipelined_run_out_one_after_the_other(bench, free):
    client = bench("client", pipelining=10, headers_timeout=100, connect_timeout=0)
    requests = [client.send(ask=free) for _ in range(3)]
    for _ in requests:
        client.settle()
        client.wait(1.0)
    assert dict.fromkeys(requests, "UND_ERR_HEADERS_TIMEOUT") == client.settled


def test_the_next_in_the_queue_is_served(bench):
    client = bench("client", headers_timeout=100)
    first, second = client.send(), client.send()
    client.settle()
    client.wait(1.2)
    client.answer_all()
    assert {first: "UND_ERR_HEADERS_TIMEOUT"} == client.settled
    assert [second] == client.ended


def test_a_body_whose_parts_stop_coming_fails(bench):
    client, request = running(bench, body_timeout=1000, connect_timeout=0)
    client.head(request)
    for _ in range(4):
        client.wait(0.9)
        client.body(request)
    assert {} == client.settled
    client.wait(10.0)
    assert {request: "UND_ERR_BODY_TIMEOUT"} == client.settled
    assert 3.6 + 1.497 == failed_at(client, request)


@pytest.mark.parametrize(("own", "code"), [(100, "UND_ERR_BODY_TIMEOUT"), (0, None)])
def test_a_request_brings_that_clock_too(bench, own, code):
    client, request = running(bench, ask={"body_ms": own}, body_timeout=60_000)
    client.head(request)
    client.wait(70.0)
    assert code == client.settled.get(request)


def test_a_reader_that_lets_nothing_come_stops_it(bench):
    client, request = running(bench, body_timeout=100)
    client.head(request)
    client.lived[1] = float("inf")
    client.wait(60.0)
    assert {} == client.settled


def test_a_body_that_is_still_to_be_given_stops_the_clock_of_the_head(bench):
    client, request = running(
        bench,
        ask={"body": "streamed", "expects_payload": True},
        headers_timeout=100,
        connect_timeout=0,
    )
    client.wait(10.0)
    assert {} == client.settled
    client.core.request_sent(request, now=client.now)
    client.take()
    client.wait(10.0)
    assert 10.998 == failed_at(client, request)


def test_one_that_the_kernel_does_not_take_does_not(bench):
    client, request = running(
        bench,
        ask={"body": "streamed", "expects_payload": True},
        headers_timeout=100,
        connect_timeout=0,
    )
    client.core.written(1, now=client.now, is_full=True)
    client.wait(10.0)
    assert {request: "UND_ERR_HEADERS_TIMEOUT"} == client.settled


@pytest.mark.parametrize("kind", ["client", "pool", "round-robin-pool", "agent"])
def test_a_dial_that_takes_too_long_fails_who_waits_for_it(bench, kind):
    client = bench(kind, connect_timeout=1000)
    request = client.send()
    client.wait(5.0)
    assert {request: "UND_ERR_CONNECT_TIMEOUT"} == client.settled
    assert 1.497 == failed_at(client, request)
    assert [CloseReason.TIMED_OUT] == [e.reason for e in client.of(SocketClosed)]
    assert client.core.stats("a:80:") is None or 0 == client.stats().size


def test_one_that_succeeds_in_the_same_turn_is_in_time(bench):
    client = bench("client", connect_timeout=1000)
    client.send()
    client.now = 0.499
    client.expire()
    client.now = 0.998
    client.expire()
    client.now = 1.497
    client.expire()
    client.connect()
    client.quiet()
    assert {} == client.settled
    assert 1 == client.stats().connected


def test_without_a_limit_a_dial_takes_as_long_as_it_takes(bench):
    client = bench("client", connect_timeout=0)
    client.send()
    client.wait(10_000.0)
    assert {} == client.settled


def test_a_destroyed_client_has_no_clock_left(bench):
    client, request = running(bench, headers_timeout=100)
    client.core.destroy(now=0.0)
    client.take()
    client.settle()
    client.wait(5.0)
    assert {request: "UND_ERR_DESTROYED"} == client.settled
    assert float("inf") == client.core.deadline


def test_a_close_waits_for_the_clock(bench):
    client, request = running(bench, headers_timeout=100)
    client.core.close(now=0.0)
    client.take()
    client.wait(5.0)
    assert {request: "UND_ERR_HEADERS_TIMEOUT"} == client.settled
    assert client.core.is_over


def test_a_kernel_that_takes_no_more_is_a_sign_of_life(bench):
    client, request = running(
        bench,
        ask={"body": "streamed", "expects_payload": True},
        headers_timeout=100,
        connect_timeout=0,
    )
    client.wait(0.4)
    client.core.written(1, now=client.now, is_full=True)
    client.wait(10.0)
    assert 1.398 == failed_at(client, request)


def test_what_comes_and_is_no_response_does_not_keep_a_head_waiting(bench):
    client, request = running(bench, headers_timeout=100)
    client.lived[1] = float("inf")
    client.wait(10.0)
    assert {request: "UND_ERR_HEADERS_TIMEOUT"} == client.settled
