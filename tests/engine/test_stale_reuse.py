"""A kept-alive socket that is closed as it is reused: its own outcome, and once more if asked for."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pooltop.core.events import RequestFailed, RequestQueued, RequestRetried
from pooltop.core.model import Timeouts
from pooltop.core.traffic import RequestClass, Workload
from pooltop.engine.closed_workload import ClosedRunner
from pooltop.engine.journal import Journal, PoolReporter
from pooltop.engine.workload import Around
from pooltop.errors import AbortError, PeerError, RequestTimeout, StaleReuseError, UsageError


class Stale:
    """Serves one request a connection, then hangs up on the next as soon as it is there."""

    def __init__(self, *, reset=False, times=1):
        self.reset = reset
        self.left = times
        self.served = []
        """Of every request that was answered, and of every one that was not."""
        self.dropped = []

    async def __call__(self, wire):
        while (asked := await wire.request()) is not None:
            is_reuse = wire in self._wires
            if is_reuse and self.left:
                self.left -= 1
                self.dropped.append(f"{asked.method} {asked.target}")
                wire.reset() if self.reset else wire.close()
                return
            self._wires.add(wire)
            self.served.append(f"{asked.method} {asked.target}")
            wire.reply(asked.target + asked.body.decode(), "Keep-Alive: timeout=5")

    _wires: set

    async def start(self, serve):
        self._wires = set()
        self.server = await serve(self)
        self.url = self.server.url
        return self


async def _get(agent, url, method="GET", **how):
    response = await agent.request(method, url, **how)
    await response.read()
    return response


def _heard(agent, *kinds):
    heard = []
    agent.subscribe(lambda event: heard.append(event) if isinstance(event, kinds) else None)
    return heard


def _counters(agent):
    return agent.snapshot().origins[0].counters


def _end(wire):
    """End the server's side of a connection: it is in the client's kernel at once."""
    wire.writer.get_extra_info("socket").shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize(("reset", "did"), [(False, "closed"), (True, "reset")])
async def test_a_stale_socket_is_an_outcome_of_its_own_with_idle_age_and_hint(
    serve, agent_of, codec, reset, did
):
    server = await Stale(reset=reset).start(serve)
    agent = agent_of(keep_alive=True, codec=codec)
    heard = _heard(agent, RequestFailed)
    await _get(agent, f"{server.url}/1")
    await asyncio.sleep(0.05)
    with pytest.raises(StaleReuseError) as caught:
        await _get(agent, f"{server.url}/2")
    error = caught.value
    assert isinstance(error, PeerError)
    assert ("ECONNRESET", 5, 2) == (error.code, error.hint_s, error.nth)
    assert 0.05 <= error.idle_s < 5
    assert str(error) == (
        f"socket hang up: the server {did} a kept-alive socket as it was reused "
        f"(idle {error.idle_s * 1000:.0f} ms, its hint was 5 s)"
    )
    assert [("ECONNRESET", "stale reuse")] == [(each.code, each.outcome) for each in heard]
    counters = _counters(agent)
    assert ({"stale reuse": 1}, 1, 0) == (counters.failed, counters.stale_reuse, counters.retried)
    assert {"stale reuse": str(error)} == agent.snapshot().origins[0].failures


def test_the_words_of_a_stale_reuse_are_for_people():
    error = StaleReuseError("closed", idle_s=4.81, hint_s=None, nth=7)
    assert "socket hang up: closed (idle 4.8 s, no hint was given)" == str(error)


async def test_a_handed_over_socket_can_be_stale_as_well(serve, agent_of):
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, max_sockets=1)
    first, second = (asyncio.create_task(_get(agent, f"{server.url}/{n}")) for n in (1, 2))
    assert 200 == (await first).status
    with pytest.raises(StaleReuseError) as caught:
        await second
    assert 2 == caught.value.nth


async def test_a_close_after_the_first_byte_is_no_stale_reuse(serve, agent_of):
    async def handle(wire):
        await wire.request()
        wire.reply()
        await wire.request()
        wire.write(b"H")
        await wire.writer.drain()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, server.url)
    with pytest.raises(PeerError) as caught:
        await _get(agent, server.url)
    assert not isinstance(caught.value, StaleReuseError)
    assert 0 == _counters(agent).stale_reuse


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_request_is_sent_again_where_that_is_asked_for(serve, agent_of, codec, reset):
    server = await Stale(reset=reset).start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True, codec=codec)
    heard = _heard(agent, RequestRetried)
    journal = Journal()
    PoolReporter(journal, "a", lambda key: "host").watch(agent.shell)
    first = await _get(agent, f"{server.url}/1")
    second = await _get(agent, f"{server.url}/2")
    assert (False, 1, 1) == (first.retried, first.nth, first.socket_id)
    assert (True, 1, 2) == (second.retried, second.nth, second.socket_id)
    assert b"/2" == await second.read()
    assert (["GET /2"], ["GET /1", "GET /2"]) == (server.dropped, server.served)
    assert [(2, 1)] == [(each.request, each.socket) for each in heard]
    (entry,) = (each for each in journal.take()[0] if each.kind == "RETRY")
    assert entry.text.startswith("r2 sent again; s1: socket hang up: the server ")
    counters = _counters(agent)
    assert (2, 2, {}, 1, 1, 3) == (
        counters.submitted,
        counters.completed,
        counters.failed,
        counters.stale_reuse,
        counters.retried,
        counters.assigned,
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
async def test_what_may_be_had_twice_is_sent_again_with_its_body(serve, agent_of, method):
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, f"{server.url}/1")
    content = b"body" if method == "PUT" else b""
    response = await _get(agent, f"{server.url}/2", method, content=content)
    assert response.retried
    if method == "PUT":
        assert b"/2body" == await response.read()


async def _pieces():
    yield b"a"


@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("POST", {}),
        ("PATCH", {}),
        ("GET", {"idempotent": False}),
        ("PUT", {"content": _pieces}),
        ("POST", {"content": _pieces, "idempotent": True}),
    ],
)
async def test_what_may_not_be_had_twice_or_is_no_longer_here_is_not_sent_again(
    serve, agent_of, method, how
):
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, f"{server.url}/1")
    if "content" in how:
        how = how | {"content": how["content"]()}
    with pytest.raises(StaleReuseError):
        await _get(agent, f"{server.url}/2", method, **how)
    assert (1, 0) == (_counters(agent).stale_reuse, _counters(agent).retried)


@pytest.mark.parametrize("retry_stale", [False, True])
async def test_a_streamed_body_is_not_begun_on_a_socket_that_ended_as_it_was_assigned(
    serve, agent_of, retry_stale
):
    """So it is here still, and may be sent again."""
    pulled = []

    async def content():
        pulled.append(True)
        yield b"body"

    server = await Stale(times=0).start(serve)
    agent = agent_of(keep_alive=True, retry_stale=retry_stale)
    await _get(agent, f"{server.url}/1")
    (connection,) = agent.shell.connections.values()
    idle_since = connection.last_activity
    _end(server.server.wires[0])
    # Assigned in the turn in which that end is seen, before it, and attached in the next.
    request = asyncio.create_task(_get(agent, f"{server.url}/2", "PUT", content=content()))
    if retry_stale:
        response = await request
        assert (True, b"/2body", [True]) == (response.retried, await response.read(), pulled)
    else:
        with pytest.raises(StaleReuseError) as caught:
            await request
        assert (2, []) == (caught.value.nth, pulled)
        assert idle_since == connection.quiet_since  # idle_s is counted from there
    assert (1, int(retry_stale)) == (_counters(agent).stale_reuse, _counters(agent).retried)


async def test_a_streamed_body_is_not_begun_on_a_socket_that_was_destroyed_as_it_was_assigned(
    serve, agent_of
):
    async def content():
        raise AssertionError
        yield b""

    server = await Stale(times=0).start(serve)
    agent = agent_of(keep_alive=True)
    await _get(agent, f"{server.url}/1")
    request = asyncio.create_task(_get(agent, f"{server.url}/2", "PUT", content=content()))
    await asyncio.sleep(0)
    agent.destroy()
    with pytest.raises(PeerError) as caught:
        await request
    assert "ECONNRESET" == caught.value.code


async def test_a_caller_may_mark_a_post_as_one_that_can_be_had_twice(serve, agent_of):
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, f"{server.url}/1")
    response = await _get(agent, f"{server.url}/2", "POST", content=b"x", idempotent=True)
    assert (True, b"/2x") == (response.retried, await response.read())


async def test_a_second_stale_socket_is_reported(serve, agent_of, eventually):
    """Two idle sockets, both dead to the server: the request that is sent again gets the other."""
    server = await Stale(times=2).start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await asyncio.gather(*(_get(agent, f"{server.url}/{n}") for n in (1, 2)))
    with pytest.raises(StaleReuseError):
        await _get(agent, f"{server.url}/3")
    assert ["GET /3", "GET /3"] == server.dropped
    counters = _counters(agent)
    assert ({"stale reuse": 1}, 2, 1) == (counters.failed, counters.stale_reuse, counters.retried)
    await eventually(lambda: agent.total_socket_count == 0)


async def test_a_request_that_is_sent_again_waits_its_turn_and_its_queue_clock_runs(
    serve, agent_of
):
    """Node's order: the queue's replacement comes before the caller that asks once more."""
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, max_sockets=1, retry_stale=True)
    heard = _heard(agent, RequestQueued)
    await _get(agent, f"{server.url}/1")
    again, waiting = (
        asyncio.create_task(_get(agent, f"{server.url}/{n}", timeouts=Timeouts(queue=5)))
        for n in (2, 3)
    )
    assert b"/3" == await (await waiting).read()
    assert b"/2" == await (await again).read()
    assert [3, 2] == [each.request for each in heard]
    assert ["GET /1", "GET /3", "GET /2"] == server.served


async def test_the_total_clock_goes_on_over_both_times(serve, agent_of):
    async def handle(wire):
        await wire.request()
        if len(server.wires) == 1:
            wire.reply()
            await wire.request()
            await asyncio.sleep(0.15)
        else:
            await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, server.url)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(RequestTimeout) as caught:
        await _get(agent, server.url, timeouts=Timeouts(total=0.3))
    assert "total" == caught.value.clock
    assert 0.3 <= loop.time() - began < 0.44
    assert 2 == len(server.wires)
    assert ({"total clock": 1}, 1) == (_counters(agent).failed, _counters(agent).retried)


async def test_a_total_clock_that_is_looked_at_while_the_stale_socket_dies_is_not_forgotten(
    serve, agent_of
):
    async def handle(wire):
        if wire is server.wires[0]:
            await wire.request()
            wire.reply()
        await wire.gone()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, server.url)
    request = asyncio.create_task(_get(agent, server.url, timeouts=Timeouts(total=0.2)))
    loop = asyncio.get_running_loop()
    for _ in range(2):
        await asyncio.sleep(0)  # it is assigned, then sent
    _end(server.wires[0])
    agent.shell._clock.note(loop.time())  # rings in the turn in which that end is seen, behind it
    with pytest.raises(RequestTimeout) as caught:
        await asyncio.wait_for(request, 5)
    assert "total" == caught.value.clock
    assert (2, 1) == (len(server.wires), _counters(agent).retried)


async def test_an_agent_that_is_closed_sends_nothing_again(serve, agent_of):
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, f"{server.url}/1")
    core = agent.shell.core

    def close(event):
        if type(event).__name__ == "SocketClosing":
            agent.close_now()

    agent.subscribe(close)
    with pytest.raises(AbortError):
        await _get(agent, f"{server.url}/2")
    assert (["GET /1"], 0) == (server.served, core.total_socket_count)


async def test_a_request_that_is_cancelled_while_its_socket_dies_is_not_sent_again(serve, agent_of):
    server = await Stale().start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, f"{server.url}/1")
    request = asyncio.create_task(_get(agent, f"{server.url}/2"))

    def cancel(event):
        if type(event).__name__ == "SocketClosing":
            for call in list(agent.shell.exchanges.values()):
                agent.shell.abort(call)

    agent.subscribe(cancel)
    with pytest.raises(PeerError):
        await request
    assert (["GET /1"], 0) == (server.served, _counters(agent).retried)


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("idempotent", [None, False])
async def test_a_workloads_requests_are_sent_again_unless_their_class_says_no(
    serve, agent_of, codec, idempotent
):
    server = await Stale(times=3).start(serve)
    agent = agent_of(keep_alive=True, max_sockets=1, retry_stale=True, codec=codec)
    done = asyncio.Event()
    workload = Workload(
        name="w",
        agent="agent",
        base_url=server.url,
        model="closed",
        users=1,
        max_requests=12,
        requests=(RequestClass(name="default", idempotent=idempotent),),
    )
    runner = ClosedRunner(workload, agent, Around(on_done=lambda _: done.set()))
    runner.start()
    await asyncio.wait_for(done.wait(), 10)
    counters = _counters(agent)
    failed = 3 if idempotent is False else 0
    assert (12, 12 - failed, failed) == (runner.sent, runner.completed, runner.failed)
    assert (12, 3, 3 - failed) == (counters.submitted, counters.stale_reuse, counters.retried)
    assert 12 == counters.completed + sum(counters.failed.values())


def test_retry_stale_is_a_switch(agent_of):
    with pytest.raises(UsageError, match="retry_stale is True or False"):
        agent_of(retry_stale="yes")


@pytest.mark.parametrize("retry_stale", [True, False])
@pytest.mark.parametrize("live", ["node", "drain"])
@pytest.mark.parametrize("codec", ["h11", "llhttp"])
async def test_a_close_that_races_the_next_request_is_survived_or_told_as_what_it_is(
    serve, agent_of, monkeypatch, codec, live, retry_stale
):
    """The server closes from 5 ms before the reuse to 5 ms after it, in steps of 0.25 ms."""
    monkeypatch.setattr("pooltop.engine.stale_reuse.RETRIES", 100)
    close_at = asyncio.Queue()

    async def handle(wire):
        loop = asyncio.get_running_loop()
        asked = await wire.request()
        wire.reply(asked.target)
        if asked.target.startswith("/again"):
            return  # nothing of it is left for the next round
        at = await close_at.get()
        await asyncio.sleep(max(0.0, at - loop.time()))
        # What has come by now is answered, as servers do; what comes later is not.
        try:
            async with asyncio.timeout(0):
                asked = await wire.request()
        except TimeoutError:
            return
        if asked is not None:
            wire.reply(asked.target)

    server = await serve(handle)
    agent = agent_of(keep_alive=True, live=live, codec=codec, retry_stale=retry_stale)
    loop = asyncio.get_running_loop()
    failed = []
    for step in range(-20, 21):
        response = await _get(agent, f"{server.url}/first/{step}")
        assert 200 == response.status
        reuse_at = loop.time() + 0.006
        close_at.put_nowait(reuse_at + step * 0.00025)
        await asyncio.sleep(reuse_at - loop.time())
        target = f"/again/{step}"
        try:
            response = await _get(agent, server.url + target)
        except StaleReuseError as error:
            failed.append(error)
        else:
            assert target.encode() == await response.read()
        agent.destroy()
    counters = _counters(agent)
    assert counters.stale_reuse == (counters.retried if retry_stale else len(failed))
    assert retry_stale <= (not failed)
    expected = {"stale reuse": len(failed)} if failed else {}
    assert (82, expected) == (counters.submitted, counters.failed)


async def test_a_server_that_closes_every_socket_is_not_sent_everything_twice(
    serve, agent_of, monkeypatch
):
    monkeypatch.setattr("pooltop.engine.stale_reuse.RETRIES", 1)
    monkeypatch.setattr("pooltop.engine.stale_reuse.RETRY_SHARE", 0.0)
    server = await Stale(times=3).start(serve)
    agent = agent_of(keep_alive=True, retry_stale=True)
    await _get(agent, f"{server.url}/1")
    assert (await _get(agent, f"{server.url}/2")).retried
    with pytest.raises(StaleReuseError):
        await _get(agent, f"{server.url}/3")
    counters = _counters(agent)
    assert (2, 1) == (counters.stale_reuse, counters.retried)
