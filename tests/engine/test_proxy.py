"""Requests through proxies, over real sockets: what is sent, what is pooled, what goes wrong."""

from __future__ import annotations

import asyncio
import os

import pytest

from pooltop.core.model import Origin, ProxyEnv
from pooltop.core.proxies import read_proxies
from pooltop.engine.request import prepare
from pooltop.engine.tunnel import MAX_HEAD_OCTETS, connect_request
from pooltop.errors import (
    AbortError,
    NetworkError,
    PeerError,
    ProxyConfigError,
    ProxyTunnelError,
    RequestTimeout,
    StaleReuseError,
    UsageError,
)

TUNNEL = b"HTTP/1.1 200 Connection Established\r\n\r\n"


@pytest.fixture
def system_trust(authority, tmp_path, monkeypatch):
    """Let what the system trusts be the tests' own authority."""
    path = tmp_path / "system.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


async def get(agent, url):
    response = await agent.request("GET", url)
    return await response.read()


async def test_an_http_request_goes_to_the_proxy_as_node_sends_it(serve, agent_of, forward_proxy):
    server, proxy = await serve(), await forward_proxy()
    agent = agent_of(proxy_env={"HTTP_PROXY": proxy.url})
    assert b"/x?y=1" == await get(agent, server.url + "/x?y=1")
    host = f"127.0.0.1:{server.port}"
    fields = {"host": host, "proxy-connection": "close", "connection": "close"}
    assert [("GET", f"http://{host}/x?y=1", fields)] == proxy.seen
    assert list(fields) == list(proxy.seen[0][2])


async def test_user_and_password_go_to_the_proxy_and_nowhere_else(
    serve, agent_of, forward_proxy, ca, context
):
    seen = []

    async def keep_the_fields(wire):
        while (asked := await wire.request()) is not None:
            seen.append(asked.headers)
            wire.reply()

    server = await serve(keep_the_fields, context=context())
    proxy = await forward_proxy()
    with_password = proxy.url.replace("//", "//me:hunter%32@")
    agent = agent_of(tls=ca, proxy_env={"https_proxy": with_password, "http_proxy": with_password})
    events = []
    agent.subscribe(events.append)
    await get(agent, server.url)
    (method, _, fields) = proxy.seen[0]
    assert ("CONNECT", "Basic bWU6aHVudGVyMg==") == (method, fields["proxy-authorization"])
    assert "proxy-authorization" not in seen[0]
    shown = repr(agent) + repr(agent.snapshot()) + repr(events)
    assert "bWU6aHVudGVyMg" not in shown
    assert "hunter" not in shown


async def test_our_proxy_fields_replace_the_callers(serve, agent_of, forward_proxy):
    server, proxy = await serve(), await forward_proxy()
    agent = agent_of(keep_alive=True, proxy_env={"http_proxy": proxy.url.replace("//", "//u:p@")})
    headers = [("Proxy-Authorization", "mine"), ("Proxy-Connection", "close"), ("X", "y")]
    await (await agent.request("GET", server.url, headers=headers)).read()
    fields = proxy.seen[0][2]
    assert "Basic dTpw" == fields["proxy-authorization"]
    assert "keep-alive" == fields["proxy-connection"]
    assert "y" == fields["x"]


def test_of_each_proxy_field_one_is_sent():
    proxy = read_proxies(ProxyEnv(http_proxy="http://u:p@proxy")).http
    given = [("Proxy-Authorization", "mine"), ("Proxy-Connection", "close")]
    request = prepare("GET", "/x", given, host_header="a:81", keep_alive=True, proxy=proxy)
    assert request.wire == (
        b"GET http://a:81/x HTTP/1.1\r\nHost: a:81\r\nproxy-authorization: Basic dTpw\r\n"
        b"proxy-connection: keep-alive\r\nConnection: keep-alive\r\n\r\n"
    )


