"""Stages: the level of any time, and arrivals along a ramp: as many as its integral, in its law."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import islice, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pooltop.core.schedule import Arrivals
from pooltop.core.stages import LEAST_S, Plan, Route, Segment
from pooltop.core.traffic import Stage, Workload

LEVELS = st.integers(0, 400).map(float) | st.floats(0.01, 400.0)
LENGTHS = st.sampled_from([0.0, 0.1, 0.25, 0.3, 1.0, 2.0, 7.7]) | st.floats(0.05, 8.0)
STAGES = st.lists(st.tuples(LEVELS | st.none(), LENGTHS), min_size=1, max_size=5)


def _workload(stages, **more):
    made = tuple(Stage(to=to, over_s=over) for to, over in stages)
    return Workload(name="w", agent="a", base_url="http://a", stages=made, **more)


def _due(stages, seed=1, **more):
    return list(Arrivals(_workload(stages, **more), random.Random(seed)))


def _integral(rate, stages):
    """Give the arrivals that a rate asks for, exactly."""
    level, total = Fraction(rate), Fraction(0)
    for to, over in stages:
        end = level if to is None else Fraction(to)
        total += (level + end) / 2 * Fraction(over)
        level = end
    return total


def test_a_ramp_up_a_hold_and_a_ramp_down_are_as_many_as_they_say():
    stages = [(200.0, 30.0), (None, 60.0), (0.0, 10.0)]
    due = _due(stages, rate=50.0)
    assert 30 * 125 + 60 * 200 + 10 * 100 == len(due)
    assert 30 * 125 == sum(at < 30 for at in due)
    assert 30 * 125 + 60 * 200 == sum(at < 90 for at in due)
    assert due[-1] < 100


def test_the_first_second_of_a_ramp_from_nothing_is_a_square_root():
    due = _due([(10.0, 5.0)], rate=0.0)
    # Turns are t^2: the n-th arrival is at sqrt(n).
    assert [math.sqrt(n) for n in range(25)] == pytest.approx(due)


@given(rate=LEVELS, stages=STAGES)
def test_constant_arrivals_are_as_many_as_the_integral_and_ascend(rate, stages):
    assume(_integral(rate, stages) < 20_000)
    due = _due(stages, rate=rate)
    exact = _integral(rate, stages)
    nearly_whole = abs(exact - round(exact)) < Fraction(1, 10**6)
    assert len(due) in ({round(exact)} if nearly_whole else {math.ceil(exact)})
    assert all(later >= earlier for earlier, later in pairwise(due))
    assert not due or 0 <= due[0] <= due[-1] <= sum(over for _, over in stages)


@given(rate=LEVELS, stages=STAGES)
def test_every_arrival_is_where_the_integral_of_the_rate_is_its_number(rate, stages):
    assume(_integral(rate, stages) < 3000)
    workload = _workload(stages, rate=rate)
    plan = Plan(workload)

    def turns(at):
        return sum(
            (segment.level + segment.level_at(min(at, segment.until)))
            / 2
            * (min(at, segment.until) - segment.at)
            for segment in plan.segments
            if segment.at < at
        )

    for number, at in enumerate(Arrivals(workload, random.Random(1))):
        assert number == pytest.approx(turns(at), abs=1e-5)


def test_poisson_arrivals_of_a_ramp_are_exponential_in_its_own_time():
    """Time rescaling: through the integral of the rate, the gaps are those of a plain process."""
    stages = [(400.0, 20.0), (None, 10.0), (0.0, 20.0)]
    due = _due(stages, rate=10.0, arrival="poisson", seed=7)
    segments = Plan(_workload(stages, rate=10.0)).segments

    def turns(at):
        total = 0.0
        for segment in segments:
            passed = min(at, segment.until) - segment.at
            if passed > 0:
                total += passed * (segment.level + segment.slope * passed / 2)
        return total

    gaps = [b - a for a, b in pairwise([0.0, *map(turns, due)])]
    uniform = sorted(1 - math.exp(-gap) for gap in gaps)
    count = len(uniform)
    assert count == pytest.approx(float(_integral(10, stages)), rel=0.05)
    # Kolmogorov and Smirnov: below 1.36 in 95 of 100 seeds; this one is fixed.
    distance = max(max(abs(u - n / count), abs(u - (n + 1) / count)) for n, u in enumerate(uniform))
    assert distance * math.sqrt(count) < 1.36
    # And no gap tells of the one before.
    mean = sum(gaps) / count
    spread = sum((gap - mean) ** 2 for gap in gaps)
    together = sum((a - mean) * (b - mean) for a, b in pairwise(gaps))
    assert abs(together / spread) * math.sqrt(count) < 2.5


def test_a_ramp_that_is_almost_flat_is_inverted_without_loss():
    flat = _due([(100.0, 1000.0)], rate=100.0)
    nearly = _due([(100.0 + 1e-10, 1000.0)], rate=100.0)
    assert 100_000 == len(flat)
    assert flat == pytest.approx(nearly, abs=1e-9)


def test_a_stage_may_jump_and_the_lower_of_duration_and_stages_ends_it():
    assert [0.0, 1.0, 1.25, 1.5, 1.75] == _due([(None, 1.0), (4.0, 0.0), (None, 1.0)], rate=1.0)
    assert 10 == len(_due([(None, 5.0)], rate=10.0, duration=1.0))
    assert 50 == len(_due([(None, 5.0)], rate=10.0, duration=60.0))
    assert 7 == len(_due([(None, 5.0)], rate=10.0, max_requests=7))


def test_a_pause_at_zero_between_stages_sends_nothing_and_loses_nothing():
    due = _due([(0.0, 0.0), (None, 5.0), (2.0, 0.0), (None, 1.0)], rate=2.0)
    assert [5.0, 5.5] == due


def test_a_rate_changed_during_a_ramp_is_held_from_there():
    arrivals = Arrivals(_workload([(10.0, 10.0), (0.0, 10.0)], rate=0.0), random.Random(1))
    assert (0.0, 5.0, 10.0, 5.0) == tuple(arrivals.rate(at) for at in (0, 5, 10, 15))
    first = list(islice(arrivals, 13))  # 12.5 turns by 5 s
    arrivals.advance()
    arrivals.change_rate(2.0, at=5.0)
    rest = list(arrivals)
    assert first[-1] < 5 < rest[0]
    assert 5.25 == pytest.approx(rest[0])
    assert {0.5} == {round(b - a, 9) for a, b in pairwise(rest)}
    assert 19.5 < rest[-1] < 20


def test_stages_are_taken_up_again_where_they_are_by_then():
    arrivals = Arrivals(_workload([(10.0, 10.0), (None, 10.0)], rate=0.0), random.Random(1))
    arrivals.change_rate(1.0, at=0.0)
    arrivals.follow(Plan(_workload([(10.0, 10.0), (None, 10.0)], rate=0.0)), at=10.0)
    assert (1.0, 10.0, 10.0) == tuple(arrivals.rate(at) for at in (5, 10, 15))
    assert 110 == len(list(arrivals))


def test_a_live_ramp_goes_from_the_rate_of_its_moment_to_the_one_asked_for():
    arrivals = Arrivals(
        Workload(name="w", agent="a", base_url="http://a", rate=10.0, duration=10.0),
        random.Random(1),
    )
    arrivals.follow(Route((Segment(2.0, 6.0, 10.0, 2.5, 20.0),)), at=2.0)
    assert (10.0, 15.0, 20.0, 20.0) == tuple(arrivals.rate(at) for at in (2, 4, 6, 9))
    arrivals.follow(Route((Segment(4.0, 6.0, 15.0, -5.0, 5.0),)), at=4.0)
    assert (15.0, 10.0, 5.0, 5.0) == tuple(arrivals.rate(at) for at in (4, 5, 6, 9))
    assert 20 + 25 + 20 + 20 == len(list(arrivals))


@given(start=st.integers(0, 60), stages=STAGES, at=st.floats(0, 30))
def test_users_change_when_it_is_said_that_they_do(start, stages, at):
    whole = [(None if to is None else float(round(to)), over) for to, over in stages]
    plan = Plan(_workload(whole, model="closed", users=start))
    change = plan.next_change(at)
    assert change >= at + LEAST_S
    now = plan.users(at)
    if math.isinf(change):
        assert now == plan.users(max(at, plan.end))
        return
    for n in range(1, 9):
        between = at + (change - at - LEAST_S) * n / 9
        assert now == plan.users(between)
    assert change <= max(plan.end, at + LEAST_S)


def test_a_plan_says_its_stage_in_words():
    plan = Plan(_workload([(200.0, 30.0), (None, 60.0), (0.0, 10.0)], rate=50.0))
    assert "stage 1 of 3: 50/s to 200/s in 30 s" == plan.words(0.0)
    assert "stage 2 of 3: 200/s for 60 s" == plan.words(30.0)
    assert "stage 3 of 3: 200/s to 0/s in 10 s" == plan.words(1e9)
    closed = Plan(_workload([(50.0, 20.0)], model="closed", users=5))
    assert "stage 1 of 1: 5 to 50 in 20 s" == closed.words(3.0)
    assert (5, 28, 50) == (closed.users(0.0), closed.users(10.0), closed.users(99.0))


def test_the_next_stage_is_the_next_that_takes_time():
    plan = Plan(_workload([(1.0, 2.0), (5.0, 0.0), (None, 3.0), (0.0, 0.0)], rate=1.0))
    assert [2.0, 2.0, None, None] == [plan.next_stage(at) for at in (0.0, 1.9, 2.0, 9.0)]
    assert "stage 3 of 4: 5/s for 3 s" == plan.words(2.0)
