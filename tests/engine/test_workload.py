"""Workloads against a real server: every request counted, by us and by the server, alike."""

from __future__ import annotations

import asyncio
import contextlib
import time

import msgspec
import pytest

from pooltop.core.model import DemoServer, Timeouts
from pooltop.core.traffic import RequestClass, Think, Workload
from pooltop.demo.server import DemoServers
from pooltop.engine.closed_workload import ClosedRunner
from pooltop.engine.open_workload import OpenRunner
from pooltop.engine.workload import Around
from pooltop.errors import UsageError


@pytest.fixture
async def demo():
    """Start one demo host, that answers at once unless told otherwise."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options):
            spec = {"name": "w", "latency": {"median_s": 0.0}, **options}
            servers = DemoServers([msgspec.convert(spec, DemoServer)])
            await stack.enter_async_context(servers)
            return servers.hosts["w"]

        yield start


class Open(OpenRunner):
    """Has room for a test's event."""


class Closed(ClosedRunner):
    """Likewise."""


def _run(agent, url, **more):
    done = asyncio.Event()
    done.calls = 0

    def over(runner):
        done.calls += 1
        done.set()

    workload = Workload(name="load", agent="agent", base_url=url, **more)
    runner = (Open if workload.model == "open" else Closed)(workload, agent, Around(on_done=over))
    runner.done = done
    return runner


def _url(host):
    return f"http://{host.host}:{host.port}"


async def _to_the_end(runner):
    runner.start()
    await asyncio.wait_for(runner.done.wait(), 10)


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("model", ["open", "closed"])
async def test_our_counters_equal_the_servers_own(demo, agent_of, codec, keep_alive, model):
    host = await demo()
    agent = agent_of(keep_alive=keep_alive, codec=codec, max_sockets=4)
    shape = {"users": 6} if model == "closed" else {"rate": 2000.0}
    runner = _run(agent, _url(host), model=model, max_requests=300, **shape)
    await _to_the_end(runner)
    counters = agent.snapshot().origins[0].counters
    stats = host.stats()
    assert (300, 300, 0, 0) == (runner.sent, runner.completed, runner.failed, runner.in_flight)
    assert (300, 300) == (counters.submitted, counters.completed)
    assert {200: 300} == counters.statuses
    assert {} == counters.failed
    assert counters.completed == stats["requests"] == stats["responses"]
    assert counters.opened == counters.connected == stats["connections_accepted"]
    assert counters.assigned == counters.completed
    assert counters.reused == 300 - counters.opened
    if keep_alive:
        assert counters.opened <= 4
    assert 1 == runner.done.calls
    assert "done" == runner.state


async def test_without_keep_alive_and_limit_every_request_is_a_connection(demo, agent_of):
    host = await demo()
    agent = agent_of(keep_alive=False)
    runner = _run(agent, _url(host), model="closed", users=3, max_requests=40)
    await _to_the_end(runner)
    assert 40 == host.stats()["connections_accepted"] == agent.snapshot().origins[0].counters.opened


async def test_https_counts_alike(agent_of):
    from pooltop.core.model import TLSOptions

    async with DemoServers([DemoServer(name="s", scheme="https")]) as servers:
        host = servers.hosts["s"]
        agent = agent_of(keep_alive=True, tls=TLSOptions(ca=(servers.addresses.ca,)))
        runner = _run(
            agent, f"https://{host.host}:{host.port}", model="closed", users=3, max_requests=50
        )
        await _to_the_end(runner)
        counters = agent.snapshot().origins[0].counters
        assert 50 == counters.completed == host.stats()["requests"]
        assert counters.opened == host.stats()["connections_accepted"]
        await agent.aclose()


async def test_an_open_workload_offers_its_rate_for_its_duration(demo, agent_of):
    host = await demo()
    runner = _run(agent_of(keep_alive=True), _url(host), rate=200.0, duration=0.3)
    began = time.monotonic()
    await _to_the_end(runner)
    assert 0.29 < time.monotonic() - began < 2
    assert (60, 60, 60, 0) == (runner.offered, runner.sent, runner.completed, runner.dropped)
    assert 60 == runner.snapshot().lateness.count


async def test_poisson_arrivals_are_sent_one_for_one(demo, agent_of):
    host = await demo()
    runner = _run(
        agent_of(keep_alive=True), _url(host), rate=500.0, arrival="poisson", duration=0.3, seed=7
    )
    await _to_the_end(runner)
    assert runner.offered == runner.completed == host.stats()["requests"]
    assert 90 < runner.offered < 220


