"""Fits of laws that are known."""

from __future__ import annotations

import math

import pytest

from pooltop.advise.usl import Law, Level, Station, fit_law, fit_station, fit_wall

AT = (1, 2, 3, 4, 6, 8, 12)


def levels(shape, at=AT, noise=0.0):
    wobble = (1, -1, 1, 1, -1, -1, 1, -1)
    return [Level(n, shape(n) * (1 + noise * wobble[i])) for i, n in enumerate(at)]


@pytest.mark.parametrize(("sigma", "kappa"), [(0.0, 0.001), (0.05, 0.002), (0.2, 0.0005)])
def test_the_law_is_found_again(sigma, kappa):
    law = Law(alone=50, sigma=sigma, kappa=kappa, error=0)
    found = fit_law(levels(law.throughput))
    assert found.alone == pytest.approx(50)
    assert found.sigma == pytest.approx(sigma, abs=1e-9)
    assert found.kappa == pytest.approx(kappa)
    assert found.knee == pytest.approx(math.sqrt((1 - sigma) / kappa))


def test_small_errors_of_measurement_move_the_knee_little():
    law = Law(alone=50, sigma=0.02, kappa=0.004, error=0)
    found = fit_law(levels(law.throughput, noise=0.01))
    assert found.knee == pytest.approx(law.knee, rel=0.15)
    assert 0 < found.error < 0.02


def test_what_scales_without_end_has_no_knee():
    found = fit_law(levels(lambda n: 50 * n, noise=0.001))
    assert found.sigma == pytest.approx(0, abs=1e-3)
    assert found.knee > 100 or found.kappa == 0


def test_better_than_linear_is_read_as_linear():
    found = fit_law(levels(lambda n: 50 * n**1.1))
    assert (found.sigma, found.kappa, found.knee) == (0, 0, math.inf)


def test_five_levels_are_too_few_for_three_numbers():
    assert fit_law(levels(lambda n: 50 * n, at=AT[:5])) is None
    assert fit_law(levels(lambda n: 50 * n, at=(1, 1, 1, 2, 3, 4, 5))) is None


@pytest.mark.parametrize("knee", [2, 4.5, 8, 11])
def test_a_wall_is_found_where_it_stands(knee):
    assert fit_wall(levels(lambda n: 20 * min(n, knee))).knee == pytest.approx(knee)


def test_where_no_wall_was_met_there_is_none():
    assert fit_wall(levels(lambda n: 20 * n)).knee == math.inf
    assert fit_wall([]) is None


@pytest.mark.parametrize("noise", [0, 0.02])
def test_a_wall_fits_a_wall_better_than_the_law_and_the_law_a_law(noise):
    walled = levels(lambda n: 20 * min(n, 6), noise=noise)
    assert fit_wall(walled).error < fit_law(walled).error
    shared = levels(Law(alone=50, sigma=0.05, kappa=0.01, error=0).throughput, noise=noise)
    assert fit_law(shared).error < fit_wall(shared).error


@pytest.mark.parametrize("knee", [2.5, 6, 10, 30])
def test_a_station_is_found_again(knee):
    shared = levels(Station(alone=50, knee=knee, error=0).throughput)
    found = fit_station(shared)
    assert found.knee == pytest.approx(knee, rel=0.02)
    assert found.alone == pytest.approx(50, rel=0.01)
    assert found.error < min(fit_wall(shared).error, 0.005)


def test_a_station_serves_one_alone_as_fast_and_never_more_than_what_is_shared_can():
    station = Station(alone=50, knee=8, error=0)
    assert station.throughput(1) == pytest.approx(50)
    assert station.throughput(2) < 100
    assert station.throughput(500) == pytest.approx(50 * 8, rel=0.02)
    assert station.throughput(2.5) == pytest.approx(
        (station.throughput(2) + station.throughput(3)) / 2
    )


def test_without_levels_there_is_no_station():
    assert fit_station([]) is None


def test_a_level_of_more_answers_counts_for_more():
    odd = [Level(n, 50 * n * (2 if n == 3 else 1), 1 if n == 3 else 1000) for n in AT]
    assert fit_law(odd).alone == pytest.approx(50, rel=0.01)
    assert fit_wall(odd).alone == pytest.approx(50, rel=0.01)
    assert fit_station(odd).alone == pytest.approx(50, rel=0.02)
