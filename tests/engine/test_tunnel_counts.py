"""What https.Agent counts behind a proxy: each row of counts was printed by Node 24's own agent."""

from __future__ import annotations

import asyncio

import pytest

from pooltop import Timeouts
from pooltop.core.events import TimeoutRaised
from pooltop.engine.journal import Journal, PoolReporter
from pooltop.errors import (
    AbortError,
    ConnectTimeout,
    ProxyTunnelError,
    QueueTimeout,
    RequestTimeout,
)


@pytest.fixture
async def behind(serve, agent_of, forward_proxy, ca, context):
    """Give an agent behind a proxy that lets tunnels through one by one, and its server."""

    async def make(handler=None, **options):
        server = await (
            serve(context=context()) if handler is None else serve(handler, context=context())
        )
        proxy = await forward_proxy()
        proxy.gate = asyncio.Semaphore(0)
        given = {"keep_alive": True, "max_sockets": 1, "proxy_env": {"https_proxy": proxy.url}}
        return agent_of(tls=ca, **{**given, **options}), server, proxy

    return make


def counts(agent):
    """Give sockets, freeSockets and requests of the only origin, and what is not counted yet."""
    (origin,) = agent.snapshot().origins
    return (len(origin.sockets), len(origin.free_sockets), origin.queued, origin.tunnelling)


async def get(agent, url, timeouts=None):
    return await (await agent.request("GET", url, timeouts=timeouts)).read()


async def asked(proxy, eventually, count):
    await eventually(lambda: len(proxy.asked) == count)


@pytest.fixture
def queued_behind(behind, eventually):
    """Leave requests in the queue for which a tunnel is asked: the socket before it has closed."""

    async def make(*limits, first=None, watch=lambda _: None):
        may_answer = asyncio.Event()

        async def closes_the_first(wire):
            while (request := await wire.request()) is not None:
                await may_answer.wait()
                closes = ["Connection: close"] if request.target == "/1" else []
                wire.reply(request.target, *closes)

        agent, server, proxy = await behind(closes_the_first)
        watch(agent)
        before = asyncio.create_task(get(agent, f"{server.url}/1", first))
        await asked(proxy, eventually, 1)
        proxy.gate.release()
        await eventually(lambda: counts(agent)[0] == 1)
        urls = [f"{server.url}/{n}" for n in range(2, 2 + len(limits))]
        gets = [asyncio.create_task(get(agent, *each)) for each in zip(urls, limits, strict=True)]
        await eventually(lambda: counts(agent)[2] == len(limits))
        may_answer.set()
        assert b"/1" == await before
        return agent, server, proxy, gets

    return make


async def test_maxsockets_does_not_hold_back_a_burst_of_tunnels(behind, held, eventually):
    waiting = held()
    agent, server, proxy = await behind(waiting.handle)
    gets = [asyncio.create_task(get(agent, f"{server.url}/{n}")) for n in range(3)]
    await asked(proxy, eventually, 3)
    assert (0, 0, 0, 3) == counts(agent)
    picture = agent.snapshot()
    (origin,) = picture.origins
    opened = [socket.opened_at for socket in agent.shell.core.tunnelling.values()]
    assert (3, min(opened)) == (origin.tunnel_requests, origin.tunnelling_since)
    for _ in range(3):
        proxy.gate.release()
    await eventually(lambda: waiting.waiting.qsize() == 3)
    assert (3, 0, 0, 0) == counts(agent)
    (origin,) = agent.snapshot().origins
    assert (0, None) == (origin.tunnel_requests, origin.tunnelling_since)
    await waiting.answer(3)
    assert [b"/0", b"/1", b"/2"] == await asyncio.gather(*gets)
    await eventually(lambda: agent.total_socket_count <= 1)


