"""The breaker's table, walked by an injected clock; and what its throttle lets through."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from pooltop.core.breaker import TABLE, Breaker, Sign, State, Vitals
from pooltop.core.pace import SLACK_S
from pooltop.core.retry_after import retry_after_s
from pooltop.core.throttle import Throttle

WELL = Vitals(ended=100, wait_p50=0.1)
FAILING = Vitals(ended=100, errors=51, wait_p50=0.1)
SLOW = Vitals(ended=100, wait_p50=0.51)
FULL = (State.FULL, None)


def _breaker(seed=1):
    return Breaker(random.Random(seed))


def _stands(breaker, asked=80.0):
    return breaker.state, breaker.rate(asked)


def _walk(breaker, *steps, asked=80.0, at=0.0, step=10.0):
    """Look every 10 s; give what is let through after each look."""
    rates = []
    for n, seen in enumerate(steps):
        breaker.look(at + n * step, seen, asked=asked)
        rates.append(breaker.rate(asked))
    return rates


def test_every_state_has_a_row_for_every_sign():
    assert set(itertools.product(State, Sign)) == set(TABLE)


def test_trouble_halves_again_and_again_down_to_one_a_second():
    rates = _walk(_breaker(), *[FAILING] * 9)
    assert [40, 20, 10, 5, 2.5, 1.25, 1, 1, 1] == rates


def test_health_doubles_until_all_is_let_through():
    breaker = _breaker()
    _walk(breaker, FAILING, FAILING, FAILING)
    assert [20, 40, None, None] == _walk(breaker, WELL, WELL, WELL, WELL, at=30.0)
    assert FULL == _stands(breaker)


def test_between_two_changes_are_ten_seconds():
    breaker = _breaker()
    assert breaker.look(5.0, FAILING, asked=80.0)
    for at in (6.0, 14.9):
        assert not breaker.look(at, FAILING, asked=80.0)
    assert breaker.look(15.0, FAILING, asked=80.0)
    assert not breaker.look(24.9, WELL, asked=80.0)
    assert breaker.look(25.0, WELL, asked=80.0)
    assert (40.0, 25.0) == (breaker.rate(80.0), breaker.since)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (FAILING, "51 of 100 requests failed"),
        (SLOW, "half of the answers take 0.51 s, before 0.1 s"),
        (Vitals(ended=1, pushbacks=1), "answered 429 or 503 once"),
        (Vitals(ended=9, pushbacks=2), "answered 429 or 503 2 times"),
    ],
)
def test_trouble_is_told_with_its_numbers(seen, words):
    breaker = _breaker()
    _walk(breaker, WELL)
    assert breaker.look(11.0, seen, asked=80.0)
    assert (State.CUT, words) == (breaker.state, breaker.reason)


@pytest.mark.parametrize(
    "seen",
    [
        WELL,
        Vitals(),
        Vitals(ended=100, errors=50, wait_p50=0.1),
        Vitals(ended=19, errors=19),
        Vitals(ended=100, wait_p50=0.5),
        Vitals(ended=19, wait_p50=9.0),
    ],
)
def test_what_is_no_trouble_cuts_nothing(seen):
    breaker = _breaker()
    _walk(breaker, WELL)
    assert not breaker.look(11.0, seen, asked=80.0)
    assert FULL == _stands(breaker)


def test_five_times_next_to_nothing_is_no_trouble():
    breaker = _breaker()
    assert [None, None] == _walk(
        breaker, Vitals(ended=50, wait_p50=0.001), Vitals(ended=50, wait_p50=0.049)
    )
    assert [40.0] == _walk(breaker, Vitals(ended=50, wait_p50=0.05), at=20.0)


def test_a_slow_spell_does_not_become_what_is_usual():
    breaker = _breaker()
    _walk(breaker, WELL, SLOW, SLOW, SLOW)
    assert 10.0 == breaker.rate(80.0)


def test_of_a_load_that_is_cut_few_answers_are_enough_and_none_are_not():
    breaker = _breaker()
    _walk(breaker, FAILING, FAILING)
    assert [20.0, 20.0, 40.0] == _walk(
        breaker, Vitals(), Vitals(ended=4, wait_p50=0.1), Vitals(ended=5, wait_p50=0.1), at=20.0
    )


def test_an_answer_of_429_cuts_at_once_and_only_once():
    breaker = _breaker()
    assert breaker.push_back(3.0, 429, asked=80.0)
    assert (State.CUT, 40.0, "answered 429") == (*_stands(breaker), breaker.reason)
    assert not breaker.push_back(3.1, 503, asked=80.0)
    assert 40.0 == breaker.rate(80.0)


def test_a_wait_holds_everything_and_then_half_is_sent():
    breaker = _breaker()
    assert breaker.hold(100.0, 30.0, "answered 429")
    assert (State.HELD, 0.0) == _stands(breaker)
    assert 130.0 <= breaker.until <= 133.0
    assert not breaker.look(breaker.until - 0.01, FAILING, asked=80.0)
    until = breaker.until
    assert breaker.look(until, Vitals(), asked=80.0)
    assert (State.CUT, 40.0, None) == (*_stands(breaker), breaker.until)
    assert breaker.look(until + 10, WELL, asked=80.0)
    assert FULL == _stands(breaker)


def test_what_is_cut_stays_cut_as_much_over_a_wait():
    breaker = _breaker()
    _walk(breaker, FAILING, FAILING)
    breaker.hold(20.0, 5.0, "x")
    breaker.look(30.0, Vitals(), asked=80.0)
    assert (State.CUT, 20.0) == _stands(breaker)


def test_the_later_of_two_waits_counts():
    breaker = _breaker()
    breaker.hold(0.0, 60.0, "long")
    until = breaker.until
    assert not breaker.hold(1.0, 5.0, "short")
    assert (until, "long") == (breaker.until, breaker.reason)
    assert breaker.hold(2.0, 120.0, "longer")
    assert breaker.until >= 122.0


@pytest.mark.parametrize(("told", "least"), [(0.0, 1.0), (-5.0, 1.0), (1e9, 3600.0), (7.0, 7.0)])
def test_a_wait_is_clamped_and_jitter_adds_a_tenth_at_most(told, least):
    untils = []
    for seed in range(50):
        breaker = _breaker(seed)
        breaker.hold(0.0, told, "x")
        untils.append(breaker.until)
    assert all(least <= until <= 1.1 * least for until in untils)
    assert len(set(untils)) > 40


@pytest.mark.parametrize("asked", [0.5, 1.0])
def test_a_load_of_one_a_second_is_left_as_it_is(asked):
    breaker = _breaker()
    assert [asked] * 3 == _walk(breaker, *[FAILING] * 3, asked=asked)


def test_a_rate_that_was_edited_meanwhile_is_the_new_whole():
    breaker = _breaker()
    _walk(breaker, FAILING)
    assert (40.0, 100.0) == (breaker.rate(80.0), breaker.rate(200.0))


DATE = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120.0),
        (b" 0 ", 0.0),
        (b"Sun, 06 Nov 1994 08:49:37 GMT", 37.0),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", 37.0),
        (b"Sun Nov  6 08:49:37 1994", 37.0),
        (b"Sat, 05 Nov 1994 08:49:37 GMT", 0.0),
        (b"", None),
        (b"-1", None),
        (b"1.5", None),
        (b"soon", None),
        (b"\xd9\xa1", None),
        (b"9" * 65, None),
        (b"Sun, 99 Foo 1994 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert seconds == retry_after_s(value, DATE - 37)


def test_a_throttle_lets_an_even_share_through_the_first_at_once():
    throttle = Throttle()
    assert all(throttle.lets(0.0) for _ in range(5))
    throttle.set(share=0.25, rate=None, until=None)
    assert [True, False, False, False] * 3 == [throttle.lets(0.0) for _ in range(12)]
    throttle.set(share=0.25, rate=None, until=None)
    assert [True, False] == [throttle.lets(0.0) for _ in range(2)]


def test_a_throttle_lets_nothing_through_before_its_time():
    throttle = Throttle()
    throttle.set(share=0.5, rate=10.0, until=5.0)
    assert not throttle.lets(4.99)
    assert 5.0 == throttle.due
    assert throttle.lets(5.0)
    throttle.take(5.0)
    assert abs(5.0 - SLACK_S + 0.1 - throttle.due) < 1e-9
    throttle.set(share=1.0, rate=None, until=None)
    assert -math.inf == throttle.due
