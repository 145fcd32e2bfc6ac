"""What front ends are shown of one agent: a copy, bounded, and true of requests given up."""

from __future__ import annotations

import asyncio

import msgspec

from pooltop.core.snapshot import AgentSnapshot
from pooltop.engine.snapshots import QUEUE_HEAD, origin_snapshots


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
    (whole,) = origin_snapshots(agent.shell, queue_head=None)
    assert QUEUE_HEAD + 10 == len(whole.requests)
    assert origin.oldest_queued_at <= origin.requests[0].submitted_at + 1
    await agent.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_request_given_up_in_the_queue_is_shown_as_node_keeps_it(serve, agent_of):
    server = await serve(_hang)
    agent = agent_of(max_sockets=1)
    tasks = [asyncio.create_task(agent.request("GET", f"{server.url}/{n}")) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    (origin,) = agent.snapshot().origins
    assert [("/1", True), ("/2", False)] == [(e.target, e.aborted) for e in origin.requests]
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
