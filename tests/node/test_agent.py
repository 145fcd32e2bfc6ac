"""Ports of Node's tests of the agent itself: its limits, its scheduling, its lists."""

from __future__ import annotations

import asyncio
import math

import pytest
from support.hearing import told

from pooltop import GLOBAL_AGENT, Agent, Timeouts, TLSOptions, load_profile
from pooltop.core.events import RequestQueued, SocketClosed, SocketOpened
from pooltop.core.names import http_name, https_name
from pooltop.core.states import OpenReason
from pooltop.errors import ProfileError, RequestError, UsageError


@pytest.mark.node_test("parallel/test-http-agent-maxsockets.js")
class TestHttpAgentMaxsockets:
    async def test_as_many_idle_sockets_are_kept_as_requests_were_served_at_once(
        self, serve, agent_of
    ):
        server = await serve()
        agent = agent_of(keep_alive=True, keep_alive_msecs=1000, max_sockets=2, max_free_sockets=2)

        async def get(path):
            response = await agent.request("GET", server.url + path)
            await response.read()
            return response.status

        assert [200, 200] == await asyncio.gather(get("/1"), get("/2"))
        assert [2] == [len(free) for free in agent.free_sockets.values()]
        agent.destroy()


@pytest.mark.node_test("parallel/test-http-agent-maxtotalsockets.js")
class TestHttpAgentMaxtotalsockets:
    @pytest.mark.parametrize("value", ["test", -1, 0, math.nan])
    def test_what_is_not_a_number_of_1_or_more_is_refused(self, agent_of, value):
        with pytest.raises(UsageError, match="max_total_sockets"):
            agent_of(max_total_sockets=value)

    async def test_infinity_is_allowed_and_no_limit(self, agent_of):
        assert math.inf == agent_of(max_total_sockets=math.inf).max_total_sockets

    @pytest.mark.parametrize(
        ("max_total_sockets", "max_sockets"),
        # With a total above maxSockets the search for a waiting origin goes another way.
        [(2, 3), (3, 2), (2, 2)],
    )
    async def test_neither_limit_is_passed_while_two_hosts_get_six_requests_each(
        self, serve, agent_of, max_total_sockets, max_sockets
    ):
        servers = [await serve(), await serve()]
        agent = agent_of(
            keep_alive=True,
            max_total_sockets=max_total_sockets,
            max_sockets=max_sockets,
            max_free_sockets=3,
        )
        seen = []

        async def get(url):
            response = await agent.request("GET", url)
            seen.append([len(active) for active in agent.sockets.values()])
            await response.read()
            seen.append([len(active) for active in agent.sockets.values()])
            return response.status

        urls = [f"{server.url}/{n}" for server in servers for n in range(6)]
        assert [200] * 12 == await asyncio.gather(*map(get, urls))
        assert {} == agent.requests
        assert 24 == len(seen)
        assert max(map(sum, seen)) <= max_total_sockets
        assert max(max(active, default=0) for active in seen) <= max_sockets


@pytest.mark.node_test("parallel/test-http-agent-scheduling.js")
class TestHttpAgentScheduling:
    @pytest.fixture
    async def get(self, serve):
        async def answer_with_the_clients_port(wire):
            while await wire.request() is not None:
                wire.reply(str(wire.writer.get_extra_info("peername")[1]))

        server = await serve(answer_with_the_clients_port)

        async def get(agent):
            response = await agent.request("GET", server.url)
            return int(await response.read())

        return get

    async def _five_at_once_then_three(self, agent, get):
        """Give the ports in the order in which the five were freed, and those of the three."""
        freed = []

        async def note(agent):
            freed.append(await get(agent))

        await asyncio.gather(*(note(agent) for _ in range(5)))
        assert 5 == len(set(freed))
        return freed, [await get(agent) for _ in range(3)]

    @pytest.mark.parametrize("options", [{}, {"scheduling": "lifo"}])
    async def test_lifo_the_default_takes_the_socket_that_was_freed_last(
        self, agent_of, get, options
    ):
        agent = agent_of(keep_alive=True, max_sockets=5, **options)
        freed, taken = await self._five_at_once_then_three(agent, get)
        assert [freed[-1]] * 3 == taken

    async def test_fifo_takes_the_sockets_in_the_order_in_which_they_were_freed(
        self, agent_of, get
    ):
        agent = agent_of(keep_alive=True, max_sockets=5, scheduling="fifo")
        freed, taken = await self._five_at_once_then_three(agent, get)
        assert freed[:3] == taken

    def test_another_word_is_refused(self, agent_of):
        with pytest.raises(UsageError, match="scheduling"):
            agent_of(keep_alive=True, max_sockets=5, scheduling="filo")


