"""The cache of TLS sessions: what is kept, what is evicted, and that resuming really happens."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import pytest
from support.pki import issue, server_context

from pooltop.core.model import Origin, TLSOptions
from pooltop.engine.tls import TLSStream
from pooltop.engine.tls_sessions import TLSFactory
from pooltop.errors import NetworkError, PeerError

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = pytest.mark.parametrize("version", [V12, V13])
ROOT = issue("root", is_ca=True)
OTHER = issue("other root", is_ca=True)
SITE = issue("site", ROOT, sans=["127.0.0.1", "a.example", "localhost"])


class Ticketed:
    """A stream that has this session."""

    is_resumed = False

    def __init__(self, session):
        self.session = session


def _origin(host):
    return Origin(scheme="https", host=host, port=443)


def _cache(most, *hosts):
    """Insert a session for each host in turn; give the hosts that have one, the oldest first."""
    factory = TLSFactory(TLSOptions(), most)
    for number, host in enumerate(hosts):
        factory.remember(_origin(host), Ticketed(f"session {number}"))
    return [key.partition(":")[0] for key in factory.cached], factory


# maxCachedSessions, inserted, what Node's agent._sessionCache.list is then
@pytest.mark.parametrize(
    ("most", "inserted", "expected"),
    [
        (100, "abc", "abc"),
        (2, "abc", "bc"),
        (2, "abac", "bc"),
        (2, "aba", "ab"),
        (1, "ab", "b"),
        (1, "aa", "a"),
        (0, "ab", ""),
        (-1, "ab", "b"),
        (-1, "aa", "a"),
        (0.5, "ab", "b"),
        (float("inf"), "abc", "abc"),
        (float("nan"), "abc", "abc"),
    ],
)
def test_the_oldest_inserted_is_evicted_and_an_update_keeps_its_place(most, inserted, expected):
    assert list(expected) == _cache(most, *inserted)[0]


def test_a_forgotten_session_makes_room_and_a_new_one_goes_to_the_end():
    _, factory = _cache(2, "a", "b")
    factory.forget(_origin("a"))
    factory.forget(_origin("never seen"))
    factory.remember(_origin("c"), Ticketed("new"))
    factory.remember(_origin("b"), Ticketed(None))
    assert (_origin("b").key, _origin("c").key) == factory.cached


class Unreadable:
    """A stream whose session is not to be looked at: that leaks, in some Pythons."""

    is_resumed = True

    @property
    def session(self):
        raise AssertionError("it was read")


@pytest.mark.parametrize(
    ("origin", "most"),
    [(_origin("a"), 0), (Origin(scheme="http", host="a", port=80), 100)],
    ids=["caching is off", "to an http origin"],
)
def test_a_session_that_is_not_kept_is_not_read(origin, most):
    factory = TLSFactory(TLSOptions(), most)
    assert factory.remember(origin, Unreadable())
    assert () == factory.cached


def test_where_reading_leaks_a_session_that_was_just_resumed_is_not_read(monkeypatch):
    monkeypatch.setattr("pooltop.engine.tls_sessions.READING_LEAKS", True)
    _, factory = _cache(100, "a")
    assert factory.remember(_origin("a"), Unreadable())
    with pytest.raises(AssertionError, match="it was read"):
        factory.remember(_origin("b"), Unreadable())
    monkeypatch.setattr("pooltop.engine.tls_sessions.READING_LEAKS", False)
    with pytest.raises(AssertionError, match="it was read"):
        factory.remember(_origin("a"), Unreadable())


@pytest.fixture
def trust(tmp_path):
    def options(root=ROOT, **more):
        path = tmp_path / f"{root.cert.serial_number}.pem"
        path.write_bytes(root.pem)
        return TLSOptions(ca=(str(path),), **more)

    return options


async def _get(agent, url, **more):
    return await (await agent.request("GET", url, **more)).read()


def _cached(agent):
    return agent._tls.cached


async def _resumes(agent, url, **more):
    """Say whether a new connection resumes; none is idle before and after."""
    agent.destroy()
    await asyncio.sleep(0)
    response = await agent.request("GET", url, **more)
    (held,) = agent.sockets.values()
    await response.read()
    agent.destroy()
    return held[0].tls_resumed


@pytest.mark.node_test("parallel/test-https-client-resume.js")
@VERSIONS
async def test_a_second_connection_resumes(serve, agent_of, trust, tmp_path, version):
    context = server_context(tmp_path, SITE, version=version)
    server = await serve(context=context)
    agent = agent_of(tls=trust())
    assert [False, True, True] == [await _resumes(agent, server.url) for _ in range(3)]
    assert 2 == context.session_stats()["hits"]
    (origin,) = agent.snapshot().origins
    assert (3, 2) == (origin.counters.handshakes, origin.counters.resumed)


@VERSIONS
async def test_a_connections_session_is_read_once(
    serve, agent_of, trust, tmp_path, monkeypatch, version
):
    reads = []
    real = TLSStream.session
    monkeypatch.setattr(
        TLSStream, "session", property(lambda self: reads.append(id(self)) or real.fget(self))
    )
    server = await serve(context=server_context(tmp_path, SITE, version=version))
    agent = agent_of(tls=trust(), keep_alive=True)
    for _ in range(3):
        await _get(agent, server.url)
    assert (1, 1) == (len(server.wires), len(reads))
    assert 1 == len(_cached(agent))


async def test_a_handshake_that_fails_is_none(serve, agent_of, tmp_path):
    server = await serve(context=server_context(tmp_path, SITE))
    agent = agent_of()
    with pytest.raises(NetworkError):
        await _get(agent, server.url)
    (origin,) = agent.snapshot().origins
    assert (1, 0) == (origin.counters.opened, origin.counters.handshakes)


@VERSIONS
async def test_a_connection_beside_one_that_still_waits_for_its_response_resumes(
    serve, agent_of, trust, tmp_path, eventually, version
):
    async def handle(wire):
        await wire.request()
        await answer.wait()
        wire.reply()
        await wire.gone()

    answer = asyncio.Event()
    server = await serve(handle, context=server_context(tmp_path, SITE, version=version))
    agent = agent_of(tls=trust())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_get(agent, server.url))
        await eventually(lambda: _cached(agent))
        tasks.create_task(_get(agent, server.url))
        await eventually(lambda: len(server.wires) == 2)
        (held,) = agent.sockets.values()
        answer.set()
    assert [False, True] == [socket.tls_resumed for socket in held]


@pytest.mark.parametrize("most", [0, 1, 2])
async def test_no_more_origins_than_max_cached_sessions_are_resumed(
    serve, agent_of, trust, tmp_path, most
):
    server = await serve(context=server_context(tmp_path, SITE))
    by_name = server.url.replace("127.0.0.1", "localhost")
    agent = agent_of(tls=trust(), max_cached_sessions=most)
    urls = [server.url, server.url, by_name, by_name, server.url]
    expected = {0: [False] * 5, 1: [False, True] * 2 + [False], 2: [False, True] * 2 + [True]}
    assert expected[most] == [await _resumes(agent, url) for url in urls]


# How a connection of the origin ends, and whether Node 24 keeps the session then.
ENDS = {
    "garbage": True,
    "fin": True,
    "reset": False,
    "half": False,
    "idle reset": True,
    "stray": True,
    "given up": True,
}


@VERSIONS
@pytest.mark.parametrize(("end", "is_kept"), ENDS.items(), ids=ENDS.keys())
async def test_an_error_of_the_socket_evicts_and_nothing_else(
    serve, agent_of, trust, tmp_path, eventually, end, is_kept, version
):
    asked, ended = asyncio.Event(), asyncio.Event()

    async def handle(wire):
        request = await wire.request()
        if request is None or request.target == "/ok":
            wire.reply()
            return await wire.gone()
        asked.set()
        if end == "garbage":
            wire.write(b"nonsense\r\n")
        elif end == "fin":
            wire.writer.transport.abort()
        elif end == "half":
            wire.reply("half", length=9)
            await wire.writer.drain()
            wire.reset()
        elif end == "reset":
            wire.reset()
        elif end != "given up":
            wire.reply()
            await ended.wait()
            wire.reset() if end == "idle reset" else wire.write(b"x")
        return await wire.gone()

    server = await serve(handle, context=server_context(tmp_path, SITE, version=version))
    agent = agent_of(keep_alive=True, tls=trust())
    await _get(agent, f"{server.url}/ok")
    agent.destroy()
    (key,) = _cached(agent)
    if end == "given up":
        task = asyncio.create_task(_get(agent, f"{server.url}/end"))
        await asked.wait()
        task.cancel()
        await asyncio.wait([task])
    else:
        with contextlib.suppress(PeerError):
            await _get(agent, f"{server.url}/end")
    ended.set()
    await eventually(lambda: agent.total_socket_count == 0)
    assert ((key,) if is_kept else ()) == _cached(agent)


async def test_a_failed_handshake_evicts(serve, agent_of, trust, tmp_path):
    async def handle(wire):
        await wire.request()
        wire.reply()
        await wire.gone()

    context = server_context(tmp_path, SITE)
    server = await serve(handle, context=context)
    agent = agent_of(tls=trust())
    await _get(agent, server.url)
    assert 1 == len(_cached(agent))
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
    with pytest.raises(NetworkError):
        await _get(agent, server.url)
    assert () == _cached(agent)


async def test_a_session_is_for_the_name_and_the_trust_it_was_made_with(
    serve, agent_of, trust, tmp_path
):
    server = await serve(context=server_context(tmp_path, SITE))
    agent = agent_of()
    ours = trust()
    assert [False, True] == [await _resumes(agent, server.url, tls=ours) for _ in range(2)]
    # Not for another name, not without verification, not with another authority beside ours.
    named = trust(servername="a.example")
    assert not await _resumes(agent, server.url, tls=named)
    assert not await _resumes(agent, server.url, tls=TLSOptions(verify=False))
    both = TLSOptions(ca=(*ours.ca, *trust(OTHER).ca))
    assert not await _resumes(agent, server.url, tls=both)
    # And what was accepted unverified does not pass for verified.
    with pytest.raises(NetworkError):
        await _get(agent, server.url, tls=trust(OTHER))
    assert await _resumes(agent, server.url, tls=ours)


async def test_options_that_share_a_key_but_not_a_context_share_no_session(
    serve, agent_of, trust, tmp_path
):
    """The passphrase is not in Node's key, and makes another context here."""
    server = await serve(context=server_context(tmp_path, SITE))
    agent = agent_of()
    assert not await _resumes(agent, server.url, tls=trust())
    assert not await _resumes(agent, server.url, tls=trust(passphrase="another"))
    assert 1 == len(_cached(agent))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_an_empty_servername_sends_none_and_the_host_is_verified(
    serve, agent_of, trust, tmp_path, host
):
    heard = []
    context = server_context(tmp_path, issue("x", ROOT, sans=[host]))
    context.sni_callback = lambda _tls, name, _context: heard.append(name)
    server = await serve(context=context)
    agent = agent_of(tls=trust(servername=""))
    url = server.url.replace("127.0.0.1", host)
    assert [False, True] == [await _resumes(agent, url) for _ in range(2)]
    assert [None, None] == heard
    other = "127.0.0.1" if host == "localhost" else "localhost"
    with pytest.raises(NetworkError) as caught:
        await _get(agent, server.url.replace("127.0.0.1", other))
    assert "ERR_TLS_CERT_ALTNAME_INVALID" == caught.value.code


async def test_an_address_in_the_host_header_sends_no_name_and_the_hosts_is_verified(
    serve, agent_of, trust, tmp_path
):
    heard = []
    context = server_context(tmp_path, issue("x", ROOT, sans=["localhost"]))
    context.sni_callback = lambda _tls, name, _context: heard.append(name)
    server = await serve(context=context)
    url = server.url.replace("127.0.0.1", "localhost")
    headers = [("Host", "192.0.2.7")]
    assert b"/" == await _get(agent_of(tls=trust()), url, headers=headers)
    assert [None] == heard
