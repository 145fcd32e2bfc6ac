"""HTTP/2 over real sockets, against the demo's own server: the library's, not the client's."""

from __future__ import annotations

import asyncio

import pytest

from pooltop.core.model import DemoServer, Latency, TLSOptions
from pooltop.core.snapshot import OriginSnapshot
from pooltop.core.undici.options import DispatcherOptions
from pooltop.demo.server import DemoServers
from pooltop.engine.undici.dispatcher import Dispatcher
from pooltop.errors import RequestError

NOW = Latency(median_s=0.0)
SLOW = Latency(median_s=0.05)
KINDS = ("h2", "undici-pool", "undici-client", "undici-agent")


@pytest.fixture
async def host_of():
    """Start a demo host that speaks HTTP/2; give it, its URL and its certificate's authority."""
    started = []

    async def start(**spec):
        given = {"name": "api", "latency": NOW, "protocols": ("h2",), **spec}
        servers = DemoServers((DemoServer(**given),))
        started.append(servers)
        addresses = await servers.start()
        address = addresses.servers["api"]
        url = f"{address.scheme}://api.localhost:{address.port}"
        return servers.hosts["api"], url, addresses.ca

    yield start
    for servers in started:
        await servers.aclose()


@pytest.fixture
async def dispatcher_of():
    """Make a dispatcher that is closed after the test."""
    made = []

    def make(kind, *, ca=None, h2_codec=None, **options):
        if kind == "h2":
            options = {"connections": 1, "live": "drain", **options}
        tls = TLSOptions(ca=(ca,)) if ca else None
        made.append(
            Dispatcher(
                DispatcherOptions(kind=kind, use_h2c=True, **options), tls=tls, h2_codec=h2_codec
            )
        )
        return made[-1]

    yield make
    for dispatcher in made:
        await dispatcher.aclose()


def _origin(dispatcher) -> OriginSnapshot:
    (origin,) = dispatcher.snapshot().origins
    counters = origin.counters
    over = counters.completed + sum(counters.failed.values())
    assert counters.submitted == over + origin.under_way
    return origin


async def _ask(dispatcher, url, count, **more):
    async def one(n):
        async with await dispatcher.request("GET", f"{url}/{n}", **more) as response:
            await response.read()
            return response

    return await asyncio.gather(*(one(n) for n in range(count)))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", KINDS)
async def test_requests_share_one_connection_each_on_a_stream(host_of, dispatcher_of, kind, scheme):
    host, url, ca = await host_of(scheme=scheme)
    dispatcher = dispatcher_of(kind, ca=ca if scheme == "https" else None)
    responses = await _ask(dispatcher, url, 150)
    assert {(200, "2")} == {(each.status, each.http_version) for each in responses}
    origin = _origin(dispatcher)
    assert (150, 150) == (host.requests, origin.counters.completed)
    carried = [each.requests for each in (*origin.sockets, *origin.free_sockets)]
    assert 150 == sum(carried)
    assert host.accepted == len(carried) <= 2
    if kind in ("h2", "undici-client"):
        assert [150] == carried
    (one, *_) = origin.free_sockets
    assert (0, 100) == (one.session.streams, one.session.own)
    assert one.session.peer is not None


async def test_the_lower_of_both_limits_caps_the_streams_and_the_rest_waits(
    host_of, dispatcher_of, eventually
):
    host, url, _ = await host_of(latency=SLOW, max_concurrent_streams=7)
    dispatcher = dispatcher_of("h2")
    await _ask(dispatcher, url, 1)
    asked = asyncio.create_task(_ask(dispatcher, url, 30))
    await eventually(lambda: 7 == len(_origin(dispatcher).running))
    origin = _origin(dispatcher)
    assert (7, 23) == (len(origin.running), origin.queued)
    (socket,) = origin.sockets
    assert (7, 7, 100) == (socket.session.streams, socket.session.cap, socket.session.own)
    streams = [each.stream for each in origin.running]
    assert sorted(streams) == streams
    assert all(each % 2 for each in streams)
    await asked
    assert 31 == host.requests


