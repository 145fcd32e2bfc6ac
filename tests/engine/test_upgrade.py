"""Sockets that leave the pool: 101 and CONNECT, with streams of every kind of end."""

from __future__ import annotations

import asyncio
import os

import pytest

from pooltop.core.events import SocketClosed
from pooltop.core.states import CloseReason
from pooltop.errors import AbortError, NetworkError, PeerError, UsageError

NO_RECORD = b"\x17\x03\x03\x00\x20" + bytes(32)
SWITCH = b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"


@pytest.fixture(params=["http", "https"])
async def upgrading(request, serve, ca, context, agent_of):
    """Start a server that switches at once and then does as told, with an agent for it."""

    async def start(after, *, early=b"", **options):
        async def handler(wire):
            assert await wire.request() is not None
            wire.write(SWITCH + early)
            await after(wire)

        server = await serve(handler, context=context() if request.param == "https" else None)
        return server, agent_of(tls=ca, **options)

    return start


async def echo_bytes(wire):
    while data := await wire.reader.read(65536):
        wire.write(data)
        await wire.writer.drain()


async def upgraded(agent, server):
    response = await agent.request("GET", server.url, upgrade="x")
    assert 101 == response.status
    assert response.stream is not None
    return response.stream


async def test_bytes_go_both_ways_the_early_ones_first(upgrading):
    server, agent = await upgrading(echo_bytes, early=b"early")
    async with await upgraded(agent, server) as stream:
        assert b"early" == await stream.read()
        await stream.write(b"hello")
        assert b"hello" == await stream.read()


async def test_the_socket_is_out_of_the_agent_before_the_caller_has_the_stream(upgrading):
    server, agent = await upgrading(echo_bytes)
    seen = []
    agent.subscribe(lambda event: seen.append(event) if isinstance(event, SocketClosed) else None)
    stream = await upgraded(agent, server)
    assert (0, {}, {}, {}) == (
        agent.total_socket_count,
        agent.sockets,
        agent.free_sockets,
        agent.requests,
    )
    assert [CloseReason.DETACHED] == [event.reason for event in seen]
    (origin,) = agent.snapshot().origins
    assert {101: 1} == origin.counters.statuses
    assert {"left the pool": 1} == origin.counters.closed
    await stream.aclose()


async def test_a_large_amount_goes_through_whole_in_both_directions(upgrading):
    server, agent = await upgrading(echo_bytes)
    sent = bytes(range(256)) * 8192

    async def collect(stream):
        received = b""
        while len(received) < len(sent):
            received += await stream.read()
        return received

    async with await upgraded(agent, server) as stream:
        reading = asyncio.create_task(collect(stream))
        await stream.write(sent)
        assert sent == await reading


async def test_our_side_can_end_while_the_peers_goes_on(serve, agent_of):
    async def answer_at_the_end(wire):
        await wire.request()
        wire.write(SWITCH)
        everything = await wire.reader.read()
        wire.write(b"got " + everything)
        await wire.writer.drain()

    server = await serve(answer_at_the_end)
    async with await upgraded(agent_of(), server) as stream:
        await stream.write(b"all")
        await stream.write_eof()
        await stream.write_eof()
        assert b"got all" == b"".join([data async for data in stream])
        with pytest.raises(UsageError):
            await stream.write(b"more")


async def test_over_tls_our_end_is_a_close_notify(upgrading):
    heard = []

    async def listen(wire):
        heard.append(await wire.reader.read())

    server, agent = await upgrading(listen)
    async with await upgraded(agent, server) as stream:
        await stream.write(b"all")
        await stream.write_eof()
        assert b"" == b"".join([data async for data in stream])
    assert [b"all"] == heard


async def test_the_peers_end_is_an_empty_read(upgrading):
    async def end(wire):
        wire.close()

    server, agent = await upgrading(end, early=b"last")
    async with await upgraded(agent, server) as stream:
        assert b"last" == await stream.read()
        assert b"" == await stream.read()
        assert b"" == await stream.read()


async def test_a_reset_is_told_to_who_reads_and_to_who_writes(upgrading):
    async def reset(wire):
        await wire.reader.read(1)
        wire.reset()

    server, agent = await upgrading(reset)
    stream = await upgraded(agent, server)
    await stream.write(b"x")
    with pytest.raises(PeerError) as raised:
        while await stream.read():
            pass
    assert "ECONNRESET" == raised.value.code
    with pytest.raises(PeerError):
        await stream.write(b"y")
    await stream.aclose()
    assert stream.is_closed


