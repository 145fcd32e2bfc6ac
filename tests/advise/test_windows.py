"""Windows: what is in them, when one is begun anew, and what a look costs."""

from __future__ import annotations

import math
import time

import pytest
from support.prepared import Host, Pool

from pooltop.advise.advisor import Advisor
from pooltop.advise.windows import KEPT, KEPT_WHOLE, Watch
from pooltop.core.advising import AdvisorOptions
from pooltop.core.model import HostId, OriginKey

HOST = HostId("a", OriginKey("h:80:"))


def _watch(watch: Watch, pool: Pool, seconds: float, window_s: float = 10.0) -> int:
    return sum(bool(watch.add(each, window_s)) for each in pool.run(seconds))


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_window_says_what_was_done_in_it_and_not_before(watch):
    pool = Pool([Host(rate=100, lease_s=0.02, queue_s=0.05)])
    for _ in pool.run(60):
        pass
    watch.add(pool.picture(), 10.0)
    assert 1 == _watch(watch, pool, 10)
    (window,) = watch.windows(HOST)
    assert (10.0, 1000, 1000) == (window.span_s, window.arrivals, window.completed)
    assert (100.0, 1000) == (window.rate, window.lease_count)
    assert math.isclose(0.02, window.lease_mean_s)
    assert math.isclose(2.0, window.load)
    assert 1000 == window.queue.count == window.wait.count == window.lease.count
    assert math.isclose(0.05, window.queue.quantile(0.95), rel_tol=0.01)


def test_levels_are_means_over_time_and_peaks_over_looks(watch):
    pool = Pool([Host(in_use=2, free=4)])
    watch.add(pool.picture(), 10.0)
    _watch(watch, pool, 5)
    pool.hosts[0].in_use, pool.hosts[0].free, pool.hosts[0].queued = 10, 1, 6
    _watch(watch, pool, 5)
    levels = watch.windows(HOST)[0].levels
    assert (6.0, 10, 2) == (levels.mean_in_use, levels.peak_in_use, levels.least_in_use)
    assert (2.5, 4, 1) == (levels.mean_free, levels.peak_free, levels.least_free)
    assert (3.0, 6, 0.5, 0.5) == (
        levels.mean_queued,
        levels.peak_queued,
        levels.waiting,
        levels.at_limit,
    )
    assert (40, 10.0) == (levels.looks, levels.limit)


@pytest.mark.parametrize("change", ["edit", "workload's edit", "pause", "silence"])
def test_a_window_is_begun_anew_when_something_is_changed(watch, change):
    pool = Pool()
    watch.add(pool.picture(), 10.0)
    _watch(watch, pool, 6)
    if change == "edit":
        pool.edit("max_sockets")
    elif change == "workload's edit":
        pool.edit("rate", workload="w")
    elif change == "pause":
        pool.state = "paused"
    else:
        pool.at += 25.0
    assert 0 == _watch(watch, pool, 10)
    assert 1 == _watch(watch, pool, 0.25)
    assert 1 == len(watch.windows(HOST))


def test_an_edit_of_another_agent_lets_a_window_be(watch):
    pool = Pool()
    watch.add(pool.picture(), 10.0)
    _watch(watch, pool, 6)
    pool.name = "b"
    pool.edit("max_sockets")
    pool.name = "a"
    assert 1 == _watch(watch, pool, 4)


def test_a_host_that_comes_within_a_window_is_in_it_from_nothing_on(watch):
    pool = Pool([])
    watch.add(pool.picture(), 10.0)
    _watch(watch, pool, 5)
    pool.hosts.append(Host(rate=100))
    _watch(watch, pool, 5)
    assert 500 == watch.windows(HOST)[0].completed


def test_a_snapshot_from_before_the_latest_is_of_a_new_engine(watch):
    pool = Pool()
    watch.add(pool.picture(), 10.0)
    _watch(watch, pool, 30)
    pool.at = 3.0
    watch.add(pool.picture(), 10.0)
    assert () == watch.windows(HOST)


def test_old_windows_go_and_of_those_kept_only_the_newest_have_histograms(watch):
    pool = Pool()
    watch.add(pool.picture(), 1.0)
    _watch(watch, pool, KEPT + 5, window_s=1.0)
    windows = watch.windows(HOST)
    assert KEPT == len(windows)
    assert [100] * KEPT_WHOLE == [one.wait.count for one in windows[-KEPT_WHOLE:]]
    assert 0 == windows[-KEPT_WHOLE - 1].wait.count
    assert math.isclose(0.01, windows[0].lease_mean_s)


def test_a_host_that_is_forgotten_takes_its_windows_along(watch):
    pool = Pool([Host(), Host("other")])
    watch.add(pool.picture(), 1.0)
    _watch(watch, pool, 3, window_s=1.0)
    del pool.hosts[0]
    _watch(watch, pool, 1, window_s=1.0)
    assert [HostId("a", OriginKey("other:80:"))] == list(watch.hosts)


def test_a_look_at_200_hosts_and_2000_sockets_costs_a_millisecond_at_most():
    pool = Pool([Host(f"h{n}", in_use=6, free=4) for n in range(200)])
    advisor = Advisor(AdvisorOptions(window_s=30.0))
    pictures = [pool.picture(), *pool.run(60)]
    best = math.inf
    for _ in range(3):
        # Of the CPU, and the best of three: others run beside it.
        began = time.process_time()
        for picture in pictures:
            advisor.add(picture)
        best = min(best, time.process_time() - began)
        advisor = Advisor(AdvisorOptions(window_s=30.0))
    assert best / len(pictures) < 0.001
