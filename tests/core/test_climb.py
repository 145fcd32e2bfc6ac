"""The way up: never more than twice in two seconds, and exactly what was asked for in the end."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.climb import DOUBLES_IN_S, climb, climb_onto
from pooltop.core.schedule import Arrivals
from pooltop.core.stages import Plan, Route
from pooltop.core.traffic import Stage, Workload

LEVELS = st.floats(0, 20_000)
STAGES = st.lists(
    st.builds(Stage, to=st.floats(0, 20_000), over_s=st.sampled_from([0.0, 0.5, 3.0, 20.0])),
    min_size=1,
    max_size=4,
).map(tuple)


def _steep(route, begins, until, least=100.0):
    """Give the times at which two seconds more than double the level; a step of a thousandth."""
    times = (begins + (until - begins) * n / 200 for n in range(201))
    return [
        at
        for at in times
        if at + DOUBLES_IN_S <= until
        and route.level(at + DOUBLES_IN_S) > 2 * max(route.level(at), least) * 1.001
    ]


@pytest.mark.parametrize(
    ("level", "to", "seconds"),
    [(100, 1000, 6.6), (10, 1000, 6.6), (200, 400, 2.0), (0, 101, 0.0), (500, 4000, 6.0)],
)
def test_a_raise_takes_two_seconds_for_each_doubling_from_what_is_everyday(level, to, seconds):
    way = climb(level, to, at=5.0)
    assert (5.0, max(level, 100.0), to) == (way[0].at, way[0].level, way[-1].to)
    assert seconds == round(way[-1].until - 5.0, 1)


@pytest.mark.parametrize(("level", "to"), [(1000, 999), (10, 100), (0, 5), (500, 500), (7, 0)])
def test_what_is_everyday_or_less_than_now_is_reached_at_once(level, to):
    assert () == climb(level, to, at=0.0)


@given(level=LEVELS, to=LEVELS, at=st.floats(0, 1000))
def test_no_way_more_than_doubles_a_level_in_two_seconds(level, to, at):
    way = climb(level, to, at=at)
    if not way:
        assert to <= max(level, 100)
        return
    route = Route(way)
    assert to == route.level(route.end)
    assert [] == _steep(route, at, route.end)
    for before, after in pairwise(way):
        assert (before.until, before.to) == (after.at, after.level)


@given(start=LEVELS, stages=STAGES, level=LEVELS, at=st.floats(0, 50))
def test_the_way_back_to_stages_climbs_until_it_meets_them(start, stages, level, at):
    workload = Workload(name="w", agent="a", base_url="x", rate=start, stages=stages)
    plan = Plan(workload)
    segments, met = climb_onto(plan.segments, level, at=at)
    if not segments:
        assert at >= plan.end
        return
    route = Route(segments)
    assert [] == _steep(route, at, met)
    for n in range(1, 50):
        then = met + (plan.end - met) * n / 50
        if then > met:
            assert math.isclose(plan.level(then), route.level(then), rel_tol=1e-6, abs_tol=1e-6)
        on_its_way = at + (met - at) * n / 50
        if on_its_way < met:
            assert route.level(on_its_way) <= plan.level(on_its_way) * (1 + 1e-6) + 1e-6


def test_the_way_back_meets_stages_in_the_midst_of_a_line():
    stages = (Stage(to=1000.0, over_s=0.0), Stage(to=0.0, over_s=10.0), Stage(over_s=5.0))
    plan = Plan(Workload(name="w", agent="a", base_url="x", rate=10.0, stages=stages))
    segments, met = climb_onto(plan.segments, 100.0, at=2.0)
    # 800 - 100 t falls as 100 + 50 t, then 200 + 100 t, rise: at 4 s + 2 s it is 400 and 400.
    assert 6.0 == pytest.approx(met)
    assert [100.0, 200.0, 400.0, 300.0, 0.0] == [
        pytest.approx(Route(segments).level(at)) for at in (2, 4, 6, 7, 12)
    ]


def test_arrivals_climb_and_hold_what_was_asked_for():
    load = Workload(name="w", agent="a", base_url="x", rate=100.0, duration=10.0)
    arrivals = Arrivals(load, random.Random(1))
    arrivals.follow(Route(climb(100.0, 400.0, at=2.0)), at=2.0)
    assert [100, 100, 150, 200, 300, 400, 400] == [
        round(arrivals.rate(at)) for at in (1, 2, 3, 4, 5, 6, 9)
    ]
    assert 200 + 300 + 600 + 1600 == len(list(arrivals))
