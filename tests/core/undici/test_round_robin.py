"""undici's RoundRobinPool: after round-robin-pool.js of its tests."""

from __future__ import annotations

from collections import Counter

from pooltop.core.events import ClientRetired
from pooltop.core.states import RetireReason


def warm(bench, clients, **options):
    pool = bench("round-robin-pool", connections=clients, **options)
    for _ in range(clients):
        pool.send()
    pool.answer_all()
    return pool


def test_serial_requests_go_to_each_connection_in_turn(bench):
    pool = warm(bench, 3)
    first = [pool.carrier(pool.get()) for _ in range(9)]
    assert 3 == len(set(first[:3]))
    assert first[:3] * 3 == first


def test_thirty_at_a_time_are_spread_evenly(bench):
    pool = warm(bench, 3)
    for _ in range(10):
        for _ in range(3):
            pool.send()
        pool.answer_all()
    spread = Counter(list(pool.carriers.values())[3:])
    assert [10, 10, 10] == list(spread.values())


def test_it_has_as_many_connections_as_it_may(bench):
    pool = bench("round-robin-pool", connections=2)
    for _ in range(8):
        pool.send()
    pool.settle()
    assert (2, 0, 6, 6, 2, 8) == pool.numbers()
    pool.answer_all()
    assert 8 == len(pool.ended)
    assert 2 == pool.opened


def test_a_busy_client_is_passed_over(bench):
    pool = warm(bench, 3)
    held = pool.send()
    pool.settle()
    others = {pool.carrier(pool.get()) for _ in range(6)}
    assert 2 == len(others)
    assert pool.carriers[held] not in others


def test_a_stale_client_is_replaced(bench):
    pool = bench("round-robin-pool", connections=1, client_ttl=10)
    pool.get()
    pool.wait(0.020)
    pool.get()
    assert [1, 2] == list(pool.carriers.values())
    assert [RetireReason.TTL] == [e.reason for e in pool.of(ClientRetired)]


def test_the_turn_begins_anew_when_all_clients_were_stale(bench):
    pool = warm(bench, 3, client_ttl=1000)
    pool.wait(1.1)
    assert [4, 4, 5, 4, 5, 4] == [pool.carrier(pool.get()) for _ in range(6)]


def test_one_that_cannot_connect_is_retired_and_the_queue_goes_on(bench, a):
    pool = bench("round-robin-pool", connections=1)
    requests = [pool.send() for _ in range(3)]
    pool.down.add(a)
    pool.settle()
    assert dict.fromkeys(requests, "ECONNREFUSED") == pool.settled
    assert 3 == pool.opened
    assert 0 == pool.clients


def test_it_does_not_wait_to_learn_the_protocol(bench, a):
    pool = bench("round-robin-pool")
    pool.core.secure.add(a)
    assert [True] * 5 == [pool.ask() for _ in range(5)]
    assert 5 == pool.opened


def test_the_turn_goes_on_where_it_was_when_another_client_is_found_stale(bench, a):
    pool = warm(bench, 3, client_ttl=1000)
    root = pool.core.root.of(a)
    first, second, third = root.members
    while pool.carrier(pool.get()) != first.conn.id:
        pass
    first.connected_at = -10.0
    # It is found while the second is looked at for whether there is another with room.
    assert second.conn.id == pool.carrier(pool.get())
    assert [second, third] == root.members[:2]
    assert third.conn.id == pool.carrier(pool.get())
