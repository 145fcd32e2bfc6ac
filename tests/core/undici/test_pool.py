"""undici's Pool: the first client with room, a spare before it is needed, and the probe.

After pool.js, pool-connection-error-memory-leak.js, http2-alpn.js of undici's tests, and what
8.12.4 does where they are silent.
"""

from __future__ import annotations

import pytest

from pooltop.core.events import (
    ClientAdded,
    ClientRetired,
    DrainEmitted,
    RequestQueued,
    SocketClosed,
    SocketOpened,
)
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, OpenReason, QueueReason, RetireReason


def test_requests_go_to_the_first_client_that_has_room(bench):
    pool = bench(pipelining=2)
    pool.get()
    pool.wait(0.1)
    assert 2 == pool.clients, "the spare"
    fourth, fifth = pool.send(), pool.send()
    pool.settle()
    assert {fourth: 1, fifth: 2} == {r: pool.carriers[r] for r in (fourth, fifth)}
    pool.respond(fourth)
    sixth = pool.send()
    pool.settle()
    assert 1 == pool.carriers[sixth]


def test_three_at_once_have_three_connections_and_a_spare_client(bench):
    pool = bench()
    for _ in range(3):
        assert pool.ask()
    pool.settle()
    assert 4 == pool.clients
    assert 3 == pool.opened
    assert (3, 0, 0, 0, 3, 3) == pool.numbers()


@pytest.mark.parametrize("n", range(1, 9))
def test_a_pool_of_two_that_pipeline_is_busy_from_the_second_request_on(bench, n):
    pool = bench(connections=2, pipelining=2)
    answers = [pool.ask() for _ in range(n)]
    assert [True] + [False] * (n - 1) == answers
    assert (0, 0, n, max(n - 2, 0), 0, n) == pool.numbers()


def test_what_is_queued_is_served_first_in_first_out(bench):
    pool = bench(connections=1)
    pool.is_checked = False
    requests = [pool.send() for _ in range(2049)]
    pool.answer_all()
    pool.is_checked = True
    pool.tick()
    assert requests == pool.ended
    assert 1 == pool.opened
    assert 1 == len(pool.of(DrainEmitted))


def test_serial_requests_use_one_connection_and_leave_a_spare_client(bench):
    pool = bench()
    for _ in range(3):
        assert pool.ask()
        pool.answer_all()
        pool.wait(0.005)
    assert 2 == pool.clients
    assert 1 == pool.opened
    assert (1, 1, 0, 0, 0, 0) == pool.numbers()


@pytest.mark.parametrize("connections", [0, float("inf")])
def test_no_limit_is_no_limit(bench, connections):
    pool = bench(connections=connections)
    assert [True] * 20 == [pool.ask() for _ in range(20)]
    assert 20 == pool.opened


def test_a_client_that_cannot_connect_is_retired_and_the_queue_goes_to_others(bench, a):
    pool = bench(connections=1)
    requests = [pool.send() for _ in range(3)]
    pool.down.add(a)
    pool.settle()
    assert dict.fromkeys(requests, "ECONNREFUSED") == pool.settled
    assert 3 == pool.opened
    assert 0 == pool.clients
    assert {RetireReason.CONNECT_FAILED} == {e.reason for e in pool.of(ClientRetired)}
    assert len(pool.of(ClientAdded)) == len(pool.of(ClientRetired))


def test_clients_that_cannot_connect_do_not_pile_up(bench, a):
    pool = bench()
    pool.down.add(a)
    for _ in range(30):
        pool.send()
        pool.settle()
        assert 1 >= pool.clients
    assert {} == pool.core.requests
    assert pool.clients == len(pool.core.clients)


def test_a_retired_client_takes_nothing_from_the_queue(bench, a):
    pool = bench(connections=2)
    for _ in range(4):
        pool.send()
    pool.refuse(Failure("UND_ERR_SOCKET", "gone"))
    # Its own request is spared, and it dials for that; the queue goes to a client of its own.
    assert 1 == len(pool.of(ClientRetired))
    pool.answer_all()
    assert {} == pool.settled
    assert [1, 2, 3, 4] == sorted(pool.ended)
    assert 4 == len(pool.of(SocketOpened))
    assert a in pool.core.view().clients.values()


def test_a_client_older_than_its_ttl_is_replaced_when_it_would_be_picked(bench):
    pool = bench(client_ttl=10)
    first = pool.get()
    pool.wait(0.010)
    second = pool.get()
    pool.wait(0.011)
    third = pool.get()
    assert pool.carriers[first] == pool.carriers[second] == 1
    assert 2 == pool.carriers[third]
    assert [RetireReason.TTL] == [e.reason for e in pool.of(ClientRetired)]
    assert [CloseReason.CLIENT_TTL] == [e.reason for e in pool.of(SocketClosed)]


def test_it_is_replaced_where_no_other_may_be_made(bench):
    pool = bench(client_ttl=1, connections=1)
    pool.get()
    pool.wait(0.020)
    assert not pool.ask()
    pool.answer_all()
    assert [1, 2] == pool.ended


