"""Deltas, gaps and bounds of the kept past."""

from __future__ import annotations

import pytest

from pooltop.core.model import OriginKey
from pooltop.present.history import KEPT_S, History, HostId, next_window
from pooltop.present.moments import Grid

HOST = HostId("one", OriginKey("a:80:"))


def test_rates_are_differences_over_the_window(make) -> None:
    history = History()
    for at in range(31):
        origin = make.origin(
            completed=10 * at,
            opened=at,
            assigned=10 * at,
            reused=9 * at,
            failed={"ECONNRESET": at},
            waits=[0.1] * at,
        )
        history.add(make.snapshot(100.0 + at, make.agent(origin)))
    rates = history.rates(HOST, 130.0, 10.0)
    assert (10.0, 1.0, 0.9) == (rates.req_s, rates.dial_s, rates.reuse)
    assert pytest.approx(1 / 11) == rates.errors
    assert pytest.approx(0.1, rel=0.01) == rates.wait_p95


def test_what_all_workloads_drop_is_summed_up(make) -> None:
    history = History()
    for at in (100.0, 110.0):
        dropped = int(at - 100.0)
        works = [make.workload(name=name, dropped=dropped * 2) for name in ("one", "two")]
        snapshot = make.snapshot(at, workloads=works)
        history.add(snapshot)
    assert 4.0 == history.dropped_s(snapshot, 10.0)
    assert 0.0 == History().dropped_s(snapshot, 10.0)


def test_the_rate_of_all_hosts_is_the_sum_of_those_that_have_one(make) -> None:
    history = History()
    first = make.snapshot(100.0, make.agent(make.origin(completed=5)))
    history.add(first)
    assert history.req_s(first, 10.0) is None
    second = make.snapshot(
        102.0,
        make.agent(make.origin(completed=25)),
        make.agent(make.origin(completed=8), name="two"),
    )
    history.add(second)
    assert 10.0 + 4.0 == history.req_s(second, 10.0)


def test_a_quantile_forgets_what_was_before_the_window(make) -> None:
    history = History()
    for at in range(31):
        waits = [5.0] * min(at, 10) + [0.01] * max(0, at - 10)
        origin = make.origin(waits=waits)
        history.add(make.snapshot(float(at), make.agent(origin)))
    assert pytest.approx(0.01, rel=0.01) == history.rates(HOST, 30.0, 10.0).wait_p95
    assert pytest.approx(5.0, rel=0.01) == history.rates(HOST, 30.0, 60.0).wait_p95


def test_server_errors_count_as_errors_and_client_errors_do_not(make) -> None:
    history = History()
    first = make.origin()
    last = make.origin(completed=100, statuses={200: 90, 404: 5, 503: 5})
    history.add(make.snapshot(0.0, make.agent(first)))
    history.add(make.snapshot(10.0, make.agent(last)))
    assert 0.05 == history.rates(HOST, 10.0, 60.0).errors


def test_nothing_is_known_from_one_moment_alone(make) -> None:
    history = History()
    origin = make.origin(completed=5)
    history.add(make.snapshot(1.0, make.agent(origin)))
    assert None is history.rates(HOST, 1.0, 60.0).req_s


def test_a_host_that_appears_later_counts_from_the_moment_before(make) -> None:
    history = History()
    history.add(make.snapshot(0.0, make.agent()))
    origin = make.origin(completed=20, waits=[0.5])
    history.add(make.snapshot(2.0, make.agent(origin)))
    rates = history.rates(HOST, 2.0, 60.0)
    assert 10.0 == rates.req_s
    assert pytest.approx(0.5, rel=0.01) == rates.wait_p95


def test_an_instant_of_the_past_answers_as_it_did_then(make) -> None:
    history = History()
    for at in range(41):
        origin = make.origin(completed=at * (1 if at <= 20 else 100))
        history.add(make.snapshot(float(at), make.agent(origin)))
    assert 1.0 == history.rates(HOST, 20.0, 10.0).req_s
    grid = Grid.ending(20.0, window_s=10, columns=10)
    assert [None] != history.track(HOST).series("in_use", grid, 20.0)[-1:]


