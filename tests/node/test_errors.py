"""Ports of Node's tests of what goes wrong on a socket, and of what must not come of it."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import gc
import math
import socket
import weakref

import pytest
from support.hearing import told

from pooltop import Timeouts
from pooltop.core.events import (
    RequestEnded,
    RequestFailed,
    SocketClosed,
    SocketClosing,
    SocketFreed,
    TimeoutRaised,
)
from pooltop.errors import PeerError, RequestError

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Type: text/plain\r\n\r\nhello world\r\n"


def _alive(refs):
    gc.collect()
    return [each for ref in refs if (each := ref()) is not None]


def _answering(answer):
    """Give a handler that writes this once asked, and closes."""

    async def handle(wire):
        await wire.request()
        wire.write(answer)

    return handle


@pytest.fixture(params=["h11", "llhttp"])
def codec(request):
    return request.param


@pytest.mark.node_test("parallel/test-http-conn-reset.js")
class TestHttpConnReset:
    @pytest.mark.parametrize("how", ["close", "reset"])
    async def test_a_server_that_destroys_the_connection_is_econnreset(
        self, serve, agent_of, eventually, how
    ):
        async def handle(wire):
            getattr(wire, how)()

        server = await serve(handle)
        agent = agent_of()
        with pytest.raises(RequestError) as caught:
            await agent.request("GET", server.url)
        assert "ECONNRESET" == caught.value.code
        await eventually(lambda: not agent.total_socket_count)


@pytest.mark.node_test("parallel/test-http-client-parse-error.js")
class TestHttpClientParseError:
    async def test_what_is_no_http_is_a_parse_error_and_the_socket_is_deaf(
        self, serve, agent_of, eventually, codec
    ):
        server = await serve(_answering(b"bad http = should trigger parse error"))
        agent = agent_of(keep_alive=True, codec=codec)
        with pytest.raises(PeerError) as caught:
            await agent.request("GET", server.url)
        assert "HPE_INVALID_CONSTANT" == caught.value.code
        await eventually(lambda: not agent.total_socket_count)

    async def test_garbage_behind_a_whole_response_destroys_the_socket_and_not_the_response(
        self, serve, agent_of, eventually, codec
    ):
        # Node's request has its response, whole, and then an error; here it can have one outcome.
        server = await serve(
            _answering(b"HTTP/1.1 302 Object Moved\r\nContent-Length: 0\r\n\r\nhi world")
        )
        agent = agent_of(keep_alive=True, codec=codec)
        events = told(agent, SocketClosing, SocketFreed)
        response = await agent.request("GET", server.url)
        assert (302, b"") == (response.status, await response.read())
        await eventually(lambda: not agent.total_socket_count)
        assert ["surplus bytes"] == [event.reason for event in events]


@pytest.mark.node_test("parallel/test-http-extra-response.js")
class TestHttpExtraResponse:
    @pytest.mark.parametrize("is_at_once", [True, False])
    async def test_a_response_that_comes_twice_is_read_once(
        self, serve, agent_of, eventually, codec, is_at_once
    ):
        async def handle(wire):
            await wire.request()
            wire.write(HELLO)
            if not is_at_once:
                await wire.writer.drain()
                await asyncio.sleep(0)
            wire.write(HELLO)

        server = await serve(handle)
        agent = agent_of(codec=codec)
        response = await agent.request("GET", server.url)
        assert b"hello world\r\n" == await response.read()
        await eventually(lambda: not agent.total_socket_count)


@pytest.mark.node_test("parallel/test-http-client-leaky-with-double-response.js")
class TestHttpClientLeakyWithDoubleResponse:
    async def test_a_second_response_keeps_nothing_of_the_first_alive(
        self, serve, agent_of, eventually, codec
    ):
        server = await serve(
            _answering(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
                b'{"hello":"world"}HTTP/1.1 400 Bad Request\r\n\r\n'
            )
        )
        agent = agent_of(keep_alive=True, codec=codec)
        response = await agent.request("GET", server.url)
        assert b'{"hello":"world"}' == await response.read()
        await eventually(lambda: not agent.total_socket_count)
        call = weakref.ref(response._call)
        del response
        assert [] == _alive([call])


@pytest.mark.node_test("parallel/test-http-client-race.js", "parallel/test-http-client-race-2.js")
class TestHttpClientRace:
    @pytest.mark.parametrize("keep_alive", [False, True])
    @pytest.mark.parametrize("has_closed", [False, True])
    async def test_bodies_of_requests_that_follow_each_other_are_never_mixed(
        self, serve, agent_of, eventually, codec, keep_alive, has_closed
    ):
        bodies = {"/1": "1111111111111111", "/2": "22222", "/3": "3333333333333333333"}

        async def handle(wire):
            while (asked := await wire.request()) is not None:
                wire.reply(bodies[asked.target])

        server = await serve(handle)
        agent = agent_of(keep_alive=keep_alive, codec=codec)
        for path, body in bodies.items():
            response = await agent.request("GET", server.url + path)
            assert body.encode() == await response.read()
            if has_closed:
                await eventually(lambda: not agent.sockets)


@pytest.mark.node_test("parallel/test-http-no-content-length.js")
class TestHttpNoContentLength:
    async def test_a_body_without_a_length_is_all_until_the_end_and_the_socket_is_not_kept(
        self, serve, agent_of, eventually, codec
    ):
        async def handle(wire):
            wire.write(b"HTTP/1.1 200 ok\r\n\r\nHello")  # before it was asked
            await wire.request()

        server = await serve(handle)
        agent = agent_of(keep_alive=True, codec=codec)
        events = told(agent, SocketFreed)
        response = await agent.request("GET", server.url)
        assert b"Hello" == await response.read()
        await eventually(lambda: not agent.total_socket_count)
        assert [] == events


@pytest.mark.node_test("parallel/test-http-client-read-in-error.js")
class TestHttpClientReadInError:
    async def test_what_a_socket_reads_after_its_error_is_not_delivered(
        self, serve, agent_of, eventually
    ):
        arrived = asyncio.Event()

        async def handle(wire):
            await wire.request()
            arrived.set()
            await wire.gone()

        def push(event):
            """As Node's test does on 'error': no kernel would, so the callback is called directly."""
            if isinstance(event, SocketClosing):
                connection.get_buffer(-1)[: len(HELLO)] = HELLO
                connection.buffer_updated(len(HELLO))

        server = await serve(handle)
        agent = agent_of()
        agent.subscribe(push)
        events = told(agent, RequestEnded, RequestFailed, SocketClosing)
        task = asyncio.create_task(agent.request("GET", server.url))
        await arrived.wait()
        (connection,) = agent.shell.connections.values()
        connection.connection_lost(OSError(errno.ECONNRESET, "Intentional error"))
        with pytest.raises(PeerError, match="ECONNRESET"):
            await task
        await eventually(lambda: not agent.total_socket_count)
        assert [SocketClosing, RequestFailed] == [type(event) for event in events]


