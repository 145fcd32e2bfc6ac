"""TIME_WAIT by who closed first: seen on real connections, and counted without holding up a loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
import struct
import sys
import threading
import time

import pytest

from pooltop.core.model import AgentProfile, Profile
from pooltop.core.snapshot import TimeWait
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine
from pooltop.engine.tally import MOST_PEERS, OriginTally
from pooltop.engine.time_wait import EVERY_S, Count, Held, TimeWaitWatch, _Table, count_time_wait

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells, others are not asked")


@pytest.fixture
def host() -> str:
    """Give an address of its own: what earlier servers of the same port left is under theirs."""
    return "127." + ".".join(str(random.randrange(1, 255)) for _ in range(3))


async def _answer_and_wait(wire):
    while await wire.request() is not None:
        wire.reply()


async def _answer_and_close(wire):
    # Only the close ends the body, so that it is certainly the first one.
    await wire.request()
    wire.write(b"HTTP/1.1 200 OK\r\n\r\nok")


async def _get(agent, url):
    response = await agent.request("GET", url)
    return await response.read()


def _held(agent):
    (tally,) = agent.shell.tally.origins.values()
    (held,) = count_time_wait(tally.peers).held.values()
    return held


async def test_without_keep_alive_we_close_first_and_hold_a_port_for_each_request(
    serve, agent_of, eventually, host
):
    server = await serve(_answer_and_wait, host=host)
    agent = agent_of(keep_alive=False)
    for _ in range(5):
        assert b"ok" == await _get(agent, server.url)
    await eventually(lambda: Held(ours=5, theirs=0) == _held(agent))


async def test_a_server_that_closes_first_holds_them_itself(serve, agent_of, eventually, host):
    server = await serve(_answer_and_close, host=host)
    agent = agent_of(keep_alive=True)
    for _ in range(5):
        assert b"ok" == await _get(agent, server.url)
    await eventually(lambda: Held(ours=0, theirs=5) == _held(agent))


async def test_with_keep_alive_nothing_is_held(serve, agent_of, host):
    server = await serve(_answer_and_wait, host=host)
    agent = agent_of(keep_alive=True)
    for _ in range(5):
        assert b"ok" == await _get(agent, server.url)
    assert Held(ours=0, theirs=0) == _held(agent)


@contextlib.contextmanager
def _listener(family: socket.AddressFamily, host: str):
    try:
        sock = socket.create_server(
            (host, 0), family=family, dualstack_ipv6=family == socket.AF_INET6 and host == "::"
        )
    except OSError:
        pytest.skip("there is no IPv6 here")
    with sock:
        yield sock


def _exchange(listener: socket.socket, host: str, *, client_first: bool) -> str:
    """Open a connection and close both ends; gives the server's as the client saw it."""
    client = socket.create_connection((host, listener.getsockname()[1]))
    server, _ = listener.accept()
    remote = client.getpeername()
    first, second = (client, server) if client_first else (server, client)
    with second:
        first.close()
        assert b"" == second.recv(1)
    name = f"[{remote[0]}]" if ":" in remote[0] else remote[0]
    return f"{name}:{remote[1]}"


def test_ipv6_is_counted_too() -> None:
    with _listener(socket.AF_INET6, "::1") as listener:
        for client_first in (True, False, True):
            peer = _exchange(listener, "::1", client_first=client_first)
        assert {peer: Held(ours=2, theirs=1)} == count_time_wait({peer: "[::1]:1"}).held


def test_a_server_for_both_ip_versions_holds_its_ipv4_connections_among_those_of_ipv6(host) -> None:
    with _listener(socket.AF_INET6, "::") as listener:
        for client_first in (True, False):
            peer = _exchange(listener, host, client_first=client_first)
        assert {peer: Held(ours=1, theirs=1)} == count_time_wait({peer: ""}).held


def test_what_a_peer_elsewhere_holds_is_not_known_and_a_unix_socket_has_nothing() -> None:
    count = count_time_wait({"192.0.2.7:443": "10.0.0.1:5", "/run/a.sock": ""})
    assert {"192.0.2.7:443": Held(ours=0, theirs=None)} == count.held
    assert 1 <= count.local_ports <= 65535


def test_a_peer_under_an_address_of_this_machine_is_here() -> None:
    count = count_time_wait({"192.0.2.7:443": "192.0.2.7:50000"})
    assert {"192.0.2.7:443": Held(ours=0, theirs=0)} == count.held


def _message(kind: int, number: int) -> bytes:
    return struct.pack("=IHHIIi", 20, kind, 0, 0, 0, -number)


def _entry(sport: int, dport: int) -> bytes:
    ends = struct.pack("!HH", sport, dport) + bytes((127, 0, 0, 1)).ljust(16, b"\0") * 2
    diag = bytes((socket.AF_INET, 6, 0, 0)) + ends + bytes(32)
    return struct.pack("=IHHII", 16 + len(diag), 20, 2, 0, 0) + diag


def test_the_list_ends_with_its_end_alone_or_behind_entries() -> None:
    table = _Table(socket.AF_INET)
    key = table.ask(443, bytes((127, 0, 0, 1)).ljust(16, b"\0"), is_here=True)
    assert not table._take(_entry(5, 443) + _entry(443, 6) + _entry(5, 444))
    assert table._take(_entry(7, 443) + _message(3, 0))
    assert table._take(_message(3, 0))
    assert (2, 1) == (table.ours[key], table.theirs[key])


