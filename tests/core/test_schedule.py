"""When requests are due: counts, spacing, shares, and the same again for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice, pairwise

import pytest

from pooltop.core.schedule import Arrivals, Mix, pause
from pooltop.core.traffic import RequestClass, Think, Workload


def _workload(**more):
    return Workload(name="w", agent="a", base_url="http://a", **more)


def _due(seed=1, **more):
    return list(Arrivals(_workload(**more), random.Random(seed)))


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
    endless = Arrivals(_workload(rate=10.0), random.Random(1))
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


def _changed(*changes, **more):
    """Give the due times with the rate changed, each time at a time and after so many arrivals."""
    arrivals = Arrivals(_workload(**more), random.Random(1))
    due = []
    for count, at, rate in changes:
        while len(due) < count:
            due.append(arrivals.due)
            arrivals.advance()
        arrivals.change_rate(rate, at=at)
    return due + list(islice(arrivals, 2000))


def test_a_new_rate_stretches_what_is_left_of_the_gap_under_way():
    assert [0.0, 1.0, 1.75, 2.25, 2.75] == _changed((2, 1.5, 2.0), rate=1.0)[:5]
    assert [0.0, 0.5, 1.75, 3.75] == _changed((2, 0.75, 0.5), rate=2.0)[:4]


def test_a_rate_that_comes_back_at_once_changes_nothing():
    plain = _due(rate=8.0, max_requests=100)
    assert plain == _changed((3, 0.3125, 64.0), (3, 0.3125, 8.0), rate=8.0, max_requests=100)


def test_many_changes_neither_lose_nor_make_up_for_an_arrival():
    changes = [(0, n * 0.25, rate) for n, rate in enumerate((1.0, 4.0, 2.0, 8.0, 1.0, 2.0))]
    due = _changed(*changes, rate=1.0)
    # Turns passed by 1.5 s: (1 + 4 + 2 + 8 + 1 + 2) / 4 = 4.5, so that 0 to 4 were due by then.
    assert 5 == sum(at <= 1.5 for at in due)
    assert [0.5, 0.5] == [later - earlier for earlier, later in pairwise(due[5:8])]


def test_what_was_due_before_the_change_stays_due_when_it_was():
    late = _changed((0, 0.95, 100.0), rate=10.0)
    assert [n / 10 for n in range(10)] == late[:10]
    assert 0.955 == pytest.approx(late[10])
    assert 0.965 == pytest.approx(late[11])


def test_poisson_arrivals_keep_their_draws_at_another_rate():
    plain = _due(rate=1.0, arrival="poisson", max_requests=1000)
    changed = _changed((0, 10.0, 5.0), rate=1.0, arrival="poisson", max_requests=1000)
    assert [at if at <= 10.0 else 10.0 + (at - 10.0) / 5 for at in plain] == pytest.approx(changed)


def test_a_higher_rate_brings_back_arrivals_that_would_have_come_after_the_end():
    arrivals = Arrivals(_workload(rate=0.1, duration=8.0), random.Random(1))
    arrivals.advance()
    assert None is arrivals.due
    arrivals.change_rate(1.0, at=5.0)
    assert [5.5, 6.5, 7.5] == list(arrivals)
    arrivals.change_rate(100.0, at=7.9)
    assert 5 < len(list(arrivals))


def test_a_lower_rate_leaves_out_what_would_come_after_the_end():
    assert [0.0, 0.1] == _changed((2, 0.15, 0.5), rate=10.0, duration=1.0)


def test_max_requests_count_over_all_rates():
    assert 7 == len(_changed((3, 0.25, 50.0), rate=10.0, max_requests=7))
