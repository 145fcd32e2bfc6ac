"""The caller's own ``keep_socket_alive``: asked last, and what each of its answers does."""

from __future__ import annotations

import asyncio
import logging
import math

import pytest

from pooltop.core.events import SocketClosed, SocketFreed
from pooltop.core.states import CloseReason


@pytest.fixture
def agent_that(agent_of):
    """Make an agent that asks ``keep`` and the list of the sockets it asked about."""

    def make(keep, **options):
        asked = []

        def ask(socket):
            asked.append(socket)
            return keep(socket)

        return agent_of(**{"keep_alive": True, "keep_socket_alive": ask, **options}), asked

    return make


def events_of(agent, kind):
    """Give the list that gets every event of this kind."""
    events = []
    agent.subscribe(lambda event: events.append(event) if isinstance(event, kind) else None)
    return events


async def get(agent, server, path="/"):
    response = await agent.request("GET", server.url + path)
    assert path.encode() == await response.read()
    return response.socket_id


async def test_false_closes_the_socket_and_says_who_refused(serve, agent_that, eventually):
    server = await serve()
    agent, asked = agent_that(lambda _: False)
    closed = events_of(agent, SocketClosed)
    socket = await get(agent, server)
    await eventually(lambda: agent.total_socket_count == 0)
    assert [socket] == asked
    assert [(socket, CloseReason.KEEP_SOCKET_ALIVE_REFUSED)] == [
        (event.socket, event.reason) for event in closed
    ]
    assert "keepSocketAlive refused" == closed[0].reason
    (origin,) = agent.snapshot().origins
    assert {"keepSocketAlive refused": 1} == origin.counters.closed


@pytest.mark.parametrize("answer", [True, None])
async def test_true_and_none_leave_the_idle_timeout_to_the_options(serve, agent_that, answer):
    server = await serve()
    agent, asked = agent_that(lambda _: answer, timeout=60_000)
    freed = events_of(agent, SocketFreed)
    assert await get(agent, server) == await get(agent, server)
    assert [1, 1] == asked
    assert [60_000, 60_000] == [event.timeout_ms for event in freed]


@pytest.mark.parametrize(("answer", "timeout"), [(90_000, 60_000), (30, 60_000), (30.5, 0)])
async def test_a_number_is_the_idle_timeout_whatever_the_agents_is(
    serve, agent_that, eventually, answer, timeout
):
    server = await serve()
    agent, _ = agent_that(lambda _: answer, timeout=timeout)
    freed, closed = events_of(agent, SocketFreed), events_of(agent, SocketClosed)
    await get(agent, server)
    assert [answer] == [event.timeout_ms for event in freed]
    ((idle,),) = agent.free_sockets.values()
    assert answer == idle.free_timeout_ms
    if answer < 60_000:
        await eventually(lambda: closed)
        assert CloseReason.IDLE_TIMEOUT == closed[0].reason
        assert closed[0].at - freed[0].at >= answer / 1000


async def test_a_time_longer_than_nodes_longest_timer_is_that_timer(serve, agent_that):
    server = await serve()
    agent, _ = agent_that(lambda _: 10**400)
    freed = events_of(agent, SocketFreed)
    await get(agent, server)
    assert [2**31 - 1] == [event.timeout_ms for event in freed]


async def test_zero_is_no_idle_timeout_though_the_agent_has_one(serve, agent_that):
    server = await serve()
    agent, _ = agent_that(lambda _: 0, timeout=1)
    freed = events_of(agent, SocketFreed)
    await get(agent, server)
    assert [0] == [event.timeout_ms for event in freed]
    assert math.inf == agent.shell.core.deadline


async def test_a_number_goes_before_a_longer_and_a_shorter_hint(serve, agent_that):
    async def handle(wire):
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target, f"Keep-Alive: timeout={asked.target[1:]}")

    server = await serve(handle)
    agent, asked = agent_that(lambda _: 20_000, timeout=30_000)
    freed = events_of(agent, SocketFreed)
    await get(agent, server, "/10")
    await get(agent, server, "/25")
    assert [20_000, 20_000] == [event.timeout_ms for event in freed]
    assert [1, 1] == asked


