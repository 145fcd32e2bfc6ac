"""Ports of Node's tests of requests that are given up: queued, on a socket, half answered."""

from __future__ import annotations

import asyncio

import pytest


@pytest.mark.node_test("parallel/test-http-abort-queued.js")
class TestHttpAbortQueued:
    async def test_an_aborted_request_is_counted_until_its_turn_and_never_sent(
        self, serve, agent_of, eventually
    ):
        targets = []
        complete = asyncio.Event()

        async def handle(wire):
            while (asked := await wire.request()) is not None:
                targets.append(asked.target)
                wire.reply("foo", length=6)
                await complete.wait()
                wire.write(b"bar")

        server = await serve(handle)
        agent = agent_of(max_sockets=1)
        assert {} == agent.sockets
        response = await agent.request("GET", f"{server.url}/")
        assert (1, 0) == (len(agent.sockets), len(agent.requests))

        other = asyncio.create_task(agent.request("GET", f"{server.url}/thatotherone"))
        await asyncio.sleep(0)
        assert (1, 1) == (len(agent.sockets), len(agent.requests))
        other.cancel()
        await asyncio.wait([other])
        assert other.cancelled()
        assert (1, 1) == (len(agent.sockets), len(agent.requests))
        assert [True] == [each.aborted for queue in agent.requests.values() for each in queue]

        complete.set()
        assert b"foobar" == await response.read()
        await eventually(lambda: not agent.sockets)
        assert {} == agent.requests
        assert ["/"] == targets
