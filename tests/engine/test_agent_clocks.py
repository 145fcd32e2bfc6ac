"""The four clocks, and Node's own timeout: which runs when, and what is free afterwards."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from pooltop.core.model import Timeouts
from pooltop.engine.clocks import Alarm
from pooltop.engine.exchange import Exchange
from pooltop.engine.request import prepare
from pooltop.engine.resolver import Address
from pooltop.engine.url import split_url
from pooltop.errors import QueueTimeout, RequestTimeout, UsageError


async def _get(agent, url, **clocks):
    response = await agent.request("GET", url, timeouts=Timeouts(**clocks))
    return await response.read()


async def _hang(wire):
    await wire.request()
    await wire.gone()


@pytest.mark.parametrize("live", ["node", "drain"])
async def test_the_queue_clock_says_how_full_the_pool_is_and_the_queue_goes_on(
    serve, agent_of, live
):
    go_on = asyncio.Event()

    async def handle(wire):
        while (asked := await wire.request()) is not None:
            await go_on.wait()
            wire.reply(asked.target)

    server = await serve(handle)
    agent = agent_of(keep_alive=True, max_sockets=1, live=live)
    first = asyncio.create_task(_get(agent, f"{server.url}/first"))
    hasty = asyncio.create_task(_get(agent, f"{server.url}/hasty", queue=0.05))
    patient = asyncio.create_task(_get(agent, f"{server.url}/patient", queue=5))
    began = time.monotonic()
    with pytest.raises(QueueTimeout) as caught:
        await hasty
    assert 0.05 <= time.monotonic() - began < 0.5
    error = caught.value
    assert ("ERR_QUEUE_TIMEOUT", "queue") == (error.code, error.clock)
    assert isinstance(error, RequestTimeout)
    assert (
        f"no socket for 127.0.0.1:{server.port} after 0.1 s (in use 1/1, free 0, queued 2)"
        == str(error)
    )
    assert [3] == [each.id for listed in agent.requests.values() for each in listed]
    go_on.set()
    assert [b"/first", b"/patient"] == [await first, await patient]


async def test_the_queue_clock_does_not_run_on_a_socket(serve, agent_of):
    async def handle(wire):
        await wire.request()
        await asyncio.sleep(0.08)
        wire.reply()
        await wire.gone()

    server = await serve(handle)
    assert b"ok" == await _get(agent_of(), server.url, queue=0.02)


async def test_the_connect_clock_ends_a_dial_into_a_black_hole(agent_of, black_hole, eventually):
    agent = agent_of(max_sockets=1)
    url = f"http://127.0.0.1:{black_hole}/"
    tasks = [asyncio.create_task(_get(agent, url, connect=0.05)) for _ in range(2)]
    await asyncio.sleep(0.01)
    (origin,) = agent.snapshot().origins
    assert (1, 0, 1) == (origin.connecting, origin.active, origin.queued)
    for task in tasks:
        with pytest.raises(
            RequestTimeout, match=r"connect timed out after 0\.05 s in tcp \(dns \d+ ms\)"
        ) as caught:
            await task
        assert ("ETIMEDOUT", "connect") == (caught.value.code, caught.value.clock)
        assert str(black_hole) in str(caught.value)
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"request timed out": 2} == agent.snapshot().origins[0].counters.closed


async def test_the_connect_clock_counts_the_look_up_and_the_handshake(agent_of, silent, eventually):
    class Never:
        async def resolve(self, host, port, family):
            await asyncio.Event().wait()

    for agent, url in (
        (agent_of(resolver=Never()), "http://never/"),
        (agent_of(), f"https://127.0.0.1:{silent()}/"),
    ):
        with pytest.raises(RequestTimeout) as caught:
            await _get(agent, url, connect=0.05)
        assert "connect" == caught.value.clock
        await eventually(lambda agent=agent: agent.total_socket_count == 0)


async def test_the_connect_clock_runs_on_a_dial_that_was_begun_for_another(
    agent_of, black_hole, eventually
):
    agent = agent_of(keep_alive=True, max_sockets=1)
    url = f"http://127.0.0.1:{black_hole}/"
    given_up = agent.request("GET", url)
    given_up.send(None)
    given_up.close()  # in the tick in which it was admitted: Node 24 parks the socket
    await asyncio.sleep(0)
    assert [1] == [each.id for listed in agent.free_sockets.values() for each in listed]
    with pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(_get(agent, url, connect=0.05), 2)
    assert "connect" == caught.value.clock
    await eventually(lambda: agent.total_socket_count == 0)


async def test_the_connect_clock_stops_when_connected(serve, agent_of):
    async def handle(wire):
        await wire.request()
        await asyncio.sleep(0.1)
        wire.reply()
        await wire.gone()

    server = await serve(handle)
    assert b"ok" == await _get(agent_of(), server.url, connect=0.05)


async def test_the_idle_clock_ends_a_silent_request_and_frees_the_slot(serve, agent_of):
    server = await serve(_hang)
    agent = agent_of(max_sockets=1)
    tasks = [asyncio.create_task(_get(agent, server.url, idle=0.05)) for _ in range(3)]
    for task in tasks:
        with pytest.raises(RequestTimeout, match=r"no byte for 0\.05 s") as caught:
            await task
        assert ("ETIMEDOUT", "idle") == (caught.value.code, caught.value.clock)
    assert 3 == len(server.wires)


async def _drip(wire):
    await wire.request()
    wire.reply(b"", length=8)
    for _ in range(8):
        await asyncio.sleep(0.025)
        wire.write(b"x")
        await wire.writer.drain()
    await wire.gone()


@pytest.mark.node_test(
    "parallel/test-http-client-timeout-on-connect.js", "parallel/test-http-client-set-timeout.js"
)
@pytest.mark.parametrize("connect", [None, 2000.0])
async def test_the_idle_clock_stands_through_a_dial_of_any_length_and_begins_at_its_end(
    serve, agent_of, eventually, connect
):
    """Node's req.setTimeout, which replaces the timeout of the dial when that is over."""
    found = asyncio.Event()

    class Slow:
        async def resolve(self, host, port, family):
            del host, family
            await found.wait()
            return (Address(socket.AF_INET, "127.0.0.1", port),)

    server = await serve(_hang)
    agent = agent_of(resolver=Slow())
    timeouts = Timeouts(connect=connect, idle=0.01)
    request = asyncio.create_task(
        agent.request("GET", f"http://slow:{server.port}", timeouts=timeouts)
    )
    await asyncio.sleep(0.05)
    assert not request.done()
    found.set()
    async with asyncio.timeout(5):
        with pytest.raises(RequestTimeout) as late:
            await request
    assert "idle" == late.value.clock
    await eventually(lambda: agent.sockets == {} and server.open == 0)


