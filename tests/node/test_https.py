"""Ports of Node's tests of https requests: trust, names, and certificates that change."""

from __future__ import annotations

import asyncio
import ssl
import sys
from asyncio.subprocess import PIPE

import pytest
from support.pki import issue, server_context

from pooltop import GLOBAL_AGENT, Agent, Timeouts, TLSOptions
from pooltop.core.events import RequestFailed, TimeoutRaised
from pooltop.errors import NetworkError

CA1 = issue("ca1", is_ca=True)
CA2 = issue("ca2", is_ca=True)
AGENT1 = issue("agent1", CA1)
AGENT2 = issue("agent2")
AGENT3 = issue("agent3", CA2)
UNVERIFIED = TLSOptions(verify=False)


@pytest.fixture
def trust(tmp_path):
    """Give a function that gives the options which trust these certificates."""

    def options(*issued, **more):
        paths = []
        for number, each in enumerate(issued):
            path = tmp_path / f"trusted-{number}.pem"
            path.write_bytes(each.pem)
            paths.append(str(path))
        return TLSOptions(ca=tuple(paths), **more)

    return options


@pytest.fixture
def serve_as(serve, tmp_path):
    """Give a function that starts an https server with this certificate."""

    async def start(issued, *handler):
        return await serve(*handler, context=server_context(tmp_path, issued))

    return start


async def _outcome(answer):
    """Give an answer, or the code of the error that there is instead."""
    try:
        return await answer
    except NetworkError as error:
        return error.code


@pytest.mark.node_test("parallel/test-https-agent.js")
class TestHttpsAgent:
    async def test_four_times_four_requests_are_served(self, serve, context, fetch):
        server = await serve(context=context())
        requests = []
        async with Agent.from_options(GLOBAL_AGENT, tls=UNVERIFIED) as agent:
            for _ in range(4):
                requests += [asyncio.create_task(fetch(agent, server.url)) for _ in range(4)]
                await asyncio.sleep(0.001)
            assert [(200, b"/")] * 16 == await asyncio.gather(*requests)


@pytest.mark.node_test("parallel/test-https-agent-constructor.js")
class TestHttpsAgentConstructor:
    async def test_one_without_options_is_an_agent_for_https_that_verifies(self, serve_as, fetch):
        server = await serve_as(AGENT2)
        async with Agent(protocol="https:") as agent:
            assert isinstance(agent, Agent)
            assert "localhost:443" + ":" * 21 == agent.get_name("https://localhost")
            assert "DEPTH_ZERO_SELF_SIGNED_CERT" == await _outcome(fetch(agent, server.url))


