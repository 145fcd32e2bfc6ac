"""Ports of Node's tests of bodies, ours and the server's, and of what follows on their socket."""

from __future__ import annotations

import asyncio

import pytest

from pooltop import GLOBAL_AGENT, Agent, TLSOptions


async def _post(agent, url, content, *headers):
    """Send content and give the status and the whole answer."""
    response = await agent.request("POST", url, headers=headers, content=content)
    return response.status, await response.read()


@pytest.mark.node_test("parallel/test-http-agent-reuse-drained-socket-only.js")
class TestHttpAgentReuseDrainedSocketOnly:
    async def test_a_socket_that_has_still_to_send_is_not_taken_by_the_next_request(
        self, serve, agent_of
    ):
        async def answer_and_read_nothing(wire):
            wire.reply("", "Connection: Keep-Alive")
            await asyncio.Event().wait()

        server = await serve(answer_and_read_nothing)
        agent = agent_of(
            keep_alive=True,
            max_free_sockets=float("inf"),
            max_sockets=float("inf"),
            max_total_sockets=float("inf"),
        )
        first = await agent.request("GET", server.url, content=bytes(64 * 1024 * 1024))
        assert b"" == await first.read()
        assert [1] == [len(active) for active in agent.sockets.values()]
        assert {} == agent.free_sockets

        second = await agent.request("GET", server.url)
        assert b"" == await second.read()
        assert first.socket_id != second.socket_id
        ((idle,),) = agent.free_sockets.values()
        assert second.socket_id == idle.id

        third = asyncio.create_task(agent.request("GET", server.url))
        await asyncio.sleep(0)
        assert [first.socket_id, second.socket_id] == [
            socket.id for active in agent.sockets.values() for socket in active
        ]
        assert {} == agent.free_sockets
        third.cancel()
        await asyncio.wait([third])


@pytest.mark.node_test(
    "parallel/test-http-expect-continue-reuse-race.js",
    "parallel/test-https-expect-continue-reuse-race.js",
)
class TestHttpExpectContinueReuseRace:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("codec", ["h11", "llhttp"])
    async def test_no_request_hangs_wherever_its_end_falls(
        self, serve, agent_of, context, scheme, codec
    ):
        async def handle(wire):
            while await wire.head() is not None:
                wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                wire.reply("")

        server = await serve(handle, context=context() if scheme == "https" else None)
        agent = agent_of(keep_alive=True, max_sockets=1, codec=codec, tls=TLSOptions(verify=False))
        expecting = [("Content-Length", "0"), ("Expect", "100-continue")]
        answered = []

        async def ends_after(turns):
            """End the empty body so many turns of the loop after it was asked for."""
            for _ in range(turns):
                await asyncio.sleep(0)
            return
            yield b""

        async with asyncio.timeout(20):
            for n in range(100):
                # 0 to 9 turns: before the answer is here, as it is read, and after its end.
                answer = await _post(agent, server.url, ends_after(n % 10), *expecting)
                answered.append(answer)
        assert [(200, b"")] * 100 == answered
        assert 1 == len(server.wires)


@pytest.mark.node_test(
    "parallel/test-http-client-keep-alive-release-before-finish.js",
    "parallel/test-http-no-read-no-dump.js",
)
class TestHttpClientKeepAliveReleaseBeforeFinish:
    @pytest.mark.parametrize("early", [b"X" * 16 * 1024, b"initial"])
    async def test_the_next_request_waits_for_the_end_of_a_body_that_was_answered_early(
        self, serve, agent_of, early
    ):
        answered = asyncio.Event()
        came = []

        async def handle(wire):
            asked = await wire.head()
            wire.reply("")
            came.append((asked.method, await wire.body(asked)))
            asked = await wire.request()
            came.append((asked.method, asked.body))
            wire.reply("")
            await wire.gone()

        async def content():
            yield early
            await answered.wait()
            yield b"X" * 64 * 1024
            yield b"something"

        server = await serve(handle)
        agent = agent_of(max_sockets=1, keep_alive=True)
        post = asyncio.create_task(agent.request("POST", server.url, content=content()))
        await asyncio.sleep(0)
        get = asyncio.create_task(agent.request("GET", server.url))
        answer = await post
        assert b"" == await answer.read()
        # Answered, and still busy: the other goes on waiting.
        assert (1, 1) == (
            sum(map(len, agent.sockets.values())),
            sum(map(len, agent.requests.values())),
        )
        assert [] == came
        answered.set()
        response = await get
        assert b"" == await response.read()
        assert [("POST", early + b"X" * 64 * 1024 + b"something"), ("GET", b"")] == came
        assert answer.socket_id == response.socket_id


