"""The two modes of ``Timeouts``: in "fail" a clock ends a request, in "node" it only tells.

That the events are Node's, quirks included, is shown by the recorded scenarios
``request-timeout-*`` in tests/scenarios; here is what becomes of the request.
"""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.events import RequestFailed, TimeoutRaised
from pooltop.core.model import Timeouts
from pooltop.engine.journal import Journal, PoolReporter
from pooltop.errors import RequestTimeout, UsageError

LARGE = bytes(16 * 1024 * 1024)
"""More than the kernel takes from one side of a connection that is not read."""


async def _get(agent, url, timeouts):
    response = await agent.request("GET", url, timeouts=timeouts)
    return await response.read()


def _heard(agent, kind=TimeoutRaised):
    heard = []
    agent.subscribe(lambda event: heard.append(event) if isinstance(event, kind) else None)
    return heard


async def test_in_node_mode_silence_is_told_and_the_request_goes_on(held, agent_of, eventually):
    server = await held().start()
    agent = agent_of(timeout=60_000)
    heard = _heard(agent)
    journal = Journal()
    PoolReporter(journal, "a", lambda key: "host").watch(agent.shell)
    request = asyncio.create_task(_get(agent, f"{server.url}/x", Timeouts(mode="node", idle=0.03)))
    await eventually(lambda: heard)
    assert (1, 1) == (heard[0].request, heard[0].socket)
    assert 0.03 <= heard[0].silent_s
    await server.answer()
    assert b"/x" == await request
    (origin,) = agent.snapshot().origins
    assert (1, {}) == (origin.timeout_events, origin.counters.failed)
    (entry,) = (each for each in journal.take()[0] if each.kind == "SILENT")
    assert "r1 on s1: no byte for 0.03" in entry.text
    assert "nothing is closed" in entry.text


async def test_in_node_mode_there_is_no_clock_but_idle(held, agent_of, eventually):
    server = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=1)
    clocks = Timeouts(
        mode="node", queue=0.01, connect=0.0, dns=0.0, tcp=0.0, tls=0.0, idle=0.02, total=0.01
    )
    heard = _heard(agent)
    tasks = [asyncio.create_task(_get(agent, f"{server.url}/{n}", clocks)) for n in (1, 2)]
    await eventually(lambda: heard)
    await asyncio.sleep(0.1)
    assert [1] == [each.request for each in heard]  # none runs in the queue
    await server.answer(2)
    assert [b"/1", b"/2"] == [await task for task in tasks]


async def test_a_mode_that_does_not_exist_is_refused(agent_of):
    with pytest.raises(UsageError, match=r"timeouts\.mode is fail or node"):
        agent_of(timeouts=Timeouts(mode="undici"))


async def test_the_event_of_a_failed_request_names_its_clock(held, agent_of):
    server = await held().start()
    agent = agent_of()
    heard = _heard(agent, RequestFailed)
    with pytest.raises(RequestTimeout):
        await _get(agent, server.url, Timeouts(idle=0.03))
    assert [("ETIMEDOUT", "idle clock")] == [(each.code, each.outcome) for each in heard]
    assert {"idle clock": 1} == agent.snapshot().origins[0].counters.failed


@pytest.mark.parametrize(
    ("clocks", "clock", "words"),
    [
        (Timeouts(connect=0.05), "connect", "connect timed out after 0.05 s in dns"),
        (Timeouts(dns=0.05, connect=60), "dns", "dns timed out after 0.05 s"),
    ],
)
async def test_a_look_up_that_hangs_is_blamed(agent_of, clocks, clock, words):
    class Never:
        async def resolve(self, host, port, family):
            await asyncio.Event().wait()

    with pytest.raises(RequestTimeout) as caught:
        async with asyncio.timeout(10):
            await _get(agent_of(resolver=Never()), "http://never:80/", clocks)
    error = caught.value
    assert (f"never:80: {words}", clock, "dns") == (str(error), error.clock, error.phase)
    assert (None, None) == (error.dns_s, error.tcp_s)