async def test_arrivals_beyond_max_in_flight_are_dropped_and_counted(serve, agent_of):
    async def never(wire):
        await wire.gone()

    server = await serve(never)
    agent = agent_of(max_sockets=1)
    runner = _run(agent, server.url, rate=1000.0, max_requests=20, max_in_flight=5)
    runner.start()
    async with asyncio.timeout(5):
        while runner.offered < 20:
            await asyncio.sleep(0.005)
    assert (20, 5, 15, 5) == (runner.offered, runner.sent, runner.dropped, runner.in_flight)
    assert "running" == runner.state
    runner.stop()
    await agent.aclose()
    assert (0, 5) == (runner.in_flight, runner.failed)


async def test_latency_counts_from_the_intended_start(serve, agent_of):
    """A loop that stalls makes starts late; their requests' latency includes it."""
    server = await serve()
    agent = agent_of(keep_alive=True)
    runner = _run(agent, server.url, rate=1000.0, max_requests=50)
    runner.start()
    time.sleep(0.1)
    await asyncio.wait_for(runner.done.wait(), 5)
    total = agent.snapshot().origins[0].latency.total
    assert 50 == total.count
    assert total.quantile(0.01) > 0.04
    assert total.quantile(0.99) < 1
    assert runner.late == 50
    assert runner.snapshot().lateness.quantile(0.5) > 0.04


async def test_the_total_clock_of_a_late_arrival_began_at_its_intended_start(serve, agent_of):
    async def never(wire):
        await wire.gone()

    server = await serve(never)
    agent = agent_of(timeouts=Timeouts(total=0.2))
    runner = _run(agent, server.url, rate=1000.0, max_requests=3)
    runner.start()
    time.sleep(0.15)
    began = time.monotonic()
    await asyncio.wait_for(runner.done.wait(), 5)
    assert time.monotonic() - began < 0.15
    assert (3, {"total clock": 3}) == (
        runner.failed,
        agent.snapshot().origins[0].counters.failed,
    )


class Noting(OpenRunner):
    """Keeps when its arrivals were due."""

    def __init__(self, *args):
        super().__init__(*args)
        self.dues = []

    def _arrive(self, due, now):
        self.dues.append(due - self._started_at)
        super()._arrive(due, now)


async def test_what_is_dropped_moves_no_later_arrival(serve, agent_of, eventually):
    """One seed is one schedule, whatever the server does."""

    async def never(wire):
        await wire.gone()

    seen = []
    for most in (1, 1000):
        server = await serve(never)
        agent = agent_of(max_sockets=1)
        load = Workload(
            name="w",
            agent="a",
            base_url=server.url,
            arrival="poisson",
            rate=1000.0,
            max_requests=30,
            max_in_flight=most,
            requests=(RequestClass(name="x"), RequestClass(name="y")),
        )
        runner = Noting(load, agent)
        runner.start()
        await eventually(lambda runner=runner: runner.offered == 30)
        seen.append(runner.dues)
        runner.stop()
        await agent.aclose()
    assert pytest.approx(seen[0]) == seen[1]


async def test_a_user_that_was_to_go_on_while_the_loop_stood_still_is_counted_from_then(
    serve, agent_of
):
    class Stalled(ClosedRunner):
        def shot_over(self, *, failed):
            super().shot_over(failed=failed)
            if self.sent == 1:
                time.sleep(0.2)

    server = await serve()
    done = asyncio.Event()
    load = Workload(
        name="w",
        agent="a",
        base_url=server.url,
        model="closed",
        think=Think(min_s=0.02, max_s=0.02),
        max_requests=2,
    )
    runner = Stalled(load, agent_of(keep_alive=True), Around(on_done=lambda _: done.set()))
    runner.start()
    await asyncio.wait_for(done.wait(), 5)
    assert runner.snapshot().latency.quantile(1.0) > 0.15


async def test_users_that_begin_in_batches_are_counted_from_when_they_were_to(
    serve, agent_of, monkeypatch
):
    monkeypatch.setattr("pooltop.engine.closed_workload.MOST_AT_ONCE", 1)
    starts = []

    class Noted(ClosedRunner):
        def _shoot(self, intended_at):
            starts.append(intended_at)
            super()._shoot(intended_at)

    server = await serve()
    done = asyncio.Event()
    load = Workload(
        name="w", agent="a", base_url=server.url, model="closed", users=3, max_requests=3
    )
    runner = Noted(load, agent_of(keep_alive=True), Around(on_done=lambda _: done.set()))
    runner.start()
    await asyncio.wait_for(done.wait(), 5)
    assert (3, 1) == (len(starts), len(set(starts)))


