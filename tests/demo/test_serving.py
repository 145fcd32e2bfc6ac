"""Demo hosts over real loopback sockets, seen by a client that shares no code with them."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct

import pytest

from pooltop.core.model import DemoServer, Latency

NOW = Latency(median_s=0.0)
DEADLINE_S = 10.0


@pytest.fixture(params=[["http/1.1"], ["h2", "http/1.1"]], ids=["alone", "beside h2"])
def serve(request, serve):
    """Start one host: HTTP/1.1 is the same where there is HTTP/2, too."""

    async def start(**options):
        return await serve(protocols=request.param, **options)

    return start


async def test_a_connection_is_kept_for_the_next_request(serve, connect) -> None:
    host = await serve()
    client = await connect(host)
    for _ in range(3):
        response = await client.get("/any/path?and=query")
        assert (200, 256) == (response.status, len(response.body))
        assert response.body.startswith(b"kept.localhost")
        assert "keep-alive" == response.headers["connection"]
        assert "keep-alive" not in response.headers
    assert (1, 1, 3, 3) == (host.accepted, host.open, host.requests, host.responses)


async def test_keep_alive_off_closes_after_every_response(serve, connect) -> None:
    host = await serve(keep_alive=False)
    client = await connect(host)
    response = await client.get()
    assert "close" == response.headers["connection"]
    assert b"" == await client.rest()


async def test_a_request_that_asks_to_close_is_obeyed(serve, connect) -> None:
    client = await connect(await serve())
    response = await client.get("/", "Connection: close")
    assert "close" == response.headers["connection"]
    assert b"" == await client.rest()


async def test_the_announced_maximum_of_requests_is_kept(serve, connect) -> None:
    client = await connect(await serve(keep_alive_timeout=5.9, keep_alive_max=3))
    responses = [await client.get() for _ in range(3)]
    hint = "timeout=5, max=3"
    assert [hint, hint, None] == [response.headers.get("keep-alive") for response in responses]
    assert "close" == responses[-1].headers["connection"]
    assert b"" == await client.rest()


async def test_the_announced_timeout_is_kept(serve, connect) -> None:
    client = await connect(await serve(keep_alive_timeout=0.08))
    loop = asyncio.get_running_loop()
    assert "timeout=0" == (await client.get()).headers["keep-alive"]
    answered = loop.time()
    assert b"" == await client.rest()
    assert loop.time() - answered > 0.06


async def test_a_new_request_starts_the_idle_clock_anew(serve, connect) -> None:
    host = await serve(keep_alive_timeout=0.4)
    client = await connect(host)
    loop = asyncio.get_running_loop()
    await client.get()
    started = loop.time()
    await client.get("/delay/250ms")
    assert b"" == await client.rest()
    assert loop.time() - started > 0.63


async def test_an_idle_connection_is_closed_unannounced(serve, connect) -> None:
    host = await serve(idle_close=0.3)
    fresh, used = await connect(host), await connect(host)
    assert "keep-alive" not in (await used.get()).headers
    assert b"" == await fresh.rest()
    assert b"" == await used.rest()


async def test_a_shorter_limit_after_a_response_takes_the_place_of_a_longer_one(
    serve, connect
) -> None:
    client = await connect(await serve(idle_close=300.0, keep_alive_timeout=0.05))
    await client.get()
    assert b"" == await client.rest()


async def test_a_used_connection_is_dropped_instead_of_an_answer(serve, connect) -> None:
    host = await serve(drop_after=2)
    client = await connect(host)
    assert [200, 200] == [(await client.get()).status for _ in range(2)]
    client.write("GET / HTTP/1.1\nHost: demo\n\n")
    assert b"" == await client.rest()
    assert (3, 2) == (host.requests, host.responses)


async def test_what_was_asked_before_a_connection_is_dropped_is_answered(serve, connect) -> None:
    client = await connect(await serve(drop_after=1))
    client.write("GET /delay/50ms HTTP/1.1\nHost: demo\n\n" + "GET / HTTP/1.1\nHost: demo\n\n")
    assert 200 == (await client.response()).status
    assert b"" == await client.rest()


async def test_a_slow_answer_is_not_idle_time(serve, connect) -> None:
    client = await connect(await serve(idle_close=0.3))
    assert 200 == (await client.get("/delay/500ms")).status


async def test_http_1_0_closes_unless_it_asks_to_be_kept(serve, connect) -> None:
    host = await serve()
    client = await connect(host)
    client.write("GET / HTTP/1.0\nConnection: keep-alive\n\n")
    assert "keep-alive" == (await client.response()).headers["connection"]
    client.write("GET / HTTP/1.0\n\n")
    assert "close" == (await client.response()).headers["connection"]
    assert b"" == await client.rest()


async def test_head_is_answered_without_a_body(serve, connect) -> None:
    client = await connect(await serve())
    client.write("HEAD /bytes/1024 HTTP/1.1\nHost: demo\n\n")
    assert "1024" == (await client.response(is_head=True)).headers["content-length"]
    assert 1024 == len((await client.get("/bytes/1024")).body)


@pytest.mark.parametrize(
    "request_text",
    [
        "POST / HTTP/1.1\nHost: demo\nContent-Length: 11\n\nhello world",
        "POST / HTTP/1.1\nHost: demo\nTransfer-Encoding: chunked\n\n5\nhello\n6\n world\n0\n\n",
        "PUT / HTTP/1.1\nHost: demo\nTransfer-Encoding: chunked\n\n1\nx\n0\nTrailer: t\n\n",
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 4096])
async def test_request_bodies_are_read_and_dropped(serve, connect, request_text, piece) -> None:
    host = await serve()
    client = await connect(host)
    wire = request_text.replace("\n", "\r\n").encode()
    for start in range(0, len(wire), piece):
        client.write(wire[start : start + piece])
        await client.writer.drain()
    assert 200 == (await client.response()).status
    assert 200 == (await client.get()).status
    assert 2 == host.requests


async def test_a_large_body_leaves_the_connection_in_step(serve, connect) -> None:
    client = await connect(await serve())
    client.write(b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 3000000\r\n\r\n" + bytes(3000000))
    assert 200 == (await client.response()).status
    assert 200 == (await client.get()).status


async def test_expect_100_continue_is_asked_for_the_body(serve, connect) -> None:
    client = await connect(await serve())
    client.write("POST / HTTP/1.1\nHost: d\nContent-Length: 2\nExpect: 100-continue\n\n")
    assert 100 == (await client.response()).status
    client.write("ok")
    assert 200 == (await client.response()).status


async def test_pipelined_requests_are_answered_in_order(serve, connect) -> None:
    client = await connect(await serve())
    paths = ["/delay/60ms", "/bytes/7", "/status/404", "/delay/5ms", "/bytes/9"]
    client.write("".join(f"GET {path} HTTP/1.1\nHost: d\n\n" for path in paths))
    responses = [await client.response() for _ in paths]
    expected = [(200, 256), (200, 7), (404, 14), (200, 256), (200, 9)]
    assert expected == [(response.status, len(response.body)) for response in responses]


async def test_thousands_of_pipelined_requests_are_all_answered(serve, connect) -> None:
    host = await serve()
    client = await connect(host)
    client.write("GET /delay/1ms HTTP/1.1\nHost: d\n\n" + "GET / HTTP/1.1\nHost: d\n\n" * 3000)
    for _ in range(3001):
        assert 200 == (await client.response()).status
    assert 3001 == host.requests


async def test_what_is_pipelined_after_a_close_is_not_answered(serve, connect) -> None:
    client = await connect(await serve())
    ask = "GET / HTTP/1.1\nHost: d\n"
    client.write(f"{ask}\n{ask}Connection: close\n\n{ask}\n")
    assert "keep-alive" == (await client.response()).headers["connection"]
    assert "close" == (await client.response()).headers["connection"]
    assert b"" == await client.rest()


@pytest.mark.parametrize(
    "rubbish",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\nA b\r\n\r\n"],
)
async def test_what_is_not_http_gets_a_400_and_a_close(serve, connect, rubbish) -> None:
    client = await connect(await serve())
    client.write(rubbish)
    assert 400 == (await client.response()).status
    assert b"" == await client.rest()


@pytest.mark.parametrize(
    "text",
    [
        "GET / HTTP/1.1\nHost: d\nConnection: upgrade\nUpgrade: websocket\n\n",
        "CONNECT d:443 HTTP/1.1\nHost: d\n\n",
    ],
)
async def test_an_upgrade_is_declined_with_a_plain_last_response(serve, connect, text) -> None:
    client = await connect(await serve())
    client.write(text)
    assert "close" == (await client.response()).headers["connection"]
    assert b"" == await client.rest()


async def test_a_half_closed_connection_still_gets_its_response(serve, connect) -> None:
    client = await connect(await serve())
    client.write("GET /delay/30ms HTTP/1.1\nHost: d\n\n")
    client.writer.write_eof()
    assert (await client.rest()).startswith(b"HTTP/1.1 200 OK")


async def test_a_cap_works_on_requests_one_by_one_in_the_order_of_their_coming(
    serve, connect, hold, until_stats
) -> None:
    host = await serve(concurrency=1)
    release = hold(host)
    clients = [await connect(host) for _ in range(4)]
    order: list[int] = []

    async def finish(number: int) -> None:
        await clients[number].response()
        order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number, path in enumerate(["/delay/20ms", "/delay/9ms", "/", "/delay/1ms"]):
            clients[number].write(f"GET {path} HTTP/1.1\nHost: d\n\n")
            await until_stats(host, working=1, waiting=number + 1)
            tasks.create_task(finish(number))
        release()
    assert [0, 1, 2, 3] == order
    await until_stats(host, working=0, waiting=0)


async def test_a_connection_lost_while_working_or_waiting_gives_its_place_back(
    serve, connect, until_stats
) -> None:
    host = await serve(concurrency=1)
    working, waiting, last = [await connect(host) for _ in range(3)]
    working.write("GET /delay/60s HTTP/1.1\nHost: d\n\n")
    await until_stats(host, working=1, waiting=0)
    waiting.write("GET /delay/60s HTTP/1.1\nHost: d\n\n")
    await until_stats(host, working=1, waiting=1)
    last.write("GET / HTTP/1.1\nHost: d\n\n")
    await until_stats(host, working=1, waiting=2)
    for client, left in ((waiting, 1), (working, 0)):
        # A reset: a plain close is a half-close to the server, which would answer still.
        client.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        client.writer.transport.abort()
        await until_stats(host, waiting=left)
    assert 200 == (await last.response()).status
    await until_stats(host, working=0, waiting=0, connections_open=2)


async def test_instant_answers_to_a_long_line_do_not_recurse(
    serve, connect, hold, until_stats
) -> None:
    host = await serve(concurrency=1)
    release = hold(host)
    clients = [await connect(host) for _ in range(400)]
    for client in clients:
        client.write("GET / HTTP/1.1\nHost: d\n\n" * 2)
    await until_stats(host, waiting=400)
    release()
    for client in clients * 2:
        assert 200 == (await client.response()).status


async def test_stats_count_every_host_truly(serve_all, connect) -> None:
    servers = await serve_all(
        DemoServer(name="kept", latency=NOW),
        DemoServer(name="close", latency=NOW, keep_alive=False),
    )
    kept, observer = await connect(servers.hosts["kept"]), await connect(servers.hosts["kept"])
    for _ in range(5):
        await kept.get()
        closed = await connect(servers.hosts["close"])
        await closed.get()
        assert b"" == await closed.rest()
        await closed.close()
    stats = json.loads((await observer.get("/stats")).body)["servers"]
    none = {"working": 0, "waiting": 0}
    close = {"connections_accepted": 5, "connections_open": 0, "requests": 5, "responses": 5}
    kept_stats = {"connections_accepted": 2, "connections_open": 2, "requests": 6, "responses": 5}
    assert {"kept": kept_stats | none, "close": close | none} == stats


async def test_the_latency_is_the_median_when_there_is_no_spread(serve) -> None:
    host = await serve(latency={"median_s": 0.02})
    assert {0.02} == {host.draw_latency_s() for _ in range(10)}


async def test_latencies_are_log_normal_around_the_median_and_the_same_in_each_run(serve) -> None:
    latency = {"median_s": 0.02, "sigma": 0.5}
    first, second = await serve(latency=latency), await serve(latency=latency)
    drawn = [first.draw_latency_s() for _ in range(2001)]
    assert drawn == [second.draw_latency_s() for _ in range(2001)]
    assert pytest.approx(0.02, rel=0.1) == sorted(drawn)[1000]
    assert pytest.approx(0.02 * 2.718**0.5, rel=0.15) == sorted(drawn)[1683]


async def test_latency_is_waited_for(serve, connect) -> None:
    client = await connect(await serve(latency={"median_s": 0.05}))
    loop = asyncio.get_running_loop()
    started = loop.time()
    await client.get()
    assert loop.time() - started >= 0.049


async def test_https_is_verified_by_the_demo_authority(serve_all, connect) -> None:
    servers = await serve_all(
        DemoServer(name="secure", scheme="https", latency=NOW, keep_alive_max=3),
        DemoServer(name="plain", latency=NOW),
    )
    addresses = servers.addresses
    context = ssl.create_default_context(cafile=addresses.ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    host = servers.hosts["secure"]
    for name in ("secure.localhost", "localhost", "127.0.0.1"):
        client = await connect(host, context, name)
        tls = client.writer.get_extra_info("ssl_object")
        assert "http/1.1" == tls.selected_alpn_protocol()
        assert 70000 == len((await client.get("/bytes/70000")).body)
        client.write("GET / HTTP/1.1\nHost: d\n\n" * 2)
        assert 200 == (await client.response()).status
        assert "close" == (await client.response()).headers["connection"]
        assert b"" == await client.rest()
    assert (3, 9) == (host.accepted, host.requests)


async def test_https_is_refused_without_the_demo_authority_or_by_another_name(
    serve_all, connect
) -> None:
    servers = await serve_all(DemoServer(name="secure", scheme="https", latency=NOW))
    trusting = ssl.create_default_context(cafile=servers.addresses.ca)
    host = servers.hosts["secure"]
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(host, ssl.create_default_context(), "secure.localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(host, trusting, "other.localhost")
    assert 0 == host.accepted


async def test_closing_lets_a_request_end_and_closes_the_idle_at_once(
    serve, connect, hold, until_stats
) -> None:
    host = await serve(concurrency=1)
    idle, busy = await connect(host), await connect(host)
    await idle.get()
    release = hold(host)
    busy.write("GET / HTTP/1.1\nHost: d\n\n")
    await until_stats(host, waiting=1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(host.aclose(grace_s=DEADLINE_S))
        assert b"" == await idle.rest()
        release()
    assert "close" == (await busy.response()).headers["connection"]
    assert b"" == await busy.rest()
    assert 0 == host.open
    with pytest.raises(ConnectionRefusedError):
        await connect(host)


async def test_closing_drops_what_takes_longer_than_the_grace(serve, connect, until_stats) -> None:
    host = await serve()
    busy = await connect(host)
    busy.write("GET /delay/60s HTTP/1.1\nHost: d\n\n")
    await until_stats(host, working=1)
    await host.aclose(grace_s=0.01)
    assert b"" == await busy.rest()
    assert (0, 0) == (host.open, host.gate.busy)


async def test_a_host_is_shown_with_its_counters(serve, connect) -> None:
    host = await serve()
    await (await connect(host)).get()
    expected = f"<DemoHost kept http://kept.localhost:{host.port} accepted=1 open=1 requests=1>"
    assert expected == repr(host)
