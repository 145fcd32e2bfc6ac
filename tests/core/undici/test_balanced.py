"""undici's BalancedPool: after balanced-pool.js of its tests, its table of cases as data."""

from __future__ import annotations

from collections import Counter

import pytest

from pooltop.core.model import OriginKey
from pooltop.core.records import Failure

# Who is down, or hangs up, at which of the rounds; what came of the first requests; and the shares.
# Source: undici 8.10.0 test/node-test/balanced-pool.js, cases 0 to 9. "!" is a refused connection,
# "?" a connection that was lost.
CASES = {
    "all up": (7, "ABC", {}, {}, "A B C A B C A B C A B C", [34, 33, 33]),
    "A down once": (15, "ABC", {"A": [0]}, {}, "A! B C B C B C A B C A", [32, 34, 34]),
    "B down once": (15, "ABC", {"B": [0]}, {}, "A B! C A C A C A B C", [34, 32, 34]),
    "B and C down once": (
        15, "ABC", {"B": [0], "C": [0]}, {}, "A B! C! A A A B C", [35, 33, 32],
    ),
    "all down once": (
        15, "ABC", {"A": [0], "B": [0], "C": [0]}, {}, "A! B! C! A B C A B C", [34, 33, 33],
    ),
    "all down three times": (
        15, "ABC", {name: [0, 1, 2] for name in "ABC"}, {},
        "A! B! C! A! B! C! A! B! C! A B C A B C", [34, 33, 33],
    ),
    "B down twice": (
        15, "ABC", {"A": [0], "B": [0, 1], "C": [0]}, {},
        "A! B! C! A B! C A B C A B C A C A C A C A B", [36, 29, 35],
    ),
    "A hangs up": (15, "ABC", {}, {"A": [1]}, "A B C A? B C B C B C A", [32, 34, 34]),
    "five": (7, "ABCDE", {}, {}, "A B C D E A B C D E", [20] * 5),
    "A down four times": (
        15, "ABC", {"A": [0, 1, 2, 3]}, {},
        "A! B C B C B C A! B C B C A! B C B C A! B C A B C A B C", [18, 41, 41],
    ),
}  # fmt: skip


def balanced(bench, names, **options):
    return bench("balanced-pool", upstreams=tuple(map(OriginKey, names)), **options)


@pytest.mark.parametrize("case", CASES)
def test_upstreams_are_taken_by_their_weights(bench, case):
    penalty, names, downs, hang_ups, expected, shares = CASES[case]
    pool = balanced(bench, names, error_penalty=penalty, keep_alive_timeout_threshold=100)
    asked = Counter(dict.fromkeys(names, 0))
    log = []
    for _ in range(100):
        pool.down = {OriginKey(name) for name in names if asked[name] in downs.get(name, ())}
        request = pool.send()
        pool.settle()
        socket = pool.running.get(request)
        if socket is None:
            name = next(e.key for e in pool.events[::-1] if getattr(e, "request", 0) == request)
            log.append(name + "!")
        else:
            name = pool.core.conns[socket].key
            if asked[name] in hang_ups.get(name, ()):
                pool.lose(socket)
                pool.settle()
                log.append(name + "?")
            else:
                pool.respond(request)
                log.append(name)
        asked[name] += 1
    assert expected.split() == log[: len(expected.split())]
    assert shares == [asked[name] for name in names]


def test_without_an_upstream_every_request_fails_at_once(bench):
    pool = balanced(bench, "")
    assert not pool.ask()
    assert {1: "UND_ERR_BPL_MISSING_UPSTREAM"} == pool.settled


def test_upstreams_come_and_go(bench, a, b):
    pool = balanced(bench, "")
    pool.core.remove_upstream(a, now=0.0)
    for key in (a, a, b):
        pool.core.add_upstream(key, now=0.0)
    assert 2 == len(pool.core.root.members)
    pool.core.remove_upstream(b, now=0.0)
    pool.take()
    assert pool.stats(b) is None
    pool.get()
    assert 1 == pool.stats(a).connected
    pool.core.remove_upstream(a, now=0.0)
    assert not pool.ask()


def test_an_upstream_that_is_removed_serves_what_it_has(bench, a):
    pool = balanced(bench, [a])
    request = pool.send()
    pool.settle()
    pool.core.remove_upstream(a, now=0.0)
    pool.answer_all()
    assert [request] == pool.ended
    assert {} == pool.core.conns


def test_a_busy_upstream_is_passed_over_and_what_nobody_takes_is_queued(bench, a, b):
    pool = balanced(bench, [a, b], connections=1)
    for _ in range(3):
        pool.send()
    assert [1, 1] == [pool.stats(key).pending for key in (a, b)]
    assert 1 == pool.core.total_stats().queued
    pool.answer_all()
    assert [1, 2, 3] == sorted(pool.ended)


def test_a_new_upstream_gives_all_of_them_their_whole_weight(bench, a, b, c):
    pool = balanced(bench, [a, b])
    pool.send()
    pool.refuse()
    assert [85, 100] == list(pool.core.root.weights.values())
    pool.core.add_upstream(c, now=0.0)
    assert [100, 100, 100] == list(pool.core.root.weights.values())


def test_a_weight_is_never_below_one(bench, a):
    pool = balanced(bench, [a], error_penalty=40)
    for _ in range(5):
        pool.send()
        pool.refuse(Failure("ECONNREFUSED", "no"))
    assert [1] == list(pool.core.root.weights.values())
    pool.get()
    assert [41] == list(pool.core.root.weights.values())


def test_zero_is_the_default(bench, a):
    pool = balanced(bench, [a], max_weight_per_server=0, error_penalty=0)
    pool.send()
    pool.refuse()
    assert [85] == list(pool.core.root.weights.values())


def test_a_new_upstream_takes_what_is_queued_a_tick_later(bench, a, b):
    pool = balanced(bench, [a], connections=1)
    for _ in range(3):
        pool.send()
    assert 2 == pool.core.total_stats().queued
    pool.core.add_upstream(b, now=0.0)
    assert 2 == pool.core.total_stats().queued
    pool.tick()
    assert 1 == pool.stats(b).pending
    assert 1 == pool.core.total_stats().queued
    pool.answer_all()
    assert [1, 2, 3] == sorted(pool.ended)


def test_only_a_broken_connection_costs_weight(bench, a):
    pool = balanced(bench, [a])
    for ends in ({"keep": False}, {"hint_s": 1}):
        request = pool.send()
        pool.settle()
        pool.respond(request, **ends)
        assert 0 == pool.stats(a).connected
    assert [100] == list(pool.core.root.weights.values())
