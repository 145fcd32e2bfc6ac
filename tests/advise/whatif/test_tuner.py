"""The search for a knee, on targets that are formulas."""

from __future__ import annotations

import math
import random

import pytest

from pooltop.advise.tuner import Trial, Tuner
from pooltop.advise.usl import Law, Station, Wall

SERVICE_S = 0.05


def cap(n, at=8):
    return SERVICE_S * max(1.0, n / at)


def law(sigma, kappa):
    shape = Law(alone=1 / SERVICE_S, sigma=sigma, kappa=kappa, error=0)
    return lambda n: n / shape.throughput(n)


def trial(limit, service_s, *, arrivals=1e6, users=1e6, failed=0, answers=300) -> Trial:
    used = min(limit, users, arrivals * service_s)
    return Trial(
        limit=limit,
        in_use=used,
        throughput=used / service_s,
        service_s=service_s,
        answers=answers,
        failed=failed,
        arrivals_per_s=min(arrivals, 10 * limit / service_s),
        queued=used >= limit,
    )


def searched(takes, *, most=256, **load) -> Tuner:
    tuner = Tuner(most=most)
    while tuner.limit is not None:
        used = min(tuner.limit, load.get("users", 1e6))
        tuner.add(trial(tuner.limit, takes(used), **load))
    return tuner


@pytest.mark.parametrize("at", [3, 8, 20, 50])
def test_a_target_of_so_many_at_a_time_is_found_and_never_hurt(at):
    tuner = searched(lambda n: cap(n, at))
    assert tuner.verdict.knee == pytest.approx(at, rel=0.1)
    assert isinstance(tuner.verdict.shape, Wall)
    assert max(each.service_s for each in tuner.trials) < 2 * SERVICE_S
    assert tuner.verdict.proposal == pytest.approx(at, rel=0.1)


@pytest.mark.parametrize(("sigma", "kappa"), [(0.02, 0.002), (0.05, 0.001), (0.0, 0.004)])
def test_a_target_that_is_shared_is_found_before_it_is_reached(sigma, kappa):
    tuner = searched(law(sigma, kappa))
    peak = math.sqrt((1 - sigma) / kappa)
    assert isinstance(tuner.verdict.shape, Law)
    assert tuner.verdict.knee == pytest.approx(min(peak, 1 / sigma if sigma else peak), rel=0.1)
    assert max(each.service_s for each in tuner.trials) < 2 * SERVICE_S


@pytest.mark.parametrize("knee", [4, 10, 20])
def test_a_target_whose_requests_share_a_core_is_found(knee):
    shape = Station(alone=1 / SERVICE_S, knee=knee, error=0)
    tuner = searched(lambda n: n / shape.throughput(n))
    assert isinstance(tuner.verdict.shape, Station)
    assert tuner.verdict.knee == pytest.approx(knee, rel=0.05)
    assert max(each.service_s for each in tuner.trials) < 2 * SERVICE_S


def test_chance_in_the_answers_hides_no_shared_core():
    shape = Station(alone=1 / SERVICE_S, knee=10, error=0)
    near = 0
    for seed in range(20):
        chance = random.Random(seed)
        tuner = Tuner(most=256)
        while tuner.limit is not None:
            exact = tuner.limit / shape.throughput(tuner.limit)
            # As of exponential answers, measured for six seconds or until it is sure.
            answers = max(1, min(round(6 * tuner.limit / exact), 1000))
            measured = exact * (1 + chance.gauss(0, 0.95 / math.sqrt(answers)))
            tuner.add(trial(tuner.limit, measured, answers=answers))
        near += abs(tuner.verdict.knee / 10 - 1) <= 0.2
    assert near >= 18


def test_no_more_is_proposed_than_what_was_healthy():
    tuner = searched(law(0.02, 0.002))
    assert tuner.verdict.stop == "slowing"
    healthy = [each.limit for each in tuner.trials if each.service_s < 1.6 * SERVICE_S]
    assert tuner.verdict.proposal <= tuner.verdict.knee
    assert healthy


def test_a_load_that_is_too_small_ends_it_with_what_it_needs():
    tuner = searched(cap, arrivals=60.0)
    assert tuner.verdict.stop == "load"
    # Three sockets on average, and room for chance.
    assert 4 <= tuner.verdict.proposal <= 8
    assert tuner.verdict.knee == math.inf


def test_a_bound_ends_it():
    tuner = searched(cap, most=5)
    assert (tuner.verdict.stop, tuner.trials[-1].limit) == ("bound", 5)
    assert tuner.verdict.proposal == 5


def test_failing_requests_end_it():
    tuner = Tuner(most=9)
    tuner.add(trial(1, SERVICE_S))
    tuner.add(trial(2, SERVICE_S, failed=20))
    assert (tuner.limit, tuner.verdict.stop) == (None, "errors")


def test_a_target_that_slows_at_once_is_tried_once_more_before_it_is_believed():
    tuner = Tuner(most=9)
    tuner.add(trial(1, SERVICE_S))
    tuner.add(trial(2, 3 * SERVICE_S), broken_off=True)
    assert (tuner.limit, len(tuner.trials)) == (2, 1)
    tuner.add(trial(2, SERVICE_S))
    assert (tuner.limit, len(tuner.trials)) == (3, 2)
    for _ in range(2):
        tuner.add(trial(3, 3 * SERVICE_S), broken_off=True)
    assert (tuner.limit, tuner.verdict.stop) == (None, "slowing")


def test_what_hurts_is_nearly_twice_the_base():
    tuner = Tuner(most=9)
    assert not tuner.hurts(99.0)
    tuner.add(trial(1, SERVICE_S))
    assert not tuner.hurts(1.8 * SERVICE_S)
    assert tuner.hurts(1.9 * SERVICE_S)


def test_of_too_few_answers_nothing_is_proposed():
    tuner = Tuner(most=1)
    tuner.add(trial(1, SERVICE_S, answers=10))
    assert tuner.verdict.proposal is None
