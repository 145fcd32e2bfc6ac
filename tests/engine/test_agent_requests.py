"""The public Agent: requests and responses over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.model import Timeouts
from pooltop.engine.url import split_url
from pooltop.errors import AbortError, NetworkError, PeerError, UsageError


@pytest.fixture(params=["h11", "llhttp"])
def codec(request):
    return request.param


async def test_a_response_is_what_the_server_sent(serve, agent_of, codec):
    async def handle(wire):
        asked = await wire.request()
        assert ("GET", "/x?y=1") == (asked.method, asked.target)
        wire.reply("hello", "X-One: 1", "X-One: 2", status="203 Fine By Me")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, codec=codec)
    response = await agent.request("GET", f"{server.url}/x?y=1", headers=[("accept", "*/*")])
    assert (203, "Fine By Me", "1.1") == (response.status, response.reason, response.http_version)
    assert (b"x-one", b"1") in response.headers
    assert (b"x-one", b"2") in response.headers
    assert "5" == response.header("Content-Length")
    assert response.header("nothing") is None
    assert b"hello" == await response.read()
    assert b"hello" == await response.read()
    assert (1, False, 1) == (response.socket_id, response.reused, response.nth)
    assert "<Response 203 socket 1 request 1>" == repr(response)


async def test_a_body_can_be_iterated(serve, agent_of, codec):
    async def handle(wire):
        await wire.request()
        wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        wire.write(b"4\r\ndefg\r\n0\r\n\r\n")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, codec=codec)
    response = await agent.request("GET", server.url)
    assert b"abcdefg" == b"".join([piece async for piece in response])
    assert 1 == sum(map(len, agent.free_sockets.values()))


async def test_read_goes_on_where_a_cancelled_read_stopped(serve, agent_of):
    send_rest = asyncio.Event()

    async def handle(wire):
        await wire.request()
        wire.reply("first-", length=12)
        await send_rest.wait()
        wire.write(b"second")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of()
    response = await agent.request("GET", server.url)
    reading = asyncio.create_task(response.read())
    await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    send_rest.set()
    assert b"first-second" == await response.read()


async def test_an_idle_socket_is_reused_and_says_so(serve, agent_of, codec):
    server = await serve()
    agent = agent_of(keep_alive=True, codec=codec)
    first = await agent.request("GET", f"{server.url}/1")
    assert b"/1" == await first.read()
    second = await agent.request("GET", f"{server.url}/2")
    assert b"/2" == await second.read()
    assert (1, True, 2) == (second.socket_id, second.reused, second.nth)
    assert 1 == len(server.wires)


async def test_a_fresh_socket_has_every_phase_and_a_reused_one_only_its_own(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    fresh = await agent.request("GET", server.url)
    assert fresh.timings.total is None
    await fresh.read()
    parts = fresh.timings
    assert parts.tls is None
    phases = [parts.queue, parts.dns, parts.tcp, parts.send, parts.wait, parts.receive]
    assert None not in phases
    assert all(phase >= 0 for phase in phases)
    assert sum(phases) == pytest.approx(parts.total, abs=0.02)
    assert sum(phases) <= parts.total + 1e-6
    reused = await agent.request("GET", server.url)
    await reused.read()
    assert (None, None, None) == (reused.timings.dns, reused.timings.tcp, reused.timings.tls)
    assert 0.0 == reused.timings.queue
    assert reused.timings.total > 0


async def test_time_in_the_queue_is_a_phase(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True, max_sockets=1)
    first, second = await asyncio.gather(
        _get(agent, f"{server.url}/1"), _get(agent, f"{server.url}/2")
    )
    assert 0.0 == first.timings.queue
    assert 0.0 < second.timings.queue <= second.timings.total
    assert (False, 2) == (second.reused, second.nth)


async def _get(agent, url, **more):
    response = await agent.request("GET", url, **more)
    await response.read()
    return response


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_a_status_without_a_body_keeps_the_socket(serve, agent_of, codec, status):
    async def handle(wire):
        while await wire.request():
            wire.write(f"HTTP/1.1 {status}\r\n\r\n".encode())

    server = await serve(handle)
    agent = agent_of(keep_alive=True, codec=codec)
    for nth in (1, 2):
        response = await _get(agent, server.url)
        assert nth == response.nth
        assert b"" == await response.read()


async def test_head_has_headers_and_no_body_and_keeps_the_socket(serve, agent_of, codec):
    async def handle(wire):
        while await wire.request():
            wire.reply(b"", length=1000)

    server = await serve(handle)
    agent = agent_of(keep_alive=True, codec=codec)
    for nth in (1, 2):
        response = await agent.request("HEAD", server.url)
        assert "1000" == response.header("content-length")
        assert b"" == await response.read()
        assert nth == response.nth


async def test_interim_responses_are_skipped(serve, agent_of, codec):
    async def handle(wire):
        await wire.request()
        wire.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        wire.reply("final")
        await wire.gone()

    server = await serve(handle)
    response = await agent_of(codec=codec).request("GET", server.url)
    assert (200, b"final") == (response.status, await response.read())


async def test_a_body_that_only_the_end_delimits_is_whole(serve, agent_of, codec):
    async def handle(wire):
        await wire.request()
        wire.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        await wire.writer.drain()
        wire.close()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, codec=codec)
    response = await agent.request("GET", server.url)
    assert b"all of it" == await response.read()
    await asyncio.sleep(0)
    assert {} == agent.free_sockets


async def test_a_truncated_body_is_an_error_that_says_how_much_came(serve, agent_of, codec):
    async def handle(wire):
        await wire.request()
        wire.reply("sixsix", length=10)
        await wire.writer.drain()

    server = await serve(handle)
    agent = agent_of(codec=codec)
    response = await agent.request("GET", server.url)
    with pytest.raises(PeerError, match="6 of 10") as caught:
        await response.read()
    assert "ECONNRESET" == caught.value.code


async def test_an_unread_response_keeps_its_socket_until_it_is_closed(serve, agent_of, eventually):
    server = await serve()
    agent = agent_of(keep_alive=True, max_sockets=1)
    unread = await agent.request("GET", f"{server.url}/1")
    waiting = asyncio.create_task(_get(agent, f"{server.url}/2"))
    await asyncio.sleep(0.02)
    assert 1 == agent.snapshot().origins[0].queued
    await unread.aclose()
    second = await waiting
    assert 2 == second.socket_id
    assert b"/2" == await second.read()
    await eventually(lambda: server.open == 1)
    await unread.aclose()
    await second.aclose()
    assert 1 == sum(map(len, agent.free_sockets.values()))


async def test_a_response_is_a_context_that_gives_up_what_was_not_read(serve, agent_of, eventually):
    server = await serve()
    agent = agent_of(keep_alive=True)
    async with await agent.request("GET", server.url) as response:
        assert 200 == response.status
    await eventually(lambda: agent.total_socket_count == 0)
    async with await agent.request("GET", server.url) as response:
        await response.read()
    assert 1 == agent.total_socket_count


async def test_a_reset_after_a_whole_response_does_not_spoil_it(serve, agent_of, eventually):
    async def handle(wire):
        await wire.request()
        wire.reply("complete")
        await wire.writer.drain()
        wire.reset()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    response = await agent.request("GET", server.url)
    await eventually(lambda: agent.total_socket_count == 0)
    assert b"complete" == await response.read()
    counters = agent.snapshot().origins[0].counters
    assert (1, {}) == (counters.completed, counters.failed)


async def test_a_fin_while_a_whole_body_is_unread_does_not_spoil_it(serve, agent_of, eventually):
    async def handle(wire):
        await wire.request()
        wire.reply("complete")

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    response = await agent.request("GET", server.url)
    await eventually(lambda: server.open == 0)
    await asyncio.sleep(0.01)
    assert b"complete" == await response.read()
    await eventually(lambda: agent.total_socket_count == 0)
    counters = agent.snapshot().origins[0].counters
    assert (1, {}) == (counters.completed, counters.failed)


async def test_surplus_after_an_unread_response_does_not_spoil_it(serve, agent_of, eventually):
    async def handle(wire):
        await wire.request()
        wire.reply("complete")
        await wire.writer.drain()
        await asyncio.sleep(0.01)
        wire.reply("POISON")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    response = await agent.request("GET", server.url)
    await eventually(lambda: agent.total_socket_count == 0)
    assert b"complete" == await response.read()
    second = await agent.request("GET", server.url)
    assert b"complete" == await second.read()
    assert 2 == second.socket_id


async def test_a_server_that_pushes_50_mb_is_held_back_until_it_is_read(serve, agent_of):
    size = 50 * 1024 * 1024
    pushed = 0

    async def handle(wire):
        nonlocal pushed
        await wire.request()
        wire.reply(b"", length=size)
        piece = bytes(256 * 1024)
        for _ in range(size // len(piece)):
            wire.write(piece)
            await wire.writer.drain()
            pushed += len(piece)
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    response = await agent.request("GET", server.url)
    seen = -1
    while seen != pushed:
        seen = pushed
        await asyncio.sleep(0.05)
    info = next(iter(agent.sockets.values()))[0]
    assert info.bytes_in <= 1024 * 1024
    assert pushed < size / 2
    got = 0
    async for piece in response:
        got += len(piece)
    assert size == got
    assert 1 == sum(map(len, agent.free_sockets.values()))


async def test_garbage_is_refused_in_words(serve, agent_of, codec, eventually):
    async def handle(wire):
        await wire.request()
        wire.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, codec=codec)
    with pytest.raises(PeerError, match="SSH"):
        await agent.request("GET", server.url)
    await eventually(lambda: {"bad response": 1} == agent.snapshot().origins[0].counters.closed)


async def test_a_server_that_hangs_up_before_it_answers_is_named(serve, agent_of, codec):
    async def handle(wire):
        await wire.request()

    server = await serve(handle)
    with pytest.raises(PeerError, match="socket hang up") as caught:
        await agent_of(codec=codec).request("GET", server.url)
    assert "ECONNRESET" == caught.value.code


async def test_a_refused_connection_is_a_network_error(serve, agent_of):
    server = await serve()
    port = server.port
    agent = agent_of()
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        with pytest.raises(NetworkError, match="ECONNREFUSED") as caught:
            await agent.request("GET", f"http://127.0.0.1:{port}")
    assert "ECONNREFUSED" == caught.value.code


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1",
        "ftp://a/",
        "http://",
        "http:///path",
        "http://a:0/",
        "http://a:99999/",
        "http://a:port/",
        "http://[::1/",
        "http://u:p@a/",
        "http://a/\n",
        "http://a/ b",
        "http://a/\u00e9",
        "http://b\u00fccher.example/",
        "http://a\\b/",
        "",
    ],
)
async def test_a_url_that_cannot_be_requested_is_a_usage_error(agent_of, url):
    agent = agent_of()
    with pytest.raises(UsageError):
        await agent.request("GET", url)
    assert {} == agent.sockets


@pytest.mark.parametrize(
    "header", [("a\r\nb", "c"), ("a", "b\r\nc"), ("", "x"), ("a b", "c"), ("a", "\x00")]
)
async def test_a_header_that_cannot_be_sent_is_a_usage_error(agent_of, header):
    with pytest.raises(UsageError, match="header"):
        await agent_of().request("GET", "http://127.0.0.1:1/", headers=[header])


@pytest.mark.parametrize("content", ["text", 3, None, [b"a"], {"a": b"b"}])
async def test_content_that_is_neither_bytes_nor_streamed_is_a_usage_error(agent_of, content):
    agent = agent_of()
    with pytest.raises(UsageError, match="content"):
        await agent.request("POST", "http://127.0.0.1:1/", content=content)
    assert {} == agent.sockets


@pytest.mark.parametrize("content", [bytearray(b"abc"), memoryview(b"abc")])
async def test_content_can_be_any_bytes(serve, agent_of, content):
    got = []

    async def handle(wire):
        got.append(await wire.request())
        wire.reply()
        await wire.gone()

    server = await serve(handle)
    await _get_post(agent_of(), server.url, content)
    assert b"abc" == got[0].body


async def _get_post(agent, url, content, **more):
    response = await agent.request("POST", url, content=content, **more)
    await response.read()
    return response


@pytest.mark.parametrize(
    "options",
    [
        {"live": "alive"},
        {"codec": "h2"},
    ],
)
async def test_an_option_out_of_range_is_a_usage_error(agent_of, options):
    (name,) = options
    with pytest.raises(UsageError, match=name):
        agent_of(**options)


@pytest.mark.parametrize("clock", ["queue", "connect", "idle", "total"])
async def test_a_clock_that_is_no_number_is_a_usage_error(agent_of, clock):
    agent = agent_of()
    for wrong in ("1", float("nan"), -1, True):
        with pytest.raises(UsageError, match=clock):
            await agent.request("GET", "http://127.0.0.1:1/", timeouts=Timeouts(**{clock: wrong}))
        with pytest.raises(UsageError, match=clock):
            agent_of(timeouts=Timeouts(**{clock: wrong}))
    assert not agent.shell.exchanges


async def test_a_closed_agent_takes_no_request(agent_of):
    agent = agent_of()
    await agent.aclose()
    with pytest.raises(UsageError, match="closed"):
        await agent.request("GET", "http://127.0.0.1:1/")


def test_a_url_names_its_origin_and_target():
    origin, target = split_url("HTTPS://Example.COM?x=1#frag")
    assert ("https", "example.com", 443, "/?x=1") == (
        origin.scheme,
        origin.host,
        origin.port,
        target,
    )
    assert "example.com" == origin.host_header
    origin, target = split_url("http://[::1]:8080/a")
    assert ("::1", 8080, "[::1]:8080", "/a") == (
        origin.host,
        origin.port,
        origin.host_header,
        target,
    )


async def test_what_the_engine_has_no_word_for_still_fails_the_request(agent_of):
    class Broken:
        async def resolve(self, host, port, family):
            raise LookupError("the resolver has a bug")

    agent = agent_of(resolver=Broken(), max_sockets=1)
    first = asyncio.create_task(agent.request("GET", "http://a.example/"))
    second = asyncio.create_task(agent.request("GET", "http://a.example/"))
    for task in (first, second):
        with pytest.raises(NetworkError, match="the resolver has a bug") as caught:
            await task
        assert isinstance(caught.value.__cause__, LookupError)


async def test_a_resolver_that_finds_nothing_fails_the_request(agent_of):
    class Empty:
        async def resolve(self, host, port, family):
            return ()

    with pytest.raises(NetworkError):
        await agent_of(resolver=Empty()).request("GET", "http://a.example/")


async def test_a_held_look_up_holds_only_its_own_origin(serve, agent_of):
    from pooltop.engine.resolver import SystemResolver

    gate = asyncio.Event()

    class Holding(SystemResolver):
        async def resolve(self, host, port, family):
            if host == "held.localhost":
                await gate.wait()
            return await super().resolve(host, port, family)

    server = await serve()
    agent = agent_of(resolver=Holding(), keep_alive=True)
    held = asyncio.create_task(_get(agent, f"http://held.localhost:{server.port}/held"))
    other = await _get(agent, f"http://free.localhost:{server.port}/free")
    assert b"/free" == await other.read()
    held_key, free_key = (f"{name}.localhost:{server.port}:" for name in ("held", "free"))
    assert ["connecting"] == [each.state for each in agent.sockets[held_key]]
    assert 1 == len(agent.free_sockets[free_key])
    gate.set()
    assert b"/held" == await (await held).read()


async def test_a_failed_look_up_fails_each_request_on_its_own(agent_of):
    class Nothing:
        async def resolve(self, host, port, family):
            raise NetworkError("getaddrinfo ENOTFOUND", code="ENOTFOUND")

    agent = agent_of(resolver=Nothing(), max_sockets=1)
    results = await asyncio.gather(
        *(agent.request("GET", "http://a.example/") for _ in range(3)), return_exceptions=True
    )
    assert ["ENOTFOUND"] * 3 == [error.code for error in results]
    assert {"ENOTFOUND": 3} == agent.snapshot().origins[0].counters.failed


async def test_closing_an_agent_fails_everything_that_is_under_way(serve, agent_of):
    async def handle(wire):
        asked = await wire.request()
        if asked and asked.target == "/streaming":
            wire.reply("part", length=100)
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(max_sockets=2)
    streaming = await agent.request("GET", f"{server.url}/streaming")
    waiting = [asyncio.create_task(agent.request("GET", f"{server.url}/{n}")) for n in range(4)]
    await asyncio.sleep(0.02)
    await agent.aclose()
    for task in waiting:
        with pytest.raises(AbortError) as caught:
            await asyncio.wait_for(task, 1)
        assert "ERR_AGENT_CLOSED" == caught.value.code
    with pytest.raises(AbortError):
        await streaming.read()


@pytest.mark.parametrize(
    "url",
    [
        "http://me:s3cret@ho st/",
        "http://a b/?token=s3cret",
        "http://me:s3cret@a:99999/",
        "http://me:s3cret@\u2100.example/",
    ],
)
def test_what_is_wrong_with_a_url_is_told_without_its_secrets(url):
    with pytest.raises(UsageError) as caught:
        split_url(url)
    assert "s3cret" not in str(caught.value)
