"""Ports of Node's tests of timeouts: the agent's, a request's own, and those a server hints at.

Node's option ``timeout`` of a request is ``Timeouts(mode="node", idle=...)`` here, in seconds; its
'timeout' event is TimeoutRaised, and who hears it decides what to do, as in Node.
"""

from __future__ import annotations

import asyncio
import time

import pytest
from support.hearing import told

from pooltop import GLOBAL_AGENT, Agent
from pooltop.core.events import RequestAssigned, SocketClosing, TimeoutRaised
from pooltop.core.model import Timeouts
from pooltop.errors import PeerError, RequestError, UsageError


def after_ms(ms):
    """Node's ``timeout: ms`` of a request."""
    return Timeouts(mode="node", idle=ms / 1000)


def timeout_of(agent, socket):
    """Node's socket.timeout, in ms."""
    return agent.shell.core.sockets[socket].timeout_ms


def timers():
    """How many timers of the loop are still to ring."""
    scheduled = asyncio.get_running_loop()._scheduled
    return sum(not timer.cancelled() for timer in scheduled)


async def given_up(task):
    """Cancel a request, Node's req.destroy(), and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Silences:
    """What an agent told of silent sockets; can be waited for."""

    def __init__(self, agent):
        self.events = []
        self.first = asyncio.Event()
        agent.subscribe(self._hear)

    def _hear(self, event):
        if isinstance(event, TimeoutRaised):
            self.events.append(event)
            self.first.set()

    async def one(self):
        await asyncio.wait_for(self.first.wait(), 5)


async def never_answers(wire):
    await wire.request()
    await wire.gone()


class NeverFound:
    """Node's ``lookup: () => {}``."""

    async def resolve(self, host, port, family):
        await asyncio.Event().wait()


@pytest.mark.node_test("parallel/test-http-agent-timeout.js")
class TestHttpAgentTimeout:
    async def test_a_socket_that_succeeded_is_reused(self, serve, agent_of):
        server = await serve()
        agent = agent_of(keep_alive=True)
        first, second = [await self._get(agent, server) for _ in range(2)]
        assert first.socket_id == second.socket_id

    async def test_a_socket_that_timed_out_is_not_reused(self, serve, agent_of, eventually):
        server = await serve()
        agent = agent_of(keep_alive=True, timeout=50)
        first = await self._get(agent, server)
        await eventually(lambda: agent.free_sockets == {})
        second = await self._get(agent, server)
        assert first.socket_id != second.socket_id
        assert {"idle timeout": 1} == agent.snapshot().origins[0].counters.closed

    async def test_a_destroyed_socket_is_not_reused(self, serve, agent_of):
        server = await serve()
        agent = agent_of(keep_alive=True)
        first = await self._get(agent, server)
        agent.destroy()
        second = await self._get(agent, server)
        assert first.socket_id != second.socket_id

    async def test_keep_socket_alive_has_the_last_word(self, serve, agent_of, eventually):
        server = await serve()
        agent = agent_of(keep_alive=True, timeout=50, keep_socket_alive=lambda *_: 60)
        closings = told(agent, SocketClosing)
        await self._get(agent, server)
        ((info,),) = agent.free_sockets.values()
        assert 60 == info.free_timeout_ms
        await eventually(lambda: closings)
        assert 0.06 <= closings[0].at - info.since

    async def _get(self, agent, server):
        response = await agent.request("GET", server.url)
        await response.read()
        return response


@pytest.mark.node_test("parallel/test-http-agent-timeout-option.js")
class TestHttpAgentTimeoutOption:
    async def test_a_new_socket_has_the_agents_timeout_and_its_request_hears_of_it(self, agent_of):
        agent = agent_of(timeout=50, resolver=NeverFound())
        silences = Silences(agent)
        request = asyncio.create_task(agent.request("GET", "http://localhost/"))
        await asyncio.sleep(0)
        assert 50 == timeout_of(agent, 1)
        await silences.one()
        assert [(1, 1)] == [(each.request, each.socket) for each in silences.events]
        await given_up(request)


@pytest.mark.node_test("parallel/test-http-client-timeout-option-with-agent.js")
class TestHttpClientTimeoutOptionWithAgent:
    async def test_the_requests_timeout_wins_over_the_agents(self, agent_of):
        agent = agent_of(timeout=50, resolver=NeverFound())
        silences = Silences(agent)
        request = asyncio.create_task(
            agent.request("GET", "http://localhost/", timeouts=after_ms(100))
        )
        await asyncio.sleep(0)
        assert 100 == timeout_of(agent, 1)
        await silences.one()
        assert 0.1 <= silences.events[0].silent_s
        await given_up(request)


