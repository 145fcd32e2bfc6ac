"""A host with limits of its own: they go before the agent's there, and nowhere else."""

from __future__ import annotations

import math

import msgspec
import pytest

from pooltop.core.foresight import held_by
from pooltop.core.states import CloseReason, QueueReason


def _edit(pool, **options):
    new = msgspec.structs.replace(pool.pool.options, **options)
    pool.take(pool.pool.set_options(new, now=pool.now))


@pytest.fixture
def two_of_b(bench, b):
    """Give a function that makes a pool with two sockets for b, and what else is said."""

    def make(**options):
        pool = bench(keep_alive=True, **options)
        pool.pool.own_limits[b] = {"max_sockets": 2}
        return pool

    return make


def test_the_own_limit_is_what_a_request_queues_for(two_of_b, a, b):
    pool = two_of_b(max_sockets=1)
    for key in (a, b):
        for _ in range(3):
            pool.request(key)
    assert ([1], [], [2, 3]) == pool.lists(a)
    assert ([2, 3], [], [6]) == pool.lists(b)
    waiting = pool.pool.requests[6]
    assert (QueueReason.MAX_SOCKETS, 2, 2) == (waiting.why, waiting.counted, waiting.limit)
    assert QueueReason.MAX_SOCKETS is held_by(pool.pool, pool.pool.origins[b])


def test_an_edit_of_the_agents_limit_leaves_the_host_alone(two_of_b, a, b):
    pool = two_of_b(max_sockets=1, live="drain")
    for key in (a, b):
        for _ in range(4):
            pool.request(key)
    _edit(pool, max_sockets=3)
    pool.settle()
    assert ([1, 4, 5], [], [4]) == pool.lists(a)
    assert ([2, 3], [], [7, 8]) == pool.lists(b)
    assert (3, 2) == (pool.pool.origins[a].max_sockets, pool.pool.origins[b].max_sockets)


def test_an_unlimited_host_knows_no_queue_but_the_total(two_of_b, a, b):
    pool = two_of_b(max_sockets=1, max_total_sockets=3)
    pool.pool.own_limits[b] = {"max_sockets": math.inf}
    for _ in range(4):
        pool.request(b)
    pool.request(a)
    assert ([1, 2, 3], [], [4]) == pool.lists(b)
    assert QueueReason.MAX_TOTAL_SOCKETS is pool.pool.requests[5].why


def test_the_own_free_list_is_the_hosts(bench, a, b):
    pool = bench(keep_alive=True, max_free_sockets=1)
    pool.pool.own_limits[b] = {"max_free_sockets": 2}
    for key in (a, b):
        for request in [pool.request(key) for _ in range(3)]:
            pool.respond(request)
    assert (1, 2) == (len(pool.lists(a)[1]), len(pool.lists(b)[1]))
    assert (
        3
        == [e.reason for e in pool.events if hasattr(e, "reason")].count(
            CloseReason.OVER_MAX_FREE_SOCKETS
        )
        // 2
    )


def test_a_host_that_is_forgotten_and_met_again_is_told_its_limits_anew(two_of_b, b):
    pool = two_of_b()
    pool.respond(pool.request(b))
    pool.take(pool.pool.destroy(now=0))
    pool.settle()
    assert [b] == pool.pool.forget_unused_origins()
    assert {} == pool.pool.own_limits, "whoever names it again says so again"


@pytest.mark.parametrize("live", ["node", "drain"])
def test_an_edit_of_the_own_limit_goes_by_the_mode_and_leaves_other_hosts_alone(
    two_of_b, a, b, live
):
    pool = two_of_b(max_sockets=1, live=live)
    for key in (a, b):
        for _ in range(4):
            pool.request(key)
    done = pool.pool.set_own_limits({b: {"max_sockets": 4}}, now=pool.now)
    pool.take()
    pool.settle()
    assert (4, 1) == (pool.pool.origins[b].max_sockets, pool.pool.origins[a].max_sockets)
    drained = live == "drain"
    assert (2 * drained, 0, 2) == (done.opened, done.culled, done.queued)
    assert 4 - 2 * (not drained) == len(pool.lists(b)[0])
    assert 1 == len(pool.lists(a)[0])