def test_a_silence_is_a_gap_and_a_short_one_is_held(make) -> None:
    history = History()
    for at in (0, 2, 10, 11):
        history.add(make.snapshot(float(at), make.agent(make.origin(queued=at + 1))))
    grid = Grid.ending(11.0, window_s=12, columns=12)
    values = history.track(HOST).series("queued", grid, 11.0)
    assert [1, 1, 3, None, None, None, None, None, None, None, 11, 12] == values


@pytest.mark.parametrize("every_s", [5.0, 10.0, 60.0])
def test_an_engine_that_is_seldom_asked_has_gaps_where_it_was_silent_and_nowhere_else(
    make, every_s: float
) -> None:
    history = History()
    answered = [number * every_s for number in (*range(8), *range(12, 20))]
    for at in answered:
        history.add(make.snapshot(at, make.agent(make.origin(queued=3, completed=int(at)))))
    grid = Grid.ending(answered[-1], window_s=20 * every_s, columns=100)
    level = history.track(HOST).series("queued", grid, answered[-1])
    rate = history.track(HOST).moments.rate_series("completed", grid, answered[-1])
    # The silence is five intervals long; a column is a fifth of one.
    for values in (level, rate):
        gaps = [index for index, value in enumerate(values) if value is None]
        silent = [index for index in gaps if 7 <= (grid.first + index) / 5 < 12]
        assert 20 <= len(silent) <= 25
        assert [] == [index for index in gaps if 0 <= (grid.first + index) / 5 < 7]
        assert [] == [index for index in gaps if 12 <= (grid.first + index) / 5 < 18.8]


def test_columns_have_a_fixed_place_in_time() -> None:
    early, later = (Grid.ending(at, window_s=10, columns=10) for at in (50.2, 50.9))
    assert early == later
    assert early.first + 1 == Grid.ending(51.0, window_s=10, columns=10).first


def test_the_past_is_bounded_by_time(make) -> None:
    history = History()
    for step in range(int(4 * (KEPT_S + 400))):
        history.add(make.snapshot(step / 4, make.agent(make.origin(completed=step))))
    track = history.track(HOST)
    assert len(track.at) <= 4 * KEPT_S + 257
    assert len(track.queue) < 230


def test_a_host_that_was_forgotten_and_counts_from_nothing_begins_a_new_past(make) -> None:
    history = History()
    for at, submitted in ((0.0, 500), (1.0, 600), (2.0, 4)):
        origin = make.origin(submitted=submitted, completed=submitted)
        history.add(make.snapshot(at, make.agent(origin)))
    assert 4.0 == history.rates(HOST, 2.0, 60.0).req_s


def test_a_new_engine_begins_a_new_past(make) -> None:
    history = History()
    history.add(make.snapshot(500.0, make.agent(make.origin(completed=500))))
    history.add(make.snapshot(1.0, make.agent(make.origin())))
    assert 1 == len(history.track(HOST).at)


def test_saturation_is_timed_from_its_unbroken_beginning(make) -> None:
    history = History()
    for at, queued in enumerate((0, 3, 0, 5, 6, 7)):
        origin = make.origin(use=2, queued=queued)
        history.add(make.snapshot(float(at), make.agent(origin, max_sockets=2)))
    track = history.track(HOST)
    assert (3.0, 3.0, None, 1.0) == tuple(track.saturated_since(at) for at in (5.0, 3.0, 2.0, 1.0))


@pytest.mark.parametrize(
    ("now", "step", "then"), [(60, 1, 120), (60, -1, 30), (10, -1, 10), (600, 1, 600), (55, 1, 120)]
)
def test_windows_are_stepped_and_stop_at_the_ends(now: float, step: int, then: float) -> None:
    assert then == next_window(now, step)
