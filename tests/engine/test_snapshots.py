"""What front ends are shown of one agent: a copy, bounded, and true of requests given up."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from pooltop.core.snapshot import AgentSnapshot
from pooltop.engine.snapshots import LEAST_HEAD, QUEUE_HEAD, told_of_each
from pooltop.errors import PeerError


async def _hang(wire):
    await wire.gone()


async def test_the_queue_is_shown_to_its_head_and_counted_whole(serve, agent_of):
    server = await serve(_hang)
    agent = agent_of(max_sockets=1)
    tasks = [asyncio.create_task(agent.request("GET", server.url)) for _ in range(QUEUE_HEAD + 11)]
    await asyncio.sleep(0)
    (origin,) = agent.snapshot().origins
    assert (QUEUE_HEAD + 10, QUEUE_HEAD) == (origin.queued, len(origin.requests))
    assert list(range(2, QUEUE_HEAD + 2)) == [each.id for each in origin.requests]
    (more,) = agent.snapshot(queue_heads={origin.key: QUEUE_HEAD + 5}).origins
    assert QUEUE_HEAD + 5 == len(more.requests)
    (no_less,) = agent.snapshot(queue_heads={origin.key: 1}).origins
    assert QUEUE_HEAD == len(no_less.requests)
    assert origin.oldest_queued_at <= origin.requests[0].submitted_at + 1
    await agent.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("queues", "told"),
    [(0, QUEUE_HEAD), (1, QUEUE_HEAD), (50, QUEUE_HEAD), (100, 10), (200, LEAST_HEAD), (9999, 5)],
)
def test_of_very_many_queues_less_of_each_head_is_told(queues, told):
    assert told == told_of_each(queues)


async def test_a_request_given_up_in_the_queue_is_shown_as_node_keeps_it(serve, agent_of):
    server = await serve(_hang)
    agent = agent_of(max_sockets=1)
    tasks = [asyncio.create_task(agent.request("GET", f"{server.url}/{n}")) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    (origin,) = agent.snapshot().origins
    assert [("/1", True), ("/2", False)] == [(e.target, e.aborted) for e in origin.requests]
    assert (2, 1) == (origin.queued, origin.queued_given_up)
    assert [("/0", 1)] == [(e.target, e.socket) for e in origin.running]
    await agent.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_snapshot_is_a_value_that_stays_as_it_was_and_can_be_sent(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    before = agent.snapshot()
    response = await agent.request("GET", server.url)
    await response.read()
    assert () == before.origins
    after = agent.snapshot()
    assert after == msgspec.msgpack.decode(msgspec.msgpack.encode(after), type=AgentSnapshot)
    (socket,) = after.origins[0].free_sockets
    assert (1, 1, "free", None) == (socket.id, socket.requests, socket.state, socket.request)
    assert f"127.0.0.1:{server.port}" == socket.remote
    assert socket.local.startswith("127.0.0.1:")
    assert socket.bytes_in > 0 < socket.bytes_out
    totals = after.origins[0].counters
    assert (socket.bytes_in, socket.bytes_out) == (totals.bytes_in, totals.bytes_out)
    agent.destroy()
    await asyncio.sleep(0.01)
    closed = agent.snapshot().origins[0].counters
    assert (totals.bytes_in, totals.bytes_out) == (closed.bytes_in, closed.bytes_out)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
async def test_a_request_that_is_settled_is_on_no_socket_though_its_socket_is_not_closed_yet(
    serve, agent_of, answer
):
    async def answer_and_close(wire):
        await wire.request()
        wire.write(answer)

    server = await serve(answer_and_close)
    agent = agent_of()
    try:
        await (await agent.request("GET", server.url, headers={"Connection": "close"})).read()
    except PeerError:
        assert not answer
    (origin,) = agent.snapshot().origins  # before the loop has had a turn
    assert (1, 0, ()) == (origin.closing, origin.under_way, origin.running)
    assert [None] == [socket.request for socket in origin.sockets]


async def test_a_request_that_is_answered_and_still_being_sent_is_on_its_socket_and_counted_once(
    serve, agent_of
):
    async def answer_unread(wire):
        await wire.head()
        wire.reply()
        await asyncio.Event().wait()

    server = await serve(answer_unread)
    agent = agent_of(keep_alive=True)
    content = bytes(64 * 1024 * 1024)
    await (await agent.request("POST", f"{server.url}/x", content=content)).read()
    (origin,) = agent.snapshot().origins
    shown = [(each.state, each.method, each.target, each.socket) for each in origin.running]
    assert [("ended", "POST", "/x", 1)] == shown
    assert (1, 1, 0) == (origin.counters.submitted, origin.counters.completed, origin.under_way)


async def test_a_query_is_in_no_snapshot_because_it_may_hold_a_token(serve, agent_of):
    server = await serve(_hang)
    agent = agent_of()
    task = asyncio.ensure_future(agent.request("GET", f"{server.url}/a?token=s3cret"))
    await asyncio.sleep(0)
    (origin,) = agent.snapshot().origins
    assert ["/a?..."] == [each.target for each in origin.running]
    assert b"s3cret" not in msgspec.json.encode(agent.snapshot())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_how_long_sockets_were_had_and_lived_is_counted_to_the_last_one(serve, agent_of):
    let = asyncio.Event()

    async def in_two_pieces(wire):
        while (asked := await wire.request()) is not None:
            if asked.target == "/slow":
                wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
                await let.wait()
                wire.write(b"b")
            else:
                wire.reply("ok")

    server = await serve(in_two_pieces)
    agent = agent_of(keep_alive=True)
    for _ in range(5):
        await (await agent.request("GET", server.url)).read()
    slow = await agent.request("GET", f"{server.url}/slow")
    asyncio.get_running_loop().call_later(0.05, let.set)
    await slow.read()

    latency = agent.snapshot().origins[0].latency
    assert (6, 6, 0) == (latency.lease.count, latency.wait.count, latency.life.count)
    assert 0.045 < latency.lease.quantile(1.0)
    assert 0 < latency.odd_lease.count == latency.odd_wait.count
    await agent.aclose()
    life = agent.snapshot().origins[0].latency.life
    assert 1 == life.count
    assert latency.lease.sum_s < life.sum_s