async def test_a_goaway_loses_nothing_and_the_rest_goes_on_in_another_session(
    host_of, dispatcher_of
):
    host, url, _ = await host_of(goaway_after=40)
    dispatcher = dispatcher_of("h2")
    await _ask(dispatcher, url, 400)
    counters = _origin(dispatcher).counters
    assert (400, {}) == (counters.completed, counters.failed)
    assert counters.goaways >= 9
    assert counters.requeued > 0
    assert 400 == host.requests, "what was left out was not looked at"


async def test_a_refused_stream_is_sent_again_once(host_of, dispatcher_of):
    _, url, _ = await host_of(refuse=0.2)
    dispatcher = dispatcher_of("h2")
    results = await asyncio.gather(
        *(dispatcher.request("GET", f"{url}/{n}") for n in range(200)), return_exceptions=True
    )
    for each in results:
        if not isinstance(each, BaseException):
            await each.read()
    counters = _origin(dispatcher).counters
    failed = [each for each in results if isinstance(each, BaseException)]
    assert all(isinstance(each, RequestError) for each in failed)
    assert counters.refused == counters.requeued + len(failed)
    assert counters.requeued > len(failed)


async def test_of_a_server_that_speaks_only_http_1_the_kind_h2_says_so(host_of, dispatcher_of):
    _, url, ca = await host_of(scheme="https", protocols=("http/1.1",))
    dispatcher = dispatcher_of("h2", ca=ca)
    with pytest.raises(RequestError) as caught:
        await dispatcher.request("GET", url)
    assert "ERR_HTTP2_NOT_SPOKEN" == caught.value.code
    assert 0 == _origin(dispatcher).total


async def test_undici_goes_by_what_the_server_speaks(host_of, dispatcher_of):
    _, url, ca = await host_of(scheme="https", protocols=("http/1.1",))
    dispatcher = dispatcher_of("undici-pool", ca=ca)
    responses = await _ask(dispatcher, url, 5)
    assert {"1.1"} == {each.http_version for each in responses}
    assert "h1" == _origin(dispatcher).protocol


async def test_a_reader_that_is_slow_holds_up_its_own_stream_alone(host_of, dispatcher_of):
    _, url, _ = await host_of(body_bytes=1_000_000)
    dispatcher = dispatcher_of("h2")
    slow = [await dispatcher.request("GET", f"{url}/slow/{n}") for n in range(4)]
    async with asyncio.timeout(10):
        for n in range(4):
            quick = await dispatcher.request("GET", f"{url}/quick/{n}")
            assert 1_000_000 == len(await quick.read())
    bodies = [len(await each.read()) for each in slow]
    assert [1_000_000] * 4 == bodies


async def test_a_response_that_is_given_up_costs_its_stream_and_nobody_elses(
    host_of, dispatcher_of
):
    host, url, _ = await host_of(body_bytes=2_000_000)
    dispatcher = dispatcher_of("h2")
    for n in range(20):
        response = await dispatcher.request("GET", f"{url}/{n}")
        await response.aclose()
    response = await dispatcher.request("GET", f"{url}/last")
    assert 2_000_000 == len(await response.read())
    origin = _origin(dispatcher)
    assert (1, 1) == (origin.counters.opened, host.accepted)


async def test_a_body_larger_than_every_window_is_sent_whole(host_of, dispatcher_of):
    host, url, _ = await host_of()
    dispatcher = dispatcher_of("h2")

    async def content():
        for _ in range(100):
            yield b"x" * 10_000

    one = await dispatcher.request("POST", url, content=content())
    two = await dispatcher.request("POST", url, content=b"y" * 1_000_000)
    assert (200, 200) == (one.status, two.status)
    await one.read()
    await two.read()
    assert 2 == host.requests
    assert _origin(dispatcher).counters.bytes_out > 2_000_000