@pytest.mark.node_test("parallel/test-http-outgoing-end-cork.js")
class TestHttpOutgoingEndCork:
    async def test_a_body_that_the_server_must_drain_comes_whole_on_a_reused_socket(
        self, serve, agent_of
    ):
        large = bytes(range(256)) * 4096 * 4 + b"end"

        async def handle(wire):
            await wire.request()
            wire.reply("regular end of request")
            await wire.request()
            wire.reply(large)
            await wire.writer.drain()
            await wire.gone()

        server = await serve(handle)
        agent = agent_of(keep_alive=True)
        responses = [await agent.request("GET", server.url)]
        assert b"regular end of request" == await responses[0].read()
        responses.append(await agent.request("GET", server.url))
        assert large == await responses[1].read()
        assert [False, True] == [response.reused for response in responses]
        agent.destroy()


@pytest.mark.node_test("parallel/test-http-pipe-fs.js")
class TestHttpPipeFs:
    async def test_two_uploads_of_one_socket_arrive_one_after_the_other(self, serve, tmp_path):
        file = tmp_path / "http-pipe-fs-test.txt"
        files = []

        async def handle(wire):
            while (asked := await wire.request()) is not None:
                file.write_bytes(asked.body)
                files.append(file.read_bytes())
                wire.reply("")

        server = await serve(handle)
        async with Agent.from_options(GLOBAL_AGENT) as agent:
            agent.max_sockets = 1
            length = ("Content-Length", "5")
            assert [(200, b"")] * 2 == await asyncio.gather(
                _post(agent, server.url, b"12345", length),
                _post(agent, server.url, b"12345", length),
            )
        assert [b"12345"] * 2 == files
        assert 1 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-get-pipeline-problem.js")
class TestHttpGetPipelineProblem:
    async def test_ten_pictures_over_closing_connections_are_whole(self, serve, tmp_path):
        picture = bytes(range(256)) * 177

        async def handle(wire):
            await wire.request()
            wire.reply(picture, "Content-Type: image/jpeg", "Connection: close")

        server = await serve(handle)
        async with Agent.from_options(GLOBAL_AGENT) as agent:
            agent.max_sockets = 1

            async def save(n):
                response = await agent.request("GET", server.url, headers=[("connection", "close")])
                with (tmp_path / f"{n}.jpg").open("wb") as file:
                    async for piece in response:
                        file.write(piece)

            await asyncio.gather(*(save(n) for n in range(10)))
        assert {f"{n}.jpg": picture for n in range(10)} == {
            path.name: path.read_bytes() for path in tmp_path.iterdir()
        }
        assert 10 == len(server.wires)


@pytest.mark.node_test("parallel/test-http-parser-free.js")
class TestHttpParserFree:
    @pytest.mark.parametrize("codec", ["h11", "llhttp"])
    async def test_a_hundred_requests_of_one_socket_have_one_parser(self, serve, codec):
        server = await serve()
        async with Agent.from_options(GLOBAL_AGENT, codec=codec) as agent:
            agent.max_sockets = 1
            nths, parsers = [], []

            async def get(n):
                response = await agent.request("GET", f"{server.url}/{n}")
                nths.append(response.nth)
                parsers.append(agent.shell.connections[response.socket_id].codec)
                return await response.read()

            bodies = await asyncio.gather(*(get(n) for n in range(100)))
            assert [f"/{n}".encode() for n in range(100)] == bodies
            assert list(range(1, 101)) == nths
            assert 1 == len({id(parser) for parser in parsers})