# Compared with Node 24.21, as is which are refused.
@pytest.mark.parametrize(
    ("url", "given", "sent"),
    [
        ("http://a.test/", "a.test", "a.test"),
        ("http://a.test/", "A.test:80", "a.test"),
        ("http://a.test:8080/", "A.TEST:8080", "a.test:8080"),
        ("http://a.test:8080/", "a.test:08080", "a.test:8080"),
        ("http://[::1]:8080/", "[::1]:8080", "[::1]:8080"),
    ],
)
async def test_the_host_that_a_proxy_gets_is_the_targets(agent_of, url, given, sent):
    agent = agent_of(proxy_env={"http_proxy": "http://127.0.0.1:9"})
    route = agent.way.route(url, [("host", given)])
    request = prepare(
        "GET",
        route.target,
        [("host", given)],
        host_header=route.host_header,
        keep_alive=True,
        proxy=route.proxy,
    )
    assert [sent.encode()] == [value for name, value in request.headers if name.lower() == b"host"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.test/", "b.test"),
        ("http://a.test/", ""),
        ("http://a.test/", "a.test:80:80"),
        ("http://a.test/", "u@a.test"),
        ("http://a.test/", "a.test/x"),
        ("http://a.test/", "a.test?x"),
        ("http://a.test/", "a.test#x"),
        ("http://a.test:8080/", "a.test"),
        ("http://a.test:8080/", "a.test:8080:80"),
        ("http://a.test:8080/", "a.test:8081"),
    ],
)
async def test_a_host_that_the_proxy_would_not_go_by_is_refused(agent_of, url, host):
    agent = agent_of(proxy_env={"http_proxy": "http://127.0.0.1:9"})
    with pytest.raises(UsageError) as raised:
        await agent.request("GET", url, headers=[("Host", host)])
    assert "ERR_INVALID_ARG_VALUE" == raised.value.code
    assert {} == agent.sockets


async def test_sockets_through_a_proxy_are_pooled_under_the_origins_own_name(
    serve, agent_of, forward_proxy
):
    servers, proxy = [await serve(), await serve()], await forward_proxy()
    agent = agent_of(keep_alive=True, proxy_env={"http_proxy": proxy.url})
    for server in servers:
        for _ in range(2):
            await get(agent, server.url)
    assert [f"127.0.0.1:{server.port}:" for server in servers] == list(agent.free_sockets)
    sockets = [socket for free in agent.free_sockets.values() for socket in free]
    assert [2, 2] == [socket.requests for socket in sockets]
    assert [proxy.url] * 2 == [socket.via for socket in sockets]
    assert [f"127.0.0.1:{proxy.listener.port}"] * 2 == [socket.remote for socket in sockets]


async def test_https_goes_through_one_tunnel_which_is_kept(
    serve, agent_of, forward_proxy, ca, context
):
    server, proxy = await serve(context=context()), await forward_proxy()
    agent = agent_of(keep_alive=True, tls=ca, proxy_env={"https_proxy": proxy.url})
    first = await agent.request("GET", server.url + "/1")
    assert b"/1" == await first.read()
    assert b"/2" == await get(agent, server.url + "/2")
    host = f"127.0.0.1:{server.port}"
    expected = {"proxy-connection": "keep-alive", "host": host}
    assert [("CONNECT", host, expected)] == proxy.seen
    ((socket,),) = agent.free_sockets.values()
    assert (proxy.url, 2) == (socket.via, socket.requests)
    assert socket.tunnel is not None
    assert socket.handshake is not None
    assert first.timings.tunnel == socket.tunnel


@pytest.mark.parametrize(("live", "tunnels"), [("node", 3), ("drain", 1)])
async def test_requests_that_come_while_a_tunnel_is_made_pass_the_limit_as_in_node(
    serve, agent_of, forward_proxy, ca, context, live, tunnels
):
    server, proxy = await serve(context=context()), await forward_proxy()
    agent = agent_of(
        keep_alive=True, max_sockets=1, live=live, tls=ca, proxy_env={"https_proxy": proxy.url}
    )
    await asyncio.gather(*(get(agent, server.url) for _ in range(3)))
    assert ["CONNECT"] * tunnels == [asked.method for asked in proxy.asked]