@pytest.mark.node_test("parallel/test-http-client-readable.js")
class TestHttpClientReadable:
    async def test_a_response_that_comes_in_pieces_with_its_end_is_read_whole(
        self, agent_of, codec
    ):
        ours, theirs = socket.socketpair()

        async def connect(_origin):
            theirs.send(b"HTTP/1.1 200 Ok\r\nTransfer-Encoding: chunked\r\n\r\n")
            theirs.send(b"b\r\nhello world\r\n")
            theirs.send(b"0\r\n\r\n")
            theirs.shutdown(socket.SHUT_WR)
            return ours

        agent = agent_of(create_connection=connect, codec=codec)
        with theirs:
            response = await agent.request("GET", "http://a.example/")
            assert b"hello world" == await response.read()
            await agent.aclose()


_whose = contextvars.ContextVar("whose", default="nobody")


async def _in_context(whose, coroutine):
    """Run in a context of its own, as AsyncLocalStorage.run does."""
    context = contextvars.copy_context()
    context.run(_whose.set, whose)
    return await asyncio.get_running_loop().create_task(coroutine, context=context)


@pytest.mark.node_test(
    "async-hooks/test-async-local-storage-http-agent.js",
    "parallel/test-async-local-storage-http-agent.js",
)
class TestAsyncLocalStorageHttpAgent:
    async def test_each_of_three_that_take_turns_on_one_socket_goes_on_in_its_own_context(
        self, serve, agent_of
    ):
        server = await serve()
        agent = agent_of(max_sockets=1)
        seen = []

        async def get(n):
            response = await agent.request("GET", server.url)
            seen.append((n, _whose.get()))
            await response.read()
            seen.append((n, _whose.get()))

        await asyncio.gather(*(_in_context(n, get(n)) for n in range(3)))
        assert [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2), (2, 2)] == sorted(seen)
        assert 1 == len(server.wires)

    async def test_content_that_ends_after_the_answer_began_is_made_in_its_requests_context(
        self, serve, agent_of
    ):
        payload = b"hello world"
        answered = asyncio.Event()
        seen = []

        async def handle(wire):
            while await wire.head() is not None:
                await wire.reader.readexactly(len(payload))
                wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n")
                wire.write(b"3\r\nbar\r\n0\r\n\r\n")

        async def content():
            seen.append(_whose.get())
            yield payload
            await answered.wait()
            seen.append(_whose.get())

        async def post(content):
            response = await agent.request(
                "POST", server.url, headers=[("content-length", "11")], content=content
            )
            seen.append(_whose.get())
            answered.set()
            assert b"foobar" == await response.read()
            seen.append(_whose.get())
            return response.reused

        server = await serve(handle)
        agent = agent_of(keep_alive=True, keep_alive_msecs=math.inf, max_sockets=1)
        assert not await _in_context("first", post(payload))
        assert ["first"] * 2 == seen
        seen.clear()
        answered.clear()
        assert await _in_context("second", post(content()))
        assert ["second"] * 4 == seen