def test_a_pool_that_retired_a_client_has_room_if_another_has(bench):
    pool = bench(client_ttl=1, connections=2)
    assert pool.ask()
    assert 2 == pool.clients
    pool.settle()
    pool.wait(0.010)
    assert pool.ask()
    pool.answer_all()
    assert {1: 1, 2: 2} == pool.carriers


def test_one_that_retires_with_a_request_is_in_no_number_and_serves_it(bench):
    pool = bench(client_ttl=10)
    first = pool.send()
    pool.settle()
    pool.wait(0.020)
    pool.send()
    pool.settle()
    assert (1, 0, 0, 0, 1, 1) == pool.numbers()
    assert 2 == len(pool.running)
    pool.answer_all()
    assert {} == pool.settled
    assert first in pool.ended
    assert [1] == [e.socket for e in pool.of(SocketClosed)]


def test_an_abort_in_the_queue_is_told_at_its_turn_and_the_others_are_served(bench):
    pool = bench(connections=1)
    first, second, third = (pool.send() for _ in range(3))
    pool.abort(second)
    assert {} == pool.settled
    pool.answer_all()
    assert {second: "UND_ERR_ABORTED"} == pool.settled
    assert {first: 1, third: 2} == pool.carriers


def test_a_cancelled_request_leaves_the_pools_queue_at_once(bench):
    pool = bench(connections=1)
    first, second, third = (pool.send() for _ in range(3))
    pool.core.cancel(second, now=0.0, code="C", message="c")
    pool.take()
    assert (0, 0, 2, 1, 0, 2) == pool.numbers()
    pool.answer_all()
    assert {first: 1, third: 1} == pool.carriers


def test_what_waits_in_the_pool_says_that_its_clients_are_all_in_use(bench):
    pool = bench(connections=1)
    pool.send(), pool.send()
    assert [QueueReason.CONNECTING, QueueReason.CONNECTIONS] == [
        e.reason for e in pool.of(RequestQueued)
    ]


def secured(bench, a, kind="pool", **options):
    pool = bench(kind, **options)
    pool.core.secure.add(a)
    return pool


def test_one_client_learns_the_protocol_and_all_others_wait_for_it(bench, a):
    pool = secured(bench, a)
    assert [False] * 5 == [pool.ask() for _ in range(5)]
    assert 1 == pool.opened
    assert [OpenReason.PROBE] == [e.reason for e in pool.of(SocketOpened)]
    assert (0, 0, 5, 4, 0, 5) == pool.numbers()
    assert {QueueReason.ALPN} == {e.reason for e in pool.of(RequestQueued)[1:]}


def test_with_http_1_1_each_has_a_connection_again(bench, a):
    pool = secured(bench, a)
    for _ in range(5):
        pool.send()
    pool.settle()
    assert 5 == pool.opened
    assert (5, 0, 0, 0, 5, 5) == pool.numbers()
    pool.answer_all()
    assert [True] * 8 == [pool.ask() for _ in range(8)], "it is known by now"
    assert 8 == pool.opened


@pytest.mark.parametrize("failure", [Failure("ECONNREFUSED", "no"), Failure("UND_ERR_SOCKET", "x")])
def test_a_probe_that_cannot_connect_is_followed_by_another(bench, a, failure):
    pool = secured(bench, a)
    for _ in range(3):
        pool.send()
    pool.refuse(failure)
    assert OpenReason.PROBE in [e.reason for e in pool.of(SocketOpened)][1:]
    pool.answer_all()
    settled = len(pool.settled)
    assert 3 == settled + len(pool.ended)
    assert settled == (failure.code != "UND_ERR_SOCKET")


@pytest.mark.parametrize("options", [{"allow_h2": False}])
def test_without_http_2_nobody_waits_for_it(bench, a, options):
    pool = secured(bench, a, **options)
    assert [True] * 3 == [pool.ask() for _ in range(3)]
    assert 3 == pool.opened


def test_with_prior_knowledge_everybody_waits_although_it_is_http(bench):
    pool = bench(use_h2c=True)
    assert [False] * 3 == [pool.ask() for _ in range(3)]
    assert 1 == pool.opened


def test_a_drain_finds_stale_clients_that_are_in_use_and_others_take_the_queue(bench):
    pool = bench(connections=2, client_ttl=10)
    for _ in range(4):
        pool.send()
    pool.settle()
    pool.wait(0.020)
    pool.respond(2)
    assert {3: 2, 4: 3} == {request: pool.carrier(request) for request in (3, 4)}
    assert [RetireReason.TTL] * 2 == [e.reason for e in pool.of(ClientRetired)]
    pool.answer_all()
    assert {} == pool.settled


def test_what_a_turn_puts_off_is_for_the_next(bench):
    pool = bench(connections=1)
    first, second = pool.send(), pool.send()
    pool.settle()
    pool.head(first)
    pool.end(first)
    pool.turn()
    assert (1, 0, 1, 0, 0, 1) == pool.numbers(), "it has the client, and that is looked at"
    pool.turn()
    assert [second] == list(pool.running)