@pytest.mark.parametrize("asked", [True, False], ids=["later", "behind the switch"])
async def test_a_fault_of_tls_is_told_behind_the_bytes_before_it(
    serve, agent_of, ca, context, asked
):
    async def break_tls(wire):
        await wire.request()
        wire.write(SWITCH)
        if asked:
            await wire.reader.read(1)
        wire.write(b"good")
        # In the kernel together, so that one read has both.
        os.write(wire.writer.get_extra_info("socket").fileno(), NO_RECORD)
        await wire.gone()

    server = await serve(break_tls, context=context())
    async with await upgraded(agent_of(tls=ca), server) as stream:
        if asked:
            await stream.write(b"x")
        assert b"good" == await stream.read()
        assert stream.is_closed  # before anything more came, the peer's end in particular
        for _ in range(2):
            with pytest.raises(NetworkError):
                await stream.read()


async def test_a_close_of_our_own_is_no_orderly_end_to_who_reads(upgrading):
    server, agent = await upgrading(echo_bytes, early=b"half")
    stream = await upgraded(agent, server)
    received = []

    async def collect():
        async for data in stream:
            received.append(data)
            closing.set()

    closing = asyncio.Event()
    reading = asyncio.create_task(collect())
    await closing.wait()
    await agent.aclose()
    with pytest.raises(AbortError) as raised:
        await asyncio.wait_for(reading, 10)
    assert ("ERR_STREAM_PREMATURE_CLOSE", [b"half"]) == (raised.value.code, received)


async def test_after_the_peers_end_a_close_of_our_own_changes_nothing(upgrading):
    async def end(wire):
        wire.close()

    server, agent = await upgrading(end)
    stream = await upgraded(agent, server)
    assert b"" == await stream.read()
    await stream.aclose()
    assert b"" == await stream.read()


async def test_destroying_the_agent_leaves_the_stream_open_and_closing_it_does_not(
    upgrading, eventually
):
    server, agent = await upgrading(echo_bytes)
    stream = await upgraded(agent, server)
    agent.destroy()
    await stream.write(b"still here")
    assert b"still here" == await stream.read()
    await agent.aclose()
    assert stream.is_closed
    assert not agent.shell.streams
    await eventually(lambda: server.open == 0)


async def test_a_stream_that_was_closed_is_forgotten_by_its_agent(upgrading):
    server, agent = await upgrading(echo_bytes)
    stream = await upgraded(agent, server)
    assert {stream} == agent.shell.streams
    await stream.aclose()
    await stream.aclose()
    assert set() == agent.shell.streams


async def test_closing_the_response_closes_its_stream(upgrading, eventually):
    server, agent = await upgrading(echo_bytes)
    async with await agent.request("GET", server.url, upgrade="x") as response:
        assert b"" == await response.read()
    assert response.stream.is_closed
    await eventually(lambda: server.open == 0)


async def test_a_caller_that_gives_up_as_the_switch_arrives_leaks_nothing(upgrading, eventually):
    server, agent = await upgrading(echo_bytes)
    asking = asyncio.create_task(agent.request("GET", server.url, upgrade="x"))

    def give_up(event):
        # The head is here; the task has not run since.
        if isinstance(event, SocketClosed):
            asking.cancel()

    agent.subscribe(give_up)
    with pytest.raises(asyncio.CancelledError):
        await asking
    await eventually(lambda: not agent.shell.streams)


async def test_a_peer_that_takes_nothing_cannot_hold_the_close(upgrading, monkeypatch):
    monkeypatch.setattr("pooltop.engine.stream.CLOSE_S", 0.05)
    never = asyncio.Event()

    async def take_nothing(wire):
        wire.writer.transport.pause_reading()
        await never.wait()

    server, agent = await upgrading(take_nothing)
    stream = await upgraded(agent, server)
    writing = asyncio.create_task(stream.write(bytes(64 * 1024 * 1024)))
    await asyncio.sleep(0)
    await stream.aclose()
    with pytest.raises(PeerError):
        await writing


