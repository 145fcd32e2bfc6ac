"""Ports of Node's tests of proxies: what the pool does when its sockets lead to one."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.events import RequestQueued, SocketConnected, SocketFreed
from pooltop.errors import ProxyTunnelError


@pytest.fixture
async def first_is_held(serve, context):
    """Start a server that answers /first when told to, and everything else at once."""

    async def start(*, scheme):
        go = asyncio.Event()

        async def handle(wire):
            while (asked := await wire.request()) is not None:
                if asked.target == "/first":
                    await go.wait()
                wire.reply(f"Response for {asked.target}")

        server = await serve(handle, context=context() if scheme == "https" else None)
        return server, go

    return start


async def get(agent, url):
    response = await agent.request("GET", url)
    return await response.read()


def absolute(server, target):
    host = f"127.0.0.1:{server.port}"
    fields = {"host": host, "proxy-connection": "keep-alive", "connection": "keep-alive"}
    return ("GET", f"http://{host}{target}", fields)


def tunnel(server):
    host = f"127.0.0.1:{server.port}"
    return ("CONNECT", host, {"proxy-connection": "keep-alive", "host": host})


async def two_requests_of_which_one_waits(agent, server, go):
    """Send /second once /first has its socket; then let /first be answered."""
    queued = []

    def send_the_second(event):
        # Node's 'socket' event: a tunnelled request has its socket when the tunnel is up.
        if isinstance(event, SocketConnected):
            tasks.append(asyncio.create_task(get(agent, server.url + "/second")))
        elif isinstance(event, RequestQueued):
            queued.append(event.request)
            go.set()

    agent.subscribe(send_the_second)
    tasks = [asyncio.create_task(get(agent, server.url + "/first"))]
    assert b"Response for /first" == await tasks[0]
    assert b"Response for /second" == await tasks[1]
    assert [2] == queued


@pytest.mark.node_test("client-proxy/test-http-proxy-request-max-sockets.mjs")
class TestHttpProxyRequestMaxSockets:
    async def test_the_second_request_waits_and_both_go_through_the_proxy(
        self, first_is_held, agent_of, forward_proxy
    ):
        (server, go), proxy = await first_is_held(scheme="http"), await forward_proxy()
        agent = agent_of(max_sockets=1, proxy_env={"HTTP_PROXY": proxy.url})
        await two_requests_of_which_one_waits(agent, server, go)
        assert [absolute(server, "/first"), absolute(server, "/second")] == proxy.seen
        assert 1 == len(proxy.listener.wires)


@pytest.mark.node_test("client-proxy/test-https-proxy-request-max-sockets.mjs")
class TestHttpsProxyRequestMaxSockets:
    async def test_the_second_request_waits_and_both_share_one_tunnel(
        self, first_is_held, agent_of, forward_proxy, ca
    ):
        (server, go), proxy = await first_is_held(scheme="https"), await forward_proxy()
        agent = agent_of(max_sockets=1, tls=ca, proxy_env={"HTTPS_PROXY": proxy.url})
        await two_requests_of_which_one_waits(agent, server, go)
        assert [tunnel(server)] == proxy.seen


async def second_request_when_the_first_is_done(agent, server):
    """Send /second one tick after the socket of /first was freed; give what was idle then."""
    idle = []

    def send_the_second(event):
        if isinstance(event, SocketFreed) and not idle:
            idle.append({key: len(sockets) for key, sockets in agent.free_sockets.items()})
            tasks.append(asyncio.create_task(get(agent, server.url + "/second")))

    agent.subscribe(send_the_second)
    tasks = [asyncio.create_task(get(agent, server.url + "/first"))]
    assert b"Response for /first" == await tasks[0]
    assert b"Response for /second" == await tasks[1]
    assert [{agent.get_name(server.url): 1}] == idle


@pytest.mark.node_test("client-proxy/test-http-proxy-request-socket-keep-alive.mjs")
class TestHttpProxyRequestSocketKeepAlive:
    async def test_the_idle_socket_to_the_proxy_is_used_again(
        self, first_is_held, agent_of, forward_proxy
    ):
        (server, go), proxy = await first_is_held(scheme="http"), await forward_proxy()
        go.set()
        agent = agent_of(max_sockets=1, keep_alive=True, proxy_env={"HTTP_PROXY": proxy.url})
        await second_request_when_the_first_is_done(agent, server)
        assert [absolute(server, "/first"), absolute(server, "/second")] == proxy.seen
        assert 1 == len(proxy.listener.wires)


@pytest.mark.node_test("client-proxy/test-https-proxy-request-socket-keep-alive.mjs")
class TestHttpsProxyRequestSocketKeepAlive:
    async def test_the_idle_tunnel_is_used_again(self, first_is_held, agent_of, forward_proxy, ca):
        (server, go), proxy = await first_is_held(scheme="https"), await forward_proxy()
        go.set()
        agent = agent_of(
            max_sockets=1, keep_alive=True, tls=ca, proxy_env={"HTTPS_PROXY": proxy.url}
        )
        await second_request_when_the_first_is_done(agent, server)
        assert [tunnel(server)] == proxy.seen


@pytest.mark.node_test("client-proxy/test-https-proxy-request-tunnel-timeout-agent.mjs")
class TestHttpsProxyRequestTunnelTimeoutAgent:
    async def test_a_proxy_that_does_not_answer_connect_ends_in_a_timeout_and_an_error(
        self, serve, agent_of, eventually
    ):
        asked = []

        async def never_answer(wire):
            asked.append((await wire.head()).method)
            await wire.gone()

        proxy = await serve(never_answer)
        agent = agent_of(timeout=100, proxy_env={"HTTPS_PROXY": proxy.url})
        with pytest.raises(ProxyTunnelError, match="timed out after 100ms"):
            await agent.request("GET", "https://127.0.0.1:443/test")
        assert ["CONNECT"] == asked
        # "Request timed out": the event comes ahead of the error.
        assert 1 == agent.snapshot().origins[0].timeout_events
        await eventually(lambda: proxy.open == 0)