@pytest.mark.node_test("parallel/test-http-client-timeout.js")
class TestHttpClientTimeout:
    async def test_a_request_that_is_destroyed_on_its_timeout_is_closed(
        self, serve, agent_of, eventually
    ):
        server = await serve(never_answers)
        agent = agent_of()
        silences = Silences(agent)
        request = asyncio.create_task(agent.request("GET", server.url, timeouts=after_ms(1)))
        await silences.one()
        assert not request.done()
        await given_up(request)
        await eventually(lambda: agent.total_socket_count == 0)
        await eventually(lambda: server.open == 0)
        assert {} == agent.shell.exchanges


@pytest.mark.node_test("parallel/test-http-client-timeout-event.js")
class TestHttpClientTimeoutEvent:
    async def test_a_request_that_is_not_ended_hears_of_its_timeout_and_can_go_on(
        self, serve, agent_of, eventually
    ):
        asked = asyncio.Event()

        async def handle(wire):
            await wire.request()
            asked.set()
            await wire.gone()

        async def content():
            await silences.one()
            yield b"the rest, after the timeout"

        server = await serve(handle)
        agent = agent_of()
        silences = Silences(agent)
        request = asyncio.create_task(
            agent.request("POST", server.url, content=content(), timeouts=after_ms(1))
        )
        await asyncio.wait_for(asked.wait(), 5)  # it was sent to its end
        await given_up(request)
        await eventually(lambda: agent.total_socket_count == 0)


@pytest.mark.node_test("parallel/test-http-set-timeout.js")
class TestHttpSetTimeout:
    async def test_a_server_that_gives_the_silence_up_fails_the_request(self, serve, agent_of):
        async def handle(wire):
            await wire.request()
            await asyncio.sleep(0.05)

        server = await serve(handle)
        with pytest.raises(PeerError, match="socket hang up"):
            await agent_of().request("GET", server.url)


@pytest.mark.node_test("parallel/test-http-client-timeout-agent.js")
class TestHttpClientTimeoutAgent:
    async def test_of_thirty_the_half_that_is_never_answered_times_out_once_each(
        self, serve, agent_of
    ):
        async def handle(wire):
            asked = await wire.request()
            if int(asked.target[1:]) % 2 == 0:
                wire.reply(asked.target[1:])
            await wire.gone()

        async def get(n):
            response = await agent.request("GET", f"{server.url}/{n}", timeouts=after_ms(200))
            return await response.read()

        server = await serve(handle)
        agent = agent_of()
        timed_out = []

        def give_up(event):
            if isinstance(event, TimeoutRaised):
                n = event.request - 1  # they are numbered in the order of their start
                timed_out.append(n)
                tasks[n].cancel()

        agent.subscribe(give_up)
        tasks = [asyncio.create_task(get(n)) for n in range(30)]
        done = await asyncio.gather(*tasks, return_exceptions=True)
        answered = [n for n, result in enumerate(done) if result == str(n).encode()]
        cancelled = [n for n, r in enumerate(done) if isinstance(r, asyncio.CancelledError)]
        assert list(range(0, 30, 2)) == answered
        assert list(range(1, 30, 2)) == cancelled == sorted(timed_out)


@pytest.mark.node_test(
    "parallel/test-http-client-timeout-option-listeners.js",
    "parallel/test-http-client-timeout-connect-listener.js",
)
class TestHttpClientTimeoutOptionListeners:
    async def test_timeouts_of_repeated_requests_leave_nothing_on_their_socket(
        self, serve, agent_of, fetch
    ):
        """Node counts listeners; what could pile up here are timers and requests."""
        server = await serve()
        agent = agent_of(keep_alive=True, max_sockets=1)
        counts = []
        for _ in range(3):
            await fetch(agent, server.url, timeouts=after_ms(2**31 - 1))
            counts.append((len(agent.shell.exchanges), agent.shell._clock.at < float("inf")))
            counts.append((timers(),))
        assert counts[:2] == counts[2:4] == counts[4:6]
        assert (0, True) == counts[0]
        assert 1 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-client-set-timeout-after-end.js")
class TestHttpClientSetTimeoutAfterEnd:
    async def test_a_requests_timeout_is_over_with_its_response(self, serve, agent_of, fetch):
        server = await serve()
        agent = agent_of(keep_alive=True, max_sockets=1)
        silences = Silences(agent)
        await fetch(agent, server.url, timeouts=after_ms(30))
        assert 0 == timeout_of(agent, 1)
        await asyncio.sleep(0.1)
        assert ([], 1) == (silences.events, agent.total_socket_count)

    async def test_a_request_behind_it_in_the_queue_does_not_inherit_its_timeout(
        self, held, agent_of
    ):
        server = await held().start()
        agent = agent_of(max_sockets=1)
        gets = [
            asyncio.create_task(agent.request("GET", f"{server.url}{path}", timeouts=timeouts))
            for path, timeouts in (("/a", after_ms(60_000)), ("/b", None))
        ]
        await server.answer()
        response = await gets[0]
        assert 60_000 == timeout_of(agent, 1)
        await response.read()
        assert 0 == timeout_of(agent, 1)
        await server.answer()
        assert b"/b" == await (await gets[1]).read()