async def test_in_mode_drain_maxsockets_holds_tunnels_back_as_well(behind, eventually):
    agent, server, proxy = await behind(live="drain")
    gets = [asyncio.create_task(get(agent, f"{server.url}/{n}")) for n in range(3)]
    await asked(proxy, eventually, 1)
    assert (1, 0, 2, 0) == counts(agent)
    proxy.gate.release()
    assert [b"/0", b"/1", b"/2"] == await asyncio.gather(*gets)
    assert 1 == len(proxy.asked)


async def test_a_request_whose_replacement_fails_stays_in_the_queue_until_another_comes(
    queued_behind, eventually
):
    agent, server, proxy, (second, third) = await queued_behind(None, None)
    await asked(proxy, eventually, 2)
    assert (0, 0, 2, 1) == counts(agent)
    proxy.refusing = True
    proxy.gate.release()
    with pytest.raises(ProxyTunnelError):
        await second
    assert (0, 0, 2, 0) == counts(agent)
    (origin,) = agent.snapshot().origins
    assert 1 == origin.queued_failed
    over = origin.counters.completed + sum(origin.counters.failed.values())
    assert origin.counters.submitted == over + origin.queued - origin.queued_failed
    proxy.refusing = False
    fourth = asyncio.create_task(get(agent, f"{server.url}/4"))
    await asked(proxy, eventually, 3)
    assert (0, 0, 2, 1) == counts(agent)
    proxy.gate.release()
    assert [b"/4", b"/3"] == await asyncio.gather(fourth, third)
    assert (0, 1, 0, 0) == counts(agent)
    (origin,) = agent.snapshot().origins
    assert 0 == origin.queued_failed
    assert (4, 3, {"ERR_PROXY_TUNNEL": 1}) == (
        origin.counters.submitted,
        origin.counters.completed,
        origin.counters.failed,
    )


@pytest.mark.parametrize("live", ["node", "drain"])
@pytest.mark.parametrize(("idle", "timeout"), [(0, 50), (None, 50), (0.05, 60_000), (0.05, 0)])
async def test_a_tunnel_is_given_up_after_its_requests_timeout_or_without_one_the_agents(
    behind, live, idle, timeout
):
    """In Node, req.timeout || agent.options.timeout: 0 is none."""
    agent, server, _ = await behind(live=live, timeout=timeout)
    with pytest.raises(ProxyTunnelError, match="timed out after 50ms"):
        await asyncio.wait_for(get(agent, server.url, Timeouts(mode="node", idle=idle)), 10)
    (origin,) = agent.snapshot().origins
    assert 1 == origin.timeout_events


async def test_the_timeout_of_the_request_that_a_queues_tunnel_is_for_ends_it(queued_behind):
    """Node emits its 'timeout', then its 'error', and leaves it in the queue."""
    heard, journal = [], Journal()

    def watch(agent):
        agent.subscribe(
            lambda event: heard.append(event) if isinstance(event, TimeoutRaised) else 0
        )
        PoolReporter(journal, "a", lambda key: "host").watch(agent.shell)

    limits = Timeouts(mode="node", idle=0.05)
    agent, _, _, (second,) = await queued_behind(limits, watch=watch)
    with pytest.raises(ProxyTunnelError, match="timed out after 50ms"):
        await asyncio.wait_for(second, 10)
    assert [(2, 2, True)] == [(each.request, each.socket, each.ends_tunnel) for each in heard]
    assert (0, 0, 1, 0) == counts(agent)
    (origin,) = agent.snapshot().origins
    assert (1, 1) == (origin.queued_failed, origin.timeout_events)
    (entry,) = (each for each in journal.take()[0] if each.kind == "SILENT")
    assert "r2 on s2: no byte for 0.05" in entry.text
    assert "its tunnel is given up" in entry.text


async def test_a_queues_tunnel_has_no_timeout_of_the_request_before(queued_behind, eventually):
    """In Node it has, where neither its own request nor the agent has one: options are handed on."""
    none = Timeouts(mode="node")
    agent, _, proxy, (second,) = await queued_behind(none, first=Timeouts(mode="node", idle=60))
    await asked(proxy, eventually, 2)
    assert [0] == [socket.timeout_ms for socket in agent.shell.core.tunnelling.values()]
    proxy.gate.release()
    assert b"/2" == await second


