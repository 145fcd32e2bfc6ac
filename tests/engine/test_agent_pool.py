"""The Agent's lists, edits and ends: Node's order, consistent pictures, and nothing left behind."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from pooltop.core import events as ev
from pooltop.core.view import Fold
from pooltop.engine import origin_memory
from pooltop.engine.agent import Agent
from pooltop.errors import AbortError, PeerError, PooltopError, UsageError


async def _get(agent, url):
    response = await agent.request("GET", url)
    return await response.read()


def _ids(mapping):
    return {key: [each.id for each in listed] for key, listed in mapping.items()}


async def test_requests_of_one_tick_are_admitted_in_order_and_listed_in_nodes(held, agent_of):
    held = await held().start()
    key = f"127.0.0.1:{held.server.port}:"
    agent = agent_of(keep_alive=True, max_sockets=2)
    tasks = [asyncio.create_task(_get(agent, f"{held.url}/{n}")) for n in range(1, 6)]
    await asyncio.sleep(0)
    assert {key: [1, 2]} == _ids(agent.sockets)
    assert [1, 2] == [each.request for each in agent.sockets[key]]
    assert {key: [3, 4, 5]} == _ids(agent.requests)
    assert [("GET", "/3"), ("GET", "/4"), ("GET", "/5")] == [
        (each.method, each.target) for each in agent.requests[key]
    ]
    assert ["maxSockets"] * 3 == [each.why for each in agent.requests[key]]
    assert {} == agent.free_sockets
    assert 2 == agent.total_socket_count
    await held.answer(5)
    assert [f"/{n}".encode() for n in range(1, 6)] == await asyncio.gather(*tasks)
    assert ["/1", "/2", "/3", "/4", "/5"] == held.targets
    assert {} == agent.sockets
    assert {} == agent.requests
    assert 2 == len(agent.free_sockets[key])


@pytest.mark.parametrize(("scheduling", "taken"), [("lifo", 3), ("fifo", 1)])
async def test_the_free_list_is_oldest_first_and_scheduling_says_which_is_taken(
    held, agent_of, scheduling, taken
):
    held = await held().start()
    agent = agent_of(keep_alive=True, scheduling=scheduling)
    tasks = [asyncio.create_task(agent.request("GET", f"{held.url}/{n}")) for n in range(3)]
    await held.answer(3)
    for task in tasks:
        await (await task).read()
    (free,) = agent.free_sockets.values()
    assert [1, 2, 3] == [each.id for each in free]
    last = asyncio.create_task(agent.request("GET", held.url))
    await held.answer()
    assert taken == (await last).socket_id


async def test_a_snapshot_adds_up_at_every_event(held, agent_of):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=3, max_free_sockets=1)
    pictures = []

    def look(event):
        pictures.append(agent.snapshot())
        assert agent.sockets is not None

    agent.subscribe(look)
    tasks = [asyncio.create_task(_get(agent, held.url)) for _ in range(10)]
    await held.answer(10)
    await asyncio.gather(*tasks)
    agent.destroy()
    await asyncio.sleep(0.01)
    assert len(pictures) > 30
    for picture in pictures:
        for origin in picture.origins:
            parts = origin.connecting + origin.active + origin.free + origin.closing
            assert parts == origin.total == picture.total_socket_count
            assert origin.queued == len(origin.requests)
    (last,) = agent.snapshot().origins
    counters = last.counters
    assert (10, 10, 10, 3, 3) == (
        counters.submitted,
        counters.completed,
        counters.assigned,
        counters.opened,
        counters.connected,
    )
    assert {200: 10} == counters.statuses
    assert (7, 7) == (counters.queued, counters.reused)
    assert 3 == sum(counters.closed.values())
    assert (10, 10) == (last.latency.total.count, last.latency.queue.count)
    assert 3 == last.latency.connect.count


async def test_a_subscriber_can_rebuild_the_pool_from_the_events(held, agent_of):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=2)
    fold = Fold()
    agent.subscribe(fold.apply)
    tasks = [asyncio.create_task(_get(agent, held.url)) for _ in range(6)]
    for n in range(6):
        await held.answer()
        if n == 3:
            agent.max_sockets = 3
            agent.destroy()
        await asyncio.sleep(0.002)
        agent.shell.after()
        assert agent.shell.core.view() == fold.view()
    await asyncio.wait(tasks, timeout=1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert agent.shell.core.view() == fold.view()


async def test_a_subscriber_that_raises_is_logged_and_dropped(serve, agent_of, caplog):
    server = await serve()
    agent = agent_of(keep_alive=True)
    told, raised = [], []

    def bad(event):
        raised.append(event)
        raise LookupError("my own mistake")

    agent.subscribe(bad)
    agent.subscribe(told.append)
    with caplog.at_level(logging.ERROR, logger="pooltop"):
        assert b"/" == await _get(agent, server.url)
    assert 1 == len(raised)
    assert len(told) > 3
    assert "my own mistake" in caplog.text
    assert b"/" == await _get(agent, server.url)
    assert 1 == len(raised)


async def test_a_subscriber_may_unsubscribe_and_edit_inside_its_callback(held, agent_of):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=1, live="drain")
    order = []

    def once(event):
        order.append(type(event))
        if isinstance(event, ev.RequestQueued):
            end()
            agent.max_sockets = 5

    end = agent.subscribe(once)
    later = []
    agent.subscribe(lambda event: later.append(type(event)))
    tasks = [asyncio.create_task(_get(agent, held.url)) for _ in range(3)]
    await held.answer(3)
    await asyncio.gather(*tasks)
    assert ev.RequestQueued is order[-1]
    assert later.index(ev.RequestQueued) < later.index(ev.OptionsChanged)
    assert later.count(ev.SocketOpened) == 3
    end()


async def test_raising_max_sockets_in_drain_mode_serves_the_queue_at_once(held, agent_of):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=1, live="drain")
    tasks = [asyncio.create_task(_get(agent, f"{held.url}/{n}")) for n in range(5)]
    await asyncio.sleep(0)
    agent.max_sockets = 4
    assert 4 == agent.total_socket_count
    assert [5] == [each.id for listed in agent.requests.values() for each in listed]
    assert 4.0 == agent.max_sockets
    await held.answer(5)
    await asyncio.gather(*tasks)


async def test_raising_max_sockets_in_node_mode_lets_only_new_requests_by(held, agent_of):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=1)
    tasks = [asyncio.create_task(_get(agent, f"{held.url}/{n}")) for n in range(3)]
    await asyncio.sleep(0)
    agent.max_sockets = 2
    assert 1 == agent.total_socket_count
    tasks.append(asyncio.create_task(_get(agent, f"{held.url}/new")))
    await asyncio.sleep(0)
    assert [[1, 4]] == [[each.request for each in listed] for listed in agent.sockets.values()]
    assert [1, 1] == [each.overtaken_by for listed in agent.requests.values() for each in listed]
    await held.answer(4)
    await asyncio.gather(*tasks)
    assert {"/0", "/new"} == set(held.targets[:2])


async def test_lowering_max_sockets_in_drain_mode_closes_idle_sockets_at_once(
    held, agent_of, eventually
):
    held = await held().start()
    agent = agent_of(keep_alive=True, live="drain")
    tasks = [asyncio.create_task(_get(agent, held.url)) for _ in range(4)]
    await held.answer(4)
    await asyncio.gather(*tasks)
    assert 4 == agent.total_socket_count
    agent.max_sockets = 1
    await eventually(lambda: held.server.open == 1)
    assert 1 == agent.total_socket_count
    (free,) = agent.free_sockets.values()
    assert [4] == [each.id for each in free]


async def test_options_are_set_live_and_checked(agent_of):
    agent = agent_of(max_sockets=1)
    agent.max_sockets = None
    agent.max_total_sockets = 7
    agent.max_free_sockets = 0
    agent.timeout = 500
    agent.scheduling = "fifo"
    agent.keep_alive = True
    agent.live = "drain"
    assert (float("inf"), 7.0, 0.0, 500.0, "fifo", True, "drain") == (
        agent.max_sockets,
        agent.max_total_sockets,
        agent.max_free_sockets,
        agent.timeout,
        agent.scheduling,
        agent.keep_alive,
        agent.live,
    )
    for option, value in {
        "max_sockets": -1,
        "max_total_sockets": "many",
        "max_free_sockets": -1,
        "timeout": float("inf"),
        "scheduling": "random",
        "keep_alive": 1,
        "live": "dead",
    }.items():
        with pytest.raises(UsageError, match=option):
            setattr(agent, option, value)
    with pytest.raises(UsageError, match="name"):
        agent.set_option("name", 1)
    change = agent.set_option("max_sockets", 3, by="test")
    assert ("test", float("inf"), 3.0) == (
        change.by,
        change.before.max_sockets,
        change.after.max_sockets,
    )


async def test_destroy_fails_what_runs_and_serves_the_queue_on_new_sockets(held, agent_of):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=1)
    running = asyncio.create_task(_get(agent, f"{held.url}/running"))
    queued = asyncio.create_task(_get(agent, f"{held.url}/queued"))
    await held.waiting.get()
    agent.destroy()
    with pytest.raises(PeerError, match="socket hang up"):
        await running
    await held.answer()
    assert b"/queued" == await queued
    agent.destroy()
    agent.destroy()
    third = asyncio.create_task(_get(agent, f"{held.url}/third"))
    await held.answer()
    assert b"/third" == await third


async def test_the_repr_is_short_and_true(held, agent_of):
    held = await held().start()
    agent = agent_of(name="web", keep_alive=True, max_sockets=2)
    assert "<Agent 'web' in use 0 free 0 queued 0>" == repr(agent)
    tasks = [asyncio.create_task(_get(agent, held.url)) for _ in range(5)]
    await asyncio.sleep(0)
    assert "<Agent 'web' in use 2 free 0 queued 3>" == repr(agent)
    await held.answer(5)
    await asyncio.gather(*tasks)
    assert "<Agent 'web' in use 0 free 2 queued 0>" == repr(agent)
    await agent.aclose()
    assert "<Agent 'web' closed>" == repr(agent)


async def test_an_agent_is_a_context_that_closes_it(serve):
    server = await serve()
    async with Agent(keep_alive=True) as agent:
        assert b"/" == await _get(agent, server.url)
        assert 1 == agent.total_socket_count
    assert 0 == agent.total_socket_count
    with pytest.raises(UsageError):
        await agent.request("GET", server.url)


async def test_closing_is_idempotent_and_may_be_concurrent_or_cancelled(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    await _get(agent, server.url)
    first = asyncio.create_task(agent.aclose())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(agent.aclose(), agent.aclose(), first, return_exceptions=True)
    await agent.aclose()
    assert 0 == agent.total_socket_count


async def test_closing_leaves_no_dial_handshake_or_finishing_socket(
    serve, agent_of, silent, black_hole, eventually
):
    class Never:
        async def resolve(self, host, port, family):
            if host == "never":
                await asyncio.Event().wait()
            return await self.real.resolve(host, port, family)

    from pooltop.engine.resolver import SystemResolver

    resolver = Never()
    resolver.real = SystemResolver()

    async def stuck(wire):
        await wire.head()
        wire.reply("bye", "Connection: close")
        await asyncio.Event().wait()

    async def content():
        while True:
            yield bytes(256 * 1024)

    finishing = await serve(stuck)
    agent = agent_of(resolver=resolver)
    urls = [
        "http://never/",
        f"http://127.0.0.1:{black_hole}/",
        f"https://127.0.0.1:{silent()}/",
        f"http://127.0.0.1:{silent()}/",
    ]
    tasks = [asyncio.create_task(agent.request("GET", url)) for url in urls for _ in range(2)]
    response = await agent.request("POST", finishing.url, content=content())
    assert b"bye" == await response.read()
    await asyncio.sleep(0.05)
    assert 9 == agent.total_socket_count
    await asyncio.wait_for(agent.aclose(), 1)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [AbortError] * 8 == [type(result) for result in results]
    assert 0 == agent.total_socket_count


@pytest.mark.parametrize("turns", range(12))
async def test_cancelling_a_request_after_any_number_of_turns_leaks_nothing(
    serve, agent_of, eventually, turns
):
    server = await serve()
    agent = agent_of(keep_alive=True, max_sockets=1)
    task = asyncio.create_task(_get(agent, f"{server.url}/cancelled"))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    try:
        body = await task
    except asyncio.CancelledError:
        body = b"/cancelled"
    assert b"/cancelled" == body
    assert b"/next" == await asyncio.wait_for(_get(agent, f"{server.url}/next"), 2)
    await eventually(lambda: server.open == 1)
    assert 1 == agent.total_socket_count
    agent.shell.core.check_invariants()


@pytest.mark.parametrize("live", ["node", "drain"])
@pytest.mark.parametrize("turns", range(8))
async def test_cancelling_a_queued_request_lets_the_queue_go_on(held, agent_of, turns, live):
    held = await held().start()
    agent = agent_of(keep_alive=True, max_sockets=1, live=live)
    tasks = [asyncio.create_task(_get(agent, f"{held.url}/{n}")) for n in range(4)]
    for _ in range(turns):
        await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    await held.answer(3)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [b"/0", b"/2", b"/3"] == [done[0], done[2], done[3]]
    assert isinstance(done[1], asyncio.CancelledError)
    assert ["/0", "/2", "/3"] == held.targets
    assert 1 == agent.total_socket_count


async def test_cancelling_a_read_and_closing_the_response_frees_the_slot(serve, agent_of):
    async def handle(wire):
        asked = await wire.request()
        if asked.target == "/slow":
            wire.reply("part", length=100)
            await wire.gone()
        else:
            wire.reply(asked.target)
            await wire.gone()

    server = await serve(handle)
    agent = agent_of(max_sockets=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03), await agent.request("GET", f"{server.url}/slow") as slow:
            await slow.read()
    assert b"/next" == await asyncio.wait_for(_get(agent, f"{server.url}/next"), 2)


async def test_total_sockets_hold_over_origins(held, agent_of):
    one, two = await held().start(), await held().start()
    agent = agent_of(keep_alive=True, max_total_sockets=2)
    tasks = [asyncio.create_task(_get(agent, each.url)) for each in (one, one, two)]
    await asyncio.sleep(0)
    assert ["maxTotalSockets"] == [
        each.why for listed in agent.requests.values() for each in listed
    ]
    assert [f"127.0.0.1:{two.server.port}:"] == list(agent.requests)
    await one.answer(1)
    await two.answer(1)
    await one.answer(1)
    assert [b"/"] * 3 == await asyncio.gather(*tasks)


async def test_every_error_of_a_request_is_one_root(agent_of):
    agent = agent_of()
    for url in ("nonsense", "http://127.0.0.1:1/", "http://127.1:80/"):
        with pytest.raises(PooltopError) as caught:
            await agent.request("GET", url)
        assert re.fullmatch("[A-Z0-9_]+", caught.value.code)


async def test_an_agent_that_is_given_ever_new_hosts_forgets_those_that_it_has_done_with(
    serve, agent_of, eventually, monkeypatch
):
    async def keep(wire):
        while (asked := await wire.request()) is not None:
            wire.reply("x", *([] if asked.target == "/kept" else ["Connection: close"]))

    monkeypatch.setattr(origin_memory, "MOST_ORIGINS", 5)
    server = await serve(keep)
    agent = agent_of(keep_alive=True)
    for n in range(20):
        name = "kept" if n == 2 else f"h{n}"
        response = await agent.request("GET", f"http://{name}.localhost:{server.port}/{name}")
        await response.read()
        await eventually(lambda kept=n >= 2: agent.total_socket_count == kept)
    origins = agent.snapshot().origins
    assert len(origins) <= 5
    assert ("kept.localhost", 1) == (origins[0].host, origins[0].counters.completed)
    assert len(agent.shell.targets) == len(agent.shell.tally.origins) == len(origins)