@pytest.mark.node_test("parallel/test-http-client-timeout-option.js")
class TestHttpClientTimeoutOption:
    @pytest.mark.parametrize("idle", ["1", -1, float("nan"), True])
    async def test_what_is_no_duration_is_refused(self, agent_of, idle):
        agent = agent_of()
        with pytest.raises(UsageError, match=r"timeouts\.idle is a number of seconds"):
            await agent.request(
                "GET", "http://127.0.0.1:1/", timeouts=Timeouts(mode="node", idle=idle)
            )

    async def test_a_silence_is_told_exactly_once(self, serve, agent_of):
        server = await serve(never_answers)
        agent = agent_of()
        silences = Silences(agent)
        request = asyncio.create_task(agent.request("GET", server.url, timeouts=after_ms(10)))
        await silences.one()
        await asyncio.sleep(0.1)
        await given_up(request)
        assert 1 == len(silences.events)


@pytest.mark.node_test("parallel/test-http-client-timeout-with-data.js")
class TestHttpClientTimeoutWithData:
    async def test_a_silence_inside_a_body_is_told_and_the_body_still_completes(
        self, serve, agent_of
    ):
        async def handle(wire):
            await wire.request()
            wire.reply(b"*", length=2)
            await silences.one()
            wire.write(b"*")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        silences = Silences(agent)
        response = await agent.request("GET", server.url, timeouts=after_ms(50))
        pieces = [(piece, len(silences.events)) async for piece in response]
        assert [(b"*", 0), (b"*", 1)] == pieces


@pytest.mark.node_test("parallel/test-http-client-response-timeout.js")
class TestHttpClientResponseTimeout:
    async def test_a_response_can_be_destroyed_on_its_timeout(self, serve, agent_of, eventually):
        async def handle(wire):
            await wire.request()
            wire.reply(b"", length=9)
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        silences = Silences(agent)
        response = await agent.request("GET", server.url, timeouts=after_ms(1))
        await silences.one()
        await response.aclose()
        with pytest.raises(RequestError):
            await response.read()
        await eventually(lambda: agent.total_socket_count == 0)


@pytest.mark.node_test("parallel/test-http-timeout.js")
class TestHttpTimeout:
    async def test_eleven_requests_with_a_timeout_each_are_served_by_one_socket_at_a_time(
        self, serve, agent_of, fetch
    ):
        server = await serve()
        agent = agent_of(max_sockets=1)
        silences = Silences(agent)
        gets = [fetch(agent, f"{server.url}/{n}", timeouts=after_ms(5000)) for n in range(11)]
        expected = [(200, f"/{n}".encode()) for n in range(11)]
        assert expected == await asyncio.gather(*gets)
        assert [] == silences.events
        assert 1 == len(server.wires)


@pytest.mark.node_test(
    "parallel/test-http-timeout-overflow.js", "parallel/test-http-timeout-client-warning.js"
)
class TestHttpTimeoutOverflow:
    @pytest.mark.parametrize("ms", [0xFFFFFFFF, 2**40])
    async def test_a_timeout_that_is_too_long_for_nodes_timers_is_the_longest(
        self, held, agent_of, ms
    ):
        """Without the warning that Node prints: nobody waits for 24 days."""
        server = await held().start()
        agent = agent_of()
        request = asyncio.create_task(
            agent.request("GET", f"{server.url}/x", timeouts=after_ms(ms))
        )
        await server.answer()
        assert 2**31 - 1 == timeout_of(agent, 1)
        response = await request
        assert b"/x" == await response.read()
        assert 2**31 - 1 == Agent(timeout=ms).options.timeout


def hinting(hint):
    async def handle(wire):
        while await wire.request() is not None:
            wire.reply("hello world\n", f"Keep-Alive: timeout={hint}")

    return handle


@pytest.mark.node_test(
    "parallel/test-http-keep-alive-timeout.js", "parallel/test-http-keep-alive-timeout-custom.js"
)
class TestHttpKeepAliveTimeout:
    @pytest.mark.parametrize("hint", [12, 50])
    async def test_the_servers_hint_is_seen(self, serve, agent_of, hint):
        server = await serve(hinting(hint))
        agent = agent_of(max_sockets=1, keep_alive=True)
        response = await agent.request("GET", server.url)
        await response.read()
        assert f"timeout={hint}" == response.header("keep-alive")
        ((info,),) = agent.free_sockets.values()
        assert f"timeout={hint}" == info.hint