@pytest.mark.node_test("parallel/test-http-agent-getname.js")
class TestHttpAgentGetname:
    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ({"port": 80, "localAddress": "192.168.1.1"}, "localhost:80:192.168.1.1"),
            ({}, "localhost::"),
            (
                {"host": "0.0.0.0", "port": 80, "localAddress": "192.168.1.1"},
                "0.0.0.0:80:192.168.1.1",
            ),
            ({"socketPath": "/foo/bar"}, "localhost:::/foo/bar"),
            *(({"family": family}, "localhost::") for family in (0, None, "bogus")),
            ({"family": 4}, "localhost:::4"),
            ({"family": 6}, "localhost:::6"),
        ],
    )
    def test_a_name_is_made_of_what_a_connection_depends_on(self, options, name):
        assert name == http_name(options)

    async def test_sockets_are_listed_under_the_name_of_the_url_they_are_for(
        self, serve, agent_of, fetch
    ):
        server = await serve()
        agent = agent_of(keep_alive=True)
        how = {"local_address": "127.0.0.1", "family": 4}
        await fetch(agent, f"{server.url}/path", **how)
        assert f"127.0.0.1:{server.port}:127.0.0.1:4" == agent.get_name(server.url, **how)
        assert [agent.get_name(server.url, **how)] == list(agent.free_sockets)


@pytest.mark.node_test("parallel/test-https-agent-getname.js")
class TestHttpsAgentGetname:
    def test_no_options_are_22_colons(self):
        assert "localhost::::::::::::::::::::::" == https_name({})

    def test_every_option_of_tls_has_its_place(self):
        options = {
            "host": "0.0.0.0",
            "port": 443,
            "localAddress": "192.168.1.1",
            "ca": "ca",
            "cert": "cert",
            "clientCertEngine": "dynamic",
            "ciphers": "ciphers",
            "crl": ["c", "r", "l"],
            "dhparam": "dhparam",
            "ecdhCurve": "ecdhCurve",
            "honorCipherOrder": False,
            "key": "key",
            "pfx": "pfx",
            "rejectUnauthorized": False,
            "secureOptions": 0,
            "secureProtocol": "secureProtocol",
            "servername": "localhost",
            "sessionIdContext": "sessionIdContext",
            "sigalgs": "sigalgs",
            "privateKeyIdentifier": "privateKeyIdentifier",
            "privateKeyEngine": "privateKeyEngine",
        }
        assert (
            "0.0.0.0:443:192.168.1.1:ca:cert:dynamic:ciphers:key:pfx:false:localhost:"
            "::secureProtocol:c,r,l:false:ecdhCurve:dhparam:0:sessionIdContext:"
            '"sigalgs":privateKeyIdentifier:privateKeyEngine'
        ) == https_name(options)

    async def test_sockets_are_listed_under_the_name_of_the_url_they_are_for(
        self, serve, agent_of, ca, context, fetch
    ):
        server = await serve(context=context())
        agent = agent_of(keep_alive=True, tls=ca)
        url = f"https://localhost:{server.port}"
        await fetch(agent, f"{url}/path")
        assert f"localhost:{server.port}::{ca.ca[0]}" + ":" * 19 == agent.get_name(url)
        assert [agent.get_name(url)] == list(agent.free_sockets)


@pytest.mark.node_test("parallel/test-http-agent-false.js")
class TestHttpAgentFalse:
    async def test_a_url_without_a_port_leads_to_80_and_ends_in_a_response_or_an_error(
        self, agent_of
    ):
        agent = agent_of(timeouts=Timeouts(total=5))
        request = asyncio.create_task(agent.request("GET", "http://127.0.0.1/"))
        await asyncio.sleep(0)
        assert ["127.0.0.1:80:"] == list(agent.sockets)
        await asyncio.wait([request])
        error = request.exception()
        assert error is None or isinstance(error, RequestError)


