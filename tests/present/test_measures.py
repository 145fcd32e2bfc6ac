"""When two numbers can be said to differ, and when that would be saying too much."""

from __future__ import annotations

import pytest

from pooltop.core.histogram import GROWTH, Recorder, value_of
from pooltop.present.measures import Measure, quantile, rate, row_of, share


def durations(*pairs):
    """Give a histogram of so many of each duration."""
    recorder = Recorder()
    for seconds, number in pairs:
        for _ in range(number):
            recorder.record(seconds)
    return recorder.freeze()


def verdict(old, new):
    row = row_of("s", "n", old, new)
    return None if row is None else row.verdict


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ((1000, 10.0), (2000, 20.0), "same"),
        ((1000, 10.0), (2000, 10.0), "changed"),
        ((10_000, 10.0), (10_050, 10.0), "same"),
        ((100, 10.0), (115, 10.0), "same"),
        ((0, 10.0), (0, 10.0), "same"),
        ((0, 10.0), (50, 10.0), "changed"),
        ((5, 0.0), (5, 10.0), "only new"),
    ],
)
def test_rates_of_runs_of_any_length(old, new, said) -> None:
    assert said == verdict(rate(*old), rate(*new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ((0, 1000), (50, 1000), "worse"),
        ((50, 1000), (0, 1000), "better"),
        ((1, 1000), (3, 1000), "same"),
        ((1, 20), (20, 20), "too few"),
        ((0, 0), (1, 1000), "only new"),
        ((1, 1000), (0, 0), "only old"),
    ],
)
def test_a_share_of_errors_is_better_when_it_is_less(old, new, said) -> None:
    assert said == verdict(share(*old), share(*new))


def test_more_reuse_is_better() -> None:
    assert "better" == verdict(share(10, 1000, wanted="more"), share(900, 1000, wanted="more"))


def test_one_bucket_of_a_histogram_apart_is_no_difference_and_two_are() -> None:
    first = value_of(500)
    each = [quantile(durations((first * GROWTH**n, 5000)), 0.95) for n in range(3)]

    assert ["same", "same", "worse"] == [verdict(each[0], other) for other in each]
    assert "better" == verdict(each[2], each[0])


def test_what_chance_does_to_a_quantile_is_no_difference() -> None:
    # Around the 95th of 100 the durations are far apart: nine more of them would change it.
    spread = [durations(*((0.01 * (n + 1 + more), 10) for n in range(100))) for more in (0, 1, 40)]
    each = [quantile(histogram, 0.95) for histogram in spread]

    assert ["same", "same", "worse"] == [verdict(each[0], other) for other in each]


def test_a_quantile_with_too_few_beyond_it_is_not_judged() -> None:
    few, many = durations((0.1, 999)), durations((0.1, 1000))
    slow = durations((0.5, 1000))

    assert ["too few", "worse"] == [
        verdict(quantile(histogram, 0.99), quantile(slow, 0.99)) for histogram in (few, many)
    ]
    assert "worse" == verdict(quantile(few, 0.95), quantile(slow, 0.95))


def test_a_tenth_of_a_millisecond_is_the_loops_own() -> None:
    old, new = (quantile(durations((seconds, 5000)), 0.5) for seconds in (0.00002, 0.00011))

    assert "same" == verdict(old, new)


def test_a_row_has_the_difference_and_the_ratio_where_there_are_any() -> None:
    row = row_of("all hosts", "completed", rate(100, 10.0), rate(150, 10.0))
    assert row is not None
    assert (5.0, 1.5, 100, 150) == (row.difference, row.ratio, row.old_count, row.new_count)
    alone = row_of("s", "n", None, share(1, 1000))
    assert alone is not None
    assert (None, None, "only new", "share") == (
        alone.difference, alone.ratio, alone.verdict, alone.unit
    )  # fmt: skip
    assert None is row_of("s", "n", None, None)
    assert None is row_of("s", "n", Measure(None, "s", 0), Measure(None, "s", 0))
