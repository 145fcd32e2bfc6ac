"""The breaker of a running load: a server that is in trouble is left alone, and it is said."""

from __future__ import annotations

import asyncio
import time

import pytest

from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.safety import Safety
from pooltop.core.traffic import RequestClass, Workload
from pooltop.engine.engine import Engine


@pytest.fixture
async def engine_of():
    """Make started engines of one agent, closed after the test; all workloads are guarded."""
    made = []

    def make(*workloads, **options):
        agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True, **options))
        guarded = tuple(each.name for each in workloads)
        engine = Engine(
            Profile(path="p", agents=(agent,), workloads=workloads, safety=Safety(guarded=guarded))
        )
        made.append(engine)
        engine.start()
        return engine

    yield make
    for engine in made:
        await engine.aclose()


def _load(url, **more):
    more.setdefault("name", "w")
    return Workload(agent="web", base_url=url, **more)


class Moody:
    """A server that says 429 or 503 to the first requests."""

    def __init__(self, serve, *answers):
        self._serve = serve
        self._answers = list(answers)
        self.at = []
        self.pushed_at = None

    async def handle(self, wire):
        while await wire.request() is not None:
            self.at.append(time.monotonic())
            if self._answers:
                status, retry_after = self._answers.pop(0)
                self.pushed_at = time.monotonic()
                headers = f"Retry-After: {retry_after}\r\n" if retry_after else ""
                wire.write(f"HTTP/1.1 {status} No\r\n{headers}Content-Length: 0\r\n\r\n".encode())
            else:
                wire.reply()

    async def start(self):
        self.url = (await self._serve(self.handle)).url
        return self


def _said(engine):
    entries, _ = engine.journal.take()
    return [entry.text for entry in entries if entry.kind == "LOAD"]


@pytest.mark.parametrize("shape", [{"rate": 200.0}, {"model": "closed", "users": 4}])
async def test_retry_after_is_kept_to_a_tenth(serve, engine_of, eventually, shape):
    server = await Moody(serve, (429, 1)).start()
    engine = engine_of(_load(server.url, seed=10, **shape))  # a jitter of nearly nothing
    await eventually(lambda: server.pushed_at is not None)
    pushed = server.pushed_at
    await eventually(lambda: server.at[-1] > pushed + 0.5)
    before = [at for at in server.at if at < pushed + 0.5]
    again = min(at for at in server.at if at > pushed + 0.5)
    assert 0.99 <= again - pushed <= 1.1
    assert max(before) - pushed < 0.1  # what had left already
    load = engine.snapshot().workloads[0]
    assert ("cut", 1, "answered 429 with a Retry-After") == (
        load.breaker.state,
        load.breaker.cuts,
        load.breaker.reason,
    )
    assert 0 < load.held
    said = [words for words in _said(engine) if words.startswith("w: nothing is sent")]
    assert 1 == len(said)
    assert said[0].endswith(" s: answered 429 with a Retry-After")


async def test_a_hold_is_told_while_it_lasts_and_counts_what_it_holds(serve, engine_of, eventually):
    server = await Moody(serve, (503, 600)).start()
    engine = engine_of(_load(server.url, rate=100.0))
    await eventually(lambda: engine.snapshot().workloads[0].held > 3)
    snapshot = engine.snapshot()
    load = snapshot.workloads[0]
    assert ("held", 0.0) == (load.breaker.state, load.breaker.rate)
    assert 590 < load.breaker.until - snapshot.at < 661
    assert load.offered == load.sent + load.held


async def test_every_workload_of_that_host_is_held_and_what_waits_is_given_up(
    serve, engine_of, eventually
):
    gate = asyncio.Event()
    heads = []

    async def handle(wire):
        head = await wire.request()
        heads.append(head)
        await gate.wait()
        wire.write(b"HTTP/1.1 429 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n")
        while await wire.request() is not None:
            heads.append("another")
            wire.reply()

    server = await serve(handle)
    other = await serve()
    engine = engine_of(
        _load(server.url, name="a", model="closed", users=3),
        _load(server.url, name="b", model="closed", users=2),
        _load(other.url, name="c", model="closed", users=1),
        max_sockets=1,
    )
    await eventually(lambda: len(heads) == 1)
    gate.set()
    await eventually(lambda: engine.snapshot().workloads[1].breaker.state == "held")
    a, b, c = engine.snapshot().workloads
    assert ("held", "held", "full") == (a.breaker.state, b.breaker.state, c.breaker.state)
    assert 4 == a.failed + b.failed
    assert {"ERR_HELD_BACK"} == {
        outcome for load in (a, b) for each in load.classes for outcome in each.failed
    }
    completed = c.completed
    await eventually(lambda: engine.snapshot().workloads[2].completed > completed + 5)
    assert 1 == len(heads)
    assert 0 == engine.snapshot().agents[0].origins[0].counters.faults


async def test_an_answer_without_a_time_halves_the_arrivals(serve, engine_of, eventually):
    server = await Moody(serve, (503, None)).start()
    engine = engine_of(_load(server.url, rate=200.0))
    await eventually(lambda: engine.snapshot().workloads[0].held)
    first = engine.snapshot().workloads[0]
    await eventually(lambda: engine.snapshot().workloads[0].held >= 20)
    load = engine.snapshot().workloads[0]
    assert ("cut", 100.0, "answered 503") == (
        load.breaker.state,
        load.breaker.rate,
        load.breaker.reason,
    )
    assert load.offered == load.sent + load.held
    since = (load.held - first.held, load.offered - first.offered)
    assert abs(since[0] - since[1] / 2) <= 1
    assert 200.0 == load.rate
    assert "w: cut to 100/s of 200/s: answered 503" in _said(engine)


