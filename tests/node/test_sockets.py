"""Ports of Node's tests of how sockets are connected: Unix sockets, addresses, families, options."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from pathlib import Path

import msgspec
import pytest

from pooltop import GLOBAL_AGENT, TLSOptions
from pooltop.engine.resolver import Address
from pooltop.errors import RequestError

GLOBAL = msgspec.structs.asdict(GLOBAL_AGENT)


@pytest.fixture
def pipe():
    """Give the path of a Unix socket, as Node's ``common.PIPE``."""
    with tempfile.TemporaryDirectory(prefix="pt-") as folder:
        yield str(Path(folder) / "node-test.sock")


class Resolving:
    """A resolver that gives every name the same addresses: Node's ``lookup`` option."""

    def __init__(self, *hosts):
        self.hosts = hosts
        self.asked = []

    async def resolve(self, host, port, family):
        self.asked.append((host, family))
        return tuple(
            Address(socket.AF_INET6 if ":" in literal else socket.AF_INET, literal, port)
            for literal in self.hosts
        )


@contextlib.asynccontextmanager
async def answering(host, port, body):
    """Serve one answer and close, on an address of one's own."""

    async def handle(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        writer.close()

    async with await asyncio.start_server(handle, host, port) as server:
        yield server.sockets[0].getsockname()[1]


async def body_of(agent, url, **how):
    response = await agent.request("GET", url, **how)
    return await response.read()


@pytest.mark.node_test("parallel/test-http-unix-socket.js")
class TestHttpUnixSocket:
    async def test_a_response_comes_whole_over_a_unix_socket(self, serve, agent_of, pipe):
        async def handle(wire):
            assert (await wire.request()).target == "/"
            wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n")
            wire.write(
                b"Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n6\r\nworld\n\r\n0\r\n\r\n"
            )

        await serve(handle, path=pipe)
        agent = agent_of(**GLOBAL)
        response = await agent.request("GET", "http://localhost/", socket_path=pipe)
        assert (200, "text/plain") == (response.status, response.header("content-type"))
        assert b"hello world\n" == await response.read()


@pytest.mark.node_test("parallel/test-http-unix-socket-keep-alive.js")
class TestHttpUnixSocketKeepAlive:
    async def test_ten_serial_requests_share_one_connection(self, serve, agent_of, pipe):
        server = await serve(path=pipe)
        agent = agent_of(**GLOBAL)
        headers = [("connection", "keep-alive")]
        for _ in range(10):
            await body_of(agent, "http://localhost/", headers=headers, socket_path=pipe)
        assert (1, 1) == (len(server.wires), server.open)


@pytest.mark.node_test("parallel/test-http-localaddress.js")
class TestHttpLocaladdress:
    async def test_the_server_sees_the_local_address(self, serve, agent_of):
        async def handle(wire):
            await wire.request()
            wire.reply(wire.writer.get_extra_info("peername")[0])

        server = await serve(handle)
        url = f"http://localhost:{server.port}/"
        body = await body_of(agent_of(), url, family=4, local_address="127.0.0.2")
        assert b"127.0.0.2" == body


@pytest.mark.node_test("parallel/test-http-localaddress-bind-error.js")
class TestHttpLocaladdressBindError:
    async def test_an_address_that_is_not_ours_fails_the_request(self, serve, agent_of):
        server = await serve()
        agent = agent_of()
        with pytest.raises(RequestError) as caught:
            await agent.request(
                "GET", f"http://localhost:{server.port}/", local_address="192.0.2.1"
            )
        assert "EADDRNOTAVAIL" == caught.value.code
        assert str(caught.value).startswith("bind EADDRNOTAVAIL 192.0.2.1")
        assert [] == server.wires


@pytest.mark.node_test("parallel/test-http-nodelay.js")
class TestHttpNodelay:
    @pytest.mark.parametrize(("options", "expected"), [({}, True), ({"no_delay": False}, False)])
    async def test_small_writes_go_at_once_unless_told_otherwise(
        self, serve, agent_of, options, expected
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, **options)
        await body_of(agent, server.url)
        (connection,) = agent.shell.connections.values()
        option = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert expected is bool(option)


@pytest.mark.node_test("parallel/test-http-agent-keepalive-delay.js")
class TestHttpAgentKeepaliveDelay:
    @pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="the option has another name")
    async def test_a_kept_socket_is_probed_after_keep_alive_msecs(self, serve, agent_of):
        server = await serve()
        agent = agent_of(keep_alive=True, keep_alive_msecs=1000)
        await body_of(agent, server.url)
        (connection,) = agent.shell.connections.values()
        assert 1 == connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert 1 == connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)