@pytest.mark.node_test(
    "sequential/test-gc-http-client.js",
    "sequential/test-gc-http-client-onerror.js",
    "sequential/test-gc-http-client-timeout.js",
)
class TestGcHttpClient:
    @pytest.mark.parametrize("content", [b"", b"a body"])
    async def test_requests_that_are_over_are_kept_by_nobody_though_their_sockets_are_idle(
        self, serve, agent_of, codec, content
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, codec=codec)
        calls = []

        async def post():
            response = await agent.request("POST", server.url, content=content)
            calls.append(weakref.ref(response._call))
            await response.read()

        for _ in range(6):
            await asyncio.gather(*(post() for _ in range(6)))
        assert [] == _alive(calls)
        assert [6] == [len(free) for free in agent.free_sockets.values()]

    async def test_an_upload_that_ended_after_its_answer_is_kept_by_nobody(
        self, serve, agent_of, codec, eventually
    ):
        read = asyncio.Event()

        async def handle(wire):
            while await wire.head() is not None:
                wire.reply("enough")
                await wire.reader.readuntil(b"0\r\n\r\n")

        async def content():
            yield b"one"
            await read.wait()
            yield b"two"

        server = await serve(handle)
        agent = agent_of(keep_alive=True, codec=codec)
        response = await agent.request("POST", server.url, content=content())
        assert b"enough" == await response.read()
        assert {} == agent.free_sockets
        read.set()
        await eventually(lambda: agent.free_sockets)
        call = weakref.ref(response._call)
        del response
        assert [] == _alive([call])

    async def test_requests_that_failed_are_kept_by_nobody(self, serve, agent_of, eventually):
        async def handle(wire):
            await wire.request()
            wire.reply("half", length=8)

        server = await serve(handle)
        agent = agent_of()
        calls = []

        async def get():
            response = await agent.request("GET", server.url)
            calls.append(weakref.ref(response._call))
            await response.read()

        errors = await asyncio.gather(*(get() for _ in range(36)), return_exceptions=True)
        assert [PeerError] * 36 == [type(error) for error in errors]
        del errors
        await eventually(lambda: not agent.total_socket_count)
        await eventually(lambda: not _alive(calls))  # asyncio has aborted transports a little more

    async def test_each_request_is_told_of_its_timeout_once_and_kept_by_nobody(
        self, serve, agent_of, eventually
    ):
        go_on = asyncio.Event()

        async def handle(wire):
            while await wire.request() is not None:
                await go_on.wait()
                wire.reply("hello\n")

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        events = told(agent, TimeoutRaised)
        calls = []

        async def get():
            timeouts = Timeouts(mode="node", idle=0.01)
            response = await agent.request("GET", server.url, timeouts=timeouts)
            calls.append(weakref.ref(response._call))
            return await response.read()

        getting = asyncio.gather(*(get() for _ in range(16)))
        await eventually(lambda: len(events) >= 16)
        assert list(range(1, 17)) == sorted(event.request for event in events)
        go_on.set()
        assert [b"hello\n"] * 16 == await getting
        del getting
        assert [] == _alive(calls)


def _given_up_at_once(agent, url):
    """Leave a socket in the free list that is not connected: its request went in its first turn."""
    request = agent.request("GET", url)
    request.send(None)
    request.close()


