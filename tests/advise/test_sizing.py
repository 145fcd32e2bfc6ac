"""F1 to F10 against the numbers that the specification verified, and against each other."""

from __future__ import annotations

import math

import pytest

from pooltop.advise import sizing


def test_the_load_is_the_arrivals_times_the_lease():
    assert sizing.offered_load(120, 0.15) == pytest.approx(18)


@pytest.mark.parametrize(("measured", "says"), [(18, True), (16.3, True), (16.1, False), (0, True)])
def test_more_than_a_tenth_off_is_not_littles_law(measured, says):
    assert sizing.obeys_little(measured, 18 if measured else 0) is says


@pytest.mark.parametrize(("load", "beta", "limit"), [(18, 1, 23), (18, 0.5, 21), (100, 2, 120)])
def test_staffing_adds_the_root_of_the_load(load, beta, limit):
    assert sizing.staffing(load, beta) == limit


def test_no_load_needs_one_socket():
    assert sizing.staffing(0) == 1


@pytest.mark.parametrize(("limit", "wait_ms"), [(20, 41.3), (22, 10.4), (24, 3.2)])
def test_the_mean_wait_is_as_verified(limit, wait_ms):
    assert round(sizing.mean_wait_s(18, 0.15, limit) * 1000, 1) == wait_ms


def test_one_server_waits_as_in_the_formula_of_a_single_queue():
    # M/M/1: P = ρ, W = ρS/(1 - ρ); and M/D/1 waits half of it.
    assert sizing.waiting_share(0.8, 1) == pytest.approx(0.8)
    assert sizing.mean_wait_s(0.8, 0.1, 1) == pytest.approx(0.4)
    assert sizing.mean_wait_s(0.8, 0.1, 1, cs2=0) == pytest.approx(0.2)
    assert sizing.wait_quantile_s(0.8, 0.1, 1) == pytest.approx(0.5 * math.log(0.8 / 0.05))


def test_an_overloaded_pool_waits_longer_with_every_second():
    assert sizing.mean_wait_s(20, 0.1, 20) == math.inf
    assert sizing.wait_quantile_s(21, 0.1, 20) == math.inf
    assert sizing.waiting_share(20, 20) == 1


@pytest.mark.parametrize("limit", [math.inf, 10**9])
def test_without_a_limit_nobody_waits(limit):
    assert sizing.mean_wait_s(20, 0.1, limit) == 0
    assert sizing.wait_quantile_s(20, 0.1, limit) == 0
    assert sizing.waiting_share(20, limit) == 0


def test_no_load_waits_for_nothing():
    assert sizing.mean_wait_s(0, 0.1, 1) == sizing.wait_quantile_s(0, 0.1, 1) == 0


@pytest.mark.parametrize("load", [0.3, 18, 240])
@pytest.mark.parametrize("target_s", [0.0, 0.005, 0.5])
def test_the_least_limit_meets_the_target_and_one_less_does_not(load, target_s):
    limit = sizing.least_limit(load, 0.15, target_s)
    assert sizing.wait_quantile_s(load, 0.15, limit) <= target_s
    assert limit == 1 or sizing.wait_quantile_s(load, 0.15, limit - 1) > target_s


@pytest.mark.parametrize(
    ("long_s", "short_s", "slope"), [(0.1, 0.1, 1), (0.1, 0.2, 0.75), (0.1, 9, 0.5), (0.1, 0, 1)]
)
def test_the_gradient_falls_where_the_service_slows(long_s, short_s, slope):
    assert sizing.gradient(long_s, short_s) == pytest.approx(slope)


def test_a_limit_that_is_not_half_used_does_not_grow():
    assert sizing.next_limit(20, 1, 9) == 20
    assert sizing.next_limit(20, 1, 10) == pytest.approx(20.8)
    assert sizing.next_limit(20, 0.5, 20) == pytest.approx(18.8)


def test_envoys_limit_has_room_to_grow():
    assert sizing.envoy_gradient(0.1, 0.125) == pytest.approx(1)
    assert sizing.envoy_gradient(0.1, 0) == 1
    assert sizing.envoy_limit(16, 1) == 20


def test_the_advised_limit_is_the_least_of_its_bounds():
    free = sizing.advised_limit(18, 0.15, 0.02)
    assert free == sizing.least_limit(18, 0.15, 0.02)
    assert sizing.advised_limit(18, 0.15, 0.02, knee=19.7) == 19
    assert sizing.advised_limit(18, 0.15, 0.02, ceiling=5) == 5
    assert sizing.advised_limit(18, 0.15, 0.02, descriptors=0) == 1
    assert sizing.advised_limit(18, 0.15, 0.02, knee=100, ceiling=90) == free


def test_linux_has_ports_for_470_closes_a_second():
    assert int(sizing.most_closes_per_s(28_232)) == 470


def test_the_free_list_is_as_long_as_the_swing():
    assert (sizing.free_sockets(41.2, 9), sizing.free_sockets(3, 3)) == (33, 0)


def test_a_safe_idle_time_ends_before_the_server_does():
    assert sizing.safe_idle_s(5, 1, 0.05) == pytest.approx(3.95)
    assert sizing.safe_idle_s(1, 1, 0.05) == 0
    assert sizing.safe_idle_s(math.inf, 1, 0.05) == math.inf


def test_nested_calls_need_one_socket_more_than_all_can_hold():
    assert sizing.nested_least(3, 4) == 10
    assert sizing.nested_least(8, 1) == 1