@pytest.mark.node_test("parallel/test-http-agent-maxsockets-respected.js")
class TestHttpAgentMaxsocketsRespected:
    async def test_six_requests_aborted_at_their_response_never_have_more_than_two_sockets(
        self, serve, agent_of, eventually
    ):
        served = []

        async def handle(wire):
            while (asked := await wire.request()) is not None:
                served.append(asked.target)
                wire.reply("hello world")

        server = await serve(handle)
        agent = agent_of(keep_alive=True, keep_alive_msecs=1000, max_sockets=2, max_free_sockets=2)
        active = []
        opened = told(agent, SocketOpened)

        async def get_and_abort():
            response = await agent.request("GET", f"{server.url}/1")
            await response.aclose()
            active.append([len(sockets) for sockets in agent.sockets.values()])

        await asyncio.gather(*(get_and_abort() for _ in range(6)))
        assert 6 == len(active)
        assert max(map(sum, active)) <= 2
        assert ["/1"] * 6 == served
        # Each socket that went makes room for one more request, whatever the other one does.
        reasons = [OpenReason.ADMITTED] * 2 + [OpenReason.REPLACEMENT] * 4
        assert reasons == [event.reason for event in opened]
        assert {} == agent.requests
        await eventually(lambda: agent.sockets == {})


@pytest.mark.node_test("parallel/test-http-agent-no-protocol.js")
class TestHttpAgentNoProtocol:
    async def test_an_agent_without_a_protocol_of_its_own_serves_http(self, serve, agent_of, fetch):
        server = await serve()
        assert (200, b"/") == await fetch(agent_of(protocol=None), f"{server.url}/")


@pytest.mark.node_test("parallel/test-http-agent-null.js")
class TestHttpAgentNull:
    async def test_the_global_agents_options_serve_a_request_and_keep_its_socket(
        self, serve, fetch
    ):
        server = await serve()
        async with Agent.from_options(GLOBAL_AGENT) as agent:
            assert (200, b"/") == await fetch(agent, f"{server.url}/")
            assert [1] == [len(free) for free in agent.free_sockets.values()]


@pytest.mark.node_test("parallel/test-http-client-agent.js")
class TestHttpClientAgent:
    async def test_a_socket_that_closed_is_listed_no_more_and_in_the_end_nothing_is(
        self, serve, agent_of, eventually, fetch
    ):
        others_closed = asyncio.Event()
        wants = []

        async def handle(wire):
            asked = await wire.request()
            wants.append(asked.headers["connection"])
            if asked.target == "/0":
                await others_closed.wait()
            wire.reply("Hello, World!")
            await wire.gone()

        server = await serve(handle)
        agent = agent_of()
        name = agent.get_name(server.url)
        listed = []

        def look(event):
            if isinstance(event, SocketClosed):
                ids = [socket.id for socket in agent.sockets.get(name, ())]
                listed.append((event.socket in ids, len(ids)))
                if len(listed) == 2:
                    others_closed.set()

        agent.subscribe(look)
        await asyncio.gather(*(fetch(agent, f"{server.url}/{n}") for n in range(3)))
        await eventually(lambda: len(listed) == 3)
        assert [(False, 2), (False, 1), (False, 0)] == listed
        assert ["close"] * 3 == wants  # why Node's server closes them
        assert name not in agent.sockets
        assert name not in agent.requests


@pytest.mark.node_test("parallel/test-http-client-override-global-agent.js")
class TestHttpClientOverrideGlobalAgent:
    """No agent is the default here: what is left is that the one that is asked is the one used."""

    async def test_the_agent_in_the_global_ones_place_lists_the_socket_at_once(
        self, serve, agent_of
    ):
        server = await serve()
        agent = agent_of()
        async with Agent.from_options(GLOBAL_AGENT) as other:
            request = asyncio.create_task(agent.request("GET", server.url))
            await asyncio.sleep(0)
            assert agent.get_name(server.url) in agent.sockets
            assert {} == other.sockets
            response = await request
            assert b"/" == await response.read()


@pytest.mark.node_test("parallel/test-https-client-override-global-agent.js")
class TestHttpsClientOverrideGlobalAgent:
    async def test_the_agent_in_the_global_ones_place_lists_the_socket_at_once(
        self, serve, agent_of, context
    ):
        server = await serve(context=context())
        agent = agent_of(tls=TLSOptions(verify=False))
        async with Agent.from_options(GLOBAL_AGENT) as other:
            request = asyncio.create_task(agent.request("GET", server.url))
            await asyncio.sleep(0)
            assert agent.get_name(server.url) in agent.sockets
            assert {} == other.sockets
            response = await request
            assert b"/" == await response.read()


