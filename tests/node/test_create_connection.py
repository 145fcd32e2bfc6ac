"""Ports of Node's tests of ``createConnection``, and of what comes of its failures.

Node's function may return a socket, call back with one, or both. Here it is one async function, so
that "both", and an answer that comes twice, cannot be.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import tempfile
from pathlib import Path

import msgspec
import pytest
from support.hearing import told

from pooltop import GLOBAL_AGENT
from pooltop.core.events import RequestFailed
from pooltop.errors import NetworkError, RequestError

GLOBAL = msgspec.structs.asdict(GLOBAL_AGENT)


async def body_of(agent, url, **how):
    response = await agent.request("GET", url, **how)
    return await response.read()


async def connected(port):
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return sock


async def failure_of(agent):
    with pytest.raises(RequestError) as caught:
        await agent.request("GET", "http://localhost/")
    return caught.value


@pytest.mark.node_test("parallel/test-http-createConnection.js")
class TestHttpCreateConnection:
    async def test_a_socket_given_at_once_and_one_given_later_are_both_used_once(
        self, serve, agent_of
    ):
        server = await serve()

        async def at_once(_origin):
            return socket.create_connection(("127.0.0.1", server.port))

        async def later(_origin):
            await asyncio.sleep(0)
            return await connected(server.port)

        for create_connection in (at_once, later):
            assert b"/" == await body_of(
                agent_of(create_connection=create_connection), "http://localhost/"
            )
        assert 2 == len(server.wires)

    async def test_what_is_raised_at_once_and_later_fails_the_request_in_its_own_words(
        self, agent_of
    ):
        async def at_once(_origin):
            raise ValueError("sync")

        async def later(_origin):
            await asyncio.sleep(0)
            raise ValueError("async")

        errors = [await failure_of(agent_of(create_connection=f)) for f in (at_once, later)]
        assert ["sync", "async"] == [str(error) for error in errors]


@pytest.mark.node_test("parallel/test-http-client-with-create-connection.js")
class TestHttpClientWithCreateConnection:
    async def test_the_requests_path_and_the_sockets_path_are_kept_apart(self, serve, agent_of):
        with tempfile.TemporaryDirectory(prefix="pt-") as folder:
            pipe = str(Path(folder) / "s")
            over_unix = await serve(path=pipe)
            over_tcp = await serve()

            async def create_connection(origin):
                if origin.socket_path is None:
                    return await connected(origin.port)
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(origin.socket_path)
                return sock

            agent = agent_of(create_connection=create_connection)
            bodies = await asyncio.gather(
                body_of(agent, "http://localhost/a", socket_path=pipe),
                body_of(agent, "http://localhost", socket_path=pipe),
                body_of(agent, f"http://localhost:{over_tcp.port}/b"),
                body_of(agent, f"http://localhost:{over_tcp.port}"),
            )
        assert [b"/a", b"/", b"/b", b"/"] == bodies
        assert [2, 2] == [len(over_unix.wires), len(over_tcp.wires)]


@pytest.mark.node_test("parallel/test-http-client-immediate-error.js")
class TestHttpClientImmediateError:
    async def test_a_connect_that_fails_at_once_fails_the_request(self, agent_of):
        async def create_connection(_origin):
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

        assert (
            "ENETUNREACH" == (await failure_of(agent_of(create_connection=create_connection))).code
        )


@pytest.mark.node_test("parallel/test-http-request-lookup-error-catchable.js")
class TestHttpRequestLookupErrorCatchable:
    async def test_an_address_that_is_refused_before_connecting_is_the_requests_error(
        self, agent_of, eventually
    ):
        async def create_connection(origin):
            raise NetworkError(f"{origin.host} leads to a blocked address", code="ERR_IP_BLOCKED")

        agent = agent_of(create_connection=create_connection)
        assert "ERR_IP_BLOCKED" == (await failure_of(agent)).code
        await eventually(lambda: agent.total_socket_count == 0)


@pytest.mark.node_test("parallel/test-http-agent-close.js")
class TestHttpAgentClose:
    async def test_the_error_is_the_one_that_was_raised_and_the_request_is_over(
        self, agent_of, eventually
    ):
        kaboom = RequestError("kaboom")

        async def create_connection(_origin):
            raise kaboom

        agent = agent_of(create_connection=create_connection)
        failed = told(agent, RequestFailed)
        assert kaboom is await failure_of(agent)
        assert 1 == len(failed)
        await eventually(lambda: (agent.sockets, agent.requests) == ({}, {}))


@pytest.mark.node_test("parallel/test-http-agent.js")
class TestHttpAgent:
    async def test_sixteen_requests_in_four_bursts_are_all_served(self, serve, agent_of):
        server = await serve()
        agent = agent_of(**GLOBAL)
        requests = []
        for burst in range(4):
            for n in range(4):
                url = f"{server.url}/{burst}/{n}"
                requests.append(asyncio.create_task(body_of(agent, url)))
            await asyncio.sleep(0)
        expected = [f"/{burst}/{n}".encode() for burst in range(4) for n in range(4)]
        assert expected == await asyncio.gather(*requests)

    async def test_each_request_whose_socket_cannot_be_made_gets_the_error(self, agent_of):
        async def create_connection(_origin):
            await asyncio.sleep(0)
            raise ValueError("nothing")

        agent = agent_of(**GLOBAL, create_connection=create_connection)
        requests = (body_of(agent, "http://localhost/") for _ in range(16))
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
        assert ["nothing"] * 16 == [str(error) for error in outcomes]
        assert 0 == agent.total_socket_count