def test_a_kernel_that_refuses_raises_and_one_without_ipv6_holds_nothing() -> None:
    table = _Table(socket.AF_INET6)
    assert table._take(_message(2, errno.ENOENT))
    with pytest.raises(PermissionError):
        table._take(_message(2, errno.EPERM))
    with pytest.raises(OSError, match="a message of kind 4"):
        table._take(_message(4, 0))
    with pytest.raises(PermissionError):
        table._take(_entry(1, 2) + _message(3, errno.EPERM))


def _origin(*peers: str) -> OriginTally:
    tally = OriginTally()
    for peer in peers:
        tally.reached(peer, "10.0.0.1:1")
    return tally


async def test_the_peers_of_an_origin_are_put_together_and_a_shared_one_counts_for_both(eventually):
    held = {"a:1": Held(3, None), "b:1": Held(5, None), "c:1": Held(1, 2)}
    watch = TimeWaitWatch(lambda _: Count(held, 100))
    one, other, unix = _origin("a:1", "b:1"), _origin("b:1", "c:1"), _origin("/x")
    watch.look([one, other, unix], 50.0)
    await eventually(lambda: one.time_wait)
    assert TimeWait(at=50.0, ours=8, fullest=5, theirs=None) == one.time_wait
    assert TimeWait(at=50.0, ours=6, fullest=5, theirs=2) == other.time_wait
    assert (None, 100) == (unix.time_wait, watch.local_ports)


async def test_a_count_runs_on_a_thread_one_at_a_time_and_not_too_often(eventually):
    threads = []

    def count(peers):
        threads.append(threading.current_thread())
        return Count({}, None)

    watch = TimeWaitWatch(count)
    origin = _origin("a:1")
    for at in (10.0, 10.1):
        watch.look([origin], at)
        await eventually(lambda: watch._counting is None)
    assert 1 == len(threads)
    watch.look([origin], 10.0 + EVERY_S)
    watch.look([origin], 10.0 + EVERY_S * 9)
    await eventually(lambda: watch._counting is None)
    assert 2 == len(threads)
    assert threading.main_thread() not in threads


async def test_the_last_count_waits_for_one_under_way_and_for_no_due_time():
    counts = [Count({"a:1": Held(held, None)}, None) for held in (1, 2, 3)]
    watch = TimeWaitWatch(lambda _: counts.pop(0))
    origin = _origin("a:1")
    began_at = time.monotonic()
    watch.look([origin], began_at)
    await watch.again([origin])
    assert 2 == origin.time_wait.ours
    await watch.again([origin])
    assert 3 == origin.time_wait.ours
    assert origin.time_wait.at > began_at
    await watch.aclose()


async def test_what_could_not_be_counted_is_no_longer_shown(eventually):
    answers = [Count({"a:1": Held(3, None)}, 100), PermissionError(errno.EPERM, "no")]

    def count(peers):
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    watch = TimeWaitWatch(count)
    origin = _origin("a:1")
    watch.look([origin], 1.0)
    await eventually(lambda: origin.time_wait)
    watch.look([origin], 100.0)
    await eventually(lambda: origin.time_wait is None)
    assert watch.local_ports is None


async def test_nobody_was_dialled_so_the_kernel_is_not_asked():
    watch = TimeWaitWatch(lambda _: pytest.fail("asked"))
    watch.look([_origin()], 1.0)
    assert watch._counting is None


async def test_closing_does_not_wait_for_a_count_that_hangs():
    begun, go_on = threading.Event(), threading.Event()

    def count(peers):
        begun.set()
        go_on.wait()
        return Count({}, None)

    watch = TimeWaitWatch(count)
    try:
        watch.look([_origin("a:1")], 1.0)
        await asyncio.to_thread(begun.wait)
        await asyncio.wait_for(watch.aclose(), 2)
        watch.look([_origin("a:1")], 100.0)
        assert watch._counting is None
    finally:
        go_on.set()


def test_of_an_origin_with_ever_new_addresses_only_the_latest_are_kept() -> None:
    tally = _origin(*(f"192.0.2.{n}:80" for n in range(MOST_PEERS + 2)))
    assert MOST_PEERS == len(tally.peers)
    assert "192.0.2.1:80" not in tally.peers
    assert "192.0.2.2:80" in tally.peers


async def test_the_snapshots_of_an_engine_tell_it(serve, eventually, host):
    server = await serve(_answer_and_wait, host=host)
    engine = Engine(
        Profile(
            path="test.toml",
            agents=(AgentProfile(name="web"),),
            workloads=(
                Workload(
                    name="load", agent="web", base_url=server.url, model="closed", max_requests=3
                ),
            ),
        )
    )
    try:
        engine.start()
        await engine.done.wait()
        await eventually(lambda: _held(engine.agents["web"]).ours == 3)
        first = engine.snapshot()
        assert first.agents[0].origins[0].time_wait is None
        await eventually(lambda: engine.snapshot().agents[0].origins[0].time_wait)
        snapshot = engine.snapshot()
        (origin,) = snapshot.agents[0].origins
        assert (3, 3, 0) == (
            origin.time_wait.ours,
            origin.time_wait.fullest,
            origin.time_wait.theirs,
        )
        assert first.at == origin.time_wait.at
        assert snapshot.process.local_ports >= 1
    finally:
        await engine.aclose()


async def test_a_thread_that_cannot_be_started_leaves_the_count_out():
    def no_thread(_peers):
        raise RuntimeError("can't start new thread")

    origin = OriginTally()
    origin.reached("127.0.0.1:80", "127.0.0.1:40000")
    watch = TimeWaitWatch(no_thread)
    watch.look([origin], 0.0)
    (counting,) = [t for t in asyncio.all_tasks() if t.get_name() == "pooltop-count-time-wait"]
    await counting
    assert (None, None) == (origin.time_wait, watch.local_ports)
    await watch.aclose()
