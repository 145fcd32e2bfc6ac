"""Ports of Node's tests of what a request says, and where it goes."""

from __future__ import annotations

import asyncio

import pytest

from pooltop import Timeouts, TLSOptions


async def _raw_head(wire):
    """Give a request's lines as they came."""
    head = await wire.reader.readuntil(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n")[:-2]


@pytest.mark.node_test("parallel/test-http-request-dont-override-options.js")
class TestHttpRequestDontOverrideOptions:
    async def test_what_the_caller_gave_stays_as_it_was_and_the_agents_port_is_used(
        self, serve, agent_of, fetch
    ):
        server = await serve()
        agent = agent_of(default_port=server.port)
        given = {
            "headers": [("accept", "*/*")],
            "timeouts": Timeouts(),
            "local_address": None,
            "family": None,
            "socket_path": None,
            "tls": None,
        }
        before = {**given, "headers": [*given["headers"]]}
        assert (200, b"/") == await fetch(agent, "http://127.0.0.1", **given)
        assert before == given


@pytest.mark.node_test("parallel/test-http-default-port.js")
class TestHttpDefaultPort:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_the_host_field_is_without_the_agents_default_port(
        self, serve, agent_of, context, scheme
    ):
        heads = []

        async def handle(wire):
            heads.append(await wire.request())
            wire.reply("ok")

        server = await serve(handle, context=context() if scheme == "https" else None)
        agent = agent_of(default_port=server.port, tls=TLSOptions(verify=False))
        response = await agent.request(
            "GET", f"{scheme}://localhost", headers=[("x-port", str(server.port))]
        )
        assert b"ok" == await response.read()
        (head,) = heads
        assert ("localhost", str(server.port)) == (head.headers["host"], head.headers["x-port"])


@pytest.mark.node_test("parallel/test-http-automatic-headers.js")
class TestHttpAutomaticHeaders:
    async def test_an_agent_with_a_limit_asks_for_keep_alive_and_names_are_not_mixed_up(
        self, serve, agent_of
    ):
        async def handle(wire):
            # Node's server, too, answers with the Connection that it was asked for.
            asked = await wire.request()
            wire.reply(
                "",
                "X-Date: foo",
                "X-Connection: bar",
                "X-Content-Length: baz",
                "Date: Sat, 22 Nov 2025 16:00:00 GMT",
                f"Connection: {asked.headers['connection']}",
            )

        server = await serve(handle)
        agent = agent_of(port=server.port, max_sockets=1)
        response = await agent.request("GET", "http://127.0.0.1/hello")
        assert 200 == response.status
        assert {
            "x-date": "foo",
            "x-connection": "bar",
            "x-content-length": "baz",
            "date": "Sat, 22 Nov 2025 16:00:00 GMT",
            "connection": "keep-alive",
            "content-length": "0",
        } == {name.decode(): value.decode() for name, value in response.headers}
        assert b"" == await response.read()
        agent.destroy()


@pytest.mark.node_test("parallel/test-http.js")
class TestHttp:
    async def test_three_requests_of_one_socket_keep_their_order_headers_and_bodies(
        self, serve, agent_of
    ):
        heads = []

        async def handle(wire):
            while True:
                heads.append(await _raw_head(wire))
                path = heads[-1][0].split(" ")[1]
                wire.reply(f"The path was {path}", "Content-Type: text/plain")

        server = await serve(handle)
        agent = agent_of(port=server.port, max_sockets=1)

        async def ask(method, path, *headers):
            response = await agent.request(method, f"http://127.0.0.1{path}", headers=headers)
            return response.status, await response.read()

        requests = []
        for request in (
            ask(
                "GET",
                "/hello",
                ("Accept", "*/*"),
                ("Foo", "bar"),
                ("Cookie", "foo=bar; bar=baz; baz=quux"),
            ),
            ask("PUT", "/there", ("Cookie", "node=awesome; ta=da")),
            ask(
                "POST",
                "/world",
                ("Cookie", "abc=123"),
                ("Cookie", "def=456"),
                ("Cookie", "ghi=789"),
                ("Host", "example.com"),
            ),
        ):
            requests.append(asyncio.create_task(request))
            await asyncio.sleep(0)
        assert [
            (200, b"The path was /hello"),
            (200, b"The path was /there"),
            (200, b"The path was /world"),
        ] == await asyncio.gather(*requests)
        assert [
            [
                "GET /hello HTTP/1.1",
                "Accept: */*",
                "Foo: bar",
                "Cookie: foo=bar; bar=baz; baz=quux",
                "Host: 127.0.0.1",
                "Connection: keep-alive",
            ],
            [
                "PUT /there HTTP/1.1",
                "Cookie: node=awesome; ta=da",
                "Host: 127.0.0.1",
                "Connection: keep-alive",
                "Content-Length: 0",
            ],
            [
                "POST /world HTTP/1.1",
                "Cookie: abc=123",
                "Cookie: def=456",
                "Cookie: ghi=789",
                "Host: example.com",
                "Connection: keep-alive",
                "Content-Length: 0",
            ],
        ] == heads
        assert 1 == len(server.wires)