async def test_drip_feeding_resets_the_idle_clock(serve, agent_of):
    server = await serve(_drip)
    assert b"x" * 8 == await _get(agent_of(), server.url, idle=0.12)


async def test_drip_feeding_cannot_extend_the_total_clock(serve, agent_of, eventually):
    server = await serve(_drip)
    agent = agent_of()
    began = time.monotonic()
    with pytest.raises(RequestTimeout, match=r"0\.1 s after its intended start") as caught:
        await _get(agent, server.url, total=0.1, idle=5)
    assert 0.1 <= time.monotonic() - began < 0.19
    assert ("ETIMEDOUT", "total") == (caught.value.code, caught.value.clock)
    await eventually(lambda: server.open == 0)


async def test_the_idle_clock_runs_inside_a_body(serve, agent_of):
    async def handle(wire):
        await wire.request()
        wire.reply("half", length=8)
        await wire.gone()

    server = await serve(handle)
    response = await agent_of().request("GET", server.url, timeouts=Timeouts(idle=0.05))
    with pytest.raises(RequestTimeout) as caught:
        await response.read()
    assert "idle" == caught.value.clock


async def test_the_total_clock_includes_the_queue_and_the_dial(serve, agent_of, black_hole):
    server = await serve(_hang)
    agent = agent_of(max_sockets=1)
    running = asyncio.create_task(agent.request("GET", server.url))
    await asyncio.sleep(0)
    with pytest.raises(RequestTimeout) as caught:
        await _get(agent, server.url, total=0.05)
    assert "total" == caught.value.clock
    assert {} == agent.requests
    with pytest.raises(RequestTimeout) as caught:
        await _get(agent, f"http://127.0.0.1:{black_hole}/", total=0.05)
    assert "total" == caught.value.clock
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_total_clock_starts_at_the_intended_start(serve, agent_of, eventually):
    server = await serve(_hang)
    agent = agent_of()
    failed = []

    class Late(Exchange):
        def on_failed(self, error):
            failed.append(error)

    origin, target = split_url(server.url)
    prepared = prepare("GET", target, host_header=origin.host_header, keep_alive=False)
    now = agent.shell.touch()
    late = Late(prepared, origin, Timeouts(total=60), intended_at=now - 59.95)
    agent.shell.submit(late)
    agent.shell.after()
    began = time.monotonic()
    await eventually(lambda: failed)
    assert time.monotonic() - began < 1
    assert "total" == failed[0].clock