@pytest.mark.parametrize(
    ("clocks", "clock", "words"),
    [
        (Timeouts(connect=0.05), "connect", "connect timed out after 0.05 s in tcp (dns 0 ms)"),
        (Timeouts(tcp=0.05, connect=60), "tcp", "tcp timed out after 0.05 s (dns 0 ms)"),
    ],
)
async def test_a_connection_that_is_not_accepted_is_blamed(
    agent_of, black_hole, clocks, clock, words
):
    with pytest.raises(RequestTimeout) as caught:
        async with asyncio.timeout(10):
            await _get(agent_of(), f"http://127.0.0.1:{black_hole}/", clocks)
    error = caught.value
    assert (clock, "tcp", None) == (error.clock, error.phase, error.tcp_s)
    error_words = str(error).replace(f"dns {error.dns_s * 1000:.0f} ms", "dns 0 ms")
    assert f"127.0.0.1:{black_hole}: {words}" == error_words


@pytest.mark.parametrize(
    ("clocks", "clock", "words"),
    [
        (Timeouts(connect=0.3), "connect", r"connect timed out after 0\.3 s in tls"),
        (Timeouts(tls=0.05, tcp=60, dns=60, connect=60), "tls", r"tls timed out after 0\.05 s"),
    ],
)
async def test_a_handshake_that_hangs_is_blamed(agent_of, silent, clocks, clock, words):
    took = r" \(dns \d+ ms, tcp \d+ ms\)"
    with pytest.raises(RequestTimeout, match=words + took) as caught:
        async with asyncio.timeout(10):
            await _get(agent_of(), f"https://127.0.0.1:{silent()}/", clocks)
    error = caught.value
    assert (clock, "tls") == (error.clock, error.phase)
    assert error.dns_s + error.tcp_s < 0.3


async def test_a_phase_that_is_over_has_no_clock(held, agent_of):
    server = await held().start()
    agent = agent_of()
    clocks = Timeouts(dns=0.15, tcp=0.15, tls=0.15)
    request = asyncio.create_task(_get(agent, f"{server.url}/x", clocks))
    await asyncio.sleep(0.3)
    await server.answer()
    assert b"/x" == await request


async def _answers_unread(wire):
    """Answer the head, and read nothing more for ever."""
    await wire.head()
    wire.reply()
    await asyncio.Event().wait()


@pytest.mark.parametrize("clocks", [Timeouts(idle=0.4), Timeouts(total=0.8)])
async def test_a_peer_that_answers_and_reads_no_more_loses_its_socket(
    serve, agent_of, eventually, clocks
):
    server = await serve(_answers_unread)
    agent = agent_of(keep_alive=True, max_sockets=1)
    response = await agent.request("POST", server.url, content=LARGE, timeouts=clocks)
    assert b"ok" == await response.read()
    assert 1 == agent.total_socket_count
    await eventually(lambda: agent.total_socket_count == 0)
    counters = agent.snapshot().origins[0].counters
    assert ({"request timed out": 1}, {}, 1) == (
        counters.closed,
        counters.failed,
        counters.completed,
    )


async def test_in_node_mode_a_peer_that_answers_and_reads_no_more_keeps_its_socket(serve, agent_of):
    server = await serve(_answers_unread)
    agent = agent_of(keep_alive=True, max_sockets=1)
    clocks = Timeouts(mode="node", idle=0.02, total=0.02)
    response = await agent.request("POST", server.url, content=LARGE, timeouts=clocks)
    assert b"ok" == await response.read()
    await asyncio.sleep(0.15)
    (listed,) = agent.sockets.values()
    assert ["active"] == [each.state for each in listed]


async def test_a_body_that_leaves_slowly_is_no_silence(serve, agent_of):
    """Nothing is read back and the kernel is never done with it for longer than the clock."""

    async def handle(wire):
        asked = await wire.head()
        left = int(asked.headers["content-length"])
        while left:
            left -= len(await wire.reader.read(min(left, 256 * 1024)))
            await asyncio.sleep(0.03)
        wire.reply()
        await wire.gone()

    server = await serve(handle)
    agent = agent_of()
    response = await agent.request("POST", server.url, content=LARGE, timeouts=Timeouts(idle=1.5))
    assert b"ok" == await response.read()
