"""Demo hosts that speak HTTP/2, over real loopback sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct

import pytest
from hpack import Decoder
from hyperframe.frame import HeadersFrame
from support.h2_frames import block, data, goaway, head_of, parse, ping, settings

from pooltop.core.model import DemoServer, Latency
from pooltop.engine.h2.guard import MAGIC
from pooltop.engine.h2.session import SessionOptions

NOW = Latency(median_s=0.0)
DEADLINE_S = 10.0
REFUSED_STREAM = 7
GET = ((":method", "GET"), (":scheme", "http"), (":authority", "d"), (":path", "/"))
BOTH = ("http/1.1", "h2")


# Which protocol.


@pytest.mark.parametrize(
    ("spoken", "offered", "expected"),
    [
        (("http/1.1", "h2"), ["h2", "http/1.1"], "http/1.1"),
        (("h2", "http/1.1"), ["http/1.1", "h2"], "h2"),
        (("h2", "http/1.1"), ["http/1.1"], "http/1.1"),
        (("h2",), ["h2"], "h2"),
        (("http/1.1",), ["h2", "http/1.1"], "http/1.1"),
        (("h2", "http/1.1"), [], None),
    ],
)
async def test_over_tls_the_first_of_the_hosts_that_the_client_has_is_spoken(
    serve_all, connect, connect_h2, spoken, offered, expected
) -> None:
    spec = DemoServer(name="secure", scheme="https", latency=NOW, protocols=spoken)
    servers = await serve_all(spec)
    context = ssl.create_default_context(cafile=servers.addresses.ca)
    if offered:
        context.set_alpn_protocols(offered)
    open_one = connect_h2 if expected == "h2" else connect
    client = await open_one(servers.hosts["secure"], context, "secure.localhost")
    tls = client.writer.get_extra_info("ssl_object")
    assert expected == tls.selected_alpn_protocol()
    if expected == "h2":
        assert 200 == (await client.get())[0]
    else:
        assert 200 == (await client.get()).status


async def test_without_tls_the_first_octets_decide(serve_h2, connect, connect_h2) -> None:
    host = await serve_h2()
    old, new = await connect(host), await connect_h2(host)
    for _ in range(3):
        assert (await old.get()).body == (await new.get())[1]
    assert (2, 2, 6, 6) == (host.accepted, host.open, host.requests, host.responses)


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: d\r\n\r\n", 200),
        (b"PUT / HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nok", 200),
        (b"PR ", 400),
        (MAGIC[:-1] + b"!", 400),
    ],
)
async def test_octets_that_could_have_been_a_preface_are_not_lost(
    serve_h2, connect, octets, status
) -> None:
    client = await connect(await serve_h2())
    for octet in octets:
        client.write(bytes((octet,)))
        await asyncio.sleep(0)
    assert status == (await client.response()).status


async def test_first_octets_of_several_connections_are_kept_apart(
    serve_h2, connect, eventually
) -> None:
    host = await serve_h2()
    first, second = await connect(host), await connect(host)
    first.write(b"P")
    await eventually(lambda: [one for one in host._connections if one._held == b"P"])
    second.write(b"GET /status/404 HTTP/1.1\r\nHost: d\r\n\r\n")
    assert 404 == (await second.response()).status
    first.write(b"UT / HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nok")
    assert 200 == (await first.response()).status


async def test_a_preface_in_pieces_is_one(serve_h2, connect, eventually) -> None:
    host = await serve_h2()
    client = await connect(host)
    for octet in MAGIC + settings() + head_of(1, block(*GET), end=True):
        client.write(bytes((octet,)))
        await asyncio.sleep(0)
    await eventually(lambda: host.responses == 1)


async def test_a_host_of_http_2_alone_says_so_to_others(serve, connect, connect_h2) -> None:
    host = await serve(protocols=["h2"])
    client = await connect(host)
    client.write("GET / HTTP/1.1\nHost: d\n\n")
    assert 505 == (await client.response()).status
    assert b"" == await client.rest()
    assert 200 == (await (await connect_h2(host)).get())[0]


async def test_a_host_of_http_1_alone_has_none_of_it(serve, connect) -> None:
    host = await serve()
    client = await connect(host)
    assert 200 == (await client.get("/streams/0")).status
    assert 256 == len((await client.get("/goaway")).body)
    assert not [name for name in host.stats() if "stream" in name or "goaway" in name]
    refused = await connect(host)
    refused.write(MAGIC)
    assert 400 == (await refused.response()).status


async def test_who_says_nothing_is_closed_as_idle(serve_h2, connect) -> None:
    host = await serve_h2(idle_close=0.05)
    client = await connect(host)
    client.write(b"PRI ")
    assert b"" == await client.rest()
    assert (1, 0) == (host.accepted, host.open)


# Answers.


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/any/path?and=query"),
        ("HEAD", "/bytes/1024"),
        ("GET", "/bytes/0"),
        ("GET", "/bytes/70001"),
        ("GET", "/status/404"),
        ("GET", "/status/204"),
        ("GET", "/status/205"),
        ("GET", "/status/304"),
        ("GET", "/delay/5ms"),
        ("GET", "/delay/5"),
        ("DELETE", "/bytes/x"),
        ("GET", "/streams/x"),
        ("GET", "/streams/1000001"),
        ("GET", "/streams/7?x"),
    ],
)
async def test_what_is_answered_is_the_same_as_over_http_1(
    serve_h2, connect, connect_h2, method, path
) -> None:
    host = await serve_h2()
    old, new = await connect(host), await connect_h2(host)
    old.write(f"{method} {path} HTTP/1.1\nHost: d\n\n")
    expected = await old.response(is_head=method == "HEAD")
    stream = new.ask(path, method)
    assert (expected.status, expected.body) == await stream.answer()
    del expected.headers["connection"]
    assert expected.headers == stream.fields


async def test_stats_say_what_is_of_http_2(serve_h2, connect, connect_h2, eventually) -> None:
    host = await serve_h2(max_concurrent_streams=2)
    client = await connect_h2(host)
    waiting = [client.ask("/delay/60s") for _ in range(2)]
    await eventually(lambda: host.h2.streams == 2)
    assert REFUSED_STREAM == (await client.ask().end()).code
    stats = json.loads((await (await connect(host)).get("/stats")).body)["servers"]["kept"]
    of_h2 = {"streams_open": 2, "streams_most": 2, "streams_refused": 1, "goaways": 0}
    common = {
        "connections_accepted": 2,
        "connections_open": 2,
        "requests": 3,
        "responses": 0,
        "working": 2,
        "waiting": 0,
    }
    assert common | of_h2 == stats
    for stream in waiting:
        client.reset(stream)
    await eventually(lambda: (host.gate.busy, host.h2.streams) == (0, 0))


async def test_a_tunnel_is_not_had(serve_h2, connect) -> None:
    host = await serve_h2()
    client = await connect(host)
    connects = block((":method", "CONNECT"), (":authority", "d:443"))
    client.write(MAGIC + settings() + head_of(1, connects, end=True) + goaway(0))
    (head,) = [frame for frame in parse(await client.rest()) if isinstance(frame, HeadersFrame)]
    assert (b":status", b"501") == Decoder().decode(head.data, raw=True)[0]
    assert (1, 1, 0) == (host.requests, host.responses, host.gate.busy)


@pytest.mark.parametrize("window", [1, 1000, 65_535, 2**31 - 1])
async def test_large_bodies_arrive_whole_through_any_window(serve_h2, connect_h2, window) -> None:
    host = await serve_h2()
    options = SessionOptions(initial_window_size=window, connection_window_size=max(window, 65_535))
    client = await connect_h2(host, options=options)
    size = 300 if window == 1 else 400_000
    streams = [client.ask(f"/bytes/{size + number}") for number in range(5)]
    for number, stream in enumerate(streams):
        assert (200, b"x" * (size + number)) == await stream.answer()
    assert 5 == host.responses


async def test_a_stream_that_is_not_read_holds_up_no_other(serve_h2, connect_h2) -> None:
    host = await serve_h2()
    options = SessionOptions(initial_window_size=20_000, connection_window_size=200_000)
    client = await connect_h2(host, options=options)
    slow = client.ask("/bytes/500000", reads=False)
    for _ in range(3):
        assert (200, b"x" * 300_000) == await client.get("/bytes/300000")
    await client.until(lambda: len(slow.body) == 20_000)
    assert 1 == host.h2.streams
    slow.reads = True
    client.session.consumed(slow.number, 20_000)
    client.flush()
    assert (200, b"x" * 500_000) == await slow.answer()


async def test_uploads_are_read_to_their_end(serve_h2, connect_h2) -> None:
    host = await serve_h2()
    client = await connect_h2(host)
    uploads = [client.ask("/", "POST", body=bytes(300_000)) for _ in range(5)]
    assert 200 == (await client.get())[0]
    for upload in uploads:
        assert 200 == (await upload.answer())[0]
    assert (6, 0) == (host.requests, host.h2.streams)


async def test_who_waits_to_be_asked_for_a_body_is_asked(serve_h2, connect_h2) -> None:
    client = await connect_h2(await serve_h2())
    stream = client.ask("/", "POST", ("expect", "100-continue"), ends=False)
    await client.until(lambda: stream.interims)
    client.session.send(stream.number, b"ok", ends=True)
    client.flush()
    assert 200 == (await stream.answer())[0]


async def test_a_client_that_does_not_read_gets_no_more_than_the_socket_takes(
    serve_h2, connect, eventually
) -> None:
    host = await serve_h2()
    client = await connect(host)
    client.writer.transport.pause_reading()
    path = block(*GET[:3], (":path", "/bytes/4000000"))
    asks = b"".join(head_of(stream, path, end=True) for stream in range(1, 201, 2))
    update = b"\0\0\4\x08\0\0\0\0\0" + (2**30).to_bytes(4, "big")
    client.write(MAGIC + settings({4: 2**30}) + update + asks)
    await eventually(lambda: host.requests == 100)
    (connection,) = host._connections
    await eventually(lambda: connection._is_writing_paused)
    assert connection._transport.get_write_buffer_size() < 300_000
    assert (100, 0) == (host.h2.streams, host.responses)
    client.writer.transport.abort()
    await eventually(lambda: (host.open, host.h2.streams) == (0, 0))


# The gate.


async def test_a_cap_works_on_the_requests_of_one_connection_one_by_one(
    serve_h2, connect_h2, hold, eventually
) -> None:
    host = await serve_h2(concurrency=1)
    release = hold(host)
    client = await connect_h2(host)
    paths = ["/delay/20ms", "/delay/9ms", "/", "/delay/1ms"]
    streams = [client.ask(path) for path in paths]
    order: list[int] = []

    async def finish(number: int) -> None:
        await streams[number].answer()
        order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(finish(number))
        await eventually(lambda: (host.gate.busy, host.gate.waiting) == (1, 4))
        release()
    assert [0, 1, 2, 3] == order
    assert (0, 0) == (host.gate.busy, host.gate.waiting)


async def test_what_is_reset_or_lost_gives_its_place_back(serve_h2, connect_h2, eventually) -> None:
    host = await serve_h2(concurrency=1)
    first, second = await connect_h2(host), await connect_h2(host)
    working = first.ask("/delay/60s")
    await eventually(lambda: host.gate.busy == 1)
    waiting = first.ask("/delay/60s")
    await eventually(lambda: host.gate.waiting == 1)
    lost = [second.ask("/delay/60s") for _ in range(2)]
    await eventually(lambda: host.gate.waiting == 3)
    last = first.ask()
    await eventually(lambda: host.gate.waiting == 4)
    first.reset(waiting)
    await eventually(lambda: host.gate.waiting == 3)
    second.writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    second.writer.transport.abort()
    await eventually(lambda: host.gate.waiting == 1)
    first.reset(working)
    assert 200 == (await last.answer())[0]
    assert (0, 0, 0) == (host.gate.busy, host.gate.waiting, host.h2.streams)
    assert ["lost", "lost"] == [(await stream.end()).outcome for stream in lost]


async def test_whoever_is_reset_as_its_turn_comes_gives_its_place_back(
    serve_h2, connect_h2, hold, eventually
) -> None:
    host = await serve_h2(concurrency=1)
    hold(host)
    client = await connect_h2(host)
    stream = client.ask("/delay/60s")
    await eventually(lambda: host.gate.waiting == 1)
    following = host.gate.leave()
    client.reset(stream)
    await eventually(lambda: host.h2.streams == 0)
    assert 1 == host.gate.busy
    following.work()
    assert (0, 0) == (host.gate.busy, host.gate.waiting)


# How many streams there may be.


async def test_a_cap_is_changed_while_connections_are_open(
    serve_h2, connect, connect_h2, hold
) -> None:
    host = await serve_h2(max_concurrent_streams=3, concurrency=1)
    release = hold(host)
    client, other = await connect_h2(host), await connect_h2(host)
    await client.until(lambda: client.limits)
    assert 200 == (await (await connect(host)).get("/streams/1")).status
    await client.until(lambda: client.limits == [3, 1])
    await other.until(lambda: other.limits == [3, 1])
    kept = client.ask()
    assert REFUSED_STREAM == (await client.ask().end()).code
    host.h2.set_max_streams(2)
    await client.until(lambda: client.limits == [3, 1, 2])
    more = client.ask()
    release()
    assert [200, 200] == [(await stream.answer())[0] for stream in (kept, more)]
    late = await connect_h2(host)
    await late.until(lambda: late.limits)
    assert [2] == late.limits
    assert 2 == host.h2.most_streams


async def test_a_cap_of_none_lets_nobody_in_until_it_is_raised(serve_h2, connect_h2) -> None:
    host = await serve_h2(max_concurrent_streams=0)
    client = await connect_h2(host)
    await client.until(lambda: client.limits == [0])
    assert not client.has_room
    host.h2.set_max_streams(1)
    await client.until(lambda: client.has_room)
    assert 200 == (await client.get())[0]


async def test_as_many_streams_are_open_as_there_may_be(
    serve_h2, connect_h2, hold, eventually
) -> None:
    host = await serve_h2(concurrency=1)
    release = hold(host)
    client = await connect_h2(host)
    await client.until(lambda: client.has_room)
    streams = [client.ask() for _ in range(100)]
    assert not client.has_room
    await eventually(lambda: host.h2.streams == 100)
    release()
    assert [200] * 100 == [(await stream.answer())[0] for stream in streams]
    assert (0, 100, 0) == (host.h2.streams, host.h2.most_streams, host.h2.refused)


async def serve_all_of(client_of, count: int, path: str = "/"):
    """Have so many requests answered, on as few connections as it takes, and give the clients."""
    clients = [await client_of()]
    todo = count
    running = set()
    answered = refused = left_out = 0
    while todo or running:
        client = clients[-1]
        await client.until(
            lambda client=client: client.has_room or running or client.reading.done()
        )
        if client.reading.done() or (not client.session.takes_streams):
            clients.append(await client_of())
            continue
        while todo and client.has_room:
            todo -= 1
            running.add(client.ask(path))
        waits = [asyncio.create_task(stream.end()) for stream in running]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for stream in [stream for stream in running if stream.outcome]:
            running.discard(stream)
            if stream.outcome == "answered":
                assert 200 == stream.status
                answered += 1
            else:
                assert stream.outcome == "left out" or stream.code == REFUSED_STREAM
                refused += stream.outcome == "reset"
                left_out += stream.outcome == "left out"
                todo += 1
    return clients, (answered, refused, left_out)


async def test_a_thousand_requests_on_one_connection_of_a_hundred_streams(
    serve_h2, connect_h2
) -> None:
    host = await serve_h2()
    clients, outcomes = await serve_all_of(lambda: connect_h2(host), 1000)
    assert (1, (1000, 0, 0)) == (len(clients), outcomes)
    assert (1, 1000, 1000) == (host.accepted, host.requests, host.responses)
    assert (0, 0) == (host.h2.streams, host.h2.refused)
    assert 1 <= host.h2.most_streams <= 100


async def test_none_of_a_thousand_is_lost_over_goaways(serve_h2, connect_h2) -> None:
    host = await serve_h2(goaway_after=70)
    clients, (answered, refused, left_out) = await serve_all_of(lambda: connect_h2(host), 1000)
    assert (1000, 0) == (answered, refused)
    assert left_out > 0  # what was on its way when the server had enough
    assert (1000, 1000) == (host.requests, host.responses)
    assert [(0, 139)] * 14 == [said for client in clients for said in client.goaways]
    assert (14, 0) == (host.h2.goaways, host.h2.refused)


async def test_none_of_a_thousand_is_lost_over_refusals(serve_h2, connect_h2) -> None:
    host = await serve_h2(refuse=0.2)
    clients, (answered, refused, left_out) = await serve_all_of(lambda: connect_h2(host), 1000)
    assert (1, 1000, 0) == (len(clients), answered, left_out)
    assert refused == host.h2.refused
    assert 150 < refused < 350
    assert (1000, 1000) == (host.requests, host.responses)


# Ends.


async def test_after_so_many_requests_it_says_goaway_and_closes_when_they_are_answered(
    serve_h2, connect_h2, hold
) -> None:
    host = await serve_h2(goaway_after=3, concurrency=1)
    release = hold(host)
    client = await connect_h2(host)
    streams = [client.ask() for _ in range(5)]
    await client.until(lambda: client.goaways)
    assert [(0, 5)] == client.goaways
    assert (3, 3) == (host.requests, host.h2.streams)
    release()
    await client.ended()
    expected = ["answered"] * 3 + ["left out"] * 2
    assert expected == [stream.outcome for stream in streams]
    assert (3, 1) == (host.responses, host.h2.goaways)


async def test_over_tls_a_goaway_loses_nothing_either(serve_all, connect_h2) -> None:
    spec = DemoServer(
        name="secure", scheme="https", latency=NOW, protocols=("h2",), goaway_after=20
    )
    servers = await serve_all(spec)
    context = ssl.create_default_context(cafile=servers.addresses.ca)
    context.set_alpn_protocols(["h2"])
    host = servers.hosts["secure"]

    async def client():
        return await connect_h2(host, context, "secure.localhost")

    _, (answered, refused, _) = await serve_all_of(client, 100, "/bytes/20000")
    assert (100, 0) == (answered, refused)
    assert (100, 100, 5) == (host.requests, host.responses, host.h2.goaways)


async def test_all_connections_are_told_to_go_as_a_server_is_deployed_anew(
    serve_h2, connect_h2, connect
) -> None:
    host = await serve_h2()
    clients = [await connect_h2(host) for _ in range(3)]
    kept = await connect(host)
    for client in clients:
        await client.get()
    assert 200 == (await kept.get("/goaway")).status
    for client in clients:
        await client.ended()
        assert [(0, 1)] == client.goaways
    assert 200 == (await kept.get()).status
    assert 3 == host.h2.goaways
    own = await connect_h2(host)
    assert 200 == (await own.get("/goaway"))[0]
    assert [(0, 1)] == own.goaways


async def test_a_clients_goaway_lets_what_it_asked_be_answered(
    serve_h2, connect_h2, hold, eventually
) -> None:
    host = await serve_h2(concurrency=1)
    release = hold(host)
    client = await connect_h2(host)
    streams = [client.ask() for _ in range(3)]
    await eventually(lambda: host.gate.waiting == 3)
    client.session.go_away(0)
    client.flush()
    release()
    assert [200] * 3 == [(await stream.answer())[0] for stream in streams]
    await client.ended()
    assert ([], 0) == (client.goaways, host.h2.goaways)


async def test_an_idle_connection_is_told_and_closed(serve_h2, connect_h2) -> None:
    host = await serve_h2(keep_alive_timeout=0.05)
    client = await connect_h2(host)
    assert 200 == (await client.get("/delay/80ms"))[0]
    await client.ended()
    assert ([(0, 1)], None) == (client.goaways, client.fault)


async def test_an_idle_connection_is_closed_without_a_word(serve_h2, connect_h2) -> None:
    host = await serve_h2(keep_alive_timeout=300.0, idle_close=0.05)
    fresh, used = await connect_h2(host), await connect_h2(host)
    assert 200 == (await used.get("/delay/80ms"))[0]
    for client in (fresh, used):
        await client.ended()
        assert [] == client.goaways


async def test_a_ping_is_answered(serve_h2, connect_h2) -> None:
    client = await connect_h2(await serve_h2())
    client.session.ping(now=asyncio.get_running_loop().time())
    client.flush()
    await client.until(lambda: client.rtts)


async def test_what_is_still_sent_when_a_connection_ends_costs_no_answer(
    serve_h2, connect, eventually
) -> None:
    host = await serve_h2(goaway_after=1)
    client = await connect(host)
    client.writer.transport.pause_reading()
    path = block(*GET[:3], (":path", "/bytes/60000"))
    client.write(MAGIC + settings() + head_of(1, path, end=True))
    await eventually(lambda: host.responses == 1)
    for stream in range(3, 21, 2):
        client.write(head_of(stream, block(*GET), end=True))
        await asyncio.sleep(0)  # were it closed, the kernel would answer with a reset
    client.writer.transport.resume_reading()
    assert 60_000 < len(await client.rest())
    assert (1, 1) == (host.requests, host.open)
    await client.close()
    await eventually(lambda: host.open == 0)


async def test_a_half_closed_connection_gets_what_was_asked_whole(
    serve_h2, connect, eventually, monkeypatch
) -> None:
    monkeypatch.setattr("pooltop.demo.h2.connection.LINGER_S", 1000.0)
    host = await serve_h2()
    client = await connect(host)
    path = block(*GET[:3], (":path", "/delay/20ms"))
    client.write(MAGIC + settings() + head_of(1, path, end=True) + head_of(3, block(*GET)))
    client.writer.write_eof()
    assert (await client.rest()).endswith(b".")
    assert (1, 1, 0) == (host.requests, host.responses, host.h2.streams)
    await eventually(lambda: host.open == 0)


@pytest.mark.parametrize(
    "octets",
    [
        settings() + ping() * 1001,
        settings() + data(1, b"x"),
        settings() + b"\0\x40\1" + bytes(6),
        ping(),
    ],
)
async def test_who_breaks_the_rules_is_told_why_and_loses_the_connection_only(
    serve_h2, connect, connect_h2, octets, eventually
) -> None:
    host = await serve_h2()
    good, bad = await connect_h2(host), await connect(host)
    bad.write(MAGIC + octets)
    said = await bad.rest()
    assert 7 == said[-17 + 3]  # the type of the last frame
    assert 200 == (await good.get())[0]
    await bad.close()
    await eventually(lambda: host.open == 1)
    assert 1 == host.h2.goaways


async def test_who_breaks_the_rules_and_does_not_read_is_dropped(
    serve_h2, connect, eventually
) -> None:
    host = await serve_h2()
    client = await connect(host)
    client.writer.transport.pause_reading()
    path = block(*GET[:3], (":path", "/bytes/16000000"))
    update = b"\0\0\4\x08\0\0\0\0\0" + (2**30).to_bytes(4, "big")
    client.write(MAGIC + settings({4: 2**30}) + update + head_of(1, path, end=True))
    await eventually(lambda: host.requests == 1)
    (connection,) = host._connections
    await eventually(lambda: connection._is_writing_paused)
    client.write(ping() * 1001)
    await eventually(lambda: host.open == 0)


async def test_a_client_that_lingers_is_closed_in_the_end(
    serve_h2, connect, monkeypatch, eventually
) -> None:
    monkeypatch.setattr("pooltop.demo.h2.connection.LINGER_S", 0.02)
    host = await serve_h2()
    client = await connect(host)
    client.write(MAGIC + settings() + goaway(0))
    await client.rest()
    await eventually(lambda: host.open == 0)


async def test_closing_lets_a_request_end_and_closes_the_idle_at_once(
    serve_h2, connect_h2, hold, eventually, monkeypatch
) -> None:
    monkeypatch.setattr("pooltop.demo.h2.connection.LINGER_S", 1000.0)
    host = await serve_h2(concurrency=1)
    idle, busy = await connect_h2(host), await connect_h2(host)
    assert 200 == (await idle.get())[0]
    release = hold(host)
    stream = busy.ask()
    await eventually(lambda: host.gate.waiting == 1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(host.aclose(grace_s=DEADLINE_S))
        await idle.ended()
        await eventually(lambda: host.open == 1)
        release()
    assert 200 == (await stream.answer())[0]
    await busy.ended()
    assert ([(0, 1)], [(0, 1)]) == (idle.goaways, busy.goaways)


async def test_closing_drops_what_takes_longer_than_the_grace(
    serve_h2, connect_h2, eventually
) -> None:
    host = await serve_h2()
    client = await connect_h2(host)
    stream = client.ask("/delay/60s")
    await eventually(lambda: host.gate.busy == 1)
    await host.aclose(grace_s=0.01)
    assert "lost" == (await stream.end()).outcome
    assert (0, 0, 0) == (host.open, host.gate.busy, host.h2.streams)