async def test_no_clock_spoils_a_whole_response_that_waits_for_its_reader(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    response = await agent.request(
        "GET", f"{server.url}/late", timeouts=Timeouts(idle=0.03, total=0.05, connect=0.01)
    )
    await asyncio.sleep(0.1)
    assert b"/late" == await response.read()


async def test_the_idle_clock_does_not_blame_the_peer_for_our_own_slow_reader(serve, agent_of):
    size = 4 * 1024 * 1024

    async def handle(wire):
        await wire.request()
        wire.reply(bytes(size))
        await wire.gone()

    server = await serve(handle)
    response = await agent_of().request("GET", server.url, timeouts=Timeouts(idle=0.05))
    await asyncio.sleep(0.15)
    assert size == len(await response.read())


async def test_the_agents_clocks_are_every_requests_default(serve, agent_of):
    server = await serve(_hang)
    agent = agent_of(timeouts=Timeouts(idle=0.05))
    with pytest.raises(RequestTimeout):
        await agent.request("GET", server.url)
    never = asyncio.create_task(_get(agent, server.url))
    await asyncio.sleep(0.1)
    assert not never.done()
    never.cancel()
    await asyncio.gather(never, return_exceptions=True)


async def test_nodes_timeout_is_an_event_on_a_busy_socket_and_closes_an_idle_one(
    serve, agent_of, eventually
):
    answer = asyncio.Event()

    async def handle(wire):
        await wire.request()
        await answer.wait()
        wire.reply()
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, timeout=50)
    request = asyncio.create_task(_get(agent, server.url))
    await eventually(
        lambda: agent.snapshot().origins and agent.snapshot().origins[0].timeout_events
    )
    assert not request.done()
    await asyncio.sleep(0.12)
    assert 1 == agent.snapshot().origins[0].timeout_events
    answer.set()
    assert b"ok" == await request
    began = time.monotonic()
    assert 1 == sum(map(len, agent.free_sockets.values()))
    await eventually(lambda: agent.total_socket_count == 0)
    assert 0.03 < time.monotonic() - began < 0.5
    assert {"idle timeout": 1} == agent.snapshot().origins[0].counters.closed


async def test_a_response_is_told_of_each_silence_and_its_request_of_the_first(
    serve, agent_of, eventually
):
    """A byte ends a silence. In Node the request listens once, its response always."""

    def told():
        return agent.snapshot().origins[0].timeout_events

    async def handle(wire):
        await wire.request()
        await more.wait()
        wire.write(b"HTTP/1.1 200 OK\r\n")
        await asyncio.sleep(0.12)
        assert 1 == told()
        wire.write(b"Content-Length: 8\r\n\r\n")
        await wire.gone()

    more = asyncio.Event()
    server = await serve(handle)
    agent = agent_of(timeout=40)
    request = asyncio.create_task(_get(agent, server.url))
    await asyncio.sleep(0)
    await eventually(lambda: told() == 1)
    more.set()
    await eventually(lambda: told() == 2)
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)


async def test_a_timeout_set_live_counts_for_busy_sockets_opened_later(serve, agent_of, eventually):
    server = await serve(_hang)
    agent = agent_of(keep_alive=True)
    agent.timeout = 30
    request = asyncio.create_task(_get(agent, server.url))
    await eventually(
        lambda: agent.snapshot().origins and agent.snapshot().origins[0].timeout_events
    )
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)


