"""Ports of Node's tests of names that are not found and servers that are not there."""

from __future__ import annotations

import asyncio
import socket

import pytest
from support.hearing import told

from pooltop.core.events import RequestFailed
from pooltop.errors import NetworkError, RequestError


@pytest.mark.node_test("parallel/test-http-dns-error.js")
class TestHttpDnsError:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_a_host_that_can_be_no_name_fails_the_request(self, agent_of, scheme):
        # Node's is of 64 asterisks, which as an agent's host are refused here before anything is
        # asked: no label of a name has 64 characters either.
        agent = agent_of(host="a" * 64)
        for method in ("GET", "POST"):
            with pytest.raises(RequestError) as caught:
                await agent.request(method, f"{scheme}://localhost:42/")
            assert "ENOTFOUND" == caught.value.code


@pytest.mark.node_test("parallel/test-http-client-req-error-dont-double-fire.js")
class TestHttpClientReqErrorDontDoubleFire:
    async def test_a_failed_look_up_is_told_once_whatever_its_hearer_raises(self, agent_of):
        class Failing:
            asked = 0

            async def resolve(self, host, _port, _family):
                self.asked += 1
                raise NetworkError(f"getaddrinfo ENOTFOUND {host}", code="ENOTFOUND")

        resolver = Failing()
        agent = agent_of(resolver=resolver)
        failed = told(agent, RequestFailed)

        async def hear():
            try:
                await agent.request("GET", "http://something.invalid/")
            except RequestError:
                raise ValueError("mock unexpected code error") from None

        with pytest.raises(ValueError, match="mock unexpected code error"):
            await hear()
        assert (1, 1) == (resolver.asked, len(failed))


@pytest.mark.node_test("sequential/test-http-econnrefused.js")
class TestHttpEconnrefused:
    async def test_requests_fail_while_the_server_is_off_and_succeed_while_it_is_on(self, agent_of):
        async def handle(reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"Content-Length: 4\r\n" in head
            assert b"PING" == await reader.readexactly(4)
            answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nPONG"
            writer.write(answer)
            writer.close()

        agent = agent_of()
        outcomes = []

        async def ping():
            try:
                response = await agent.request("POST", url, content=b"PING")
                outcomes.append((await response.read()).decode())
            except RequestError as error:
                outcomes.append(error.code)

        async def ping_twice():
            await asyncio.gather(ping(), ping())

        with socket.socket() as kept:
            # Bound and not listening: the port is nobody else's while the server is off.
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", 0))
            port = kept.getsockname()[1]
            url = f"http://127.0.0.1:{port}/ping"
            for _ in range(2):
                await ping_twice()
                server = await asyncio.start_server(handle, "127.0.0.1", port, reuse_address=True)
                async with server:
                    await ping_twice()
        off, on = ["ECONNREFUSED"] * 2, ["PONG"] * 2
        assert [*off, *on, *off, *on] == outcomes