@pytest.mark.parametrize("first", ["out of time", "given up", "at the same time"])
async def test_a_stream_can_be_closed_again_whatever_became_of_the_first_close(
    upgrading, monkeypatch, first
):
    never = asyncio.Event()

    async def take_nothing(wire):
        wire.writer.transport.pause_reading()
        await never.wait()

    server, agent = await upgrading(take_nothing)
    stream = await upgraded(agent, server)
    writing = asyncio.create_task(stream.write(bytes(64 * 1024 * 1024)))
    await asyncio.sleep(0)
    if first == "given up":
        closing = asyncio.create_task(stream.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
    else:
        monkeypatch.setattr("pooltop.engine.stream.CLOSE_S", 0.05)
        at_once = [stream.aclose()] if first == "at the same time" else []
        await asyncio.gather(stream.aclose(), *at_once)
    await stream.aclose()
    with pytest.raises(PeerError):
        await writing


async def test_a_reset_behind_the_peers_end_takes_nothing_of_what_came(upgrading, eventually):
    """In Node as well: whoever reads late has all of it, and no error."""
    may_reset = asyncio.Event()

    async def end_then_reset(wire):
        wire.writer.transport.pause_reading()
        if wire.writer.can_write_eof():
            wire.writer.write_eof()
        else:
            wire.writer.close()  # a close_notify, and then asyncio waits for ours
        await may_reset.wait()
        wire.reset()

    server, agent = await upgrading(end_then_reset, early=b"whole answer")
    async with await upgraded(agent, server) as stream:
        await eventually(lambda: stream._reader.has_ended)
        writing = asyncio.create_task(stream.write(bytes(64 * 1024 * 1024)))
        await asyncio.sleep(0)
        may_reset.set()
        with pytest.raises(PeerError):
            await asyncio.wait_for(writing, 10)
        assert [b"whole answer", b""] == [await stream.read(), await stream.read()]


async def test_a_fault_of_tls_ends_who_writes_to_a_peer_that_reads_nothing(
    serve, agent_of, ca, context
):
    may_break = asyncio.Event()

    async def break_tls(wire):
        await wire.request()
        wire.write(SWITCH)
        wire.writer.transport.pause_reading()
        await may_break.wait()
        os.write(wire.writer.get_extra_info("socket").fileno(), NO_RECORD)
        await asyncio.Event().wait()

    server = await serve(break_tls, context=context())
    async with await upgraded(agent_of(tls=ca), server) as stream:
        writing = asyncio.create_task(stream.write(bytes(64 * 1024 * 1024)))
        await asyncio.sleep(0)
        may_break.set()
        with pytest.raises(NetworkError):
            await stream.read()
        with pytest.raises(PeerError):
            await asyncio.wait_for(writing, 10)


async def test_a_socket_that_left_is_replaced_for_the_queue(serve, agent_of):
    async def handler(wire):
        while (asked := await wire.request()) is not None:
            if "upgrade" in asked.headers:
                wire.write(SWITCH)
                await wire.gone()
                return
            wire.reply(asked.target)

    server = await serve(handler)
    agent = agent_of(max_sockets=1)
    upgrade = asyncio.create_task(agent.request("GET", server.url, upgrade="x"))
    await asyncio.sleep(0)
    queued = asyncio.create_task(agent.request("GET", server.url + "/queued"))
    async with await upgrade, await queued as response:
        assert b"/queued" == await response.read()
    assert 2 == response.socket_id


async def test_a_server_that_does_not_switch_gives_an_ordinary_response(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    for nth in (1, 2):
        response = await agent.request("GET", server.url + "/plain", upgrade="x")
        assert (200, None, nth) == (response.status, response.stream, response.nth)
        assert b"/plain" == await response.read()


async def test_a_101_that_nobody_asked_for_is_refused(upgrading):
    server, agent = await upgrading(echo_bytes)
    with pytest.raises(PeerError) as raised:
        await agent.request("GET", server.url, headers=[("Upgrade", "x")])
    assert "ERR_UNEXPECTED_UPGRADE" == raised.value.code
    assert not agent.shell.streams


@pytest.mark.parametrize("status", ["200 Connection established", "407 Authenticate", "500 No"])
async def test_connect_hands_the_socket_over_whatever_the_status(serve, agent_of, status):
    async def handler(wire):
        asked = await wire.head()
        assert ("CONNECT", "example.test:443") == (asked.method, asked.target)
        wire.write(f"HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nearly".encode())
        await echo_bytes(wire)

    server = await serve(handler)
    agent = agent_of(keep_alive=True)
    response = await agent.request(
        "CONNECT", server.url, authority="example.test:443", content=b"first"
    )
    async with response:
        assert int(status[:3]) == response.status
        assert 0 == agent.total_socket_count
        received = await response.stream.read()
        while len(received) < len(b"earlyfirst"):
            received += await response.stream.read()
        assert b"earlyfirst" == received


async def test_an_agent_that_closes_while_the_switch_is_awaited_fails_the_request(serve, agent_of):
    async def handler(wire):
        await wire.request()
        await wire.gone()

    server = await serve(handler)
    agent = agent_of()
    asking = asyncio.create_task(agent.request("GET", server.url, upgrade="x"))
    await asyncio.sleep(0)
    await agent.aclose()
    with pytest.raises(AbortError):
        await asking


async def test_no_clock_of_the_agent_runs_on_a_socket_that_left(upgrading):
    """Only an idle stream for longer than the clock can show it."""
    from pooltop import Timeouts

    server, agent = await upgrading(echo_bytes, timeout=300, timeouts=Timeouts(idle=0.3, total=0.6))
    async with await upgraded(agent, server) as stream:
        await asyncio.sleep(0.8)
        await stream.write(b"still")
        assert b"still" == await stream.read()
    (origin,) = agent.snapshot().origins
    assert 0 == origin.timeout_events