async def test_a_closed_workload_never_has_more_requests_than_users(serve, agent_of):
    most = now = 0

    async def handle(wire):
        nonlocal most, now
        while (asked := await wire.request()) is not None:
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
            wire.reply(asked.target)

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    runner = _run(agent, server.url, model="closed", users=5, max_requests=200)
    seen = []
    agent.subscribe(lambda event: seen.append(runner.in_flight))
    await _to_the_end(runner)
    assert most <= 5
    assert max(seen) == 5
    assert 5 >= agent.snapshot().origins[0].counters.opened
    assert 200 == runner.completed == runner.offered


async def test_think_time_spaces_a_users_requests(demo, agent_of):
    host = await demo()
    agent = agent_of(keep_alive=True)
    runner = _run(
        agent,
        _url(host),
        model="closed",
        users=2,
        think=Think(min_s=0.05, max_s=0.05),
        duration=0.28,
    )
    await _to_the_end(runner)
    assert 6 <= runner.completed <= 12


async def test_a_closed_workload_ends_with_its_duration_and_waits_for_what_is_under_way(
    serve, agent_of
):
    async def slow(wire):
        while await wire.request():
            await asyncio.sleep(0.1)
            wire.reply()

    server = await serve(slow)
    runner = _run(agent_of(keep_alive=True), server.url, model="closed", users=2, duration=0.05)
    await _to_the_end(runner)
    assert (2, 2, 0, "done") == (runner.sent, runner.completed, runner.in_flight, runner.state)


async def test_a_user_whose_request_fails_pauses_and_the_others_do_not_wake_it(serve, agent_of):
    async def handle(wire):
        asked = await wire.request()
        while asked is not None:
            if asked.target == "/bad":
                return
            wire.reply()
            asked = await wire.request()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    runner = _run(
        agent,
        server.url,
        model="closed",
        users=8,
        duration=0.25,
        requests=(
            RequestClass(name="good", path="/good", weight=9),
            RequestClass(name="bad", path="/bad", weight=1),
        ),
    )
    await _to_the_end(runner)
    assert runner.failed > 0
    assert runner.failed <= 8 * 3


async def test_a_host_that_refuses_makes_no_busy_loop(agent_of):
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        runner = _run(agent_of(), url, model="closed", users=4, duration=0.25)
        await _to_the_end(runner)
    assert 4 <= runner.failed <= 12
    assert 0 == runner.completed


@pytest.mark.parametrize(
    "shape", [{"model": "closed", "users": 3}, {"model": "open", "rate": 500.0}]
)
async def test_a_paused_workload_sends_nothing_and_goes_on_without_a_burst(
    demo, agent_of, eventually, shape
):
    host = await demo()
    runner = _run(agent_of(keep_alive=True), _url(host), **shape)
    runner.start()
    await eventually(lambda: runner.completed > 10)
    runner.pause()
    runner.pause()
    assert "paused" == runner.state
    await eventually(lambda: runner.in_flight == 0)
    sent = runner.sent
    await asyncio.sleep(0.1)
    assert sent == runner.sent
    runner.resume()
    runner.resume()
    assert "running" == runner.state
    if runner.workload.model == "open":
        assert runner.sent - sent <= 2
    await eventually(lambda: runner.completed > sent + 10)
    runner.stop()
    assert "stopped" == runner.state
    sent = runner.sent
    runner.resume()
    await eventually(lambda: runner.in_flight == 0)
    await asyncio.sleep(0.02)
    assert sent == runner.sent
    assert 0 == runner.done.calls


async def test_a_pause_does_not_count_towards_the_duration(demo, agent_of):
    host = await demo()
    for shape in ({"model": "open", "rate": 100.0}, {"model": "closed", "users": 1}):
        think = Think(min_s=0.01, max_s=0.01)
        runner = _run(agent_of(keep_alive=True), _url(host), duration=0.1, think=think, **shape)
        runner.start()
        await asyncio.sleep(0.03)
        runner.pause()
        left = 0.1 - runner.elapsed
        await asyncio.sleep(0.2)
        assert "paused" == runner.state
        began = time.monotonic()
        runner.resume()
        await asyncio.wait_for(runner.done.wait(), 5)
        assert time.monotonic() - began > left - 0.005
        assert runner.completed >= 3