async def test_a_load_that_is_not_guarded_takes_429_for_an_answer(serve, eventually):
    server = await Moody(serve, *[(429, 60)] * 50).start()
    agent = AgentProfile(name="web", options=AgentOptions(keep_alive=True))
    load = _load(server.url, model="closed", max_requests=50)
    engine = Engine(Profile(path="p", agents=(agent,), workloads=(load,)))
    engine.start()
    await asyncio.wait_for(engine.done.wait(), 5)
    snapshot = engine.snapshot().workloads[0]
    assert (50, 0, None) == (snapshot.completed, snapshot.held, snapshot.breaker)
    await engine.aclose()


async def test_a_server_that_fails_is_sent_less_and_it_is_said(
    serve, engine_of, eventually, monkeypatch
):
    monkeypatch.setattr("pooltop.engine.guard.LOOK_S", 0.05)

    async def refuse(wire):
        await wire.request()
        wire.close()

    server = await serve(refuse)
    engine = engine_of(_load(server.url, rate=400.0))
    await eventually(lambda: engine.snapshot().workloads[0].breaker.state == "cut")
    load = engine.snapshot().workloads[0]
    assert 200.0 == load.breaker.rate
    assert load.breaker.reason.endswith("requests failed")


async def test_a_host_that_was_redirected_to_is_left_alone_as_well(serve, engine_of, eventually):
    asked = []

    async def there(wire):
        while await wire.request() is not None:
            asked.append(time.monotonic())
            wire.write(b"HTTP/1.1 429 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n")

    far = await serve(there)

    async def here(wire):
        while await wire.request() is not None:
            head = f"HTTP/1.1 302 X\r\nLocation: {far.url}/b\r\nContent-Length: 0\r\n\r\n"
            wire.write(head.encode())

    near = await serve(here)
    requests = (RequestClass(name="c", follow_redirects=1),)
    engine = engine_of(_load(near.url, model="closed", requests=requests))
    await eventually(lambda: engine.snapshot().workloads[0].failed >= 2)
    load = engine.snapshot().workloads[0]
    assert {"ERR_HELD_BACK"} == set(load.classes[0].failed)
    assert 1 == len(asked)
    host = far.url.removeprefix("http://")
    assert [f"nobody is redirected to {host} for 66 s: answered 429 with a Retry-After"] == [
        words for words in _said(engine) if words.startswith("nobody")
    ]


async def test_a_hold_gives_up_what_waits_for_its_host_and_nothing_else(
    serve, engine_of, eventually
):
    gate = asyncio.Event()
    led = []

    async def there(wire):
        while await wire.request() is not None:
            led.append(True)
            await gate.wait()
            wire.reply()

    far = await serve(there)
    count = 0

    async def here(wire):
        nonlocal count
        while await wire.request() is not None:
            count += 1
            if count <= 2:
                head = f"302 X\r\nLocation: {far.url}/b"
            else:
                await eventually(lambda: engine.snapshot().agents[0].origins[1].queued == 1)
                head = "429 No\r\nRetry-After: 60"
            wire.write(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode())

    near = await serve(here)
    requests = (RequestClass(name="c", follow_redirects=1),)
    engine = engine_of(
        _load(near.url, model="closed", users=3, max_requests=3, requests=requests), max_sockets=1
    )
    await eventually(lambda: engine.snapshot().workloads[0].breaker.state == "held")
    assert 1 == len(led)
    gate.set()
    await asyncio.wait_for(engine.done.wait(), 5)
    load = engine.snapshot().workloads[0]
    assert ({}, 3, 2) == (load.classes[0].failed, load.completed, len(led))


async def test_many_answers_that_say_the_same_are_one_hold(serve, engine_of, eventually):
    gate = asyncio.Event()

    async def handle(wire):
        await wire.request()
        await gate.wait()
        wire.write(b"HTTP/1.1 429 No\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n")
        await wire.gone()

    server = await serve(handle)
    engine = engine_of(_load(server.url, model="closed", users=20))
    await eventually(lambda: server_has(engine, 20))
    gate.set()
    await eventually(lambda: engine.snapshot().workloads[0].completed == 20)
    assert 1 == len([words for words in _said(engine) if "nothing is sent" in words])


def server_has(engine, count):
    origins = engine.snapshot().agents[0].origins
    return bool(origins) and len(origins[0].running) == count


async def test_users_that_were_held_come_back_at_the_rate_that_is_left_and_not_all_at_once(
    serve, engine_of, eventually
):
    server = await Moody(serve, (429, 1)).start()
    engine = engine_of(_load(server.url, model="closed", users=20, seed=10))
    await eventually(lambda: server.pushed_at is not None)
    pushed = server.pushed_at
    await eventually(lambda: server.at[-1] > pushed + 0.5)
    again = server.at[-1]
    await asyncio.sleep(0.2)
    rate = engine.snapshot().workloads[0].breaker.rate
    came = [at for at in server.at if pushed + 0.5 < at <= again + 0.2]
    assert len(came) <= 2 + rate * 0.3
