"""Ports of Node's tests of what becomes of a socket when its response is over."""

from __future__ import annotations

import asyncio

import pytest


def _count(lists):
    """How many sockets or requests there are over all origins."""
    return sum(map(len, lists.values()))


@pytest.mark.node_test("parallel/test-http-keep-alive.js")
class TestHttpKeepAlive:
    async def test_three_requests_of_one_socket_leave_nothing_behind(
        self, serve, agent_of, eventually
    ):
        server = await serve()
        agent = agent_of(max_sockets=1)
        counts = []

        async def get():
            response = await agent.request(
                "GET", server.url, headers=[("connection", "keep-alive")]
            )
            counts.append((_count(agent.sockets), _count(agent.requests)))
            await response.read()

        await asyncio.gather(get(), get(), get())
        assert [(1, 2), (1, 1), (1, 0)] == counts
        assert {} == agent.requests
        assert 1 == len(server.wires)
        await eventually(lambda: agent.sockets == {})
