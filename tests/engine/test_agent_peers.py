"""What servers do to sockets: closing, resetting, talking out of turn, and TLS of every kind."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import ssl
import threading
import time

import pytest

from pooltop.core.model import TLSOptions
from pooltop.engine.tls import TLSStream
from pooltop.errors import NetworkError, PeerError, RequestError


async def _get(agent, url):
    response = await agent.request("GET", url)
    return await response.read()


def _closed(agent):
    return agent.snapshot().origins[0].counters.closed


@pytest.fixture(params=["plain", "tls"])
def secure(request, context, ca):
    """Give what a server and an agent need, for both kinds."""
    if request.param == "plain":
        return {}, {}
    return {"context": context()}, {"tls": ca}


async def test_an_idle_socket_that_the_server_closes_leaves_the_free_list_at_once(
    serve, agent_of, secure, eventually
):
    close = asyncio.Event()

    async def handle(wire):
        await wire.request()
        wire.reply()
        await close.wait()
        wire.close()

    server = await serve(handle, **secure[0])
    agent = agent_of(keep_alive=True, **secure[1])
    await _get(agent, server.url)
    assert 1 == sum(map(len, agent.free_sockets.values()))
    close.set()
    began = time.monotonic()
    await eventually(lambda: agent.total_socket_count == 0)
    assert time.monotonic() - began < 0.1
    assert {"closed by peer": 1} == _closed(agent)
    assert {} == agent.snapshot().origins[0].counters.failed


async def test_an_idle_socket_that_the_server_resets_leaves_the_free_list(
    serve, agent_of, secure, eventually
):
    async def handle(wire):
        await wire.request()
        wire.reply()
        await reset.wait()
        wire.reset()

    reset = asyncio.Event()
    server = await serve(handle, **secure[0])
    agent = agent_of(keep_alive=True, **secure[1])
    await _get(agent, server.url)
    reset.set()
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"reset by peer": 1} == _closed(agent)
    assert {} == agent.snapshot().origins[0].counters.failed


async def test_data_on_an_idle_socket_closes_it_and_is_never_delivered(
    serve, agent_of, secure, eventually
):
    speak = asyncio.Event()

    async def handle(wire):
        asked = await wire.request()
        wire.reply(asked.target)
        await speak.wait()
        wire.reply("POISON")
        await wire.gone()

    server = await serve(handle, **secure[0])
    agent = agent_of(keep_alive=True, **secure[1])
    assert b"/1" == await _get(agent, f"{server.url}/1")
    speak.set()
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"bytes while idle": 1} == _closed(agent)
    assert b"/2" == await _get(agent, f"{server.url}/2")


async def test_surplus_bytes_behind_a_response_close_the_socket(
    serve, agent_of, secure, eventually
):
    async def handle(wire):
        asked = await wire.request()
        wire.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + asked.target.encode() + b"POISON"
        )
        await wire.gone()

    server = await serve(handle, **secure[0])
    agent = agent_of(keep_alive=True, **secure[1])
    assert b"/1" == await _get(agent, f"{server.url}/1")
    assert b"/2" == await _get(agent, f"{server.url}/2")
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"surplus bytes": 2} == _closed(agent)


async def test_a_close_that_crosses_a_reuse_is_counted_as_stale(serve, agent_of, secure):
    async def handle(wire):
        await wire.request()
        wire.reply()
        await wire.request()  # and hang up instead of an answer

    server = await serve(handle, **secure[0])
    agent = agent_of(keep_alive=True, **secure[1])
    await _get(agent, server.url)
    with pytest.raises(PeerError) as caught:
        await _get(agent, server.url)
    assert caught.value.code in ("ECONNRESET", "ERR_TLS_TRUNCATED")
    counters = agent.snapshot().origins[0].counters
    assert 1 == counters.stale_reuse
    with pytest.raises(PeerError):
        await (await agent.request("GET", server.url)).read() and await _get(agent, server.url)


async def test_a_first_request_that_is_hung_up_on_is_not_stale(serve, agent_of):
    async def handle(wire):
        await wire.request()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    with pytest.raises(PeerError):
        await _get(agent, server.url)
    assert 0 == agent.snapshot().origins[0].counters.stale_reuse


async def test_a_thousand_closes_at_random_moments_lose_only_what_was_under_way(
    serve, agent_of, secure
):
    answered = 0

    async def handle(wire):
        nonlocal answered
        served = 0
        while (asked := await wire.request()) is not None:
            wire.reply(asked.target)
            answered += 1
            served += 1
            if served % 3 == 0:
                for _ in range(served % 5):
                    await asyncio.sleep(0)
                return

    server = await serve(handle, **secure[0])
    agent = agent_of(keep_alive=True, max_sockets=4, **secure[1])
    failed = 0

    async def user(name):
        nonlocal failed
        for n in range(100):
            try:
                assert f"/{name}/{n}".encode() == await _get(agent, f"{server.url}/{name}/{n}")
            except RequestError:
                failed += 1

    await asyncio.gather(*(user(name) for name in "abcde"))
    counters = agent.snapshot().origins[0].counters
    assert 500 == counters.completed + failed
    assert failed == sum(counters.failed.values()) == counters.stale_reuse
    assert answered >= counters.completed


async def test_https_is_kept_alive_and_a_second_connection_resumes(
    serve, agent_of, context, ca, eventually
):
    server = await serve(context=context(version=ssl.TLSVersion.TLSv1_3))
    agent = agent_of(keep_alive=True, tls=ca)
    first = await agent.request("GET", f"{server.url}/1")
    assert first.timings.tls > 0
    assert b"/1" == await first.read()
    again = await agent.request("GET", f"{server.url}/2")
    assert (b"/2", 2, None) == (await again.read(), again.nth, again.timings.tls)
    (info,) = next(iter(agent.free_sockets.values()))
    assert (True, False) == (info.verified, info.tls_resumed)
    assert info.tls.startswith("TLSv1.3 ")
    agent.destroy()
    await eventually(lambda: agent.total_socket_count == 0)
    await _get(agent, server.url)
    (info,) = next(iter(agent.free_sockets.values()))
    assert (True, True) == (info.verified, info.tls_resumed)
    told = agent.snapshot().origins[0].counters
    assert first.timings.tls + info.handshake == pytest.approx(told.handshake_s)
    assert 0 < told.handshake_cpu_s


async def test_a_large_body_comes_whole_over_https(serve, agent_of, context, ca):
    body = bytes(range(256)) * 40_000

    async def handle(wire):
        await wire.request()
        wire.reply(body)
        await wire.gone()

    server = await serve(handle, context=context())
    assert body == await _get(agent_of(tls=ca), server.url)


@pytest.mark.parametrize(
    ("names", "trusted", "code"),
    [
        (("other.example",), True, "ERR_TLS_CERT_ALTNAME_INVALID"),
        (("127.0.0.1",), False, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    ],
)
async def test_a_certificate_that_does_not_verify_is_named(
    serve, agent_of, context, ca, names, trusted, code, eventually
):
    server = await serve(context=context(*names))
    agent = agent_of(tls=ca if trusted else TLSOptions())
    with pytest.raises(NetworkError) as caught:
        await _get(agent, server.url)
    assert code == caught.value.code
    assert {code: 1} == agent.snapshot().origins[0].counters.failed
    await eventually(lambda: {"connect failed": 1} == _closed(agent))


async def test_without_verification_the_snapshot_says_so(serve, agent_of, context):
    server = await serve(context=context("other.example"))
    agent = agent_of(keep_alive=True, tls=TLSOptions(verify=False))
    assert b"/" == await _get(agent, server.url)
    assert agent.snapshot().verify is False
    (origin,) = agent.snapshot().origins
    assert (False, False) == (origin.verified, origin.free_sockets[0].verified)
    agent.destroy()
    assert agent.snapshot().origins[0].verified is False


async def test_a_ca_file_that_is_missing_fails_the_request_and_leaves_no_socket(agent_of, serve):
    server = await serve()
    agent = agent_of(tls=TLSOptions(ca=("/nonexistent/ca.pem",)))
    with pytest.raises(RequestError, match="nonexistent"):
        await _get(agent, server.url.replace("http:", "https:"))
    assert [] == server.wires


async def test_plain_http_where_tls_is_expected_is_said_in_words(serve, agent_of):
    async def handle(wire):
        await wire.reader.read(10)
        wire.reply("hello", status="400 Bad Request")
        await wire.gone()

    server = await serve(handle)
    with pytest.raises(NetworkError, match=r"(?i)http"):
        await _get(agent_of(), server.url.replace("http:", "https:"))


async def test_tls_where_plain_http_is_expected_is_said_in_words(serve, agent_of):
    async def handle(wire):
        await wire.reader.read(10)
        wire.write(b"\x15\x03\x01\x00\x02\x02\x46")
        await wire.gone()

    server = await serve(handle)
    with pytest.raises(PeerError, match="TLS"):
        await _get(agent_of(), server.url)


async def test_a_handshake_that_our_own_openssl_cannot_begin_fails_the_request(
    agent_of, silent, monkeypatch, eventually
):
    def refuse(stream):
        raise NetworkError("TLS ERR_SSL_NO_PROTOCOLS_AVAILABLE", code="ERR_SSL_NO_PROTOCOLS")

    monkeypatch.setattr(TLSStream, "start", refuse)
    agent = agent_of()
    with pytest.raises(NetworkError, match="NO_PROTOCOLS"):
        await asyncio.wait_for(_get(agent, f"https://127.0.0.1:{silent()}"), 5)
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"connect failed": 1} == _closed(agent)


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_handshake_that_is_cut_is_a_failed_connect(serve, agent_of, how):
    async def handle(wire):
        await wire.reader.read(10)
        getattr(wire, how)()

    server = await serve(handle)
    agent = agent_of(max_sockets=1)
    results = await asyncio.gather(
        *(_get(agent, server.url.replace("http:", "https:")) for _ in range(2)),
        return_exceptions=True,
    )
    assert ["ECONNRESET"] * 2 == [error.code for error in results]
    assert {"connect failed": 2} == _closed(agent)


async def test_a_body_that_only_the_end_delimits_is_cut_without_close_notify(
    serve, agent_of, context, ca
):
    async def handle(wire):
        await wire.request()
        wire.write(b"HTTP/1.1 200 OK\r\n\r\nis that all?")
        await wire.writer.drain()
        wire.writer.transport.abort()

    server = await serve(handle, context=context())
    response = await agent_of(tls=ca).request("GET", server.url)
    with pytest.raises(PeerError) as caught:
        await response.read()
    assert "ERR_TLS_TRUNCATED" == caught.value.code


@pytest.mark.parametrize("read_first", [True, False])
async def test_a_body_of_known_length_is_whole_without_close_notify(
    serve, agent_of, context, ca, read_first, eventually
):
    async def handle(wire):
        await wire.request()
        wire.reply("all of it")
        await wire.writer.drain()
        if read_first:
            await read.wait()
        wire.writer.transport.abort()

    read = asyncio.Event()
    server = await serve(handle, context=context())
    agent = agent_of(keep_alive=True, tls=ca)
    response = await agent.request("GET", server.url)
    if read_first:
        assert b"all of it" == await response.read()
        read.set()
        await eventually(lambda: agent.total_socket_count == 0)
    else:
        await eventually(lambda: server.open == 0)
        await asyncio.sleep(0.01)
    assert b"all of it" == await response.read()
    await eventually(lambda: agent.total_socket_count == 0)
    counters = agent.snapshot().origins[0].counters
    assert (1, {}) == (counters.completed, counters.failed)


async def test_a_response_and_garbage_behind_it_in_one_tls_read_spoil_only_the_socket(
    agent_of, authority, ca, eventually
):
    """The queue's next request is written when TLS already knows that the stream is broken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def handle(reader, writer):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        plain = b""
        while b"\r\n\r\n" not in plain:
            data = await reader.read(65536)
            if not data:
                break
            incoming.write(data)
            try:
                if not tls.cipher() or tls.version() is None or not plain:
                    tls.do_handshake()
                plain += tls.read(65536)
            except ssl.SSLWantReadError:
                pass
            writer.write(outgoing.read())
        else:
            target = plain.split(b" ")[1]
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + target)
            writer.write(outgoing.read() + b"\x17\x03\x03\x00\x20" + bytes(32))
            while await reader.read(65536):
                pass
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        agent = agent_of(keep_alive=True, max_sockets=1, tls=ca)
        results = await asyncio.gather(
            *(_get(agent, f"{url}/{n}") for n in range(4)), return_exceptions=True
        )
        assert b"/0" == results[0]
        for n, result in enumerate(results):
            assert result == f"/{n}".encode() or isinstance(result, RequestError)
        agent.shell.core.check_invariants()
        await eventually(lambda: agent.total_socket_count == 0)
        assert not agent.shell.exchanges
        await agent.aclose()


