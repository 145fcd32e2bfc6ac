"""undici's coarse timers, by the millisecond: test/timers.js and what follows from its code."""

from __future__ import annotations

import math

import pytest

from pooltop.core.undici.timers import FastClock, FastTimer


class Ticking:
    """A clock that is ticked when it says so."""

    def __init__(self) -> None:
        self.clock = FastClock()
        self.now = 0.0
        self.ran_out: list[tuple[str, float]] = []

    def timer(self, name: str, last_life=None) -> FastTimer:
        return FastTimer(lambda: self.ran_out.append((name, round(self.now, 6))), last_life)

    def wait(self, until: float) -> None:
        while self.clock.next_at <= until:
            self.now = max(self.now, self.clock.next_at)
            self.clock.tick(self.now)
        self.now = until


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


@pytest.mark.parametrize(
    ("delay_ms", "runs_out"),
    [(1, 0.998), (100, 0.998), (998, 0.998), (999, 1.497), (1500, 1.996), (300_000, 300.398)],
)
def test_a_timer_runs_out_at_the_first_tick_after_it_was_started_by_one(
    ticking, delay_ms, runs_out
):
    ticking.clock.set(ticking.timer("a"), delay_ms, 0.0)
    ticking.wait(400.0)
    assert [("a", runs_out)] == ticking.ran_out


def test_one_that_is_set_between_ticks_is_started_by_the_next(ticking):
    ticking.clock.set(ticking.timer("first"), 5000, 0.0)
    ticking.wait(0.3)
    ticking.clock.set(ticking.timer("second"), 500, 0.3)
    ticking.wait(2.0)
    assert [("second", 0.998)] == ticking.ran_out


def test_a_refresh_sets_the_clock_anew_for_whoever_is_alone_on_it(ticking):
    timer = ticking.timer("a")
    ticking.clock.set(timer, 100, 0.0)
    ticking.wait(0.4)
    ticking.clock.refresh(timer, 0.4)
    ticking.wait(3.0)
    assert [("a", 1.398)] == ticking.ran_out


def test_a_cleared_timer_is_taken_away_by_the_next_tick_and_never_runs_out(ticking):
    timer = ticking.timer("a")
    ticking.clock.set(timer, 100, 0.0)
    ticking.clock.clear(timer)
    assert 1 == len(ticking.clock)
    ticking.wait(3.0)
    assert 0 == len(ticking.clock)
    assert [] == ticking.ran_out
    assert math.inf == ticking.clock.next_at


def test_a_timer_can_be_set_again_once_it_ran_out(ticking):
    timer = ticking.timer("a")
    ticking.clock.set(timer, 100, 0.0)
    ticking.wait(2.0)
    ticking.clock.refresh(timer, 2.0)
    ticking.wait(4.0)
    assert [("a", 0.998), ("a", 2.998)] == ticking.ran_out


def test_a_late_loop_loses_ticks_and_makes_none_good(ticking):
    ticking.clock.set(ticking.timer("a"), 1000, 0.0)
    ticking.now = 30.0
    ticking.clock.tick(30.0)
    assert [] == ticking.ran_out
    assert 30.499 == ticking.clock.next_at


def test_a_lazy_timer_counts_from_the_life_that_its_owner_tells_of(ticking):
    heard = 0.0
    lazy = ticking.timer("lazy", lambda: heard)
    ticking.clock.set(lazy, 500, 0.0)
    ticking.clock.set(ticking.timer("other"), 60_000, 0.0)
    ticking.wait(0.6)
    heard = 0.6
    ticking.wait(5.0)
    # Without that it would have run out at 0.998: it is started anew by that tick instead.
    assert [("lazy", 1.497)] == ticking.ran_out


def test_a_lazy_timer_that_is_alone_sets_the_clock_anew_with_its_life(ticking):
    heard = 0.0
    ticking.clock.set(ticking.timer("lazy", lambda: heard), 100, 0.0)
    ticking.wait(0.4)
    heard = 0.4
    ticking.wait(3.0)
    assert [("lazy", 1.398)] == ticking.ran_out


def test_many_timers_run_out_in_one_tick_whatever_their_order(ticking):
    timers = [ticking.timer(str(n)) for n in range(10)]
    for timer in timers:
        ticking.clock.set(timer, 100, 0.0)
    for timer in timers[::3]:
        ticking.clock.clear(timer)
    ticking.wait(2.0)
    assert {"1", "2", "4", "5", "7", "8"} == {name for name, _ in ticking.ran_out}
    assert {0.998} == {at for _, at in ticking.ran_out}
    assert 0 == len(ticking.clock)