@pytest.mark.node_test("parallel/test-http-keep-alive-timeout-race-condition.js")
class TestHttpKeepAliveTimeoutRaceCondition:
    @staticmethod
    def _server_that_holds(limit_s, buffer_s):
        """Node's server: it says its limit in whole seconds, and holds for longer by its buffer."""

        async def handle(wire):
            while True:
                try:
                    async with asyncio.timeout(limit_s + buffer_s):
                        asked = await wire.request()
                except TimeoutError:
                    return
                if asked is None:
                    return
                wire.reply("hello world\n", "Keep-Alive: timeout=2")

        return handle

    @pytest.mark.parametrize(
        ("timeout", "idle_ms", "blocked_s"),
        # Without a timeout the hint sets none; with one the socket's time is over in the block.
        [(0, 0, 2.0), (5000, 1000, 1.1)],
    )
    async def test_a_loop_that_was_blocked_reuses_the_socket_before_any_clock_is_looked_at(
        self, serve, agent_of, timeout, idle_ms, blocked_s
    ):
        server = await serve(self._server_that_holds(2.0, 10.0))
        agent = agent_of(max_sockets=5, keep_alive=True, timeout=timeout)
        first = await agent.request("GET", server.url)
        assert b"hello world\n" == await first.read()
        ((info,),) = agent.free_sockets.values()
        assert idle_ms == info.free_timeout_ms
        time.sleep(blocked_s)
        second = await agent.request("GET", server.url)
        assert (first.socket_id, True) == (second.socket_id, second.reused)
        assert b"hello world\n" == await second.read()
        assert 1 == len(server.wires)

    async def test_without_the_servers_buffer_the_race_is_lost(self, serve, agent_of):
        """As with Node's keepAliveTimeoutBuffer of 0: the request had gone, and is not answered."""
        limit_s = 0.05
        server = await serve(self._server_that_holds(limit_s, 0.0))
        agent = agent_of(max_sockets=5, keep_alive=True)
        first = await agent.request("GET", server.url)
        await first.read()
        events = told(agent, RequestAssigned)
        time.sleep(2 * limit_s)
        with pytest.raises(PeerError) as caught:
            await agent.request("GET", server.url)
        assert "ECONNRESET" == caught.value.code
        assert [(first.socket_id, 2)] == [(event.socket, event.nth) for event in events]


@pytest.mark.node_test("parallel/test-http-agent-keep-alive-timeout-buffer.js")
class TestHttpAgentKeepAliveTimeoutBuffer:
    @pytest.mark.parametrize(
        ("given", "taken"), [(1500, 1500), (-100, 1000), (float("inf"), 1000), (0, 0)]
    )
    async def test_only_a_finite_number_from_0_up_is_taken(self, agent_of, given, taken):
        agent = agent_of(keep_alive=True, agent_keep_alive_timeout_buffer=given)
        assert taken == agent.options.agent_keep_alive_timeout_buffer
        assert 1000 == agent_of(keep_alive=True).options.agent_keep_alive_timeout_buffer

    async def test_the_hint_counts_less_the_buffer(self, serve, agent_of, fetch):
        server = await serve(hinting(3))
        agent = agent_of(
            keep_alive=True, agent_keep_alive_timeout_buffer=1500, timeout=GLOBAL_AGENT.timeout
        )
        await fetch(agent, server.url)
        ((info,),) = agent.free_sockets.values()
        assert 1500 == info.free_timeout_ms


@pytest.mark.node_test("parallel/test-http-client-keep-alive-hint.js")
class TestHttpClientKeepAliveHint:
    async def test_a_hint_of_a_second_closes_the_socket_at_once(
        self, serve, agent_of, fetch, eventually
    ):
        server = await serve(hinting(1))
        agent = Agent.from_options(GLOBAL_AGENT)
        async with agent:
            assert 200 == (await fetch(agent, server.url))[0]
            assert {} == agent.free_sockets
            await eventually(lambda: server.open == 0)
            counters = agent.snapshot().origins[0].counters
            assert {"hint within buffer": 1} == counters.closed


@pytest.mark.node_test("sequential/test-http-server-keep-alive-timeout-slow-server.js")
class TestHttpServerKeepAliveTimeoutSlowServer:
    async def test_a_handler_slower_than_the_servers_idle_limit_answers(
        self, serve, agent_of, fetch
    ):
        async def handle(wire):
            while True:
                try:
                    async with asyncio.timeout(0.2):
                        asked = await wire.request()
                except TimeoutError:
                    return
                if asked is None:
                    return
                if asked.target == "/second":
                    await asyncio.sleep(0.3)
                wire.reply("ok")

        server = await serve(handle)
        agent = agent_of(keep_alive=True, max_sockets=1)
        assert (200, b"ok") == await fetch(agent, f"{server.url}/first")
        assert (200, b"ok") == await fetch(agent, f"{server.url}/second")
        assert 1 == len(server.wires)