async def test_a_peer_that_ends_its_side_and_reads_on_hangs_up_at_once(serve, agent_of, eventually):
    async def handle(wire):
        await wire.request()
        wire.writer.write_eof()
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, max_sockets=1)
    with pytest.raises(PeerError, match="hang up"):
        await _get(agent, server.url)
    await eventually(lambda: server.open == 0)


async def test_a_finishing_socket_is_closed_although_the_peer_never_closes(
    serve, agent_of, eventually
):
    async def handle(wire):
        await wire.request()
        wire.reply("x", "Connection: close")
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    assert b"x" == await _get(agent, server.url)
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"Connection: close": 1} == _closed(agent)


async def test_the_keep_alive_hint_lowers_the_idle_timeout(serve, agent_of):
    async def handle(wire):
        while await wire.request():
            wire.reply("x", "Keep-Alive: timeout=5, max=100")

    server = await serve(handle)
    agent = agent_of(keep_alive=True, timeout=60_000)
    await _get(agent, server.url)
    (info,) = next(iter(agent.free_sockets.values()))
    assert (4000.0, "timeout=5, max=100") == (info.free_timeout_ms, info.hint)


async def test_a_hint_within_the_buffer_keeps_no_socket(serve, agent_of, eventually):
    async def handle(wire):
        while await wire.request():
            wire.reply("x", "Keep-Alive: timeout=1")

    server = await serve(handle)
    agent = agent_of(keep_alive=True)
    await _get(agent, server.url)
    await eventually(lambda: agent.total_socket_count == 0)
    assert {"hint within buffer": 1} == _closed(agent)


