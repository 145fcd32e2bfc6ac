"""The pool in virtual time: against formulas that are exact, and against the rules of the pool."""

from __future__ import annotations

import random

import msgspec
import pytest

from pooltop.advise.samples import Samples
from pooltop.advise.simulate import Simulation
from pooltop.advise.sizing import mean_wait_s
from pooltop.advise.traffic import Begin, Stream, Users


def run(traffic, *, seed=1, horizon_s=1e9, most=4000, **edit):
    options = msgspec.structs.replace(traffic.options, **edit)
    simulation = Simulation(traffic, random.Random(seed))
    simulation.edit(options)
    simulation.go_on(horizon_s, most)
    return simulation.outcome()


def mean(values):
    return sum(values) / len(values)


@pytest.mark.parametrize(("rate", "limit"), [(50, 4), (120, 8)])
def test_random_traffic_waits_as_erlang_says(traffic, rate, limit):
    given = traffic(
        streams=(Stream(rate, is_constant=False),),
        options={"max_sockets": limit},
        begin=Begin(in_use=round(rate * 0.05)),
    )
    runs = [run(given, seed=seed) for seed in range(8)]
    waited = mean([mean(each.waits) for each in runs])
    assert waited == pytest.approx(mean_wait_s(rate * 0.05, 0.05, limit), rel=0.25)
    assert mean([each.utilisation for each in runs]) == pytest.approx(rate * 0.05 / limit, rel=0.05)


def test_the_same_seed_is_the_same_run(traffic):
    given = traffic()
    assert run(given, seed=3) == run(given, seed=3)
    assert run(given, seed=3) != run(given, seed=4)


def test_evenly_spaced_requests_that_fit_never_wait(traffic, histogram):
    given = traffic(streams=(Stream(70.0, is_constant=True),), lease=histogram(0.05))
    assert max(run(given).waits) == 0


def test_too_much_traffic_waits_longer_with_every_second(traffic, histogram):
    given = traffic(streams=(Stream(100.0, is_constant=True),), lease=histogram(0.05))
    waits = run(given, most=2000).waits
    # 100 come and 80 are served: of each second a fifth is left over.
    assert waits[-1] == pytest.approx(len(waits) / 80 * 0.2, rel=0.05)


def test_users_wait_their_turn_and_no_longer(traffic, histogram):
    given = traffic(streams=(), users=(Users(6, (0.0, 0.0)),), lease=histogram(0.05))
    waits = run(given, most=1000).waits
    # Six users on four sockets: each round of 75 ms, 50 on a socket.
    assert mean(waits[100:]) == pytest.approx(0.025, rel=0.1)


def test_users_that_think_leave_sockets_idle(traffic, histogram):
    given = traffic(streams=(), users=(Users(4, (0.05, 0.05)),), lease=histogram(0.05))
    after = run(given, most=1000)
    assert max(after.waits) == 0
    assert after.utilisation == pytest.approx(0.5, rel=0.05)


def full(traffic, histogram, live):
    return traffic(
        streams=(Stream(60.0, is_constant=True),),
        lease=histogram(0.05),
        options={"live": live},
        begin=Begin(in_use=4, queued=100, oldest_s=1.25),
    )


def test_a_raise_drains_the_queue_at_once_in_mode_drain_and_not_in_mode_node(traffic, histogram):
    waits = {
        live: run(full(traffic, histogram, live), horizon_s=0.04, max_sockets=104).waits
        for live in ("node", "drain")
    }
    # All that waited are on a socket at the edit itself; or only who came after it is.
    assert [round(each, 2) for each in waits["drain"][:2]] == [1.25, 1.24]
    assert len(waits["drain"]) >= 100
    assert 0.0 in waits["node"]
    assert len(waits["node"]) < 10


def test_what_waited_at_the_edit_counts_with_all_that_it_waited(traffic, histogram):
    assert max(run(full(traffic, histogram, "node")).waits) > 1.25


def test_who_may_not_wait_longer_fails(traffic, histogram):
    given = traffic(
        streams=(Stream(160.0, is_constant=True),), lease=histogram(0.05), queue_limit_s=0.1
    )
    after = run(given, most=1000)
    assert max(after.waits) <= 0.1 + 1e-9
    assert after.failed == pytest.approx(len(after.waits), rel=0.15)


def test_a_connection_that_is_closed_costs_its_place_a_connect(traffic, histogram):
    given = traffic(
        streams=(Stream(60.0, is_constant=True),),
        lease=histogram(0.05),
        connect=Samples(histogram(0.05)),
        closes=1.0,
    )
    # Four sockets serve 80 a second while they last, and 40 where each is dialled anew.
    assert max(run(given, most=500).waits) > 1
    assert max(run(traffic(streams=given.streams, lease=histogram(0.05))).waits) == 0


def test_who_comes_while_too_many_are_under_way_is_not_sent(traffic, histogram):
    given = traffic(streams=(Stream(200.0, is_constant=True, most=10),), lease=histogram(0.05))
    assert max(run(given, most=1000).waits) < 0.11


def test_idle_sockets_are_there_at_the_start(traffic, histogram):
    given = traffic(begin=Begin(in_use=1, free=3), connect=Samples(histogram(10.0)))
    assert run(given, most=20, horizon_s=5).utilisation < 1


def test_draws_have_the_mean_that_was_measured(histogram):
    samples = Samples(histogram(0.01, 0.01, 0.01, 0.37))
    source = random.Random(1)
    drawn = mean([samples.draw(source) for _ in range(20_000)])
    assert samples.mean_s == pytest.approx(0.1)
    assert drawn == pytest.approx(0.1, rel=0.05)
    # Of what is under way at an instant nearly all are the long ones.
    rests = [samples.rest(source) for _ in range(2000)]
    assert mean([rest > 0.01 for rest in rests]) > 0.8


def test_of_nothing_measured_there_is_one_value(histogram):
    assert Samples(histogram(), 0.25).draw(random.Random(1)) == 0.25
    assert Samples(histogram()).mean_s == 0
