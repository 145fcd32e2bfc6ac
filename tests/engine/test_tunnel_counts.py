"""What https.Agent counts behind a proxy: each row of counts was printed by Node 24's own agent."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.errors import AbortError, ProxyTunnelError, RequestTimeout


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


async def get(agent, url):
    return await (await agent.request("GET", url)).read()


async def asked(proxy, eventually, count):
    await eventually(lambda: len(proxy.asked) == count)


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
    behind, eventually
):
    async def closes_the_first(wire):
        while (request := await wire.request()) is not None:
            wire.reply(request.target, *(["Connection: close"] if request.target == "/1" else []))

    agent, server, proxy = await behind(closes_the_first)
    first = asyncio.create_task(get(agent, f"{server.url}/1"))
    await asked(proxy, eventually, 1)
    proxy.gate.release()
    await eventually(lambda: counts(agent)[0] == 1)
    second, third = (asyncio.create_task(get(agent, f"{server.url}/{n}")) for n in (2, 3))
    await eventually(lambda: counts(agent)[2] == 2)
    assert b"/1" == await first
    await asked(proxy, eventually, 2)
    assert (0, 0, 2, 1) == counts(agent)
    proxy.refusing = True
    proxy.gate.release()
    with pytest.raises(ProxyTunnelError):
        await second
    assert (0, 0, 2, 0) == counts(agent)
    proxy.refusing = False
    fourth = asyncio.create_task(get(agent, f"{server.url}/4"))
    await asked(proxy, eventually, 3)
    assert (0, 0, 2, 1) == counts(agent)
    proxy.gate.release()
    assert [b"/4", b"/3"] == await asyncio.gather(fourth, third)
    assert (0, 1, 0, 0) == counts(agent)
    (origin,) = agent.snapshot().origins
    assert (4, 3, {"ERR_PROXY_TUNNEL": 1}) == (
        origin.counters.submitted,
        origin.counters.completed,
        origin.counters.failed,
    )


async def test_the_connect_clock_runs_while_a_tunnel_is_opened(behind, eventually):
    from pooltop import Timeouts

    agent, server, _ = await behind(timeouts=Timeouts(connect=0.2))
    with pytest.raises(RequestTimeout) as raised:
        await get(agent, server.url)
    assert "connect" == raised.value.clock
    assert (0, 0, 0, 0) == counts(agent)


async def test_a_caller_who_gives_up_leaves_a_tunnel_that_is_kept(behind, eventually):
    agent, server, proxy = await behind()
    asking = asyncio.create_task(get(agent, server.url))
    await asked(proxy, eventually, 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (0, 0, 0, 1) == counts(agent)
    proxy.gate.release()
    await eventually(lambda: counts(agent) == (0, 1, 0, 0))


async def test_closing_the_agent_ends_what_does_not_count_yet(behind, eventually):
    agent, server, proxy = await behind()
    asking = asyncio.create_task(get(agent, server.url))
    await asked(proxy, eventually, 1)
    await agent.aclose()
    with pytest.raises(AbortError):
        await asking
    assert {} == agent.shell.connections