@pytest.mark.node_test("parallel/test-http-autoselectfamily.js")
class TestHttpAutoselectfamily:
    async def test_ipv4_is_used_where_ipv6_is_dead(self, agent_of):
        agent = agent_of(resolver=Resolving("::1", "127.0.0.1"))
        async with answering("127.0.0.1", 0, b"response-ipv4") as port:
            assert b"response-ipv4" == await body_of(agent, f"http://example.org:{port}/")

    async def test_ipv6_is_preferred_where_it_is_up(self, agent_of):
        agent = agent_of(resolver=Resolving("::1", "127.0.0.1"))
        async with (
            answering("127.0.0.1", 0, b"response-ipv4") as port,
            answering("::1", port, b"response-ipv6"),
        ):
            assert b"response-ipv6" == await body_of(agent, f"http://example.org:{port}/")


@pytest.mark.node_test("parallel/test-https-connect-address-family.js")
class TestHttpsConnectAddressFamily:
    async def test_the_family_reaches_the_look_up_and_its_address_is_used(self, agent_of, context):
        async def handle(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await reader.read()
            writer.close()

        resolver = Resolving("::1")
        agent = agent_of(resolver=resolver, keep_alive=True, tls=TLSOptions(verify=False))
        async with await asyncio.start_server(handle, "::1", 0, ssl=context()) as server:
            port = server.sockets[0].getsockname()[1]
            await body_of(agent, f"https://dummy:{port}/", family=6)
            ((info,),) = agent.free_sockets.values()
            assert f"[::1]:{port}" == info.remote
            assert [("dummy", 6)] == resolver.asked
            await agent.aclose()


@pytest.mark.node_test("parallel/test-http-client-abort-unix-socket.js")
class TestHttpClientAbortUnixSocket:
    async def test_a_request_given_up_at_once_is_never_sent_and_its_socket_closes(
        self, serve, agent_of, eventually, pipe
    ):
        asked = []

        async def handle(wire):
            asked.append(await wire.request())

        server = await serve(handle, path=pipe)
        agent = agent_of(socket_path=pipe)
        request = asyncio.create_task(agent.request("GET", "http://localhost/"))
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])
        await eventually(lambda: not agent.total_socket_count and not server.open)
        assert request.cancelled()
        assert {None} >= set(asked)


@pytest.mark.node_test("parallel/test-http-client-abort-keep-alive-queued-unix-socket.js")
class TestHttpClientAbortKeepAliveQueuedUnixSocket:
    async def test_the_request_behind_one_that_was_given_up_takes_the_only_socket(
        self, serve, agent_of, pipe
    ):
        server = await serve(path=pipe)
        agent = agent_of(keep_alive=True, max_sockets=1, socket_path=pipe)
        urls = [f"http://localhost/{name}" for name in "abc"]
        first, aborted, third = [asyncio.create_task(body_of(agent, url)) for url in urls]
        await asyncio.sleep(0)
        aborted.cancel()
        assert [b"/a", b"/c"] == await asyncio.gather(first, third)
        assert aborted.cancelled()
        assert 1 == len(server.wires)
        (origin,) = agent.snapshot().origins
        assert 1 == origin.counters.opened
