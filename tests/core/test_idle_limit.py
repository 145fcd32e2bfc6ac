"""``timeouts.free``: how long an idle socket is kept, beside the agent's timeout and the hint."""

from __future__ import annotations

import math

import msgspec
import pytest

from pooltop.core.states import CloseReason


def _park(pool, key, hint_s=None):
    pool.respond(pool.request(key), hint_s=hint_s)
    (socket,) = pool.pool.origins[key].free.values()
    return socket


@pytest.mark.parametrize(
    ("timeout", "hint_s", "limit_ms", "expected"),
    [
        (0, None, math.inf, 0),
        (0, 5, math.inf, 0),
        (0, None, 3000, 3000),
        (0, 5, 3000, 3000),
        (0, 3, 3000, 2000),
        (500, None, 3000, 500),
        (9000, 5, 3000, 3000),
        (9000, 5, 8000, 4000),
    ],
)
def test_the_shortest_of_the_three_counts(bench, a, timeout, hint_s, limit_ms, expected):
    pool = bench(keep_alive=True, timeout=timeout)
    pool.pool.limit_idle(limit_ms)
    socket = _park(pool, a, hint_s)
    assert expected == socket.free_timeout_ms
    node_ms = (
        0 if not timeout else min(timeout, math.inf if hint_s is None else hint_s * 1000 - 1000)
    )
    assert node_ms == socket.timeout_ms, "what is an event while it is in use stays Node's"


def test_it_is_closed_when_its_time_is_over_and_no_sooner(bench, a):
    pool = bench(keep_alive=True)
    pool.pool.limit_idle(3000)
    socket = _park(pool, a)
    assert 3.0 == pool.pool.deadline
    pool.now = 2.9
    pool.take(pool.pool.expire(now=pool.now))
    assert not socket.is_dying
    pool.now = 3.0
    pool.take(pool.pool.expire(now=pool.now))
    assert CloseReason.IDLE_TIMEOUT is socket.close_reason


def test_an_origin_with_clocks_of_its_own_keeps_them(bench, a, b):
    pool = bench(keep_alive=True)
    pool.pool.own_idle_limits[b] = math.inf
    pool.pool.limit_idle(3000)
    assert (3000, 0) == (_park(pool, a).free_timeout_ms, _park(pool, b).free_timeout_ms)
    pool.pool.limit_idle(1000)
    assert (1000, math.inf) == tuple(pool.pool.origins[k].idle_limit_ms for k in (a, b))


def test_a_raised_timeout_does_not_lift_it_in_mode_drain(bench, a):
    pool = bench(keep_alive=True, live="drain", timeout=500)
    pool.pool.limit_idle(3000)
    socket = _park(pool, a)
    new = msgspec.structs.replace(pool.pool.options, timeout=60_000)
    pool.take(pool.pool.set_options(new, now=pool.now))
    assert (3000, 60_000, 3.0) == (socket.free_timeout_ms, socket.timeout_ms, socket.expires_at)


def test_what_the_caller_says_of_a_socket_is_limited_too(bench, a):
    pool = bench(keep_alive=True)
    pool.pool.limit_idle(3000)
    pool.pool.keep_socket_alive = lambda _: 9000.0
    assert 3000 == _park(pool, a).free_timeout_ms
