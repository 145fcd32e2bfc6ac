"""Ports of Node's tests of sockets that leave their agent: upgrades and CONNECT."""

from __future__ import annotations

import pytest

from pooltop import GLOBAL_AGENT, Agent
from pooltop.core.events import SocketOpened


def _switch(*lines):
    return "\r\n".join([*lines, "", ""]).encode()


async def _rest(stream):
    return b"".join([data async for data in stream])


@pytest.mark.node_test("parallel/test-http-upgrade-agent.js")
class TestHttpUpgradeAgent:
    @pytest.mark.parametrize("codec", ["h11", "llhttp"])
    async def test_the_agent_forgets_the_socket_and_the_first_bytes_are_the_callers(
        self, serve, codec
    ):
        async def handle(wire):
            await wire.head()
            wire.write(b"HTTP/1.1 101\r\n")
            wire.write(b"hello: world\r\n")
            wire.write(b"connection: upgrade\r\n")
            wire.write(b"upgrade: websocket\r\n")
            wire.write(b"\r\n")
            wire.write(b"nurtzo")
            await wire.gone()

        server = await serve(handle)
        async with Agent.from_options(GLOBAL_AGENT, codec=codec) as agent:
            counts = []
            agent.subscribe(
                lambda event: (
                    counts.append(agent.total_socket_count)
                    if isinstance(event, SocketOpened)
                    else None
                )
            )
            response = await agent.request(
                "GET",
                server.url,
                headers=[("connection", "upgrade"), ("upgrade", "websocket")],
                upgrade="websocket",
            )
            assert ([1], 0) == (counts, agent.total_socket_count)
            assert agent.get_name(server.url) not in agent.sockets
            assert {b"hello": b"world", b"connection": b"upgrade", b"upgrade": b"websocket"} == (
                dict(response.headers)
            )
            await response.stream.write_eof()
            assert b"nurtzo" == await _rest(response.stream)
            await response.stream.aclose()


@pytest.mark.node_test("parallel/test-http-upgrade-client2.js")
class TestHttpUpgradeClient2:
    async def test_one_upgrade_after_the_other_each_with_a_body(self, serve, agent_of):
        bodies = []

        async def handle(wire):
            bodies.append((await wire.request()).body)
            wire.write(_switch("HTTP/1.1 101 Ok", "Connection: Upgrade", "Upgrade: Test") + b"head")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        for _ in range(2):
            response = await agent.request(
                "GET",
                server.url,
                headers=[("Connection", "Upgrade"), ("Upgrade", "Test")],
                content=b"head",
                upgrade="Test",
            )
            assert 101 == response.status
            await response.stream.write_eof()
            assert b"head" == await _rest(response.stream)
            await response.aclose()
        assert [b"head", b"head"] == bodies
        assert 2 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-connect.js")
class TestHttpConnect:
    async def test_what_is_sent_ahead_and_what_is_sent_through_both_arrive(self, serve):
        heads = []

        async def handle(wire):
            heads.append(await wire.head())
            wire.write(_switch("HTTP/1.1 200 Connection established"))
            wire.write(await wire.reader.read())

        server = await serve(handle)
        async with Agent.from_options(GLOBAL_AGENT) as agent:
            response = await agent.request(
                "CONNECT", server.url, authority="google.com:443", content=b"Head"
            )
            assert 200 == response.status
            assert ({}, {}, {}) == (agent.sockets, agent.free_sockets, agent.requests)
            # Nothing of the agent's is left on it: no request, and no clock of the pool.
            assert ({}, {}) == (agent.shell.exchanges, agent.shell.connections)
            await response.stream.write(b"Body")
            await response.stream.write_eof()
            assert b"HeadBody" == await _rest(response.stream)
            await response.stream.aclose()
        assert [("CONNECT", "google.com:443")] == [(head.method, head.target) for head in heads]


@pytest.mark.node_test("parallel/test-http-connect-req-res.js")
class TestHttpConnectReqRes:
    @pytest.mark.parametrize("codec", ["h11", "llhttp"])
    async def test_bytes_behind_the_response_are_the_tunnels_and_no_http(
        self, serve, agent_of, codec
    ):
        async def handle(wire):
            head = await wire.head()
            assert ("CONNECT", "example.com:443") == (head.method, head.target)
            wire.write(
                _switch(
                    "HTTP/1.1 200 Connection established", "Date: Tue, 15 Nov 1994 08:12:31 GMT"
                )
                + b"Head"
            )
            wire.write(await wire.reader.read())

        server = await serve(handle)
        agent = agent_of(codec=codec)
        response = await agent.request(
            "CONNECT", server.url, authority="example.com:443", content=b"Request"
        )
        assert ({}, {}) == (agent.sockets, agent.requests)
        assert b"Head" == await response.stream.read()
        await response.stream.write(b"End")
        await response.stream.write_eof()
        assert b"RequestEnd" == await _rest(response.stream)
        await response.stream.aclose()