async def test_a_timed_out_socket_is_replaced_for_the_queue(serve, agent_of):
    async def handle(wire):
        asked = await wire.request()
        if asked.target == "/hang":
            await wire.gone()
        wire.reply(asked.target)
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, max_sockets=1)
    hanging = asyncio.create_task(_get(agent, f"{server.url}/hang", total=0.05))
    queued = asyncio.create_task(_get(agent, f"{server.url}/queued"))
    with pytest.raises(RequestTimeout):
        await hanging
    assert b"/queued" == await asyncio.wait_for(queued, 1)


class FakeLoop:
    """Time that moves when told."""

    def __init__(self):
        self.now = 0.0
        self.timers = []

    def call_at(self, when, callback):
        timer = [when, callback, True]
        self.timers.append(timer)

        class Handle:
            def cancel(self):
                timer[2] = False

        return Handle()

    def run(self, until):
        while due := [t for t in self.timers if t[2] and t[0] <= until]:
            first = min(due, key=lambda t: t[0])
            first[2] = False
            self.now = first[0]
            first[1]()
        self.now = until


def test_an_alarm_rings_at_the_earliest_time_noted_and_then_when_told():
    loop, rung = FakeLoop(), []
    answers = iter([7.0, float("inf")])

    def due():
        rung.append(loop.now)
        return next(answers)

    alarm = Alarm(loop, due)
    alarm.note(5.0)
    alarm.note(3.0)
    alarm.note(9.0)
    loop.run(2.9)
    assert [] == rung
    loop.run(6.0)
    assert [3.0] == rung
    loop.run(20.0)
    assert [3.0, 7.0] == rung
    assert 0 == sum(t[2] for t in loop.timers)


def test_a_cancelled_alarm_is_silent_and_can_be_set_again():
    loop, rung = FakeLoop(), []
    alarm = Alarm(loop, lambda: rung.append(loop.now) or float("inf"))
    alarm.note(1.0)
    alarm.cancel()
    loop.run(5.0)
    assert [] == rung
    alarm.note(6.0)
    loop.run(6.0)
    assert [6.0] == rung


def test_an_alarm_keeps_what_is_noted_while_it_rings():
    loop, rung = FakeLoop(), []

    def due():
        rung.append(loop.now)
        if len(rung) == 1:
            alarm.note(2.0)
            return 4.0
        return float("inf")

    alarm = Alarm(loop, due)
    alarm.note(1.0)
    loop.run(10.0)
    assert [1.0, 2.0] == rung


async def test_the_agents_clocks_can_be_set_for_later_requests(held, agent_of):
    server = await held().start()
    agent = agent_of()
    agent.timeouts = Timeouts(total=0.03)
    with pytest.raises(RequestTimeout, match="not complete 0.03 s after"):
        await agent.request("GET", server.url)
    assert Timeouts(total=0.03) == agent.timeouts == agent.snapshot().timeouts


@pytest.mark.parametrize("wrong", [{"total": 5}, {}, 5, None, Timeouts(total=-1)])
async def test_clocks_that_are_none_are_refused_and_the_old_ones_stay(serve, agent_of, wrong):
    server = await serve()
    agent = agent_of(timeouts=Timeouts(total=5), max_sockets=1)
    with pytest.raises(UsageError, match="timeouts"):
        agent.timeouts = wrong
    assert Timeouts(total=5) == agent.timeouts
    response = await agent.request("GET", server.url)
    assert b"/" == await response.read()


@pytest.mark.parametrize("wrong", [{"total": 5}, {}, 5])
async def test_clocks_that_are_no_timeouts_are_a_usage_error(agent_of, wrong):
    with pytest.raises(UsageError, match=r"timeouts is a pooltop\.Timeouts"):
        agent_of(timeouts=wrong)
    with pytest.raises(UsageError, match=r"timeouts is a pooltop\.Timeouts"):
        await agent_of().request("GET", "http://127.0.0.1:1/", timeouts=wrong)


async def test_what_cannot_be_submitted_leaves_nothing_behind(serve, agent_of):
    """An exception in the midst once left a request that nobody ran and that blocked the next."""
    server = await serve()
    agent = agent_of(max_sockets=1)
    agent._timeouts = {"total": 5}
    with pytest.raises(AttributeError):
        await agent.request("GET", server.url)
    assert (0, {}) == (agent.total_socket_count, agent.shell.exchanges)
    agent.timeouts = Timeouts(total=5)
    response = await agent.request("GET", server.url)
    assert b"/" == await response.read()
    await agent.aclose()
