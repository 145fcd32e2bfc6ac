"""TCP_INFO of the pool's sockets: what is read, in whose turn, and what an old kernel lacks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

import pytest

from pooltop.core.model import SocketId
from pooltop.core.snapshot import TCPInfo
from pooltop.engine.kernel import KernelLooks, tcp_info

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this TCP_INFO")

# Of a real connection of Linux 6.18, after five small messages each way.
RECORDED = bytes.fromhex(
    "010000000007aa01e01c0300409c00000080000018020000000000000000000000000000000000000000"
    "000000000000000000000000000000000000ffff0000d7ff00002400000020000000ffffff7f0f000000"
    "cbff00000300000000000000d7ff000000000000c2b6427503000000fffffffffffffffff50100000000"
    "0000f4010000000000000800000007000000000000000700000005000000050000004992041701000000"
)


def test_every_field_is_read_from_its_place() -> None:
    assert TCPInfo(
        at=5.0,
        rtt=36e-6,
        rtt_var=32e-6,
        min_rtt=7e-6,
        retransmits=0,
        retransmitted=0,
        unacked=0,
        cwnd=15,
        mss=32768,
        delivery_rate=0x117049249,
    ) == tcp_info(RECORDED, 5.0)


def test_each_count_is_told_from_its_neighbours() -> None:
    data = bytearray(168)
    for place, value in ((16, 1448), (24, 3), (68, 1500), (72, 250), (80, 10), (100, 7), (148, 90)):
        data[place : place + 4] = value.to_bytes(4, sys.byteorder)
    data[2] = 4
    data[160:168] = (9_000_000_000).to_bytes(8, sys.byteorder)
    assert TCPInfo(
        at=0.0,
        rtt=0.0015,
        rtt_var=0.00025,
        min_rtt=0.00009,
        retransmits=4,
        retransmitted=7,
        unacked=3,
        cwnd=10,
        mss=1448,
        delivery_rate=9_000_000_000,
    ) == tcp_info(bytes(data), 0.0)


@pytest.mark.parametrize(
    ("length", "missing"),
    [
        (168, set()),
        (167, {"delivery_rate"}),
        (104, {"delivery_rate", "min_rtt"}),
        (103, {"delivery_rate", "min_rtt", "retransmitted"}),
        (83, {"delivery_rate", "min_rtt", "retransmitted", "cwnd"}),
    ],
)
def test_what_an_older_kernel_does_not_give_is_not_known(length, missing) -> None:
    info = tcp_info(RECORDED[:length], 0.0)
    assert missing == {name for name in info.__struct_fields__ if getattr(info, name) is None}


def test_of_nothing_nothing_is_known() -> None:
    assert TCPInfo(at=1.0) == tcp_info(b"", 1.0)


def test_what_was_not_measured_yet_is_not_zero() -> None:
    data = bytearray(RECORDED)
    data[68:72] = bytes(4)  # no round trip so far: the variation is the kernel's initial guess
    data[148:152] = b"\xff" * 4
    data[160:168] = bytes(8)
    info = tcp_info(bytes(data), 0.0)
    assert (None, None, None, None) == (info.rtt, info.rtt_var, info.min_rtt, info.delivery_rate)


class _Asked:
    """A connection that counts how often it was asked."""

    def __init__(self) -> None:
        self.kernel: TCPInfo | None = None
        self.sock = self
        self.asked = 0

    def getsockopt(self, level: int, option: int, length: int) -> bytes:
        self.asked += 1
        return RECORDED[:length]


@linux
def test_of_many_sockets_only_some_are_asked_at_once_and_each_in_its_turn() -> None:
    connections = {SocketId(number): _Asked() for number in range(1, 8)}
    looks = KernelLooks(most=3)
    ages: list[list[float | None]] = []
    for at in (1.0, 2.0, 3.0):
        looks.look(connections, at)
        ages.append([each.kernel and each.kernel.at for each in connections.values()])
    assert [
        [1, 1, 1, None, None, None, None],
        [1, 1, 1, 2, 2, 2, None],
        [3, 3, 1, 2, 2, 2, 3],
    ] == ages


@linux
def test_sockets_that_come_and_go_do_not_keep_the_others_from_their_turn() -> None:
    connections = {SocketId(number): _Asked() for number in range(1, 6)}
    looks = KernelLooks(most=2)
    for newest in range(6, 26):
        looks.look(connections, float(newest))
        del connections[SocketId(newest - 3)]
        connections[SocketId(newest)] = _Asked()
    assert min(connections[SocketId(stays)].asked for stays in (1, 2)) >= 4


@linux
async def test_a_snapshot_tells_what_the_kernel_knows_of_each_socket(serve, agent_of):
    server = await serve()
    agent = agent_of(keep_alive=True)
    for _ in range(3):
        await (await agent.request("GET", server.url)).read()
    (origin,) = agent.snapshot().origins
    (info,) = origin.free_sockets
    kernel = info.kernel
    assert kernel.rtt > 0 < kernel.rtt_var
    assert kernel.min_rtt <= kernel.rtt + kernel.rtt_var * 4
    assert (0, 0) == (kernel.retransmits, kernel.retransmitted)
    assert kernel.cwnd >= 1 < kernel.mss
    assert info.opened_at < kernel.at


@linux
async def test_a_socket_that_is_still_being_dialled_is_not_asked(agent_of, black_hole, eventually):
    agent = agent_of()
    url = f"http://127.0.0.1:{black_hole}"
    task = asyncio.create_task(agent.request("GET", url))
    await eventually(lambda: agent.total_socket_count == 1)
    (origin,) = agent.snapshot().origins
    assert [None] == [info.kernel for info in origin.sockets]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@linux
def test_a_socket_that_is_closed_or_is_no_tcp_is_not_known() -> None:
    one, other = socket.socketpair()
    connections = {SocketId(1): _Asked(), SocketId(2): _Asked()}
    for connection, sock in zip(connections.values(), (one, other), strict=True):
        connection.sock = sock
        connection.kernel = TCPInfo(at=0.0)
    other.close()
    KernelLooks().look(connections, 1.0)
    one.close()
    assert [None, None] == [connection.kernel for connection in connections.values()]


async def test_a_snapshot_names_each_certificate_once(serve, agent_of, context, ca):
    one, other = await serve(context=context()), await serve(context=context("127.0.0.1"))
    agent = agent_of(keep_alive=True, tls=ca)

    async def get(url):
        await (await agent.request("GET", url)).read()

    await asyncio.gather(*(get(server.url) for server in (one, one, other)))
    first, second = agent.snapshot().origins
    assert [0, 0] == [info.certificate for info in first.free_sockets]
    assert [("IP Address:127.0.0.1", "DNS:localhost")] == [c.names for c in first.certificates]
    assert [("IP Address:127.0.0.1",)] == [c.names for c in second.certificates]
    assert [None] == [info.alpn for info in second.free_sockets]


async def test_the_facts_of_a_handshake_are_found_out_once(serve, agent_of, context, ca):
    server = await serve(context=context())
    agent = agent_of(keep_alive=True, tls=ca)
    await (await agent.request("GET", server.url)).read()
    (connection,) = agent.shell.connections.values()
    assert connection.tls_facts is connection.tls_facts
    assert connection.tls_facts == connection.tls.facts
    assert connection.tls_facts.certificate is connection.tls.facts.certificate
