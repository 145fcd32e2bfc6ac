"""Streamed request bodies: their framing, their failures, and servers that do not wait for them."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from pooltop.core.model import Timeouts
from pooltop.errors import PeerError, RequestTimeout, UsageError


@pytest.fixture(params=["h11", "llhttp"])
def codec(request):
    return request.param


async def _pieces(*pieces):
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def _recorder(asked):
    async def handle(wire):
        while (request := await wire.request()) is not None:
            asked.append(request)
            wire.reply("got it")

    return handle


async def test_a_streamed_body_is_chunked(serve, agent_of, codec):
    asked = []
    server = await serve(_recorder(asked))
    agent = agent_of(keep_alive=True, codec=codec)
    for nth in (1, 2):
        response = await agent.request("POST", server.url, content=_pieces(b"ab", b"", b"c"))
        assert b"got it" == await response.read()
        assert nth == response.nth
        assert response.timings.send is not None
    assert [b"abc", b"abc"] == [each.body for each in asked]
    assert "chunked" == asked[0].headers["transfer-encoding"]


async def test_a_streamed_body_with_a_length_is_sent_plain(serve, agent_of, codec):
    asked = []
    server = await serve(_recorder(asked))
    agent = agent_of(keep_alive=True, codec=codec)
    for _ in range(2):
        response = await agent.request(
            "PUT", server.url, headers=[("Content-Length", "5")], content=_pieces(b"abc", b"de")
        )
        await response.read()
    assert [b"abcde", b"abcde"] == [each.body for each in asked]
    assert "transfer-encoding" not in asked[0].headers
    assert 1 == len(server.wires)


@pytest.mark.parametrize("pieces", [[b"abc"], [b"abc", b"def"]])
async def test_a_streamed_body_of_another_length_fails_the_request(serve, agent_of, pieces):
    server = await serve()
    agent = agent_of(keep_alive=True)
    with pytest.raises(UsageError, match="Content-Length of 5"):
        await agent.request(
            "PUT", server.url, headers=[("Content-Length", "5")], content=_pieces(*pieces)
        )
    assert {} == agent.free_sockets


async def test_a_streamed_body_of_many_megabytes_waits_for_the_server(serve, agent_of, eventually):
    go_on = asyncio.Event()
    received = 0

    async def handle(wire):
        nonlocal received
        await wire.head()
        await go_on.wait()
        while received < size:
            received += len(await wire.reader.read(65536))
        wire.reply(str(received))
        await wire.gone()

    size = 40 * 1024 * 1024
    made = 0

    async def content():
        nonlocal made
        piece = bytes(256 * 1024)
        while made < size:
            made += len(piece)
            yield piece

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    request = asyncio.create_task(
        agent.request(
            "POST", server.url, headers=[("Content-Length", str(size))], content=content()
        )
    )
    seen = -1
    while seen != made or not made:
        seen = made
        await asyncio.sleep(0.05)
    assert made < size / 2
    go_on.set()
    response = await request
    assert str(size).encode() == await response.read()
    assert 1 == sum(map(len, agent.free_sockets.values()))


async def test_content_that_raises_fails_the_request_with_its_error(serve, agent_of, eventually):
    async def failing():
        yield b"a"
        raise LookupError("no more")

    server = await serve()
    agent = agent_of(keep_alive=True)
    with pytest.raises(UsageError, match="no more") as caught:
        await agent.request("POST", server.url, content=failing())
    assert isinstance(caught.value.__cause__, LookupError)
    await eventually(lambda: agent.total_socket_count == 0)
    response = await agent.request("GET", f"{server.url}/next")
    assert b"/next" == await response.read()


async def test_content_that_is_cancelled_from_within_fails_the_request(serve, agent_of, eventually):
    async def waiting_for_what_is_cancelled():
        yield b"a"
        inner = asyncio.get_running_loop().create_future()
        inner.cancel()
        await inner

    server = await serve()
    agent = agent_of(keep_alive=True)
    request = agent.request("POST", server.url, content=waiting_for_what_is_cancelled())
    with pytest.raises(UsageError, match="content failed: it was cancelled from within") as caught:
        await asyncio.wait_for(request, 10)
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_content_of_another_type_fails_the_request(serve, agent_of):
    server = await serve()
    with pytest.raises(UsageError, match="content"):
        await agent_of().request("POST", server.url, content=_pieces("text"))


async def test_content_waits_in_the_queue_with_its_request(serve, agent_of):
    asked = []
    begun = []

    async def content(name):
        begun.append(name)
        yield name

    server = await serve(_recorder(asked))
    agent = agent_of(keep_alive=True, max_sockets=1)
    first = await agent.request("POST", server.url, content=content(b"1"))
    second = asyncio.create_task(agent.request("POST", server.url, content=content(b"2")))
    await asyncio.sleep(0.01)
    assert [b"1"] == begun
    await first.read()
    await (await second).read()
    assert [b"1", b"2"] == [each.body for each in asked]


async def test_content_that_hangs_is_cancelled_when_its_request_fails(serve, agent_of):
    ended = asyncio.Event()

    async def hanging():
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            ended.set()

    server = await serve()
    agent = agent_of()
    with pytest.raises(RequestTimeout):
        await agent.request("POST", server.url, content=hanging(), timeouts=Timeouts(total=0.05))
    await asyncio.wait_for(ended.wait(), 1)


async def test_content_that_hangs_is_cancelled_with_its_request(serve, agent_of, eventually):
    ended = asyncio.Event()

    async def hanging():
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            ended.set()

    server = await serve()
    agent = agent_of(max_sockets=1)
    request = asyncio.create_task(agent.request("POST", server.url, content=hanging()))
    await eventually(lambda: server.wires)
    await asyncio.sleep(0.01)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await asyncio.wait_for(ended.wait(), 1)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_an_answer_before_the_body_is_sent_is_given_and_the_socket_waits_for_the_body(
    serve, agent_of, eventually
):
    send_rest = asyncio.Event()

    async def content():
        yield b"first"
        await send_rest.wait()
        yield b"rest"

    bodies = []

    async def handle(wire):
        await wire.head()
        wire.reply("early")
        bodies.append(await wire.reader.readuntil(b"\r\n0\r\n\r\n"))
        await echo_rest(wire)

    async def echo_rest(wire):
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target)

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    response = await agent.request("POST", server.url, content=content())
    assert b"early" == await response.read()
    assert {} == agent.free_sockets
    assert 1 == len(next(iter(agent.sockets.values())))
    send_rest.set()
    await eventually(lambda: agent.free_sockets)
    assert [b"5\r\nfirst\r\n4\r\nrest\r\n0\r\n\r\n"] == bodies
    second = await agent.request("GET", f"{server.url}/second")
    assert (2, b"/second") == (second.nth, await second.read())


async def test_an_answer_that_closes_stops_the_body(serve, agent_of, eventually):
    ended = asyncio.Event()

    async def content():
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def handle(wire):
        await wire.head()
        wire.reply("no", "Connection: close", status="413 Too Large")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    response = await agent.request("POST", server.url, content=content())
    assert (413, b"no") == (response.status, await response.read())
    await asyncio.wait_for(ended.wait(), 1)
    await eventually(lambda: agent.total_socket_count == 0)
    assert {} == agent.snapshot().origins[0].counters.failed


async def test_a_response_closed_before_its_body_is_sent_takes_the_socket_with_it(
    serve, agent_of, eventually
):
    ended = asyncio.Event()

    async def content():
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def handle(wire):
        await wire.head()
        wire.reply("early")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, max_sockets=1)
    async with await agent.request("POST", server.url, content=content()) as response:
        assert b"early" == await response.read()
    await asyncio.wait_for(ended.wait(), 1)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_content_that_raises_after_the_answer_takes_the_socket_with_it(
    serve, agent_of, eventually
):
    fail = asyncio.Event()

    async def content():
        yield b"first"
        await fail.wait()
        raise LookupError("no more")

    async def handle(wire):
        await wire.head()
        wire.reply("early")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, max_sockets=1)
    response = await agent.request("POST", server.url, content=content())
    assert b"early" == await response.read()
    fail.set()
    await eventually(lambda: agent.total_socket_count == 0)


async def test_a_refusal_is_seen_although_the_server_resets_what_we_still_write(agent_of):
    refused = threading.Event()

    def refuse():
        sock, _ = listener.accept()
        with sock:
            head = b""
            while b"\r\n\r\n" not in head:
                head += sock.recv(100)
            sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        refused.set()  # closed with unread data: what we write from now on is answered with RST

    async def content():
        yield bytes(64 * 1024)
        refused.wait(5)  # the loop is held: our next writes come before it has read the answer
        for _ in range(3):
            yield b"more"
            time.sleep(0.01)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=refuse)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        response = await agent_of(keep_alive=True).request("POST", url, content=content())
        assert (413, b"no") == (response.status, await response.read())
        server.join()


async def test_a_peer_that_ends_its_side_while_we_send_hangs_up(serve, agent_of, eventually):
    ended = asyncio.Event()

    async def content():
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def handle(wire):
        await wire.head()
        wire.writer.write_eof()
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    with pytest.raises(PeerError, match="hang up"):
        await agent.request("POST", server.url, content=content())
    await asyncio.wait_for(ended.wait(), 1)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_an_agent_that_is_closed_cancels_content(serve, agent_of):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def content():
        try:
            yield b"first"
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    server = await serve()
    agent = agent_of()
    request = asyncio.create_task(agent.request("POST", server.url, content=content()))
    await begun.wait()
    await agent.aclose()
    assert ended.is_set()
    await asyncio.gather(request, return_exceptions=True)