@pytest.mark.node_test("parallel/test-http-client-reject-unexpected-agent.js")
class TestHttpClientRejectUnexpectedAgent:
    """A request is a method of its agent; only a profile says by value which agent is meant."""

    @pytest.mark.parametrize("agent", ["true", '"agent"', "{}", "1", "[]"])
    def test_what_is_no_agent_is_refused_before_anything_is_sent(self, tmp_path, agent):
        profile = tmp_path / "profile.toml"
        profile.write_text(
            f'[agents.known]\n[workloads.w]\nbase_url = "http://127.0.0.1:80"\nagent = {agent}\n'
        )
        with pytest.raises(ProfileError, match=r"workloads\.w\.agent"):
            load_profile(str(profile))

    async def test_a_fresh_one_the_global_one_and_ones_own_all_get_their_response(
        self, serve, agent_of, fetch
    ):
        server = await serve()
        agents = [
            agent_of(),
            agent_of(
                **{name: getattr(GLOBAL_AGENT, name) for name in GLOBAL_AGENT.__struct_fields__}
            ),
            agent_of(keep_alive=True, max_sockets=1),
        ]
        answers = await asyncio.gather(*(fetch(agent, server.url) for agent in agents))
        assert [(200, b"/")] * 3 == answers


@pytest.mark.node_test("parallel/test-http-request-agent.js")
class TestHttpRequestAgent:
    async def test_a_fresh_agent_serves_https_unverified(self, serve, agent_of, context, fetch):
        server = await serve(context=context())
        agent = agent_of(tls=TLSOptions(verify=False))
        assert (200, b"/") == await fetch(agent, f"{server.url}/")


@pytest.mark.node_test("parallel/test-http-addrequest-localaddress.js")
class TestHttpAddrequestLocaladdress:
    async def test_requests_queue_by_local_address_and_not_by_path(self, agent_of):
        agent = agent_of()
        agent.max_sockets = 0
        requests = [
            asyncio.create_task(
                agent.request("GET", f"http://localhost:8080{path}", local_address="127.0.0.1")
            )
            for path in ("", "/foo")
        ]
        await asyncio.sleep(0)
        assert {} == agent.sockets
        assert ["localhost:8080:127.0.0.1"] == list(agent.requests)
        assert [2] == [len(queue) for queue in agent.requests.values()]
        agent.destroy()  # closes sockets; the queue stays, though nothing will ever serve it
        assert [2] == [len(queue) for queue in agent.requests.values()]
        await agent.aclose()
        errors = await asyncio.gather(*requests, return_exceptions=True)
        assert ["ERR_AGENT_CLOSED"] * 2 == [error.code for error in errors]


@pytest.mark.node_test("parallel/test-http-max-sockets.js")
class TestHttpMaxSockets:
    async def test_of_twenty_requests_ten_have_a_socket_ten_wait_and_all_are_served(
        self, serve, fetch
    ):
        server = await serve()
        async with Agent.from_options(GLOBAL_AGENT) as agent:
            agent.max_sockets = 10
            queued = []
            agent.subscribe(
                lambda event: queued.append(event) if isinstance(event, RequestQueued) else None
            )
            requests = [asyncio.create_task(fetch(agent, server.url)) for _ in range(20)]
            await asyncio.sleep(0)
            name = agent.get_name(server.url)
            assert (10, 10) == (len(agent.sockets[name]), len(agent.requests[name]))
            assert [(200, b"/")] * 20 == await asyncio.gather(*requests)
            assert 10 == len(queued)

    @pytest.mark.parametrize("limit", ["max_sockets", "max_total_sockets"])
    async def test_a_limit_set_while_two_are_served_closes_the_one_that_is_released_above_it(
        self, held, agent_of, fetch, eventually, limit
    ):
        server = await held().start()
        agent = agent_of(keep_alive=True)
        requests = [asyncio.create_task(fetch(agent, server.url)) for _ in range(2)]
        await eventually(lambda: server.waiting.qsize() == 2)
        setattr(agent, limit, 1)
        await server.answer(2)
        assert [(200, b"/")] * 2 == await asyncio.gather(*requests)
        await eventually(lambda: agent.total_socket_count == 1)
        assert [1] == [len(free) for free in agent.free_sockets.values()]