async def test_descriptors_that_run_out_are_named_and_the_rest_lives(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    assert b"/" == await _get(agent, server.url)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_fd = os.open(os.devnull, os.O_RDONLY)  # the lowest that is free: there may be gaps
    os.close(next_fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_fd, hard))
    try:
        kept = asyncio.create_task(_get(agent, f"{server.url}/kept"))
        more = asyncio.create_task(_get(agent, f"{server.url}/more"))
        with pytest.raises(NetworkError, match="descriptor") as caught:
            await more
        assert b"/kept" == await kept
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "EMFILE" == caught.value.code
    assert b"/after" == await _get(agent, f"{server.url}/after")


@pytest.mark.parametrize("late", ["response", "garbage", "fin"])
async def test_what_is_already_in_the_kernel_when_an_idle_socket_is_reused_is_no_answer(
    agent_of, late, eventually
):
    """The loop is held: the bytes came while idle, and are read only after the next request."""
    spoken = threading.Event()

    def serve_once():
        sock, _ = listener.accept()
        with sock:
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/1")
            read.wait(5)
            if late == "response":
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON")
            elif late == "garbage":
                sock.sendall(b"POISON")
            else:
                sock.shutdown(socket.SHUT_WR)
            spoken.set()
            assert b"" == sock.recv(65536) or late == "fin"

    read = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve_once)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        agent = agent_of(keep_alive=True)
        assert b"/1" == await _get(agent, f"{url}/1")
        read.set()
        spoken.wait(5)
        time.sleep(0.01)
        with pytest.raises(PeerError) as caught:
            await _get(agent, f"{url}/2")
        await eventually(lambda: agent.total_socket_count == 0)
        assert ("ECONNRESET" if late == "fin" else "ERR_UNSOLICITED_BYTES") == caught.value.code
        server.join()


