"""Ports of Node's tests of requests that are given up: queued, on a socket, half answered.

What gives a request up is the cancellation of the task that awaits it, and later ``aclose`` of
its response. ``req.abort()``, ``req.destroy()`` and an AbortSignal are told apart by Node only in
the error that they leave; here the caller gets the CancelledError that asyncio raises for each,
and the error that Node would give the request is in its RequestFailed event.
"""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from support.hearing import told

from pooltop.core.events import (
    RequestAborted,
    RequestEnded,
    RequestFailed,
    SocketClosed,
    SocketClosing,
    SocketFreed,
    SocketOpened,
)
from pooltop.errors import RequestError

HUNG_UP = ("ECONNRESET", "socket hang up")
ABORTED = ("ECONNRESET", "aborted")


def _failures(events):
    return [(e.code, e.message) for e in events if isinstance(e, RequestFailed)]


def _destroyed_at_once(request):
    """Begin a request and give it up in the same turn of the loop: no task can be so quick."""
    request.send(None)
    with pytest.raises(asyncio.CancelledError):
        request.throw(asyncio.CancelledError())


async def _cancelled(task):
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def _error_of(reading):
    with pytest.raises(RequestError) as caught:
        await reading
    return caught.value.code, str(caught.value)


@pytest.mark.node_test("parallel/test-http-abort-queued.js")
class TestHttpAbortQueued:
    async def test_an_aborted_request_is_counted_until_its_turn_and_never_sent(
        self, serve, agent_of, eventually
    ):
        targets = []
        complete = asyncio.Event()

        async def handle(wire):
            while (asked := await wire.request()) is not None:
                targets.append(asked.target)
                wire.reply("foo", length=6)
                await complete.wait()
                wire.write(b"bar")

        server = await serve(handle)
        agent = agent_of(max_sockets=1)
        assert {} == agent.sockets
        response = await agent.request("GET", f"{server.url}/")
        assert (1, 0) == (len(agent.sockets), len(agent.requests))

        other = asyncio.create_task(agent.request("GET", f"{server.url}/thatotherone"))
        await asyncio.sleep(0)
        assert (1, 1) == (len(agent.sockets), len(agent.requests))
        other.cancel()
        await asyncio.wait([other])
        assert other.cancelled()
        assert (1, 1) == (len(agent.sockets), len(agent.requests))
        assert [True] == [each.aborted for queue in agent.requests.values() for each in queue]

        complete.set()
        assert b"foobar" == await response.read()
        await eventually(lambda: not agent.sockets)
        assert {} == agent.requests
        assert ["/"] == targets


@pytest.mark.node_test(
    "parallel/test-http-agent-abort-controller.js",
    "parallel/test-https-agent-abort-controller.js",
    "parallel/test-https-abortcontroller.js",
)
@pytest.mark.parametrize("scheme", ["http", "https"])
class TestHttpAgentAbortController:
    async def test_a_request_cancelled_before_it_begins_opens_nothing(
        self, silent, agent_of, scheme
    ):
        agent = agent_of()
        events = told(agent, SocketOpened, RequestFailed)
        await _cancelled(
            asyncio.create_task(agent.request("GET", f"{scheme}://127.0.0.1:{silent()}"))
        )
        assert [] == events

    async def test_a_request_cancelled_in_its_first_turn_is_never_attached(
        self, silent, agent_of, eventually, scheme
    ):
        agent = agent_of()
        events = told(agent, RequestFailed)
        _destroyed_at_once(agent.request("GET", f"{scheme}://127.0.0.1:{silent()}"))
        await eventually(lambda: not agent.total_socket_count)
        assert [HUNG_UP] == _failures(events)

    async def test_a_request_cancelled_while_it_connects_takes_its_socket_with_it(
        self, black_hole, agent_of, eventually, scheme
    ):
        agent = agent_of(keep_alive=True)
        events = told(agent, RequestFailed)
        task = asyncio.create_task(agent.request("GET", f"{scheme}://127.0.0.1:{black_hole}"))
        await eventually(lambda: agent.sockets)
        await _cancelled(task)
        await eventually(lambda: not agent.total_socket_count)
        assert [HUNG_UP] == _failures(events)

    async def test_a_request_cancelled_before_its_answer_takes_its_socket_with_it(
        self, serve, agent_of, context, ca, eventually, scheme
    ):
        arrived, gone = asyncio.Event(), asyncio.Event()

        async def handle(wire):
            await wire.request()
            arrived.set()
            await wire.gone()
            gone.set()

        server = await serve(handle, context=context() if scheme == "https" else None)
        agent = agent_of(keep_alive=True, tls=ca)
        events = told(agent, RequestFailed)
        task = asyncio.create_task(agent.request("GET", server.url))
        await arrived.wait()
        await _cancelled(task)
        await gone.wait()
        await eventually(lambda: not agent.total_socket_count)
        assert [HUNG_UP] == _failures(events)


