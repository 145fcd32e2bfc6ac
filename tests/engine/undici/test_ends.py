"""close() and destroy() of a dispatcher: undici's, awaited."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pooltop.core.undici.options import DispatcherOptions
from pooltop.errors import AbortError, NetworkError, PeerError, RequestError

ONE = DispatcherOptions(kind="undici-client")


async def failed(request):
    """Give what a request fails with."""
    with pytest.raises(RequestError) as caught:
        await request
    return caught.value


async def test_close_serves_what_there_is_and_takes_no_more(held, dispatcher_of):
    server = await held().start()
    dispatcher = dispatcher_of(options=ONE)
    first, second = (
        asyncio.create_task(dispatcher.request("GET", f"{server.url}/{n}")) for n in (1, 2)
    )
    await asyncio.sleep(0)
    over = dispatcher.close()
    refused = await failed(dispatcher.request("GET", server.url))
    assert (type(refused), refused.code) == (AbortError, "UND_ERR_CLOSED")
    await server.answer(2)
    assert [await (await each).read() for each in (first, second)] == [b"/1", b"/2"]
    await over
    assert not dispatcher.shell.connections


async def test_close_of_one_that_has_nothing_is_done_at_once(dispatcher_of):
    await asyncio.wait_for(dispatcher_of().close(), 5)


async def test_whoever_closes_again_waits_for_the_same_end(held, dispatcher_of):
    server = await held().start()
    dispatcher = dispatcher_of(options=ONE)
    request = asyncio.create_task(dispatcher.request("GET", server.url))
    await asyncio.sleep(0)
    ends = [dispatcher.close(), dispatcher.close()]
    await server.answer()
    await request
    await asyncio.gather(*ends)


async def test_what_was_destroyed_cannot_be_closed(dispatcher_of):
    dispatcher = dispatcher_of()
    await dispatcher.destroy()
    error = await failed(dispatcher.close())
    assert (type(error), error.code) == (AbortError, "UND_ERR_DESTROYED")
    refused = await failed(dispatcher.request("GET", "http://127.0.0.1:1/"))
    assert (type(refused), refused.code) == (AbortError, "UND_ERR_DESTROYED")


async def test_destroy_fails_what_runs_and_what_waits(held, dispatcher_of):
    server = await held().start()
    dispatcher = dispatcher_of(options=ONE)
    requests = [asyncio.create_task(dispatcher.request("GET", server.url)) for _ in range(2)]
    await server.waiting.get()
    await asyncio.wait_for(dispatcher.destroy(), 5)
    for request in requests:
        error = await failed(request)
        assert (type(error), error.code) == (AbortError, "UND_ERR_DESTROYED")
    assert not dispatcher.shell.connections


async def test_destroy_gives_its_callers_error_to_all(held, dispatcher_of):
    server = await held().start()
    dispatcher = dispatcher_of(options=ONE)
    requests = [asyncio.create_task(dispatcher.request("GET", server.url)) for _ in range(2)]
    await server.waiting.get()
    mine = PeerError("enough", code="E_ENOUGH")
    await dispatcher.destroy(mine)
    assert [await failed(request) for request in requests] == [mine, mine]


async def test_closing_for_good_ends_what_an_agent_that_was_closed_still_serves(
    held, dispatcher_of
):
    server = await held().start()
    dispatcher = dispatcher_of(options=DispatcherOptions(kind="undici-agent"))
    request = asyncio.create_task(dispatcher.request("GET", server.url))
    await server.waiting.get()
    over = dispatcher.close()
    await asyncio.wait_for(dispatcher.destroy(), 5)  # which knows its pools no more
    assert (request.done(), over.done()) == (False, False)
    await dispatcher.aclose()
    assert (await failed(request)).code == "ERR_AGENT_CLOSED"
    await asyncio.wait_for(over, 5)


async def test_a_failed_dial_is_told_as_the_networks_error_to_all_who_wait(dispatcher_of):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        dispatcher = dispatcher_of(options=ONE)
        requests = [asyncio.create_task(dispatcher.request("GET", url)) for _ in range(2)]
        errors = [await failed(request) for request in requests]
    assert [(type(each), each.code) for each in errors] == [(NetworkError, "ECONNREFUSED")] * 2


async def test_one_given_up_while_it_waited_fails_with_the_dial_that_does(dispatcher_of):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        dispatcher = dispatcher_of(options=ONE)
        request = asyncio.create_task(dispatcher.request("GET", url))
        await asyncio.sleep(0)
        (exchange,) = dispatcher.shell.exchanges.values()
        dispatcher.shell.abort(exchange)
        assert (await failed(request)).code == "ECONNREFUSED"
