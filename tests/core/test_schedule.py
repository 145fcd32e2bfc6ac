"""When requests are due: counts, spacing, shares, and the same again for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice, pairwise

import pytest

from pooltop.core.model import RequestClass, Think, Workload
from pooltop.core.schedule import Mix, arrivals, pause


def _workload(**more):
    return Workload(name="w", agent="a", base_url="http://a", **more)


def _due(seed=1, **more):
    return list(arrivals(_workload(**more), random.Random(seed)))


@pytest.mark.parametrize("rate", [1, 3, 7, 10, 49, 98, 103, 107, 161, 187, 997, 1000])
@pytest.mark.parametrize("duration", [1.0, 3.0, 60.0])
def test_a_constant_rate_is_exactly_that_many_arrivals(rate, duration):
    assert rate * duration == len(_due(rate=float(rate), duration=duration))


def test_constant_arrivals_begin_at_once_and_do_not_drift():
    due = _due(rate=3.0, max_requests=3001)
    assert (0.0, 1000.0) == (due[0], due[-1])


def test_the_lower_of_duration_and_count_ends_it():
    assert 5 == len(_due(rate=10.0, duration=1.0, max_requests=5))
    assert 10 == len(_due(rate=10.0, duration=1.0, max_requests=50))
    assert [] == _due(rate=10.0, duration=1.0, max_requests=0)


def test_without_an_end_it_does_not_end():
    endless = arrivals(_workload(rate=10.0), random.Random(1))
    assert 100_000 == len(list(islice(endless, 100_000)))


def test_poisson_arrivals_have_the_rate_and_its_spread_and_repeat_for_a_seed():
    due = _due(rate=100.0, arrival="poisson", duration=100.0)
    assert 10_000 == pytest.approx(len(due), rel=0.05)
    gaps = [later - earlier for earlier, later in pairwise(due)]
    assert min(gaps) > 0
    mean = sum(gaps) / len(gaps)
    assert 0.01 == pytest.approx(mean, rel=0.05)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.01 == pytest.approx(spread, rel=0.1)
    assert due == _due(rate=100.0, arrival="poisson", duration=100.0)
    assert due != _due(rate=100.0, arrival="poisson", duration=100.0, seed=2)


def test_classes_are_drawn_by_weight():
    classes = tuple(RequestClass(name=n, weight=w) for n, w in (("a", 1), ("b", 0), ("c", 3)))
    mix = Mix(classes, random.Random(1))
    counts = Counter(mix.draw() for _ in range(10_000))
    assert 0 == counts[1]
    assert 2500 == pytest.approx(counts[0], rel=0.05)


def test_one_class_draws_nothing_from_the_source():
    class Never:
        def random(self):
            raise AssertionError

    assert 0 == Mix((RequestClass(name="a"),), Never()).draw()


def test_a_pause_is_between_its_bounds():
    source = random.Random(1)
    pauses = [pause(Think(min_s=1.0, max_s=3.0), source) for _ in range(1000)]
    assert 1.0 <= min(pauses) < 1.1
    assert 2.9 < max(pauses) <= 3.0
