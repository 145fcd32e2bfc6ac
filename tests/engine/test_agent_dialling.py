"""How an agent comes by its sockets: the phases of a dial, and what is shown of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from pooltop.engine import dialling
from pooltop.engine.resolver import Address
from pooltop.errors import AbortError, NetworkError


class Silent:
    """A resolver that never answers."""

    async def resolve(self, _host, _port, _family):
        await asyncio.Event().wait()


class Dual:
    """A resolver whose first address is of a version on which nobody listens."""

    async def resolve(self, _host, port, _family):
        return (
            Address(socket.AF_INET6, "::1", port),
            Address(socket.AF_INET, "127.0.0.1", port),
        )


def only_connection(agent):
    (connection,) = agent.shell.connections.values()
    return connection


async def begun(agent, url, eventually, phase):
    """Begin a request, wait until its dial is in a phase, give the request up."""
    request = asyncio.create_task(agent.request("GET", url))
    await eventually(lambda: agent.shell.connections and only_connection(agent).phase == phase)
    connection = only_connection(agent)
    request.cancel()
    await asyncio.wait([request])
    return connection


async def test_a_dial_is_in_dns_while_the_name_is_looked_up(agent_of, eventually):
    agent = agent_of(resolver=Silent())
    connection = await begun(agent, "http://a.example/", eventually, "dns")
    assert (None, None) == (connection.dns_s, connection.tcp_s)


async def test_a_dial_is_in_tcp_while_the_address_is_silent(agent_of, eventually, black_hole):
    connection = await begun(agent_of(), f"http://127.0.0.1:{black_hole}/", eventually, "tcp")
    assert connection.dns_s is not None
    assert connection.tcp_s is None


async def test_a_dial_is_in_tls_while_the_server_says_nothing(agent_of, eventually, silent):
    connection = await begun(agent_of(), f"https://127.0.0.1:{silent()}/", eventually, "tls")
    assert connection.tcp_s is not None
    assert connection.tls_s is None


async def test_a_socket_shows_the_address_that_won_and_how_many_were_tried(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True, resolver=Dual())
    response = await agent.request("GET", f"http://a.example:{server.port}/")
    await response.read()
    ((info,),) = agent.free_sockets.values()
    assert (f"127.0.0.1:{server.port}", 2) == (info.remote, info.attempts)


async def test_an_unforeseen_error_of_a_text_does_not_quote_the_text(agent_of):
    class Broken:
        async def resolve(self, _host, _port, _family):
            "a secret \u00fc".encode("ascii")

    agent = agent_of(resolver=Broken())
    events = []
    agent.subscribe(events.append)
    with pytest.raises(NetworkError) as failed:
        await agent.request("GET", "http://a.example/")
    assert "connect: UnicodeEncodeError: ordinal not in range(128)" == str(failed.value)
    assert "secret" not in repr(events)


async def test_a_look_up_that_is_cancelled_from_within_fails_the_request(agent_of):
    class Cancelled:
        async def resolve(self, _host, _port, _family):
            inner = asyncio.get_running_loop().create_future()
            inner.cancel()
            await inner

    agent = agent_of(resolver=Cancelled())
    with pytest.raises(NetworkError, match="^connect: it was cancelled from within$"):
        await asyncio.wait_for(agent.request("GET", "http://a.example/"), 10)


async def test_a_function_that_raises_what_is_no_exception_fails_the_request(agent_of):
    class Odd(BaseException):
        pass

    async def odd(_origin):
        raise Odd("x")

    agent = agent_of(create_connection=odd)
    with pytest.raises(NetworkError, match=r"^connect: Odd\('x'\)$"):
        await asyncio.wait_for(agent.request("GET", "http://a.example/"), 10)


async def test_a_look_up_that_swallows_its_cancellation_does_not_hold_the_close(
    agent_of, monkeypatch, caplog
):
    asked, release = asyncio.Event(), asyncio.Event()

    class Stubborn:
        async def resolve(self, _host, _port, _family):
            asked.set()
            while not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()
            return (Address(socket.AF_INET, "127.0.0.1", 9),)

    monkeypatch.setattr(dialling, "END_S", 0.01)
    agent = agent_of(resolver=Stubborn())
    request = asyncio.create_task(agent.request("GET", "http://a.example/"))
    await asked.wait()
    (dial,) = [task for task in asyncio.all_tasks() if task.get_name().startswith("pooltop-dial")]
    try:
        closing = asyncio.create_task(agent.aclose())
        await asyncio.wait([closing], timeout=10)
        assert closing.done()
        assert isinstance((await asyncio.gather(request, return_exceptions=True))[0], AbortError)
        message = f"{dial.get_name()} does not end although it was cancelled"
        assert [message] == [record.getMessage() for record in caplog.records]
    finally:
        release.set()
        await asyncio.wait([dial])