@pytest.mark.node_test("parallel/test-https-agent-create-connection.js")
class TestHttpsAgentCreateConnection:
    """A connection is made by a request: its options, in each of the ways to give them."""

    @pytest.mark.parametrize(
        ("agents", "own", "outcome"),
        [
            (UNVERIFIED, None, (200, b"/")),
            (None, UNVERIFIED, (200, b"/")),
            (UNVERIFIED, TLSOptions(), (200, b"/")),
            (UNVERIFIED, UNVERIFIED, (200, b"/")),
            (None, None, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
            (TLSOptions(), TLSOptions(), "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ],
    )
    @pytest.mark.parametrize("where", ["in the url", "port of the agent", "both of the agent"])
    async def test_unverified_it_works_and_without_options_the_certificate_is_refused(
        self, serve_as, agent_of, fetch, agents, own, outcome, where
    ):
        server = await serve_as(AGENT1)
        options, url = {
            "in the url": ({}, f"https://localhost:{server.port}"),
            "port of the agent": ({"port": server.port}, "https://localhost"),
            "both of the agent": ({"host": "localhost", "port": server.port}, "https://a.example"),
        }[where]
        agent = agent_of(tls=agents, **options)
        assert outcome == await _outcome(fetch(agent, url, tls=own))


@pytest.mark.node_test("parallel/test-https-agent-sockets-leak.js")
class TestHttpsAgentSocketsLeak:
    async def test_a_host_field_of_another_name_makes_one_entry_and_leaves_none(
        self, serve_as, agent_of, trust, eventually
    ):
        server = await serve_as(AGENT1)
        agent = agent_of(keep_alive=False)
        response = await agent.request(
            "GET",
            f"https://127.0.0.1:{server.port}",
            headers=[("host", "agent1")],
            tls=trust(CA1),
        )
        assert 1 == len(agent.sockets)
        await response.read()
        await eventually(lambda: agent.sockets == {})
        assert (0, {}) == (agent.total_socket_count, agent.free_sockets)


@pytest.mark.node_test("parallel/test-https-agent-servername.js")
class TestHttpsAgentServername:
    async def test_the_certificate_is_verified_by_the_servername(
        self, serve_as, agent_of, trust, fetch
    ):
        server = await serve_as(AGENT1)
        tls = trust(CA1, servername="agent1")
        assert (200, b"/") == await fetch(agent_of(), server.url, tls=tls)
        wrong = trust(CA1, servername="agent2")
        assert "ERR_TLS_CERT_ALTNAME_INVALID" == await _outcome(
            fetch(agent_of(), server.url, tls=wrong)
        )


@pytest.mark.node_test("parallel/test-https-agent-sni.js")
class TestHttpsAgentSni:
    async def test_each_request_is_answered_under_its_own_name_and_the_empty_one_under_none(
        self, serve, agent_of, tmp_path
    ):
        names = {}
        context = server_context(tmp_path, AGENT1)
        context.sni_callback = lambda tls, name, _: names.update({tls: name})

        async def handle(wire):
            await wire.request()
            sni = names[wire.writer.get_extra_info("ssl_object")]
            wire.reply("hello world", f"x-sni: {sni}")

        server = await serve(handle, context=context)
        agent = agent_of(max_sockets=1)

        async def sni(servername):
            tls = TLSOptions(servername=servername, verify=False)
            response = await agent.request("GET", server.url, tls=tls)
            assert b"hello world" == await response.read()
            return response.header("x-sni")

        wanted = [f"sni.{n}" for n in range(4)]
        assert [*wanted, "None"] == await asyncio.gather(*map(sni, [*wanted, ""]))


@pytest.mark.node_test("parallel/test-https-strict.js")
class TestHttpsStrict:
    """Node records each error and goes on; here who does not verify is not told of errors."""

    NO_ISSUER = "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
    OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID"
    ITSELF = "DEPTH_ZERO_SELF_SIGNED_CERT"
    CASES = pytest.mark.parametrize(
        ("server", "host", "trusted", "outcome"),
        [
            (AGENT1, None, (), NO_ISSUER),
            (AGENT1, None, (CA1,), OTHER_NAME),
            (AGENT1, None, (CA1, CA2), OTHER_NAME),
            (AGENT1, "agent1", (CA1,), (200, b"/")),
            (AGENT1, "agent1", (CA1, CA2), (200, b"/")),
            (AGENT1, "agent1", (CA2,), NO_ISSUER),
            # Signed by itself: that the name is right does not matter.
            (AGENT2, None, (), ITSELF),
            (AGENT2, "agent2", (CA1,), ITSELF),
            (AGENT2, "agent2", (CA1, CA2), ITSELF),
            (AGENT3, None, (), NO_ISSUER),
            (AGENT3, None, (CA2,), OTHER_NAME),
            (AGENT3, None, (CA1, CA2), OTHER_NAME),
            (AGENT3, "agent3", (CA2,), (200, b"/")),
            (AGENT3, "agent3", (CA1, CA2), (200, b"/")),
            (AGENT3, "agent1", (CA1,), NO_ISSUER),
        ],
    )

    @CASES
    async def test_who_verifies_accepts_what_is_trusted_and_rightly_named_and_nothing_else(
        self, serve_as, agent_of, trust, fetch, server, host, trusted, outcome
    ):
        listener = await serve_as(server)
        agent = agent_of(tls=trust(*trusted))
        headers = [("host", host)] if host else []
        assert outcome == await _outcome(fetch(agent, listener.url, headers=headers))

    @CASES
    async def test_who_does_not_verify_is_served_by_all_and_marked(
        self, serve_as, agent_of, trust, server, host, trusted, outcome
    ):
        del outcome
        listener = await serve_as(server)
        agent = agent_of(tls=trust(*trusted, verify=False))
        headers = [("host", host)] if host else []
        response = await agent.request("GET", listener.url, headers=headers)
        assert 200 == response.status
        assert [False] == [socket.verified for (socket,) in agent.sockets.values()]
        await response.read()


@pytest.mark.node_test("parallel/test-https-client-reject.js")
class TestHttpsClientReject:
    @pytest.mark.parametrize(
        ("trusted", "options", "verified"),
        [((), {"verify": False}, False), ((), {}, "refused"), ((AGENT2,), {}, True)],
    )
    async def test_a_certificate_signed_by_itself_is_good_where_it_is_trusted(
        self, serve_as, trust, trusted, options, verified
    ):
        server = await serve_as(AGENT2)
        tls = trust(*trusted, servername="agent2", **options)
        async with Agent(port=server.port, tls=tls) as agent:
            request = agent.request("GET", "https://127.0.0.1")
            if verified == "refused":
                with pytest.raises(NetworkError) as refused:
                    await request
                assert "DEPTH_ZERO_SELF_SIGNED_CERT" == refused.value.code
            else:
                response = await request
                assert [verified] == [socket.verified for (socket,) in agent.sockets.values()]
                await response.read()


@pytest.mark.node_test("parallel/test-https-agent-session-injection.js")
class TestHttpsAgentSessionInjection:
    async def test_a_wrong_name_fails_again_as_no_session_is_kept_of_the_first_try(
        self, serve, agent_of, trust, tmp_path, fetch
    ):
        context = server_context(tmp_path, AGENT1, version=ssl.TLSVersion.TLSv1_2)
        served = []

        async def handle(wire):
            served.append(await wire.request())

        server = await serve(handle, context=context)
        agent = agent_of()
        for _ in range(2):
            with pytest.raises(NetworkError, match=r"nodejs\.org") as refused:
                await fetch(agent, server.url, tls=trust(CA1, servername="nodejs.org"))
            assert "ERR_TLS_CERT_ALTNAME_INVALID" == refused.value.code
        assert set(served) <= {None}  # nothing was asked of it


@pytest.mark.node_test("parallel/test-https-timeout.js")
class TestHttpsTimeout:
    async def test_the_silence_of_a_server_is_told_and_giving_up_then_is_a_hang_up(
        self, serve, agent_of, context, eventually
    ):
        asked = []

        async def handle(wire):
            asked.append(await wire.request())
            await wire.gone()

        server = await serve(handle, context=context())
        agent = agent_of(tls=UNVERIFIED, timeouts=Timeouts(mode="node", idle=0.01))
        told, failed = [], []

        def listen(event):
            if isinstance(event, TimeoutRaised):
                told.append(event)
                request.cancel()
            elif isinstance(event, RequestFailed):
                failed.append((event.code, event.message))

        agent.subscribe(listen)
        request = asyncio.create_task(agent.request("GET", f"https://localhost:{server.port}/"))
        await asyncio.wait([request])
        assert request.cancelled()
        await eventually(lambda: failed)
        assert [("ECONNRESET", "socket hang up")] == failed
        assert 1 == len(told)
        await eventually(lambda: agent.sockets == {} and server.open == 0)


@pytest.mark.node_test("parallel/test-https-agent-unref-socket.js")
class TestHttpsAgentUnrefSocket:
    """A request that nobody awaits: what an unref'd socket is to Node."""

    async def test_a_silent_server_does_not_keep_the_process(self, silent):
        script = (
            "import asyncio, sys, pooltop\n"
            "async def main():\n"
            "    agent = pooltop.Agent.from_options(pooltop.GLOBAL_AGENT)\n"
            "    asking = asyncio.create_task(agent.request('GET', sys.argv[1]))\n"
            "    while not agent.total_socket_count:\n"
            "        await asyncio.sleep(0)\n"
            "    print(agent, asking.done())\n"
            "asyncio.run(main())\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, f"https://localhost:{silent()}", stdout=PIPE, stderr=PIPE
        )
        try:
            async with asyncio.timeout(60):
                out, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert (b"", 0) == (errors, process.returncode)
        assert b"<Agent 'agent' in use 1 free 0 queued 0> False\n" == out


@pytest.mark.node_test("parallel/test-async-wrap-tlssocket-asyncreset.js")
class TestAsyncWrapTlssocketAsyncreset:
    async def test_a_freed_tls_socket_serves_the_next_request_whose_response_can_be_destroyed(
        self, serve, agent_of, context, eventually
    ):
        server = await serve(context=context())
        agent = agent_of(keep_alive=True, tls=UNVERIFIED)
        first = await agent.request("GET", server.url)
        assert (200, b"/") == (first.status, await first.read())
        second = await agent.request("GET", server.url)
        assert (200, first.socket_id, True) == (second.status, second.socket_id, second.reused)
        await second.aclose()
        await eventually(lambda: agent.total_socket_count == 0)


@pytest.mark.node_test("parallel/test-tls-set-secure-context.js")
class TestTlsSetSecureContext:
    async def test_another_certificate_is_for_new_connections_and_spoils_no_running_response(
        self, serve, trust, tmp_path
    ):
        first = asyncio.Queue()

        async def handle(wire):
            asked = await wire.request()
            number = asked.headers["id"]
            if number == "1":
                first.put_nowait(wire)
                wire.reply("multi-", length=len("multi-request-success-fun!"))
                await wire.gone()
            else:
                wire.reply("success")

        context = server_context(tmp_path, AGENT1)
        server = await serve(handle, context=context)

        def use(issued):
            path = tmp_path / "other.pem"
            path.write_bytes(issued.key_pem() + issued.pem)
            context.load_cert_chain(path)

        async def ask(number):
            tls = trust(CA1, servername="agent1")
            async with Agent(tls=tls) as agent:
                response = await agent.request(
                    "GET", f"https://localhost:{server.port}", headers=[("id", str(number))]
                )
                return await response.read()

        one = asyncio.create_task(ask(1))
        wire = await first.get()
        assert b"success" == await ask(2)
        use(AGENT2)
        wire.write(b"request-")
        assert "DEPTH_ZERO_SELF_SIGNED_CERT" == await _outcome(ask(3))
        use(AGENT1)
        assert b"success" == await ask(4)
        wire.write(b"success-")
        use(AGENT2)
        wire.write(b"fun!")
        assert "DEPTH_ZERO_SELF_SIGNED_CERT" == await _outcome(ask(5))
        assert b"multi-request-success-fun!" == await one