async def test_the_connect_clock_runs_while_a_tunnel_is_opened(behind, eventually):
    agent, server, _ = await behind(timeouts=Timeouts(connect=0.2))
    with pytest.raises(RequestTimeout) as raised:
        await get(agent, server.url)
    assert "connect" == raised.value.clock
    assert (0, 0, 0, 0) == counts(agent)


async def test_the_connect_clock_ends_a_tunnel_for_the_queue_and_each_request_it_is_tried_for(
    queued_behind,
):
    limits = Timeouts(connect=0.1)
    agent, _, proxy, gets = await queued_behind(limits, limits)
    for asking in gets:
        with pytest.raises(ConnectTimeout) as raised:
            await asking
        assert ("connect", "tunnel") == (raised.value.clock, raised.value.phase)
    assert (0, 0, 0, 0) == counts(agent)
    assert 3 == len(proxy.asked)
    (origin,) = agent.snapshot().origins
    assert {"connect clock": 2} == origin.counters.failed
    assert (3, 1) == (origin.counters.submitted, origin.counters.completed)


async def test_a_queue_goes_on_when_the_proxy_answers_the_second_tunnel(queued_behind):
    agent, _, proxy, gets = await queued_behind(Timeouts(connect=0.1), Timeouts())
    with pytest.raises(ConnectTimeout):
        await gets[0]
    for _ in range(2):  # the tunnel that was given up waits at the gate as well
        proxy.gate.release()
    assert b"/3" == await gets[1]
    assert (0, 1, 0, 0) == counts(agent)


async def test_the_queue_clock_of_the_last_one_ends_the_tunnel_that_was_opened_for_it(
    queued_behind,
):
    limits = Timeouts(queue=0.1)
    agent, _, _, gets = await queued_behind(limits, limits)
    for asking in gets:
        with pytest.raises(QueueTimeout):
            await asking
    assert (0, 0, 0, 0) == counts(agent)
    assert {} == agent.shell.connections


async def test_the_handshakes_own_clock_runs_inside_a_tunnel(behind, silent):
    agent, _, proxy = await behind(timeouts=Timeouts(tls=0.1))
    proxy.gate = None
    async with asyncio.timeout(10):
        with pytest.raises(ConnectTimeout) as raised:
            await get(agent, f"https://127.0.0.1:{silent()}")
    assert ("tls", "tls") == (raised.value.clock, raised.value.phase)


async def test_the_connections_own_clock_runs_on_the_way_to_the_proxy(agent_of, black_hole):
    proxy = {"https_proxy": f"http://127.0.0.1:{black_hole}"}
    agent = agent_of(proxy_env=proxy, timeouts=Timeouts(tcp=0.1))
    async with asyncio.timeout(10):
        with pytest.raises(ConnectTimeout) as raised:
            await get(agent, "https://origin.test")
    assert ("tcp", "tcp") == (raised.value.clock, raised.value.phase)


async def test_callers_who_give_up_behind_a_silent_proxy_leave_no_sockets(behind, eventually):
    """In Node each leaves one, for as long as the proxy likes, and maxSockets holds none back."""
    agent, server, proxy = await behind()
    for n in range(1, 4):
        asking = asyncio.create_task(get(agent, server.url))
        await asked(proxy, eventually, n)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (0, 0, 0, 0) == counts(agent)
        assert {} == agent.shell.connections
    (origin,) = agent.snapshot().origins
    assert (3, 3) == (origin.counters.submitted, sum(origin.counters.failed.values()))


async def test_closing_the_agent_ends_what_does_not_count_yet(behind, eventually):
    agent, server, proxy = await behind()
    asking = asyncio.create_task(get(agent, server.url))
    await asked(proxy, eventually, 1)
    await agent.aclose()
    with pytest.raises(AbortError):
        await asking
    assert {} == agent.shell.connections