def test_a_tunnel_is_asked_for_as_node_asks():
    proxy = read_proxies(ProxyEnv(https_proxy="http://u:p@proxy")).https
    origin = Origin(scheme="https", host="::1", port=443)
    assert connect_request(origin, proxy, keep_alive=True) == (
        b"CONNECT [::1]:443 HTTP/1.1\r\nproxy-authorization: Basic dTpw\r\n"
        b"proxy-connection: keep-alive\r\nhost: [::1]:443\r\n\r\n"
    )
    proxy = read_proxies(ProxyEnv(https_proxy="http://proxy")).https
    assert connect_request(origin, proxy, keep_alive=False) == (
        b"CONNECT [::1]:443 HTTP/1.1\r\nhost: [::1]:443\r\n\r\n"
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_can_be_spoken_to_over_tls(
    serve, agent_of, forward_proxy, ca, context, system_trust, scheme
):
    server = await serve(context=context() if scheme == "https" else None)
    proxy = await forward_proxy(context=context())
    assert proxy.url.startswith("https:")
    settings = {"http_proxy": proxy.url, "https_proxy": proxy.url}
    agent = agent_of(keep_alive=True, tls=ca, proxy_env=settings)
    body = os.urandom(300_000)
    for _ in range(2):
        response = await agent.request("POST", server.url + "/over-tls", content=body)
        assert b"/over-tls" == await response.read()
    ((socket,),) = agent.free_sockets.values()
    assert 2 == socket.requests
    assert socket.tls
    assert 1 == len({asked.target for asked in proxy.asked})
    (origin,) = agent.snapshot().origins
    assert (1, 0) == (origin.counters.handshakes, origin.counters.resumed)
    # A session of the proxy's would be resumed with whoever has the origin's key.
    assert (scheme == "https") is bool(agent._tls._sessions)


@pytest.mark.parametrize("retry_stale", [False, True])
async def test_a_stale_socket_through_an_https_proxy_is_known_as_one(
    serve, agent_of, forward_proxy, ca, context, system_trust, retry_stale
):
    async def serves_once(wire):
        await wire.request()
        wire.reply("once")
        await wire.request()
        wire.reset()

    server, proxy = (
        await serve(serves_once, context=context()),
        await forward_proxy(context=context()),
    )
    settings = {"https_proxy": proxy.url}
    agent = agent_of(keep_alive=True, tls=ca, proxy_env=settings, retry_stale=retry_stale)
    assert b"once" == await get(agent, server.url)
    if retry_stale:
        assert b"once" == await get(agent, server.url)
    else:
        with pytest.raises(StaleReuseError):
            await get(agent, server.url)


async def test_an_upgraded_stream_that_an_https_proxy_cuts_is_no_whole_one(
    serve, agent_of, forward_proxy, ca, context, system_trust
):
    async def switch(wire):
        await wire.request()
        wire.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
        await wire.reader.readexactly(3)
        wire.reset()

    server, proxy = await serve(switch, context=context()), await forward_proxy(context=context())
    agent = agent_of(keep_alive=True, tls=ca, proxy_env={"https_proxy": proxy.url})
    response = await agent.request("GET", server.url, upgrade="x")
    async with response.stream as stream:
        await stream.write(b"cut")
        with pytest.raises(PeerError) as caught:
            await stream.read()
    assert "ERR_TLS_TRUNCATED" == caught.value.code


async def test_the_agents_own_authority_does_not_vouch_for_a_proxy(
    serve, agent_of, forward_proxy, ca, context, monkeypatch, tmp_path
):
    """As in Node: the ca option is for origins."""
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(nothing))
    server, proxy = await serve(context=context()), await forward_proxy(context=context())
    agent = agent_of(tls=ca, proxy_env={"https_proxy": proxy.url})
    with pytest.raises(NetworkError, match="certificate"):
        await get(agent, server.url)
    assert [] == proxy.asked