@pytest.mark.node_test("parallel/test-http-client-agent-abort-close-event.js")
class TestHttpClientAgentAbortCloseEvent:
    async def test_a_request_destroyed_at_once_leaves_its_socket_to_the_agent_unused(
        self, serve, agent_of, eventually
    ):
        asked = []

        async def handle(wire):
            asked.append(await wire.request())

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        events = told(agent, RequestFailed)
        _destroyed_at_once(agent.request("GET", server.url))
        await eventually(lambda: agent.free_sockets)
        assert [HUNG_UP] == _failures(events)
        await eventually(lambda: server.open == 1)
        assert (0, 1) == (len(agent.sockets), len(agent.free_sockets))
        agent.destroy()
        await eventually(lambda: asked == [None])
        await eventually(lambda: not agent.total_socket_count)


@pytest.mark.node_test("parallel/test-http-client-agent-end-close-event.js")
class TestHttpClientAgentEndCloseEvent:
    async def test_a_request_is_over_when_its_response_has_ended_though_its_socket_lives(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("hello")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        response = await agent.request("GET", server.url)
        assert [b"hello"] == [piece async for piece in response]
        assert response.timings.total is not None
        assert ({}, 1) == (agent.sockets, len(agent.free_sockets))
        agent.destroy()
        await eventually(lambda: not server.open)


@pytest.mark.node_test("parallel/test-http-client-abort-keep-alive-destroy-res.js")
class TestHttpClientAbortKeepAliveDestroyRes:
    async def test_a_response_closed_after_its_end_leaves_the_socket_to_the_next_request(
        self, serve, agent_of
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, max_sockets=1)
        response = await agent.request("GET", f"{server.url}/1")
        await response.read()
        await response.aclose()
        response = await agent.request("GET", f"{server.url}/2")
        assert b"/2" == await response.read()
        assert 1 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-client-abort-keep-alive-queued-tcp-socket.js")
class TestHttpClientAbortKeepAliveQueuedTcpSocket:
    async def test_a_queued_request_that_is_aborted_lets_the_socket_go_to_the_one_behind_it(
        self, serve, agent_of
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, max_sockets=1)
        events = told(agent, RequestAborted, RequestFailed)

        async def get(path):
            response = await agent.request("GET", server.url + path)
            return await response.read()

        first, aborted, last = (asyncio.create_task(get(path)) for path in ("/1", "/2", "/3"))
        await asyncio.sleep(0)
        await _cancelled(aborted)
        assert [RequestAborted] == [type(event) for event in events]
        assert [b"/1", b"/3"] == await asyncio.gather(first, last)
        assert [HUNG_UP] == _failures(events)
        assert 1 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-client-abort.js")
class TestHttpClientAbort:
    async def test_the_server_sees_every_one_of_8_half_read_responses_aborted(
        self, serve, agent_of, eventually
    ):
        aborted = []

        async def handle(wire):
            asked = await wire.request()
            wire.reply("Working on it...", length=1000)
            await wire.gone()
            aborted.append(asked.target)

        server = await serve(handle)
        agent = agent_of()
        targets = [f"/?id={n}" for n in range(8)]
        responses = await asyncio.gather(
            *(agent.request("GET", server.url + target) for target in targets)
        )
        readers = [asyncio.create_task(_error_of(response.read())) for response in responses]
        await asyncio.sleep(0)
        for response in responses:
            await response.aclose()
        await eventually(lambda: len(aborted) == 8)
        assert targets == sorted(aborted)
        assert [ABORTED] * 8 == await asyncio.gather(*readers)
        await eventually(lambda: not agent.sockets)


@pytest.mark.node_test("parallel/test-http-client-abort2.js")
class TestHttpClientAbort2:
    async def test_an_abort_at_the_last_piece_destroys_the_socket_and_nothing_else(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("Hello")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        response = await agent.request("GET", server.url)
        assert b"Hello" == await anext(aiter(response))
        await response.aclose()
        await eventually(lambda: not agent.total_socket_count)
        await eventually(lambda: not server.open)
        assert {"request aborted": 1} == agent.snapshot().origins[0].counters.closed


@pytest.mark.node_test("parallel/test-http-client-abort-no-agent.js")
class TestHttpClientAbortNoAgent:
    async def test_a_socket_that_no_other_request_may_use_is_closed_by_an_abort_at_once(
        self, serve, agent_of, eventually
    ):
        asked = []

        async def handle(wire):
            asked.append(await wire.request())

        server = await serve(handle)
        agent = agent_of()
        events = told(agent, SocketOpened, SocketClosed)
        _destroyed_at_once(agent.request("GET", server.url))
        await eventually(lambda: not agent.total_socket_count)
        assert [SocketOpened, SocketClosed] == [type(event) for event in events]
        assert not any(asked)


@pytest.mark.node_test("parallel/test-http-client-abort-destroy.js")
class TestHttpClientAbortDestroy:
    async def test_an_abort_at_data_is_an_error_of_the_response_and_not_of_the_caller(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("Hello", length=6)
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        async with await agent.request("GET", server.url) as response:
            pieces = aiter(response)
            assert b"Hello" == await anext(pieces)
        assert ABORTED == await _error_of(anext(pieces))
        assert ABORTED == await _error_of(response.read())
        await eventually(lambda: not agent.sockets)

    @pytest.mark.parametrize("turns", range(3))
    async def test_a_request_destroyed_before_its_answer_fails_once_and_is_not_answered(
        self, serve, agent_of, eventually, turns
    ):
        async def handle(wire):
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        events = told(agent, RequestFailed)
        if turns == 0:
            _destroyed_at_once(agent.request("GET", server.url))
        else:
            task = asyncio.create_task(agent.request("GET", server.url))
            for _ in range(turns):
                await asyncio.sleep(0)
            await _cancelled(task)
        await eventually(lambda: not agent.total_socket_count)
        assert [HUNG_UP] == _failures(events)

    async def test_a_request_destroyed_before_it_begins_is_none(self, silent, agent_of):
        agent = agent_of()
        await _cancelled(asyncio.create_task(agent.request("GET", f"http://127.0.0.1:{silent()}")))
        assert () == agent.snapshot().origins


@pytest.mark.node_test("parallel/test-http-client-abort-event.js")
class TestHttpClientAbortEvent:
    async def test_a_second_abort_changes_nothing(self, serve, agent_of, eventually):
        async def handle(wire):
            await wire.request()
            wire.reply("half", length=8)
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(max_sockets=1)
        events = told(agent, RequestAborted, RequestFailed, SocketClosed)
        response = await agent.request("GET", server.url)
        queued = asyncio.create_task(agent.request("GET", server.url))
        await asyncio.sleep(0)
        queued.cancel()
        queued.cancel()
        await asyncio.wait([queued])
        await response.aclose()
        await response.aclose()
        await eventually(lambda: not agent.total_socket_count)
        kinds = [type(event) for event in events]
        assert 1 == kinds.count(RequestAborted)
        assert [ABORTED, HUNG_UP] == _failures(events)
        assert 2 == kinds.count(SocketClosed)


@pytest.mark.node_test("parallel/test-http-client-abort-response-event.js")
class TestHttpClientAbortResponseEvent:
    async def test_a_response_that_comes_as_its_request_is_aborted_does_no_harm(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("too late")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        task = asyncio.create_task(agent.request("GET", server.url))
        await asyncio.sleep(0)
        call = next(iter(agent.shell.exchanges.values()))

        def cancel_at_the_head(head):
            type(call).on_head(call, head)
            task.cancel()

        call.on_head = cancel_at_the_head
        await asyncio.wait([task])
        assert task.cancelled()
        assert 200 == call.status
        await eventually(lambda: not agent.total_socket_count)
        await eventually(lambda: not server.open)


@pytest.mark.node_test("parallel/test-http-abort-before-end.js")
class TestHttpAbortBeforeEnd:
    async def test_a_request_that_is_aborted_before_its_content_has_begun_sends_nothing(
        self, serve, agent_of, eventually
    ):
        asked, begun = [], []

        async def handle(wire):
            asked.append(await wire.head())

        async def content():
            begun.append(True)
            yield b"never"

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        _destroyed_at_once(agent.request("POST", server.url, content=content()))
        await eventually(lambda: server.open)
        agent.destroy()
        await eventually(lambda: asked == [None])
        assert [] == begun


@pytest.mark.node_test("parallel/test-http-client-aborted-event.js")
class TestHttpClientAbortedEvent:
    @pytest.mark.parametrize("is_read", [True, False])
    async def test_a_server_that_goes_mid_body_aborts_the_response_read_or_not(
        self, serve, agent_of, eventually, is_read
    ):
        answered = asyncio.Event()

        async def handle(wire):
            await wire.request()
            wire.reply("Part of my res.", length=100)
            await answered.wait()

        server = await serve(handle)
        agent = agent_of()
        response = await agent.request("GET", server.url, headers=[("connection", "keep-alive")])
        answered.set()
        if is_read:
            code, message = await _error_of(response.read())
            assert "ECONNRESET" == code
            assert message.startswith("aborted")
        await eventually(lambda: not agent.sockets)


@pytest.mark.node_test("parallel/test-http-abort-client.js")
class TestHttpAbortClient:
    @pytest.mark.parametrize("how", ["close", "reset"])
    async def test_a_server_that_dies_mid_body_ends_no_response_and_closes_the_socket(
        self, serve, agent_of, eventually, how
    ):
        answered = asyncio.Event()

        async def handle(wire):
            await wire.request()
            wire.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\nPart of my res.\r\n"
            )
            await answered.wait()
            getattr(wire, how)()

        server = await serve(handle)
        agent = agent_of()
        events = told(agent, RequestFailed, SocketClosed)
        response = await agent.request("GET", server.url, headers=[("connection", "keep-alive")])
        answered.set()
        pieces = aiter(response)
        assert b"Part of my res." == await anext(pieces)
        assert "ECONNRESET" == (await _error_of(anext(pieces)))[0]
        await eventually(lambda: not agent.sockets)
        assert [RequestFailed, SocketClosed] == sorted(map(type, events), key=str)


@pytest.mark.node_test("parallel/test-http-aborted.js")
class TestHttpAborted:
    async def test_an_abort_mid_body_ends_both_sides_with_an_error_that_says_so(
        self, serve, agent_of, eventually
    ):
        seen = []

        async def handle(wire):
            await wire.request()
            wire.reply("hello", length=100)
            seen.append(await wire.request())

        server = await serve(handle)
        agent = agent_of()
        events = told(agent, RequestFailed)
        response = await agent.request("GET", server.url, headers=[("connection", "keep-alive")])
        reading = asyncio.create_task(_error_of(response.read()))
        await asyncio.sleep(0)
        await response.aclose()
        assert ABORTED == await reading
        await eventually(lambda: seen == [None])
        await eventually(lambda: not agent.sockets)
        assert [ABORTED] == _failures(events)

    async def test_an_error_that_nobody_reads_is_not_the_loops_to_report(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("hello", length=100)
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        response = await agent.request("GET", server.url)
        await response.aclose()
        await eventually(lambda: not agent.sockets)


@pytest.mark.node_test("parallel/test-http-abort-stream-end.js")
class TestHttpAbortStreamEnd:
    async def test_no_data_comes_after_the_abort_though_all_of_it_had_arrived(
        self, serve, agent_of, eventually
    ):
        pieces = [b"x%d" % n for n in range(1024)]

        async def handle(wire):
            await wire.request()
            wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in pieces:
                wire.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            wire.write(b"0\r\n\r\n")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        response = await agent.request("GET", server.url)
        await eventually(lambda: all(each.is_whole for each in agent.shell.exchanges.values()))
        size = 0
        after_abort = []
        is_aborted = False
        with contextlib.suppress(RequestError):
            async for piece in response:
                if is_aborted:
                    after_abort.append(piece)
                size += len(piece)
                if size > 1024 and not is_aborted:
                    await response.aclose()
                    is_aborted = True
        assert is_aborted
        assert [] == after_abort
        assert ABORTED == await _error_of(response.read())
        await eventually(lambda: not agent.total_socket_count)


@pytest.mark.node_test("parallel/test-http-client-close-event.js")
class TestHttpClientCloseEvent:
    async def test_a_destroyed_request_has_its_error_before_it_is_closed(
        self, serve, agent_of, eventually
    ):
        asked = []

        async def handle(wire):
            asked.append(await wire.request())

        server = await serve(handle)
        agent = agent_of()
        events = told(agent, RequestFailed, SocketClosed)
        _destroyed_at_once(agent.request("GET", server.url))
        await eventually(lambda: not agent.total_socket_count)
        assert [HUNG_UP] == _failures(events)
        assert [RequestFailed, SocketClosed] == [type(event) for event in events]
        assert not any(asked)


@pytest.mark.node_test("parallel/test-http-client-spurious-aborted.js")
class TestHttpClientSpuriousAborted:
    async def test_only_the_download_that_was_cut_is_aborted(self, serve, agent_of):
        rests = [None, b"eeeeeeeeee"]

        async def handle(wire):
            await wire.request()
            wire.reply("aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd", "Connection: close", length=50)
            rest = rests.pop(0)
            if rest is not None:
                wire.write(rest)

        server = await serve(handle)
        agent = agent_of()

        async def download():
            response = await agent.request("GET", server.url)
            assert (200, "close") == (response.status, response.header("connection"))
            return await response.read()

        code, message = await _error_of(download())
        assert ("ECONNRESET", "aborted") == (code, message.partition(":")[0])
        assert b"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee" == await download()


@pytest.mark.node_test("parallel/test-http-client-res-destroyed.js")
class TestHttpClientResDestroyed:
    async def test_a_response_destroyed_unread_is_closed(self, serve, agent_of, eventually):
        server = await serve()
        agent = agent_of(keep_alive=True)
        response = await agent.request("GET", server.url)
        await response.aclose()
        assert ABORTED == await _error_of(response.read())
        await eventually(lambda: not server.open)
        assert 0 == agent.total_socket_count

    async def test_a_response_that_was_read_is_closed_by_its_end(self, serve, agent_of, eventually):
        server = await serve()
        agent = agent_of()
        response = await agent.request("GET", f"{server.url}/asd")
        assert b"/asd" == await response.read()
        await eventually(lambda: not server.open)
        assert b"/asd" == await response.read()


@pytest.mark.node_test("parallel/test-http-response-close.js")
class TestHttpResponseClose:
    async def test_a_response_destroyed_at_its_first_data_is_closed(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        async with await agent.request("GET", server.url) as response:
            assert b"a" == await anext(aiter(response))
        await eventually(lambda: not server.open)
        await eventually(lambda: not agent.sockets)

    async def test_a_response_is_not_over_with_its_last_data_and_destroys_nothing_at_its_end(
        self, serve, agent_of
    ):
        async def handle(wire):
            await wire.request()
            wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            wire.write(b"1\r\na\r\n0\r\n\r\n")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        events = told(agent, RequestEnded, RequestFailed, SocketClosing, SocketFreed)
        response = await agent.request("GET", server.url)
        pieces = aiter(response)
        assert b"a" == await anext(pieces)
        assert ([], None) == (events, response.timings.total)
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)
        over = [RequestEnded, SocketFreed]
        assert over == [type(event) for event in events]
        assert response.timings.total is not None
        await response.aclose()
        assert (over, 1) == ([type(event) for event in events], agent.total_socket_count)

    async def test_a_server_that_closes_instead_of_answering_fails_the_request(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()

        server = await serve(handle)
        agent = agent_of()
        code, message = await _error_of(agent.request("GET", server.url))
        assert HUNG_UP == (code, message.partition(":")[0])
        await eventually(lambda: not agent.sockets)


@pytest.mark.node_test("parallel/test-http-client-incomingmessage-destroy.js")
class TestHttpClientIncomingmessageDestroy:
    async def test_the_error_that_destroys_a_response_is_the_one_that_is_seen(
        self, serve, agent_of, eventually
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("Part of res.", length=100)
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        with pytest.raises(ZeroDivisionError, match="Destroy test"):
            async with await agent.request("GET", server.url):
                raise ZeroDivisionError("Destroy test")
        await eventually(lambda: not server.open)
        await eventually(lambda: not agent.sockets)