async def test_the_answer_may_differ_from_socket_to_socket(serve, agent_that, eventually):
    server = await serve()
    agent, asked = agent_that(lambda socket: socket != 2)
    sockets = await asyncio.gather(*(get(agent, server) for _ in range(3)))
    await eventually(lambda: agent.total_socket_count == 2)
    assert [1, 2, 3] == sorted(sockets) == sorted(asked)
    assert {1, 3} == {socket.id for free in agent.free_sockets.values() for socket in free}


async def test_what_it_raises_is_logged_and_closes_the_socket(
    serve, agent_that, eventually, caplog
):
    def keep(_):
        raise ZeroDivisionError("mine")

    server = await serve()
    agent, _ = agent_that(keep)
    closed = events_of(agent, SocketClosed)
    with caplog.at_level(logging.ERROR, logger="pooltop"):
        await get(agent, server)
    await eventually(lambda: closed)
    assert CloseReason.KEEP_SOCKET_ALIVE_REFUSED == closed[0].reason
    (record,) = caplog.records
    assert "keep_socket_alive raised: the socket is closed" == record.message
    assert ZeroDivisionError is record.exc_info[0]


@pytest.mark.parametrize("answer", ["yes", b"", [], math.nan, math.inf, -1])
async def test_an_answer_that_means_nothing_is_left_to_the_options(
    serve, agent_that, caplog, answer
):
    server = await serve()
    agent, _ = agent_that(lambda _: answer, timeout=60_000)
    freed = events_of(agent, SocketFreed)
    await get(agent, server)
    assert [60_000] == [event.timeout_ms for event in freed]
    assert [] == caplog.records


class TestAskedLast:
    """Whatever else would close the socket does it without asking, and gives its own reason."""

    async def closes(self, agent, server, eventually):
        closed = events_of(agent, SocketClosed)
        await get(agent, server)
        await eventually(lambda: closed)
        return closed[0].reason

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"keep_alive": False, "max_sockets": 1}, CloseReason.KEEP_ALIVE_OFF),
            ({"max_free_sockets": -1}, CloseReason.OVER_MAX_FREE_SOCKETS),
        ],
    )
    async def test_not_when_the_options_do_not_keep_it(
        self, serve, agent_that, eventually, options, reason
    ):
        agent, asked = agent_that(lambda _: True, **options)
        assert reason == await self.closes(agent, await serve(), eventually)
        assert [] == asked

    @pytest.mark.parametrize(
        ("option", "reason"),
        [
            ("max_sockets", CloseReason.OVER_MAX_SOCKETS),
            ("max_total_sockets", CloseReason.OVER_MAX_TOTAL_SOCKETS),
        ],
    )
    async def test_not_when_a_limit_was_lowered_below_it(
        self, held, agent_that, eventually, option, reason
    ):
        server = await held().start()
        agent, asked = agent_that(lambda _: True)
        closed = events_of(agent, SocketClosed)
        requests = [asyncio.create_task(get(agent, server)) for _ in range(2)]
        await eventually(lambda: server.waiting.qsize() == 2)
        agent.set_option(option, 1)
        await server.answer()
        await eventually(lambda: closed)
        assert reason == closed[0].reason
        assert [] == asked
        await server.answer()
        await asyncio.gather(*requests)
        assert 1 == len(asked)

    @pytest.mark.parametrize(
        ("field", "reason"),
        [
            ("Connection: close", CloseReason.CONNECTION_CLOSE),
            ("Keep-Alive: timeout=1", CloseReason.HINT_TOO_SHORT),
        ],
    )
    async def test_not_when_the_server_will_not_keep_it(
        self, serve, agent_that, eventually, field, reason
    ):
        async def handle(wire):
            asked = await wire.request()
            wire.reply(asked.target, field)
            await wire.gone()

        agent, asked = agent_that(lambda _: True)
        assert reason == await self.closes(agent, await serve(handle), eventually)
        assert [] == asked

    async def test_not_when_a_request_is_waiting_for_it(self, serve, agent_that):
        server = await serve()
        agent, asked = agent_that(lambda _: False, max_sockets=1)
        assert [1, 1, 1] == await asyncio.gather(*(get(agent, server) for _ in range(3)))
        assert [1] == asked
