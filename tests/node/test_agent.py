"""Ports of Node's tests of the agent itself: its limits, its scheduling, its lists."""

from __future__ import annotations

import asyncio
import math

import pytest

from pooltop.errors import UsageError


@pytest.mark.node_test("parallel/test-http-agent-maxsockets.js")
class TestHttpAgentMaxsockets:
    async def test_as_many_idle_sockets_are_kept_as_requests_were_served_at_once(
        self, serve, agent_of
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, keep_alive_msecs=1000, max_sockets=2, max_free_sockets=2)

        async def get(path):
            response = await agent.request("GET", server.url + path)
            await response.read()
            return response.status

        assert [200, 200] == await asyncio.gather(get("/1"), get("/2"))
        assert [2] == [len(free) for free in agent.free_sockets.values()]
        agent.destroy()


@pytest.mark.node_test("parallel/test-http-agent-maxtotalsockets.js")
class TestHttpAgentMaxtotalsockets:
    @pytest.mark.parametrize("value", ["test", -1, 0, math.nan])
    def test_what_is_not_a_number_of_1_or_more_is_refused(self, agent_of, value):
        with pytest.raises(UsageError, match="max_total_sockets"):
            agent_of(max_total_sockets=value)

    async def test_infinity_is_allowed_and_no_limit(self, agent_of):
        assert math.inf == agent_of(max_total_sockets=math.inf).max_total_sockets

    @pytest.mark.parametrize(
        ("max_total_sockets", "max_sockets"),
        # With a total above maxSockets the search for a waiting origin goes another way.
        [(2, 3), (3, 2), (2, 2)],
    )
    async def test_neither_limit_is_passed_while_two_hosts_get_six_requests_each(
        self, serve, agent_of, max_total_sockets, max_sockets
    ):
        servers = [await serve(), await serve()]
        agent = agent_of(
            keep_alive=True,
            max_total_sockets=max_total_sockets,
            max_sockets=max_sockets,
            max_free_sockets=3,
        )
        seen = []

        async def get(url):
            response = await agent.request("GET", url)
            seen.append([len(active) for active in agent.sockets.values()])
            await response.read()
            seen.append([len(active) for active in agent.sockets.values()])
            return response.status

        urls = [f"{server.url}/{n}" for server in servers for n in range(6)]
        assert [200] * 12 == await asyncio.gather(*map(get, urls))
        assert {} == agent.requests
        assert 24 == len(seen)
        assert max(map(sum, seen)) <= max_total_sockets
        assert max(max(active, default=0) for active in seen) <= max_sockets


@pytest.mark.node_test("parallel/test-http-agent-scheduling.js")
class TestHttpAgentScheduling:
    @pytest.fixture
    async def get(self, serve):
        async def answer_with_the_clients_port(wire):
            while await wire.request() is not None:
                wire.reply(str(wire.writer.get_extra_info("peername")[1]))

        server = await serve(answer_with_the_clients_port)

        async def get(agent):
            response = await agent.request("GET", server.url)
            return int(await response.read())

        return get

    async def _five_at_once_then_three(self, agent, get):
        """Give the ports in the order in which the five were freed, and those of the three."""
        freed = []

        async def note(agent):
            freed.append(await get(agent))

        await asyncio.gather(*(note(agent) for _ in range(5)))
        assert 5 == len(set(freed))
        return freed, [await get(agent) for _ in range(3)]

    @pytest.mark.parametrize("options", [{}, {"scheduling": "lifo"}])
    async def test_lifo_the_default_takes_the_socket_that_was_freed_last(
        self, agent_of, get, options
    ):
        agent = agent_of(keep_alive=True, max_sockets=5, **options)
        freed, taken = await self._five_at_once_then_three(agent, get)
        assert [freed[-1]] * 3 == taken

    async def test_fifo_takes_the_sockets_in_the_order_in_which_they_were_freed(
        self, agent_of, get
    ):
        agent = agent_of(keep_alive=True, max_sockets=5, scheduling="fifo")
        freed, taken = await self._five_at_once_then_three(agent, get)
        assert freed[:3] == taken

    def test_another_word_is_refused(self, agent_of):
        with pytest.raises(UsageError, match="scheduling"):
            agent_of(keep_alive=True, max_sockets=5, scheduling="filo")
