"""Responses of a dispatcher that are read slowly, late or not at all, and others behind them."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.undici.options import DispatcherOptions
from pooltop.engine.response import HIGH_WATER
from pooltop.errors import AbortError

SIZE = HIGH_WATER + 1
"""As much as a reader that does not read is behind when nothing more is let come."""


def client(pipelining=1):
    return DispatcherOptions(kind="undici-client", pipelining=pipelining)


async def test_who_does_not_read_holds_up_nobody_once_all_of_it_is_here(serve, dispatcher_of):
    async def handle(wire):
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target[-1] * SIZE)

    server = await serve(handle)
    dispatcher = dispatcher_of(options=client())
    first = await dispatcher.request("GET", f"{server.url}/1")
    second = await asyncio.wait_for(dispatcher.request("GET", f"{server.url}/2"), 5)
    assert (await second.read(), await first.read()) == (b"2" * SIZE, b"1" * SIZE)
    assert (first.socket_id, second.socket_id) == (1, 1)


async def test_a_slow_reader_holds_up_those_behind_it_and_then_does_not(serve, dispatcher_of):
    size = 256 * SIZE  # more than the kernel takes

    async def handle(wire):
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target[-1] * size if asked.target == "/1" else asked.target)

    server = await serve(handle)
    dispatcher = dispatcher_of(options=client(pipelining=2))
    one, two = (
        asyncio.create_task(dispatcher.request("GET", f"{server.url}/{n}", blocking=False))
        for n in (1, 2)
    )
    first = await one
    (connection,) = dispatcher.shell.connections.values()
    while not connection.is_held:
        await asyncio.sleep(0)
    assert not two.done()
    assert await first.read() == b"1" * size
    assert await (await two).read() == b"/2"


async def test_who_gives_up_a_body_costs_its_connection_and_others_are_sent_again(
    serve, dispatcher_of
):
    async def handle(wire):
        while (asked := await wire.request()) is not None:
            if asked.target == "/1":
                wire.reply("half", length=8)
                await wire.gone()
            else:
                wire.reply(asked.target)

    server = await serve(handle)
    dispatcher = dispatcher_of(options=client(pipelining=2))
    one, two = (
        asyncio.create_task(dispatcher.request("GET", f"{server.url}/{n}", blocking=False))
        for n in (1, 2)
    )
    await (await one).aclose()
    second = await two
    assert (await second.read(), second.socket_id, second.retried) == (b"/2", 2, True)
    (origin,) = dispatcher.snapshot().origins
    assert origin.counters.failed == {"UND_ERR_ABORTED": 1}


async def test_who_reads_a_response_never_reads_on_in_another(serve, dispatcher_of):
    """A GET whose connection goes after its head is sent again, for nobody: its caller is told."""
    wires = []

    async def handle(wire):
        wires.append(wire)
        while (asked := await wire.request()) is not None:
            if len(wires) == 1:
                wire.reply("half", length=8)
            else:
                wire.reply(asked.target)

    server = await serve(handle)
    dispatcher = dispatcher_of(options=client())
    response = await dispatcher.request("GET", f"{server.url}/1")
    pieces = aiter(response)
    assert await anext(pieces) == b"half"
    given_up = asyncio.create_task(dispatcher.request("GET", f"{server.url}/2"))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    dispatcher.set_options(client(pipelining=2))  # the turn of the one given up
    with pytest.raises(Exception, match="sent again") as caught:
        await anext(pieces)
    assert not isinstance(caught.value, AbortError)
    while dispatcher.shell.exchanges:
        await asyncio.sleep(0)
    (origin,) = dispatcher.snapshot().origins
    assert origin.counters.statuses == {200: 1}
    assert (origin.counters.requeued, len(wires)) == (1, 2)
