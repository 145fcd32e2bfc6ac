"""Curves over limits, and what they are made from."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.advise.traffic import (
    Begin,
    Past,
    Stream,
    Unpredictable,
    Users,
    past_of,
    traffic_of,
)
from pooltop.advise.whatif import MOST_LIMITS, Sweep, limits_around
from pooltop.core.model import AgentOptions, OriginKey, Timeouts
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)

KEY = OriginKey("a:80:")


def snapshot(histogram, *, at=0.0, done=0, workloads=(), queued=0, **agent):
    origin = OriginSnapshot(
        key=KEY,
        scheme="http",
        host="a",
        port=80,
        queued=queued,
        oldest_queued_at=at - 2 if queued else None,
        counters=OriginCounters(
            submitted=done, completed=done, closed={"Connection: close": done // 4}
        ),
        latency=OriginLatency(wait=histogram(*[0.02] * done), connect=histogram(0.003)),
    )
    agent.setdefault("options", AgentOptions(keep_alive=True, max_sockets=3))
    one = AgentSnapshot(name="x", initial_options=agent["options"], origins=(origin,), **agent)
    return Snapshot(seq=1, at=at, wall_at=at, agents=(one,), workloads=tuple(workloads))


def workload(**given):
    values = {"name": "w", "agent": "x", "target": "a:80", "state": "running", "pattern": ""}
    return WorkloadSnapshot(**(values | given))


def measured(histogram, before=(), after=(), *, done=200, queued=0, **agent):
    first = snapshot(histogram, workloads=before, **agent)
    now = snapshot(histogram, at=4.0, done=done, workloads=after, queued=queued, **agent)
    return traffic_of(now, "x", KEY, past_of(first, now, "x", KEY))


def test_a_workload_goes_on_at_the_rate_that_is_asked_of_it(histogram):
    now = workload(rate=51.0, arrival="constant", sent=200, offered=200, max_in_flight=9)
    assert measured(histogram, [workload()], [now]).streams == (Stream(51.0, True, 9, 0),)


def test_one_that_is_held_back_goes_on_as_it_was(histogram):
    now = workload(rate=90.0, arrival="poisson", sent=200, offered=200)
    assert measured(histogram, [workload()], [now]).streams == (Stream(50.0, False),)


def test_what_no_workload_sent_comes_at_random(histogram):
    now = workload(rate=20.0, arrival="constant", sent=80, offered=80)
    streams = measured(histogram, [workload()], [now]).streams
    assert streams == (Stream(20.0, True), Stream(30.0, False))


def test_users_think_as_the_workload_says(histogram):
    now = workload(model="closed", users=7, in_flight=5, think_s=(0.1, 0.3), sent=200)
    traffic = measured(histogram, [workload()], [now])
    assert (traffic.streams, traffic.users) == ((), (Users(7, (0.1, 0.3), 5),))
    assert traffic.rate == pytest.approx(7 / 0.22)


def test_a_paused_workload_sends_nothing(histogram):
    now = workload(state="paused", rate=50.0, sent=200)
    assert measured(histogram, [workload()], [now]).streams == ()


def test_the_pool_is_as_full_as_it_is(histogram):
    traffic = measured(histogram, queued=9)
    assert (traffic.begin.queued, traffic.begin.oldest_s) == (9, 2.0)
    assert traffic.closes == pytest.approx(0.25)
    assert traffic.lease.mean_s == pytest.approx(0.02)


def test_a_queue_clock_counts_where_it_fails_requests(histogram):
    fails = measured(histogram, timeouts=Timeouts(queue=0.5))
    tells = measured(histogram, timeouts=Timeouts(queue=0.5, mode="node"))
    assert (fails.queue_limit_s, tells.queue_limit_s) == (0.5, math.inf)


def test_of_too_little_nothing_is_predicted(histogram):
    with pytest.raises(Unpredictable, match="49 answers so far, 50 are needed"):
        measured(histogram, done=49)


def test_an_agent_for_each_request_has_no_queue_to_predict(histogram):
    with pytest.raises(Unpredictable, match="every request"):
        measured(histogram, options=AgentOptions(per_request=True))


def test_a_host_that_is_gone_is_said_to_be(histogram):
    now = snapshot(histogram, at=4.0, done=200)
    with pytest.raises(Unpredictable, match="no such host"):
        past_of(now, now, "x", OriginKey("b:80:"))
    nothing = Past(1.0, 0, 0, histogram(), histogram(), {}, {})
    with pytest.raises(Unpredictable, match="no such host"):
        traffic_of(now, "y", KEY, nothing)


def curve(given, *limits, **how):
    sweep = Sweep(given, random.Random, limits, **how)
    for _ in sweep.work():
        pass
    return sweep.curve()


def test_more_sockets_wait_less_and_are_used_less(traffic):
    three, four, eight = curve(traffic(), 3, 4, 8, most=9000)
    assert three.p95.value > four.p95.value > eight.p95.value
    assert three.utilisation.value > four.utilisation.value > eight.utilisation.value
    for each in (three, four, eight):
        assert each.p95.low <= each.p95.value <= each.p95.high
        assert each.p50.value <= each.p95.value <= each.p99.value


def test_the_work_of_a_curve_is_bounded_and_can_be_left(traffic):
    sweep = Sweep(traffic(), random.Random, (3, 4, 8), most=9000)
    work = sweep.work()
    assert sweep.curve() == ()
    while not next(work):
        pass
    assert [each.requests for each in sweep.curve()] == [1000, 1000, 1000]
    assert [one for one in work if one] == [True, True]
    assert [each.requests for each in sweep.curve()] == [3000, 3000, 3000]


def test_what_is_marked_gets_more_of_the_work(traffic):
    three, four, eight = curve(traffic(), 3, 4, 8, marked=(4,), most=9000)
    assert three.requests == eight.requests == 1500
    assert four.requests == pytest.approx(6000, rel=0.02)


def test_a_run_that_reaches_its_horizon_is_made_again_at_most_six_times(traffic):
    (told,) = curve(traffic(), 4, most=10**6, horizon_s=2.0)
    assert told.requests == pytest.approx(7 * 2 * traffic().rate, rel=0.1)


def test_a_backlog_is_worked_off_within_what_is_looked_at(traffic):
    busy = traffic(begin=Begin(in_use=4, queued=490, oldest_s=6.0))
    _, wide = curve(busy, 4, 14, most=12_000)
    # 2.5 sockets in use of 14, once 490 requests are through, which takes 2 of 30 seconds.
    assert 0.15 < wide.utilisation.value < 0.3
    assert wide.p50.value < 0.01


def test_the_limits_that_are_looked_at_hold_the_load_and_what_is_marked(traffic):
    limits = limits_around(traffic().load, 4, math.inf, 31)
    assert (limits[0], limits[-1]) == (1, 31)
    assert {4.0, 31.0} <= {*limits}
    assert len(limits) <= 13
    assert limits == tuple(sorted(limits))


def test_of_many_limits_those_near_the_load_are_looked_at_closely():
    limits = limits_around(60.0, 1, 400)
    assert (limits[0], limits[-1]) == (1, 400)
    assert 5 == len([each for each in limits if abs(each - 60) <= 30])


@given(st.floats(0.0, 5000.0), st.lists(st.sampled_from([1, 2, 7, 60, 900, math.inf]), max_size=2))
def test_the_limits_are_few_and_hold_what_is_marked(load, marked):
    limits = limits_around(load, *marked)
    assert len(limits) <= MOST_LIMITS + len(marked)
    assert {float(each) for each in marked if each < math.inf} <= {*limits}
    assert limits[0] >= 1
    assert limits[-1] >= load
    assert limits == tuple(sorted({*limits}))


def test_waits_that_fail_are_told_as_a_share(traffic):
    crowd = traffic(streams=(Stream(160.0, is_constant=True),), queue_limit_s=0.1)
    (told,) = curve(crowd, 4, most=3500)
    assert told.failed == pytest.approx(0.5, abs=0.05)


def test_a_limit_with_no_end_is_that(traffic):
    (told,) = curve(traffic(), math.inf, most=3000)
    assert (told.limit, told.p99.value, told.utilisation.value) == (math.inf, 0.0, 0.0)
    assert msgspec.structs.replace(traffic().options, max_sockets=4.0) == traffic().options


# 100 come and 80 are served of each second, 50 ms each: the queue grows by 20 requests, 0.25 s.
CROWD = (Stream(100.0, is_constant=True),)


def test_a_run_that_is_cut_short_is_taken_on_to_its_horizon(traffic, histogram):
    crowd = traffic(streams=CROWD, lease=histogram(0.05))
    (whole,) = curve(crowd, 4, most=10**6)
    (cut,) = curve(crowd, 4, most=1200)
    assert cut.requests == 1200
    assert whole.p95.value == pytest.approx(30 * 0.2 * 0.95, rel=0.03)
    for name in ("p50", "p95", "p99"):
        assert getattr(cut, name).value == pytest.approx(getattr(whole, name).value, rel=0.06)


def test_a_queue_that_is_worked_off_is_so_beyond_the_cut_too(traffic, histogram):
    late = traffic(
        streams=(Stream(70.0, is_constant=True),),
        lease=histogram(0.05),
        begin=Begin(in_use=4, queued=600, oldest_s=8.0),
    )
    (whole,) = curve(late, 4, most=10**6, horizon_s=100.0)
    (cut,) = curve(late, 4, most=3000, horizon_s=100.0)
    assert cut.requests == 3000
    assert cut.p95.value == pytest.approx(whole.p95.value, rel=0.03)
    assert cut.p50.value == pytest.approx(whole.p50.value, abs=0.3)


def test_beyond_the_cut_nobody_waits_longer_than_he_may(traffic, histogram):
    crowd = traffic(streams=CROWD, lease=histogram(0.05), queue_limit_s=2.0)
    (told,) = curve(crowd, 4, most=1200)
    assert told.p99.value == pytest.approx(2.0, rel=0.05)


def test_beyond_the_cut_no_more_wait_than_may_be_under_way(traffic, histogram):
    most = Stream(100.0, is_constant=True, most=84)
    (told,) = curve(traffic(streams=(most,), lease=histogram(0.05)), 4, most=1200)
    assert told.p99.value == pytest.approx(1.0, rel=0.1)


def test_where_none_has_to_wait_the_rest_is_as_the_last_third(traffic):
    (whole,) = curve(traffic(), 4, most=10**6)
    (cut,) = curve(traffic(), 4, most=1200)
    assert cut.p95.value == pytest.approx(whole.p95.value, rel=0.5)
    assert cut.utilisation.value == pytest.approx(whole.utilisation.value, rel=0.15)