async def test_an_upgrade_goes_through_a_tunnel_within_tls(
    serve, agent_of, forward_proxy, ca, context, system_trust
):
    async def switch(wire):
        await wire.request()
        wire.write(b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nearly")
        wire.write(await wire.reader.read(5))
        await wire.gone()

    server, proxy = await serve(switch, context=context()), await forward_proxy(context=context())
    agent = agent_of(tls=ca, proxy_env={"https_proxy": proxy.url})
    async with await agent.request("GET", server.url, upgrade="x") as response:
        assert b"early" == await response.stream.read()
        await response.stream.write(b"later")
        assert b"later" == await response.stream.read()


async def test_connect_over_a_proxy_for_http_asks_the_proxy_itself(serve, agent_of):
    async def handler(wire):
        asked = await wire.head()
        assert ("CONNECT", "db.test:5432") == (asked.method, asked.target)
        assert "Basic dTpw" == asked.headers["proxy-authorization"]
        wire.write(TUNNEL + b"ready")
        await wire.gone()

    proxy = await serve(handler)
    agent = agent_of(proxy_env={"http_proxy": proxy.url.replace("//", "//u:p@")})
    response = await agent.request("CONNECT", "http://gateway.test", authority="db.test:5432")
    async with response:
        assert b"ready" == await response.stream.read()


async def test_a_host_of_no_proxy_is_reached_directly(serve, agent_of, forward_proxy):
    server, proxy = await serve(), await forward_proxy()
    agent = agent_of(
        keep_alive=True,
        proxy_env={"http_proxy": proxy.url, "no_proxy": f"x, 127.0.0.1:{server.port}"},
    )
    await get(agent, server.url)
    ((socket,),) = agent.free_sockets.values()
    assert ("", []) == (socket.via, proxy.asked)


async def test_the_environment_counts_only_when_asked(serve, agent_of, forward_proxy, monkeypatch):
    server, proxy = await serve(), await forward_proxy()
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    await get(agent_of(), server.url)
    assert [] == proxy.asked
    await get(agent_of(proxy_env="environment"), server.url)
    assert 1 == len(proxy.asked)


async def test_a_proxy_setting_that_is_none_is_refused_when_the_agent_is_made(agent_of):
    with pytest.raises(ProxyConfigError):
        agent_of(proxy_env={"https_proxy": "http://::1:1"})
    with pytest.raises(UsageError, match="proxy_env"):
        agent_of(proxy_env="on")


# A proxy that misbehaves: each ends in an error with a name, and nothing is left of it.


def answering(octets):
    async def handler(wire):
        await wire.head()
        wire.write(octets)
        await wire.gone()

    return handler


async def close_at_once(wire):
    await wire.head()


async def close_in_the_head(wire):
    await wire.head()
    wire.write(b"HTTP/1.1 200 Connection Est")


async def reset_at_once(wire):
    await wire.head()
    wire.reset()


@pytest.mark.parametrize(
    ("handler", "status", "words"),
    [
        (answering(b"HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n"), 407, "407 Auth"),
        (answering(b"HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\nno!"), 502, "502 Bad"),
        (answering(b"HTTP/1.1 201 Made\r\n\r\n"), 201, "201 Made"),
        (answering(b"HTTP/1.1 100 Continue\r\n\r\n" + TUNNEL), 100, "100 Continue"),
        (answering(TUNNEL + b"\x16\x03\x03"), 200, "3 bytes behind its answer"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), 200, "behind its answer"),
        (answering(b"NOT-HTTP MALFORMED RESPONSE\r\n\r\n"), None, "not an HTTP/1"),
        (answering(b"SSH-2.0-x"), None, "speaks SSH"),
        (answering(b"HTTP/1.1 2000\r\n\r\n"), None, "no status code"),
        (answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * MAX_HEAD_OCTETS), None, "16384 octets"),
        (close_at_once, None, "ended unexpectedly"),
        (close_in_the_head, None, "ended unexpectedly"),
    ],
    ids=lambda value: None if callable(value) else str(value),
)
async def test_a_proxy_that_makes_no_tunnel_is_a_named_error(
    serve, agent_of, eventually, handler, status, words
):
    proxy = await serve(handler)
    agent = agent_of(keep_alive=True, proxy_env={"https_proxy": proxy.url})
    with pytest.raises(ProxyTunnelError, match=words) as raised:
        await get(agent, "https://origin.test")
    assert ("ERR_PROXY_TUNNEL", status) == (raised.value.code, raised.value.status)
    await eventually(lambda: proxy.open == 0)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_a_content_length_in_the_answer_of_a_tunnel_says_nothing(
    serve, agent_of, forward_proxy, ca, context
):
    """RFC 9110, 9.3.6: it must be ignored."""
    server = await serve(context=context())

    async def handler(wire):
        await wire.head()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        wire.write(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            writer.write(await wire.reader.read(65536))
            while data := await reader.read(65536):
                wire.write(data)
                writer.write(await wire.reader.read(65536))
        finally:
            writer.transport.abort()

    proxy = await serve(handler)
    agent = agent_of(tls=ca, proxy_env={"https_proxy": proxy.url})
    assert b"/x" == await get(agent, server.url + "/x")


async def test_a_proxy_that_resets_is_told_as_a_reset(serve, agent_of):
    proxy = await serve(reset_at_once)
    agent = agent_of(proxy_env={"https_proxy": proxy.url})
    with pytest.raises(PeerError) as raised:
        await get(agent, "https://origin.test")
    assert "ECONNRESET" == raised.value.code


async def test_a_proxy_that_is_not_there_is_told_as_such(agent_of, silent):
    agent = agent_of(proxy_env={"https_proxy": "http://127.0.0.1:1"})
    with pytest.raises(NetworkError, match="127.0.0.1:1") as raised:
        await get(agent, "https://origin.test")
    assert "ECONNREFUSED" == raised.value.code


async def test_a_proxy_that_never_answers_fails_the_request_after_the_agents_timeout(
    agent_of, silent
):
    proxy = f"http://127.0.0.1:{silent()}"
    agent = agent_of(timeout=50, proxy_env={"https_proxy": proxy})
    with pytest.raises(ProxyTunnelError, match="timed out after 50ms"):
        await get(agent, "https://origin.test")
    (origin,) = agent.snapshot().origins
    assert 1 == origin.timeout_events


async def test_a_tunnel_that_timed_out_is_told_as_a_timeout_before_any_clock_has_looked(agent_of):
    async def give_up(options):
        await asyncio.sleep(0)  # until the request is on its socket
        raise ProxyTunnelError("timed out", timed_out=True)

    agent = agent_of(timeout=60_000, create_connection=give_up)
    with pytest.raises(ProxyTunnelError):
        await get(agent, "https://origin.test")
    (origin,) = agent.snapshot().origins
    assert 1 == origin.timeout_events


@pytest.mark.parametrize("timeout", [0, 60_000])
async def test_a_look_up_that_times_out_by_itself_is_no_silence_of_the_proxys(agent_of, timeout):
    class GivesUp:
        async def resolve(self, _host, _port, _family):
            raise TimeoutError

    proxy_env = {"https_proxy": "http://proxy.test:1"}
    agent = agent_of(timeout=timeout, resolver=GivesUp(), proxy_env=proxy_env)
    with pytest.raises(NetworkError) as raised:
        await get(agent, "https://origin.test")
    assert isinstance(raised.value.__cause__, TimeoutError)
    assert 0 == agent.snapshot().origins[0].timeout_events


async def test_a_proxy_that_never_answers_fails_the_request_when_the_connect_clock_ends(
    agent_of, silent
):
    from pooltop import Timeouts

    proxy = f"http://127.0.0.1:{silent()}"
    agent = agent_of(timeouts=Timeouts(connect=0.05), proxy_env={"https_proxy": proxy})
    with pytest.raises(RequestTimeout) as raised:
        await get(agent, "https://origin.test")
    assert "connect" == raised.value.clock


async def test_closing_the_agent_ends_a_tunnel_that_is_being_made(agent_of, silent, eventually):
    agent = agent_of(proxy_env={"https_proxy": f"http://127.0.0.1:{silent()}"})
    asking = asyncio.create_task(get(agent, "https://origin.test"))
    await eventually(lambda: [c.phase for c in agent.shell.connections.values()] == ["tunnel"])
    await agent.aclose()
    with pytest.raises(AbortError):
        await asking


async def test_an_https_proxy_that_speaks_no_tls_is_named(serve, agent_of, system_trust):
    async def plain(wire):
        await wire.reader.read(10)
        wire.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await wire.gone()

    proxy = await serve(plain)
    agent = agent_of(proxy_env={"https_proxy": proxy.url.replace("http:", "https:")})
    with pytest.raises(NetworkError, match="HTTP"):
        await get(agent, "https://origin.test")


async def test_an_https_proxy_that_hangs_up_in_the_handshake_is_an_error(
    serve, agent_of, system_trust
):
    async def hang_up(wire):
        await wire.reader.read(10)

    proxy = await serve(hang_up)
    agent = agent_of(proxy_env={"https_proxy": proxy.url.replace("http:", "https:")})
    with pytest.raises((NetworkError, PeerError)) as raised:
        await get(agent, "https://origin.test")
    assert "ECONNRESET" == raised.value.code


async def test_a_failing_handshake_with_the_origin_inside_the_tunnel_is_the_origins(
    serve, agent_of, forward_proxy, context, ca
):
    server, proxy = await serve(context=context("other.test")), await forward_proxy()
    agent = agent_of(tls=ca, proxy_env={"https_proxy": proxy.url})
    with pytest.raises(NetworkError) as raised:
        await get(agent, server.url)
    assert "ERR_TLS_CERT_ALTNAME_INVALID" == raised.value.code
