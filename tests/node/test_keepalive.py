"""Ports of Node's tests of what becomes of a socket when its response is over."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest
from support.hearing import told

from pooltop import GLOBAL_AGENT, Agent
from pooltop.core.events import SocketFreed
from pooltop.errors import PeerError


def _count(lists):
    """How many sockets or requests there are over all origins."""
    return sum(map(len, lists.values()))


def _lists(agent):
    """How many sockets are in use, how many are idle, and how many the agent counts."""
    return _count(agent.sockets), _count(agent.free_sockets), agent.total_socket_count


@pytest.mark.node_test("parallel/test-http-keep-alive.js")
class TestHttpKeepAlive:
    async def test_three_requests_of_one_socket_leave_nothing_behind(
        self, serve, agent_of, eventually
    ):
        server = await serve()
        agent = agent_of(max_sockets=1)
        counts = []

        async def get():
            response = await agent.request(
                "GET", server.url, headers=[("connection", "keep-alive")]
            )
            counts.append((_count(agent.sockets), _count(agent.requests)))
            await response.read()

        await asyncio.gather(get(), get(), get())
        assert [(1, 2), (1, 1), (1, 0)] == counts
        assert {} == agent.requests
        assert 1 == len(server.wires)
        await eventually(lambda: agent.sockets == {})


@pytest.mark.node_test("parallel/test-http-agent-keepalive.js")
class TestHttpAgentKeepalive:
    """Listeners cannot pile up here: what there is of a request is gone with it, looked at too."""

    @pytest.fixture
    async def close_it(self):
        """What closes the connection that answered /remote_close."""
        return asyncio.Event()

    @pytest.fixture
    async def server(self, serve, close_it):
        async def handle(wire):
            while (asked := await wire.request()) is not None:
                if asked.target == "/error":
                    return
                wire.reply("hello world")
                if asked.target == "/remote_close":
                    await close_it.wait()
                    return

        return await serve(handle)

    @pytest.fixture
    async def agent(self, agent_of):
        return agent_of(keep_alive=True, keep_alive_msecs=1000, max_sockets=5, max_free_sockets=5)

    @pytest.fixture
    async def get(self, server, agent):
        """Check the lists while it runs and when it is over; give if it reused a socket."""

        async def get(path):
            response = await agent.request("GET", server.url + path)
            assert (1, 0, 1) == _lists(agent)
            assert (200, b"hello world") == (response.status, await response.read())
            assert (0, 1, 1) == _lists(agent)
            assert {} == agent.shell.exchanges
            return response.reused

        return get

    async def test_the_second_request_takes_the_socket_that_the_first_left(self, get, server):
        assert [False, True] == [await get("/first"), await get("/second")]
        assert 1 == len(server.wires)

    async def test_the_socket_is_in_use_as_the_response_ends_and_idle_one_tick_later(
        self, get, agent, monkeypatch
    ):
        """Nobody can look in between here: Node's process.nextTick is the core's ``tick``."""
        core = agent.shell.core
        tick, around = core.tick, []

        def look(*, now):
            before = _lists(agent)
            tick(now=now)
            around.append((before, _lists(agent)))

        for path in ("/first", "/second"):
            monkeypatch.setattr(core, "tick", look)
            await get(path)
            monkeypatch.undo()
            assert ((1, 0, 1), (0, 1, 1)) == around[-1]

    async def test_an_idle_socket_that_the_server_closes_is_forgotten(
        self, get, agent, close_it, eventually
    ):
        assert [False, True] == [await get("/first"), await get("/remote_close")]
        close_it.set()
        await eventually(lambda: _lists(agent) == (0, 0, 0))
        assert not await get("/first")

    @pytest.mark.parametrize("before", [(), ("/first",)])
    async def test_a_socket_that_the_server_closes_instead_of_answering_is_a_hang_up(
        self, get, agent, server, before, eventually
    ):
        for path in before:
            await get(path)
        with pytest.raises(PeerError, match="socket hang up") as hang_up:
            await agent.request("GET", f"{server.url}/error")
        assert "ECONNRESET" == hang_up.value.code
        # Destroyed, it is still counted when its request hears of it, until its close is seen.
        assert (1, 0, 1) == _lists(agent)
        await eventually(lambda: _lists(agent) == (0, 0, 0))


@pytest.mark.node_test("parallel/test-http-keep-alive-close-on-header.js")
class TestHttpKeepAliveCloseOnHeader:
    async def test_a_server_that_says_close_gets_a_connection_for_each_request(
        self, serve, agent_of
    ):
        async def handle(wire):
            await wire.request()
            wire.reply("hello world\n", "Connection: close")

        server = await serve(handle)
        agent = agent_of(max_sockets=1)
        active = []

        async def get():
            response = await agent.request(
                "GET", server.url, headers=[("connection", "keep-alive")]
            )
            active.append(len(agent.sockets[agent.get_name(server.url)]))
            return await response.read()

        assert [b"hello world\n"] * 3 == await asyncio.gather(get(), get(), get())
        assert [1, 1, 1] == active
        assert 3 == len(server.wires)


@pytest.mark.node_test(
    "parallel/test-http-keepalive-client.js", "parallel/test-http-keepalive-request.js"
)
class TestHttpKeepaliveClient:
    async def test_ten_requests_one_after_the_other_have_one_socket(self, serve, agent_of):
        server = await serve()
        agent = agent_of(keep_alive=True)
        sockets = set()
        for n in range(10, 0, -1):
            response = await agent.request("GET", f"{server.url}/{n}")
            sockets.add(response.socket_id)
            assert f"/{n}".encode() == await response.read()
        assert (1, 1) == (len(sockets), len(server.wires))
        agent.destroy()


@pytest.mark.node_test("parallel/test-http-keepalive-override.js")
class TestHttpKeepaliveOverride:
    async def test_the_callers_own_word_decides_which_socket_is_kept(self, serve, agent_of):
        server = await serve()
        answers = iter([False, None, False])
        asked = []

        def keep(socket):
            asked.append(socket)
            return next(answers)

        agent = agent_of(keep_alive=True, max_sockets=5, max_free_sockets=2, keep_socket_alive=keep)
        taken = []
        for _ in range(3):
            response = await agent.request("GET", server.url)
            await response.read()
            taken.append((response.socket_id, response.reused))
        # The first was refused, the second kept, and only that one taken again.
        assert [(1, False), (2, False), (2, True)] == taken
        assert [1, 2, 2] == asked
        assert {} == agent.free_sockets


@pytest.mark.node_test("parallel/test-http-should-keep-alive.js")
class TestHttpShouldKeepAlive:
    ANSWERS = pytest.mark.parametrize(
        ("version", "fields", "kept"),
        [
            ("1.0", "", False),
            ("1.0", "Connection: keep-alive\r\n", True),
            ("1.0", "Connection: close\r\n", False),
            ("1.1", "", True),
            ("1.1", "Connection: keep-alive\r\n", True),
            ("1.1", "Connection: close\r\n", False),
        ],
    )

    @ANSWERS
    @pytest.mark.parametrize("codec", ["h11", "llhttp"])
    async def test_version_and_connection_field_decide_if_the_socket_is_kept(
        self, serve, agent_of, version, fields, kept, codec
    ):
        async def handle(wire):
            await wire.request()
            wire.write(f"HTTP/{version} 200 ok\r\nContent-Length: 0\r\n{fields}\r\n".encode())
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True, max_sockets=5, codec=codec)
        response = await agent.request("GET", server.url)
        assert b"" == await response.read()
        assert (int(not kept), int(kept)) == _lists(agent)[:2]

    @ANSWERS
    async def test_a_server_that_closes_what_is_to_be_kept_spoils_no_response(
        self, serve, agent_of, eventually, version, fields, kept
    ):
        async def handle(wire):
            await wire.request()
            wire.write(f"HTTP/{version} 200 ok\r\nContent-Length: 0\r\n{fields}\r\n".encode())
            if not kept:
                await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True, max_sockets=5)
        response = await agent.request("GET", server.url)
        if kept:  # its end comes before the response was read: the socket is never idle
            await eventually(lambda: not agent.shell.core.sockets[response.socket_id].writable)
        freed = told(agent, SocketFreed)
        assert (200, b"") == (response.status, await response.read())
        await eventually(lambda: _lists(agent) == (0, 0, 0))
        assert [] == freed


@pytest.mark.node_test("parallel/test-http-remove-connection-header-persists-connection.js")
class TestHttpRemoveConnectionHeaderPersistsConnection:
    @pytest.fixture
    async def server(self, serve):
        async def handle(wire):
            while (asked := await wire.request()) is not None:
                version = asked.target.removeprefix("/")
                wire.write(b"HTTP/%b 200 OK\r\n" % version.encode())
                wire.write(b"Content-Length: 10\r\n\r\nbeep boop\n")

        return await serve(handle)

    @pytest.mark.parametrize(("version", "sockets"), [("1.1", 1), ("1.0", 2)])
    async def test_without_the_field_http_1_1_keeps_the_socket_and_http_1_0_does_not(
        self, server, agent_of, version, sockets
    ):
        agent = agent_of(keep_alive=True)
        taken = set()
        for _ in range(2):
            response = await agent.request("GET", f"{server.url}/{version}")
            assert (200, None) == (response.status, response.header("connection"))
            assert b"beep boop\n" == await response.read()
            taken.add(response.socket_id)
        assert (sockets, sockets) == (len(taken), len(server.wires))


@pytest.mark.node_test("parallel/test-http-client-close-with-default-agent.js")
class TestHttpClientCloseWithDefaultAgent:
    async def test_an_idle_socket_goes_when_the_server_stops(self, serve, fetch, eventually):
        stop = asyncio.Event()

        async def handle(wire):
            await wire.request()
            wire.reply("")
            await stop.wait()

        server = await serve(handle)
        async with Agent.from_options(GLOBAL_AGENT) as agent:
            assert (200, b"") == await fetch(agent, server.url)
            assert (0, 1, 1) == _lists(agent)
            stop.set()
            await eventually(lambda: _lists(agent) == (0, 0, 0))

    async def test_an_idle_socket_that_nobody_closes_does_not_keep_the_process(self, serve):
        server = await serve()
        script = (
            "import asyncio, sys, pooltop\n"
            "async def main():\n"
            "    agent = pooltop.Agent.from_options(pooltop.GLOBAL_AGENT)\n"
            "    response = await agent.request('GET', sys.argv[1])\n"
            "    await response.read()\n"
            "    print(agent)\n"
            "asyncio.run(main())\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, server.url, stdout=PIPE, stderr=PIPE
        )
        try:
            async with asyncio.timeout(60):
                out, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert (b"", 0) == (errors, process.returncode)
        assert b"<Agent 'agent' in use 0 free 1 queued 0>\n" == out


@pytest.mark.node_test("sequential/test-http-keepalive-maxsockets.js")
class TestHttpKeepaliveMaxsockets:
    async def test_ten_more_requests_use_the_two_idle_sockets_and_three_new_ones(
        self, serve, agent_of, fetch, eventually
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, max_sockets=5, max_free_sockets=2)
        for connections in (5, 8):
            answers = await asyncio.gather(*(fetch(agent, f"{server.url}/{n}") for n in range(10)))
            assert [(200, f"/{n}".encode()) for n in range(10)] == answers
            await eventually(lambda: _lists(agent) == (0, 2, 2))
            assert connections == len(server.wires)
        agent.destroy()


@pytest.mark.node_test("pummel/test-http-many-keep-alive-connections.js")
class TestHttpManyKeepAliveConnections:
    @pytest.mark.parametrize(("codec", "count"), [("llhttp", 10_000), ("h11", 1000)])
    async def test_one_connection_serves_them_all(self, serve, codec, count):
        served = 0

        async def handle(wire):
            nonlocal served
            while True:
                await wire.reader.readuntil(b"\r\n\r\n")
                served += 1
                wire.reply("hello world\n")

        server = await serve(handle)
        async with Agent.from_options(GLOBAL_AGENT, codec=codec) as agent:
            agent.max_sockets = 1
            url = server.url + "/"
            for _ in range(count):
                response = await agent.request("GET", url, headers=[("Connection", "Keep-alive")])
                await response.read()
        assert (count, 1) == (served, len(server.wires))
