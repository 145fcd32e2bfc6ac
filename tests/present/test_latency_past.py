"""What is kept of a histogram answers as the whole pictures would."""

from __future__ import annotations

import random

import pytest

from pooltop.core.histogram import Histogram, Recorder
from pooltop.present.latency_past import LatencyPast
from pooltop.present.moments import Grid

QUANTILES = (0.5, 0.95, 0.99)


def recorded(seconds: int, *, seed: int = 1) -> tuple[LatencyPast, list[Histogram]]:
    """Give a past with a mark a second, and the whole picture of every second."""
    chance, recorder, past, pictures = random.Random(seed), Recorder(), LatencyPast(), []
    for at in range(seconds):
        for _ in range(chance.randrange(30)):
            recorder.record(chance.expovariate(5))
        pictures.append(recorder.freeze())
        past.mark(float(at), pictures[-1])
    return past, pictures


@pytest.mark.parametrize("until", [60, 40, 59, 5])
@pytest.mark.parametrize("window", [10, 30, 3])
def test_a_window_has_the_quantiles_of_the_difference_of_two_pictures(
    until: int, window: int
) -> None:
    past, pictures = recorded(61)
    since = max(0, until - window)
    gained = pictures[until].since(pictures[since])
    assert [gained.quantile(q) for q in QUANTILES] == [
        past.quantile(float(until - window), float(until), q) for q in QUANTILES
    ]


def test_windows_may_be_asked_for_in_any_order() -> None:
    past, pictures = recorded(60)
    chance = random.Random(2)
    for _ in range(200):
        low = chance.randrange(59)
        high = chance.randrange(low + 1, 60)
        expected = pictures[high].since(pictures[low]).quantile(0.95)
        assert expected == past.quantile(low, high, 0.95)


def test_old_marks_are_merged_and_still_stand_for_the_whole() -> None:
    past, pictures = recorded(400)
    for at in range(0, 300, 7):
        standing = past.before(float(at))
        assert standing.buckets in [pictures[moment].buckets for moment in range(at - 5, at + 1)]
    assert len(past) < 70 + 32 + 330 / 5 + 2
    assert pictures[399].buckets == past.before(399.0).buckets


def test_what_is_forgotten_becomes_the_baseline() -> None:
    past, pictures = recorded(300)
    past.forget_before(280.0)
    assert pictures[280].buckets == past.before(280.0).buckets
    assert pictures[280].buckets == past.before(3.0).buckets
    assert pictures[299].since(pictures[280]).quantile(0.95) == past.quantile(0.0, 299.0, 0.95)


def test_a_recorder_that_begins_anew_has_no_older_past() -> None:
    past, _ = recorded(30)
    recorder = Recorder()
    recorder.record(2.0)
    past.mark(30.0, recorder.freeze())
    recorder.record(0.001)
    past.mark(31.0, recorder.freeze())
    assert pytest.approx(0.001, rel=0.01) == past.quantile(0.0, 31.0, 0.95)


def test_more_than_a_short_number_holds_is_kept_whole() -> None:
    past = LatencyPast()
    past.mark(0.0, Histogram())
    past.mark(1.0, Histogram.of({500: 70_000}, 1.0))
    past.mark(2.0, Histogram.of({500: 70_001}, 1.0))
    assert {500: 70_000} == past.before(1.0).buckets


def test_a_series_gives_each_column_its_own_quantiles_and_gaps_where_nothing_came() -> None:
    past, recorder = LatencyPast(), Recorder()
    for at in range(8):
        if at in (2, 6):
            recorder.record(0.1)
            recorder.record(1.0)
        past.mark(float(at), recorder.freeze())
    series = past.series(Grid.ending(7.5, window_s=8, columns=8), 7.5, (0.5, 0.99))
    found = [index for index, (p50, _) in enumerate(series) if p50 is not None]
    assert [1, 5] == found
    assert (pytest.approx(0.1, rel=0.01), pytest.approx(1.0, rel=0.01)) == series[1]


def test_an_engine_that_is_seldom_asked_has_its_quantiles_in_every_column() -> None:
    past, recorder = LatencyPast(), Recorder()
    for at in range(0, 200, 20):
        recorder.record(0.1)
        past.mark(float(at), recorder.freeze())
    series = past.series(Grid.ending(179.0, window_s=180, columns=60), 180.0, (0.5,))
    assert [] == [index for index, (value,) in enumerate(series) if value is None]


def test_a_silence_has_no_quantiles() -> None:
    past, recorder = LatencyPast(), Recorder()
    for at in (0, 1, 30, 31):
        recorder.record(0.1)
        past.mark(float(at), recorder.freeze())
    series = past.series(Grid.ending(31.0, window_s=32, columns=32), 31.0, (0.5,))
    assert [0, 30] == [index for index, (value,) in enumerate(series) if value is not None]
