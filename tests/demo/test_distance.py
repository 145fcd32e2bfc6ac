"""A demo host that is far away: all that it sends comes a round trip later, and whole."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time

import pytest

from pooltop.core.model import DemoServer

ROUND_TRIP_S = 0.05
NEAR_S = 0.9 * ROUND_TRIP_S
"""Clocks tick in their own time: a little early is not early."""


@pytest.fixture
def far(serve):
    async def start(**options):
        return await serve(**({"round_trip": ROUND_TRIP_S} | options))

    return start


async def test_the_first_exchange_takes_two_round_trips_and_the_next_one(far, connect) -> None:
    client = await connect(await far())
    took = []
    for _ in range(2):
        began = time.monotonic()
        assert 200 == (await client.get()).status
        took.append(time.monotonic() - began)
    assert (True, True) == (took[0] >= 2 * NEAR_S, took[1] >= NEAR_S)


async def test_a_tls_handshake_takes_two_more(serve_all, connect) -> None:
    servers = await serve_all(DemoServer(name="far", scheme="https", round_trip=ROUND_TRIP_S))
    host = servers.hosts["far"]
    context = ssl.create_default_context(cafile=servers.addresses.ca)
    began = time.monotonic()
    client = await connect(host, context, host.host)
    shook = time.monotonic() - began
    assert 200 == (await client.get()).status
    assert shook >= 2 * NEAR_S
    assert time.monotonic() - began >= 3 * NEAR_S
    assert (1, 1) == (host.accepted, host.requests)


@pytest.mark.parametrize("count", [300_000, 4 * 1024 * 1024])
async def test_a_large_answer_comes_whole_and_in_order(far, connect, count) -> None:
    client = await connect(await far())
    first = await client.get(f"/bytes/{count}")
    second = await client.get()
    assert (count, b"x" * count) == (len(first.body), first.body)
    assert second.body.startswith(b"kept.localhost")


async def test_what_the_host_closes_is_closed_after_what_it_sent(far, connect) -> None:
    client = await connect(await far())
    response = await client.get("/", "Connection: close")
    assert (200, b"") == (response.status, await client.rest())


async def test_a_client_that_leaves_is_gone_for_the_host_too(far, connect, eventually) -> None:
    host = await far()
    client = await connect(host)
    await client.get()
    assert 1 == host.open
    await client.close()
    await eventually(lambda: host.open == 0)


async def test_a_client_that_leaves_before_it_arrives_is_never_accepted(far, eventually) -> None:
    host = await far(round_trip=0.5)
    _, writer = await asyncio.open_connection("127.0.0.1", host.port)
    await eventually(lambda: host._distance._ways)
    reset = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    writer.transport.abort()
    await eventually(lambda: not host._distance._ways and not host._distance._tasks)
    assert (0, 0) == (host.accepted, host.open)


async def test_requests_that_came_together_are_all_answered(far, connect) -> None:
    client = await connect(await far())
    client.write("GET /1 HTTP/1.1\nHost: demo\n\nGET /2 HTTP/1.1\nHost: demo\n\n")
    assert [200, 200] == [(await client.response()).status for _ in range(2)]


async def test_a_host_that_ends_leaves_nobody_waiting(far, connect) -> None:
    host = await far()
    client = await connect(host)
    await client.get()
    await host.aclose()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.get()


def test_a_host_is_near_unless_it_is_said() -> None:
    assert 0.0 == DemoServer(name="x").round_trip
