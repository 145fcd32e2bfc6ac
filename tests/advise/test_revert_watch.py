"""What advice had changed is watched for two windows: held, worse, or not to be said."""

from __future__ import annotations

import pytest
from support.advising import Situation, Watcher
from support.prepared import Host, Pool

from pooltop.advise.advisor import Advisor
from pooltop.core.advising import AdvisorOptions


def _run(advisor, pool, seconds):
    for each in pool.run(seconds):
        advisor.add(each)


@pytest.fixture
def pool() -> Pool:
    return Pool([Host(rate=100, lease_s=0.02, queue_s=0.3, in_use=10, queued=30)])


@pytest.fixture
def advisor(pool) -> Advisor:
    """Give one that has seen two windows."""
    advisor = Advisor(AdvisorOptions(window_s=10.0))
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    return advisor


def _verdicts(advisor):
    return [one.verdict for one in advisor.trials]


def test_an_edit_after_which_nothing_is_worse_has_held(advisor, pool):
    pool.edit("max_sockets", by="advisor")
    pool.hosts[0].queue_s = 0.0
    _run(advisor, pool, 20)
    assert ["watching"] == _verdicts(advisor)
    _run(advisor, pool, 0.25)
    (trial,) = advisor.trials
    assert ("held", "a") == (trial.verdict, trial.agent)
    assert {"errors": False, "service p95": False, "queue wait p95": False} == {
        one.name: one.is_worse for one in trial.figures
    }
    assert (0.3, 0.0) == tuple(
        round(value, 1) for value in (trial.figures[2].before, trial.figures[2].after)
    )


@pytest.mark.parametrize("what", ["service p95", "queue wait p95", "errors"])
def test_an_edit_after_which_something_is_worse_is_told_of(advisor, pool, what):
    pool.edit("max_sockets", by="advisor")
    if what == "service p95":
        pool.hosts[0].lease_s = 0.04
    elif what == "queue wait p95":
        pool.hosts[0].queue_s = 0.5
    _run(advisor, pool, 0.25)
    if what == "errors":
        pool.hosts[0].counters = {"failed": {"ECONNRESET": 100}}
    _run(advisor, pool, 20)
    (trial,) = advisor.trials
    assert "worse" == trial.verdict
    assert [what] == [one.name for one in trial.figures if one.is_worse]


def test_a_longer_wait_is_not_held_against_a_limit_that_was_lowered(advisor, pool):
    pool.edit("max_sockets", by="advisor", after=5.0)
    pool.hosts[0].queue_s = 0.5
    _run(advisor, pool, 20.25)
    assert ["held"] == _verdicts(advisor)


def test_an_edit_of_somebody_else_is_not_followed_and_ends_the_watch(advisor, pool):
    pool.edit("max_sockets", by="advisor")
    _run(advisor, pool, 5)
    pool.edit("keep_alive", number=2)
    _run(advisor, pool, 25)
    assert ["cut"] == _verdicts(advisor)


@pytest.mark.parametrize("fate", ["", "undone"])
def test_what_is_judged_keeps_no_windows(advisor, pool, fate):
    pool.edit("max_sockets", by="advisor")
    _run(advisor, pool, 5)
    assert [2] == [len(each) for each in advisor.trials[0].before.values()]
    if fate:
        pool.settle(fate)
    _run(advisor, pool, 20)
    assert [{}] == [one.before for one in advisor.trials]


def test_an_edit_that_was_taken_back_is_watched_no_more(advisor, pool):
    pool.edit("max_sockets", by="advisor")
    _run(advisor, pool, 5)
    pool.settle("undone")
    _run(advisor, pool, 0.25)
    assert ["cut"] == _verdicts(advisor)


def test_without_traffic_there_is_nothing_to_say(advisor, pool):
    pool.edit("max_sockets", by="advisor")
    pool.hosts[0].rate = 0
    _run(advisor, pool, 20.25)
    assert ["cut"] == _verdicts(advisor)


_LIVE = """
[agents.a]
keep_alive = true
max_sockets = 2
live = "drain"
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 8
[demo.s]
latency = { median = "30ms" }
"""


@pytest.mark.parametrize(
    ("server", "verdict", "worse"),
    [("", "held", []), ("concurrency = 2", "worse", ["service p95"])],
    ids=["a target that is well", "a target that is not"],
)
async def test_live_a_raise_holds_or_is_worse_as_the_target_is(
    watcher: Watcher, server, verdict, worse
):
    one = Situation(id="A1", profile=_LIVE + server, twin="", window_s=0.6)
    trial = await watcher.tried(one, "max_sockets", 8.0)
    assert (verdict, worse) == (
        trial.verdict,
        [each.name for each in trial.figures if each.is_worse],
    )
    waited = next(each for each in trial.figures if each.name == "queue wait p95")
    assert waited.after < waited.before