@pytest.mark.parametrize("shape", [{"model": "closed", "users": 2}, {"model": "open"}])
async def test_a_workload_whose_last_requests_end_during_a_pause_is_done_when_it_goes_on(
    serve, agent_of, eventually, shape
):
    async def slow(wire):
        while await wire.request():
            await answer.wait()
            wire.reply()

    answer = asyncio.Event()
    server = await serve(slow)
    agent = agent_of(keep_alive=True)
    runner = _run(agent, server.url, max_requests=2, rate=1000.0, **shape)
    runner.start()
    await eventually(lambda: runner.in_flight == 2)
    runner.pause()
    answer.set()
    await eventually(lambda: runner.completed == 2)
    runner.resume()
    await asyncio.wait_for(runner.done.wait(), 5)
    assert ("done", 1) == (runner.state, runner.done.calls)


async def test_a_workload_that_is_done_stays_done(demo, agent_of):
    host = await demo()
    runner = _run(agent_of(keep_alive=True), _url(host), model="closed", users=1, max_requests=1)
    await _to_the_end(runner)
    runner.pause()
    runner.resume()
    runner.stop()
    await asyncio.sleep(0.01)
    assert ("done", 1, 1) == (runner.state, runner.sent, runner.done.calls)


async def test_request_classes_are_sent_as_written_and_by_weight(serve, agent_of):
    asked = []

    async def handle(wire):
        while (request := await wire.request()) is not None:
            asked.append(request)
            wire.reply()

    server = await serve(handle)
    runner = _run(
        agent_of(keep_alive=True),
        f"{server.url}/base/",
        model="closed",
        users=1,
        max_requests=200,
        requests=(
            RequestClass(name="read", path="/items?x=1", headers=(("X-A", "b"),), weight=3),
            RequestClass(name="write", method="POST", path="/items", body=b"{}", weight=1),
        ),
    )
    await _to_the_end(runner)
    reads = [each for each in asked if each.method == "GET"]
    writes = [each for each in asked if each.method == "POST"]
    assert 200 == len(reads) + len(writes)
    assert 110 < len(reads) < 190
    assert {"/base/items?x=1"} == {each.target for each in reads}
    assert {"b"} == {each.headers["x-a"] for each in reads}
    assert {("/base/items", b"{}")} == {(each.target, each.body) for each in writes}


async def test_a_class_that_closes_costs_a_connection_each(demo, agent_of):
    host = await demo()
    agent = agent_of(keep_alive=True)
    runner = _run(
        agent,
        _url(host),
        model="closed",
        users=1,
        max_requests=5,
        requests=(RequestClass(name="c", connection="close"),),
    )
    await _to_the_end(runner)
    assert 5 == host.stats()["connections_accepted"]
    assert {"Connection: close": 5} == agent.snapshot().origins[0].counters.closed


async def test_an_edit_of_keep_alive_changes_the_header_of_the_next_requests(serve, agent_of):
    seen = []

    async def handle(wire):
        while (request := await wire.request()) is not None:
            seen.append(request.headers["connection"])
            wire.reply()

    server = await serve(handle)
    agent = agent_of(keep_alive=False)
    runner = _run(agent, server.url, model="closed", users=1, max_requests=6)
    runner.start()
    agent.keep_alive = True
    runner.options_changed()
    await asyncio.wait_for(runner.done.wait(), 5)
    assert ["close"] + ["keep-alive"] * 5 == seen


async def test_a_request_that_cannot_be_sent_is_refused_before_anything_is_sent(agent_of):
    with pytest.raises(UsageError):
        _run(
            agent_of(),
            "http://127.0.0.1:1",
            requests=(RequestClass(name="x", headers=(("a", "b\r\nc"),)),),
        )


async def test_labels_name_workload_and_class(serve, agent_of, eventually):
    async def never(wire):
        await wire.gone()

    server = await serve(never)
    agent = agent_of(max_sockets=1)
    runner = _run(agent, server.url, model="closed", users=2)
    runner.start()
    await asyncio.sleep(0)
    (origin,) = agent.snapshot().origins
    assert ["load/default"] == [each.label for each in origin.running]
    assert ["load/default"] == [each.label for each in origin.requests]
    runner.stop()


async def test_a_pattern_is_said_in_a_few_words(agent_of):
    def words(**more):
        return _run(agent_of(), "http://127.0.0.1:1", **more).pattern

    assert "open constant 50/s" == words(rate=50.0)
    assert "open poisson 0.5/s" == words(rate=0.5, arrival="poisson")
    assert "closed 1 user" == words(model="closed")
    assert "closed 8 users, think 0.5 to 2 s" == words(
        model="closed", users=8, think=Think(min_s=0.5, max_s=2)
    )
