"""undici's numbers, by undici's formulas: as its own were seen to be."""

from __future__ import annotations

import pytest


def test_six_at_once_on_two_connections(bench):
    pool = bench(connections=2)
    requests = [pool.send() for _ in range(6)]
    assert (0, 0, 6, 4, 0, 6) == pool.numbers()
    pool.settle()
    assert (2, 0, 4, 4, 2, 6) == pool.numbers()
    pool.answer_all()
    assert (2, 2, 0, 0, 0, 0) == pool.numbers()
    assert set(requests) == set(pool.ended)


def test_while_a_response_is_read(bench):
    pool = bench()
    request = pool.send()
    pool.settle()
    pool.head(request)
    assert (1, 0, 0, 0, 1, 1) == pool.numbers()


def test_free_lags_a_turn_behind_the_response(bench):
    pool = bench()
    request = pool.send()
    pool.settle()
    pool.head(request)
    pool.end(request)
    assert (1, 0, 0, 0, 0, 0) == pool.numbers()
    pool.turn()
    assert (1, 1, 0, 0, 0, 0) == pool.numbers()


def test_a_bare_client_says_neither_what_is_free_nor_what_is_queued(bench):
    client = bench("client")
    client.get()
    assert (1, None, 0, None, 0, 0) == client.numbers()


@pytest.mark.parametrize("kind", ["client", "pool", "round-robin-pool", "agent"])
def test_an_origin_that_was_never_asked_for_has_none(bench, b, kind):
    assert bench(kind).stats(b) is None


def test_a_balanced_pool_sums_its_members(bench, a, b):
    pool = bench("balanced-pool", upstreams=(a, b), connections=1)
    for _ in range(5):
        pool.send()
    pool.settle()
    total = pool.core.total_stats()
    assert (2, 0, 3, 3, 2, 5) == (
        total.connected,
        total.free,
        total.pending,
        total.queued,
        total.running,
        total.size,
    )
    pool.answer_all()
    assert 2 == pool.core.total_stats().free
