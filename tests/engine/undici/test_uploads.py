"""Streamed bodies through a dispatcher, and what becomes of who makes them."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.undici.options import DispatcherOptions
from pooltop.errors import AbortError, PeerError, UsageError

ONE = DispatcherOptions(kind="undici-client")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Content:
    """A body that is made when it is told to, and knows whether it was let go."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.is_begun = False
        self.is_over = asyncio.Event()

    async def __aiter__(self):
        self.is_begun = True
        try:
            while (piece := await self.pieces.get()) is not None:
                yield piece
        finally:
            self.is_over.set()


async def test_the_head_goes_out_with_the_first_of_the_body(serve, dispatcher_of):
    reads = asyncio.Queue()

    async def handle(wire):
        while data := await wire.reader.read(65536):
            reads.put_nowait(data)
            if data.endswith(b"0\r\n\r\n"):
                wire.write(ANSWER)

    server = await serve(handle)
    content = Content()
    dispatcher = dispatcher_of(options=ONE)
    request = asyncio.create_task(dispatcher.request("POST", server.url, content=content))
    while not content.is_begun:
        await asyncio.sleep(0)
    content.pieces.put_nowait(b"more!")
    first = await reads.get()
    assert first.startswith(b"POST / HTTP/1.1\r\n")
    assert first.endswith(b"\r\n\r\n5\r\nmore!\r\n")
    content.pieces.put_nowait(None)
    assert await (await request).read() == b"ok"


async def test_a_body_that_ends_at_once_is_a_body(serve, dispatcher_of):
    server = await serve()
    content = Content()
    content.pieces.put_nowait(None)
    dispatcher = dispatcher_of(options=ONE)
    response = await dispatcher.request("PUT", f"{server.url}/x", content=content)
    assert await response.read() == b"/x"


async def test_a_response_before_the_bodys_end_ends_the_body_and_the_socket(serve, dispatcher_of):
    async def handle(wire):
        await wire.head()
        wire.write(ANSWER)
        await wire.gone()

    server = await serve(handle)
    content = Content()
    content.pieces.put_nowait(b"more!")
    dispatcher = dispatcher_of(options=ONE)
    response = await dispatcher.request("POST", server.url, content=content)
    assert await response.read() == b"ok"
    await asyncio.wait_for(content.is_over.wait(), 5)
    again = await dispatcher.request("GET", server.url)
    assert (response.socket_id, again.socket_id) == (1, 2)


async def test_nothing_is_asked_of_a_body_whose_request_failed_as_it_was_made(dispatcher_of):
    dispatcher = dispatcher_of(options=ONE)
    await dispatcher.close()
    content = Content()
    with pytest.raises(AbortError, match="destroyed"):
        await dispatcher.request("POST", "http://127.0.0.1:1/", content=content)
    assert not content.is_begun
    await asyncio.wait_for(dispatcher.aclose(), 5)


async def test_a_body_that_breaks_fails_its_request_and_the_next_dials(serve, dispatcher_of):
    async def broken():
        yield b"more!"
        raise OSError("no more")

    server = await serve()
    dispatcher = dispatcher_of(options=ONE)
    with pytest.raises(UsageError, match="no more"):
        await dispatcher.request("POST", server.url, content=broken())
    response = await dispatcher.request("GET", f"{server.url}/next")
    assert await response.read() == b"/next"


async def test_a_streamed_body_that_went_with_its_connection_is_not_sent_as_none(
    serve, dispatcher_of
):
    """The turn of one that was given up ends the connection of the upload before it."""
    heads = []

    async def handle(wire):
        while (asked := await wire.request()) is not None:
            heads.append(asked)

    server = await serve(handle)
    content = Content()
    content.pieces.put_nowait(b"more!")
    dispatcher = dispatcher_of(options=DispatcherOptions(kind="undici-client", pipelining=2))
    upload = asyncio.create_task(
        dispatcher.request("PUT", server.url, content=content, blocking=False)
    )
    while dispatcher.shell.core.total_stats().running == 0:
        await asyncio.sleep(0)
    given_up = asyncio.create_task(dispatcher.request("GET", server.url))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    content.pieces.put_nowait(None)
    with pytest.raises(PeerError, match="streamed body") as caught:
        await upload
    assert caught.value.code == "UND_ERR_SOCKET"
    assert [each.body for each in heads] == [b"more!"]
