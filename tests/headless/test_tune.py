"""pooltop tune on live traffic: it finds a cap, and leaves everything as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pooltop.core.model import AgentOptions, AgentProfile, DemoServer, Latency, Profile
from pooltop.core.traffic import Workload
from pooltop.errors import UsageError
from pooltop.headless import tune
from pooltop.headless.tune import Asked, _Tune
from pooltop.sources.launch import LaunchedSource


@pytest.fixture(autouse=True)
def _short(monkeypatch) -> None:
    """What is done is looked at, not how good the numbers are."""
    for name, seconds in (("SETTLE_S", 0.05), ("LEAST_S", 0.15), ("MOST_S", 0.5)):
        monkeypatch.setattr(tune, name, seconds)


class Source(LaunchedSource):
    """Keeps what was asked of it."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile, interval_s=0.02, own_process=False)
        self.asked: list[object] = []

    async def submit(self, edit):
        outcome = await super().submit(edit)
        self.asked.append((edit.option, outcome.after))
        assert edit.by == "tuner"
        return outcome

    async def control(self, control):
        self.asked.append(control.action)
        await super().control(control)


class Told:
    def __init__(self) -> None:
        self.trials, self.verdict = [], None
        self.first = asyncio.Event()

    def begun(self, agent, host, limit) -> None:
        self.limit = limit

    def tried(self, trial, base_s) -> None:
        self.trials.append(trial.limit)
        self.first.set()

    def over(self, verdict, trials) -> None:
        self.verdict = verdict


def profile(users: int = 12) -> Profile:
    agent = AgentProfile(name="a", options=AgentOptions(keep_alive=True, max_sockets=9))
    return Profile(
        path="test",
        held=True,
        agents=(agent,),
        demo=(DemoServer(name="api", latency=Latency(median_s=0.01), concurrency=3),),
        workloads=(
            Workload(name="w", agent="a", base_url="demo:api", model="closed", users=users),
        ),
    )


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    made = Source(profile())
    made.spawn()
    yield made
    await made.close()


async def test_limits_are_tried_from_the_lowest_and_all_is_put_back(source) -> None:
    told = Told()
    status = await _Tune(source, Asked(host="api.localhost", most=5), told).run()
    assert told.trials[:3] == [1, 2, 3]
    assert told.limit == 9
    assert status == (told.verdict.proposal is None)
    assert source.asked[:2] == ["resume", ("live", "drain")]
    assert source.asked[-4:] == ["pause", "clear_queue", ("max_sockets", 9.0), ("live", "node")]


async def test_all_is_put_back_too_where_nothing_waits() -> None:
    source, told = Source(profile(users=1)), Told()
    source.spawn()
    await _Tune(source, Asked(host="api.localhost", most=2), told).run()
    assert source.asked[-2:] == [("max_sockets", 9.0), ("live", "node")]
    assert told.verdict is not None


async def test_who_breaks_it_off_leaves_all_as_it_was_too(source) -> None:
    told = Told()
    one = _Tune(source, Asked(host="api.localhost"), told)
    running = asyncio.create_task(one.run())
    await told.first.wait()
    searching = next(t for t in asyncio.all_tasks() if t.get_name() == "pooltop-tune")
    one._leave(searching, 130)
    assert await running == 130
    assert told.verdict is None
    assert source.asked[-4:] == ["pause", "clear_queue", ("max_sockets", 9.0), ("live", "node")]


async def test_a_host_that_no_workload_leads_to_is_named_with_those_that_are(source) -> None:
    with pytest.raises(UsageError, match=r"no workload leads to --host nowhere: there are api"):
        await _Tune(source, Asked(host="nowhere"), Told()).run()


async def test_an_agents_name_narrows_it(source) -> None:
    with pytest.raises(UsageError, match="no workload leads"):
        await _Tune(source, Asked(host="api.localhost", agent="b"), Told()).run()