async def test_a_tls_end_that_waits_in_the_kernel_hangs_up_on_the_request_that_reuses_the_socket(
    agent_of, context, ca
):
    """The peer ends its TLS side and keeps the connection: nothing else would ever come."""
    end, ended = threading.Event(), threading.Event()

    def serve_once():
        sock, _ = listener.accept()
        with context().wrap_socket(sock, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/1")
            end.wait(5)
            secured.settimeout(0)
            with pytest.raises(ssl.SSLWantReadError):
                secured.unwrap()
            ended.set()
            done.wait(5)

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve_once)
        server.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        agent = agent_of(keep_alive=True, tls=ca)
        assert b"/1" == await _get(agent, f"{url}/1")
        end.set()
        ended.wait(5)
        with pytest.raises(PeerError) as caught:
            async with asyncio.timeout(5):  # in this task: the bytes are read after the request
                await _get(agent, f"{url}/2")
        assert "ECONNRESET" == caught.value.code
        done.set()
        server.join()


async def test_an_end_that_is_read_between_admission_and_attachment_hangs_the_request_up(agent_of):
    """The loop runs what is ready in order: the task that asks, then the socket's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        agent = agent_of(keep_alive=True)
        first = asyncio.create_task(_get(agent, f"{url}/1"))
        peer, _ = await loop.sock_accept(listener)
        with peer:
            await loop.sock_recv(peer, 65536)
            await loop.sock_sendall(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/1")
            assert b"/1" == await first
            peer.shutdown(socket.SHUT_WR)
            second = asyncio.create_task(_get(agent, f"{url}/2"))
            with pytest.raises(PeerError) as caught:
                await asyncio.wait_for(second, 5)
        assert "ECONNRESET" == caught.value.code
        assert 1 == agent.snapshot().origins[0].counters.stale_reuse
        assert {"closed by peer": 1} == _closed(agent)