@pytest.mark.node_test(
    "parallel/test-http-agent-uninitialized.js",
    "parallel/test-http-agent-uninitialized-with-handle.js",
)
class TestHttpAgentUninitialized:
    async def test_an_idle_socket_that_has_no_transport_yet_is_taken_and_serves(
        self, serve, agent_of, fetch, eventually
    ):
        server = await serve()
        connecting, go_on = asyncio.Event(), asyncio.Event()

        async def connect(_origin):
            connecting.set()
            await go_on.wait()
            sock = socket.socket()
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
            return sock

        agent = agent_of(keep_alive=True, create_connection=connect)
        _given_up_at_once(agent, server.url)
        await eventually(connecting.is_set)
        assert (0, [1]) == (len(agent.sockets), [len(free) for free in agent.free_sockets.values()])
        task = asyncio.create_task(fetch(agent, server.url))
        await asyncio.sleep(0)
        assert {} == agent.free_sockets
        go_on.set()
        assert (200, b"/") == await task
        assert 1 == len(server.wires)

    async def test_an_idle_socket_that_has_a_transport_and_is_not_connected_serves(
        self, serve, agent_of, context, ca, fetch
    ):
        server = await serve(context=context())
        agent = agent_of(keep_alive=True, tls=ca)
        _given_up_at_once(agent, server.url)
        (connection,) = agent.shell.connections.values()
        while connection.sock is None and not connection.dead:
            await asyncio.sleep(0)
        assert connection.connected_at is None
        assert [1] == [len(free) for free in agent.free_sockets.values()]
        assert (200, b"/") == await fetch(agent, server.url)
        assert 1 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-agent-error-on-idle.js")
class TestHttpAgentErrorOnIdle:
    async def test_an_idle_socket_that_has_an_error_is_not_taken_in_the_same_turn(
        self, serve, agent_of, fetch
    ):
        server = await serve()
        agent = agent_of(keep_alive=True)
        await fetch(agent, server.url)
        assert [1] == [len(free) for free in agent.free_sockets.values()]
        (connection,) = agent.shell.connections.values()
        connection.connection_lost(OSError(errno.ECONNRESET, "test"))
        response = await agent.request("GET", server.url)
        assert ({}, False) == (agent.free_sockets, response.reused)
        assert b"/" == await response.read()

    async def test_an_idle_socket_that_the_server_resets_is_replaced(
        self, serve, agent_of, eventually, fetch
    ):
        server = await serve()
        agent = agent_of(keep_alive=True)
        await fetch(agent, server.url)
        server.wires[0].reset()
        await eventually(lambda: not agent.free_sockets)
        assert (200, b"/") == await fetch(agent, server.url)
        assert 2 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-agent-destroyed-socket.js")
class TestHttpAgentDestroyedSocket:
    async def test_a_queued_request_gets_another_socket_when_the_one_before_it_is_destroyed(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            while await wire.request() is not None:
                wire.reply("Hello World\n")

        server = await serve(handle)
        agent = agent_of(max_sockets=1)
        at_close = []

        def look(event):
            if isinstance(event, SocketClosed):
                sockets = [each.id for listed in agent.sockets.values() for each in listed]
                at_close.append((event.socket, agent.requests, sockets))

        agent.subscribe(look)
        task = asyncio.create_task(agent.request("GET", server.url))
        second = asyncio.create_task(agent.request("GET", server.url))
        first = await task
        assert [1] == [len(queue) for queue in agent.requests.values()]
        assert b"Hello World\n" == await anext(aiter(first))
        await first.aclose()
        response = await second
        assert [(first.socket_id, {}, [response.socket_id])] == at_close
        assert first.socket_id != response.socket_id
        assert b"Hello World\n" == await response.read()
        await eventually(lambda: not agent.total_socket_count)
        assert 2 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-keepalive-free.js")
class TestHttpKeepaliveFree:
    async def test_a_request_that_is_given_up_after_its_end_leaves_the_socket_alone(
        self, serve, agent_of, fetch
    ):
        server = await serve()
        agent = agent_of(keep_alive=True)
        events = told(agent, SocketFreed)
        task = asyncio.create_task(agent.request("GET", server.url))
        response = await task
        await response.read()
        assert not task.cancel()
        await response.aclose()
        assert 1 == len(events)
        await fetch(agent, server.url)
        assert 1 == len(server.wires)
