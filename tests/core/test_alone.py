"""An agent for every request: no queue, no limit, and nothing is used twice."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.detail import Fate, FateKind
from pooltop.core.events import RequestAssigned
from pooltop.core.foresight import fates, held_by
from pooltop.core.states import AssignReason, CloseReason


@pytest.fixture
def alone(bench):
    """Give a function that makes a pool in which each request has an agent of its own."""
    return lambda **options: bench(
        per_request=True,
        **({"keep_alive": True, "max_sockets": 1, "max_total_sockets": 1} | options),
    )


def _edit(pool, **options):
    new = msgspec.structs.replace(pool.pool.options, **options)
    return pool.pool.set_options(new, now=pool.now)


def test_every_request_opens_its_own_socket_whatever_the_limits(alone, a, b):
    pool = alone()
    for key in (a, a, b):
        pool.respond(pool.request(key))
    pool.request(a)
    assert ([4], [1, 2], []) == pool.lists(a)
    assert ([], [3], []) == pool.lists(b)
    assert [AssignReason.NEW] * 4 == [e.reason for e in pool.of(RequestAssigned)]
    assert held_by(pool.pool, pool.pool.origins[a]) is None


def test_its_socket_goes_to_its_own_free_list_until_a_timeout_or_its_server_closes_it(alone, a):
    pool = alone(timeout=500)
    for hint_s in (None, 5, 1):
        pool.respond(pool.request(a), hint_s=hint_s)
    first, second = pool.pool.origins[a].free.values()
    assert (500, 500) == (first.free_timeout_ms, second.free_timeout_ms)
    assert CloseReason.HINT_TOO_SHORT in [getattr(e, "reason", None) for e in pool.events]
    pool.now = 0.5
    pool.take(pool.pool.expire(now=pool.now))
    pool.settle()
    assert ([], [], []) == pool.lists(a)


def test_without_keep_alive_it_is_closed(alone, a):
    pool = alone(keep_alive=False)
    request = pool.request(a)
    close = Fate(kind=FateKind.CLOSE, reason=CloseReason.KEEP_ALIVE_OFF)
    assert [close] == [fate for _, fate in fates(pool.pool, pool.pool.origins[a])]
    pool.respond(request)
    assert ([], [], []) == pool.lists(a)


def test_an_edit_is_of_the_agents_that_are_made_from_then_on(alone, a):
    pool = alone(live="drain")
    pool.respond(pool.request(a))
    old = pool.request(a)
    pool.take(changed := _edit(pool, keep_alive=False, max_free_sockets=0))
    assert (0, 0) == (changed.opened, changed.culled)
    park = Fate(kind=FateKind.PARK)
    assert [park, None] == [fate for _, fate in fates(pool.pool, pool.pool.origins[a])]
    pool.respond(old)
    assert ([], [1, 2], []) == pool.lists(a)
    pool.respond(pool.request(a))
    assert ([], [1, 2], []) == pool.lists(a), "the third agent's was made without keepAlive"


def test_one_that_is_given_up_while_it_connects_leaves_its_socket_to_its_agent(alone, a):
    pool = alone()
    request = pool.submit(a)
    pool.take(pool.pool.abort(request, now=0))
    pool.settle()
    assert ([], [1], []) == pool.lists(a)
    pool.request(a)
    assert ([2], [1], []) == pool.lists(a)
