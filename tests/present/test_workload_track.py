"""What a workload offered and what became of it, over time."""

from __future__ import annotations

import pytest

from pooltop.present.history import History
from pooltop.present.moments import Grid


def test_rates_are_differences_over_the_window(make) -> None:
    history = History()
    for at in range(21):
        load = make.workload(
            rate=10.0,
            offered=10 * at,
            sent=9 * at,
            dropped=at,
            completed=8 * at,
            failed=2 * at,
            took=[0.2] * (8 * at),
        )
        history.add(make.snapshot(float(at), workloads=(load,)))
    rates = history.workload("load").rates(20.0, 10.0)
    assert (10.0, 8.0, 0.2) == (rates.offered_s, rates.completed_s, rates.errors)
    assert pytest.approx(0.2, rel=0.01) == rates.latency_p99


def test_how_late_arrivals_are_is_told_of_the_window_alone(make) -> None:
    history = History()
    for at in range(31):
        late = make.histogram([0.5] * 10 * min(at, 10) + [0.002] * 10 * max(0, at - 10))
        history.add(make.snapshot(float(at), workloads=(make.workload(lateness=late),)))

    track = history.workload("load")
    assert pytest.approx(0.5, rel=0.01) == track.rates(30.0, 30.0).late_p95
    assert pytest.approx(0.002, rel=0.01) == track.rates(30.0, 10.0).late_p95


def test_a_series_of_a_total_is_its_growth_per_second(make) -> None:
    history = History()
    for at in range(11):
        load = make.workload(offered=10 * min(at, 5), in_flight=at, rate=10.0)
        history.add(make.snapshot(float(at), workloads=(load,)))
    track, grid = history.workload("load"), Grid.ending(9.9, window_s=10, columns=10)
    assert [10.0] * 5 + [0.0] * 4 == track.rate_series("offered", grid, 9.9)[:9]
    assert [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] == track.series("in_flight", grid, 9.9)


def test_columns_narrower_than_a_moment_share_its_rate(make) -> None:
    history = History()
    for at in range(4):
        history.add(make.snapshot(float(at), workloads=(make.workload(offered=4 * at),)))
    grid = Grid.ending(2.9, window_s=2.0, columns=8)
    assert [4.0] * 8 == history.workload("load").rate_series("offered", grid, 3.0)


def test_a_closed_workload_has_no_rate_to_draw(make) -> None:
    history = History()
    history.add(make.snapshot(1.0, workloads=(make.workload(model="closed", users=8),)))
    grid = Grid.ending(1.0, window_s=1, columns=1)
    track = history.workload("load")
    assert ([None], [8]) == (track.series("rate", grid, 1.0), track.series("users", grid, 1.0))


def test_an_unknown_workload_has_an_empty_past() -> None:
    assert None is History().workload("none").rates(1.0, 10.0).offered_s
