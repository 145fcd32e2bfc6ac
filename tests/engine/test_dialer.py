"""The dialer, over real loopback sockets: options, phases, failures, and nothing left open."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import math
import os
import resource
import socket
import sys
from pathlib import Path

import pytest

from pooltop.core.model import Origin
from pooltop.engine.attempts import ATTEMPT_DELAY_S
from pooltop.engine.dialer import Dialer, _self_connected
from pooltop.engine.resolver import Address, SystemResolver
from pooltop.errors import NetworkError


class FixedResolver:
    """Answers every host with the same addresses."""

    def __init__(self, *hosts):
        self.hosts = hosts
        self.asked = []

    async def resolve(self, host, port, family):
        self.asked.append((host, port, family))
        return tuple(
            Address(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)
            for host in self.hosts
        )


def _bound(*hosts):
    """Give a socket for each host, all bound to the same port, which is then nobody else's."""
    for _ in range(100):
        sockets = []
        port = 0
        try:
            for host in hosts:
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                sockets.append(socket.socket(family, socket.SOCK_STREAM))
                sockets[-1].bind((host, port))
                port = sockets[-1].getsockname()[1]
        except OSError:
            for sock in sockets:
                sock.close()
        else:
            return port, sockets
    raise AssertionError("no port is free on all of these hosts")


@contextlib.contextmanager
def _filled(host, port):
    """Fill the backlog of a port that nobody accepts from: it answers no SYN any more."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            filler = stack.enter_context(socket.socket(family))
            filler.settimeout(0)
            filler.connect_ex((host, port))
        yield


@pytest.fixture
def ports():
    """Bind hosts to one port: ``listen`` says which of them accept, with which backlog."""
    with contextlib.ExitStack() as stack:

        def bind(*hosts, listen):
            port, sockets = _bound(*hosts)
            for host, sock in zip(hosts, sockets, strict=True):
                stack.enter_context(sock)
                if host in listen:
                    sock.listen(listen[host])
            return port

        yield bind


@pytest.fixture
def port(ports):
    return ports("127.0.0.1", listen={"127.0.0.1": 8})


@pytest.fixture
def closed_port(ports):
    return ports("127.0.0.1", "127.0.0.2", listen={})


@pytest.fixture
def full_port(ports):
    """Give a port on which 127.0.0.2 listens and 127.0.0.1 leaves connections hanging."""
    port = ports("127.0.0.1", "127.0.0.2", listen={"127.0.0.1": 0, "127.0.0.2": 8})
    with _filled("127.0.0.1", port):
        yield port


@pytest.fixture
def open_descriptors():
    if not sys.platform.startswith("linux"):
        pytest.skip("counts descriptors in /proc")
    return lambda: len(list(Path("/proc/self/fd").iterdir()))


def _origin(port, host="127.0.0.1", **more):
    return Origin(scheme="http", host=host, port=port, **more)


async def _dial(*hosts, origin, probe_ms=None, **more):
    dialer = Dialer(FixedResolver(*hosts))
    return await dialer.dial(origin, keep_alive_probe_ms=probe_ms, **more)


async def _failure(*hosts, origin):
    with pytest.raises(NetworkError) as caught:
        await _dial(*hosts, origin=origin)
    return caught.value


async def test_a_literal_is_connected_and_its_ends_are_told(port):
    dialled = await Dialer(SystemResolver()).dial(_origin(port), keep_alive_probe_ms=None)
    with dialled.sock as sock:
        assert f"127.0.0.1:{port}" == dialled.remote
        assert f"127.0.0.1:{sock.getsockname()[1]}" == dialled.local
        assert 0 == sock.gettimeout()
        assert dialled.dns_s >= 0
        assert dialled.tcp_s > 0


async def test_ipv6_ends_are_in_brackets(ports):
    port = ports("::1", listen={"::1": 8})
    dialled = await _dial("::1", origin=_origin(port, "::1"))
    with dialled.sock:
        assert f"[::1]:{port}" == dialled.remote


async def test_host_port_and_family_reach_the_resolver(port):
    resolver = FixedResolver("127.0.0.1")
    origin = _origin(port, "a.example", family=4)
    dialled = await Dialer(resolver).dial(origin, keep_alive_probe_ms=None)
    dialled.sock.close()
    assert [("a.example", port, 4)] == resolver.asked


async def test_the_phases_are_read_off_the_given_clock(port):
    readings = iter([10.0, 10.25, 12.0])
    dialer = Dialer(FixedResolver("127.0.0.1"), clock=lambda: next(readings))
    dialled = await dialer.dial(_origin(port), keep_alive_probe_ms=None)
    dialled.sock.close()
    assert (0.25, 1.75) == (dialled.dns_s, dialled.tcp_s)


async def test_the_end_of_the_look_up_is_told_before_the_first_attempt(port, monkeypatch):
    told = []
    real = socket.socket.connect

    def connect(sock, address):
        told.append("connect")
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    readings = iter([10.0, 10.25, 12.0])
    dialer = Dialer(FixedResolver("127.0.0.1"), clock=lambda: next(readings))
    dialled = await dialer.dial(_origin(port), keep_alive_probe_ms=None, connecting=told.append)
    dialled.sock.close()
    assert [0.25, "connect"] == told


async def test_small_writes_go_at_once_unless_told_otherwise(port):
    for no_delay in (True, False):
        dialled = await _dial("127.0.0.1", origin=_origin(port), no_delay=no_delay)
        with dialled.sock as sock:
            option = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert no_delay is bool(option)


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="the option has another name")
@pytest.mark.parametrize(
    ("probe_ms", "expected"),
    [
        (None, None),
        (1000, 1),
        (7999.9, 7),
        (0, "system"),
        (999, "system"),
        (1e12, 32767),
        (math.inf, "system"),
    ],
)
async def test_probes_begin_after_whole_seconds_as_nodes_do(port, probe_ms, expected):
    with socket.socket() as untouched:
        system = untouched.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
    dialled = await _dial("127.0.0.1", origin=_origin(port), probe_ms=probe_ms)
    with dialled.sock as sock:
        is_on = bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        idle_s = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
    assert (expected is not None) is is_on
    if is_on:
        assert (system if expected == "system" else expected) == idle_s


@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("127.0.0.1", "::1")])
async def test_the_local_address_is_bound_to(port, hosts):
    origin = _origin(port, local_address="127.0.0.5")
    dialled = await _dial(*hosts, origin=origin)
    dialled.sock.close()
    assert dialled.local.startswith("127.0.0.5:")


async def test_a_refusal_has_nodes_code_and_words(closed_port):
    error = await _failure("127.0.0.1", origin=_origin(closed_port))
    assert "ECONNREFUSED" == error.code
    expected = f"connect ECONNREFUSED 127.0.0.1:{closed_port}: nothing listens there"
    assert expected == str(error)
    assert isinstance(error.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize(
    "hosts",
    [("127.0.0.1",), ("127.0.0.1", "127.0.0.2"), ("127.0.0.1", "::1"), ("::1", "127.0.0.1")],
)
async def test_a_local_address_that_is_not_ours_is_named(port, hosts):
    error = await _failure(*hosts, origin=_origin(port, local_address="192.0.2.1"))
    assert "EADDRNOTAVAIL" == error.code
    expected = "bind EADDRNOTAVAIL 192.0.2.1: no interface of this machine has this address"
    assert expected == str(error)


async def test_a_local_address_of_the_other_version_is_named():
    error = await _failure("::1", origin=_origin(9, "::1", local_address="127.0.0.1"))
    assert "EINVAL" == error.code
    assert str(error).startswith("bind EINVAL 127.0.0.1: ")


async def test_a_local_address_that_is_a_name_is_refused_without_a_look_up(port):
    error = await _failure("127.0.0.1", origin=_origin(port, local_address="localhost"))
    assert "ERR_INVALID_IP_ADDRESS" == error.code


async def test_no_descriptor_left_is_named(port):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.open(os.devnull, os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    taken = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        single = await _failure("127.0.0.1", origin=_origin(port))
        several = await _failure("127.0.0.1", "127.0.0.2", origin=_origin(port))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in (spare, *taken):
            os.close(number)
    assert "EMFILE" == single.code == several.code
    assert "no file descriptor left" in str(single)


async def test_a_dead_first_address_is_passed_over(ports):
    port = ports("127.0.0.1", "127.0.0.2", listen={"127.0.0.2": 8})
    dialled = await _dial("127.0.0.1", "127.0.0.2", origin=_origin(port, "a.example"))
    with dialled.sock:
        assert f"127.0.0.2:{port}" == dialled.remote
        assert 2 == dialled.attempts


async def test_ipv4_is_used_where_ipv6_is_refused(ports):
    port = ports("::1", "127.0.0.1", listen={"127.0.0.1": 8})
    dialled = await _dial("::1", "127.0.0.1", origin=_origin(port, "a.example"))
    with dialled.sock:
        assert (f"127.0.0.1:{port}", 2) == (dialled.remote, dialled.attempts)


async def test_ipv4_is_used_where_ipv6_never_answers(ports):
    port = ports("::1", "127.0.0.1", listen={"::1": 0, "127.0.0.1": 8})
    with _filled("::1", port):
        dialled = await _dial("::1", "127.0.0.1", origin=_origin(port, "a.example"))
    with dialled.sock:
        assert (f"127.0.0.1:{port}", 2) == (dialled.remote, dialled.attempts)


async def test_ipv6_is_preferred_where_both_answer(ports):
    port = ports("::1", "127.0.0.1", listen={"::1": 8, "127.0.0.1": 8})
    dialled = await _dial("::1", "127.0.0.1", origin=_origin(port, "a.example"))
    with dialled.sock:
        assert (f"[::1]:{port}", 1) == (dialled.remote, dialled.attempts)


async def test_the_versions_take_turns(ports, monkeypatch):
    port = ports("::1", "127.0.0.1", listen={})
    tried = []
    real = socket.socket.connect

    def connect(sock, address):
        tried.append(address[0])
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    await _failure("::1", "::1", "127.0.0.1", "127.0.0.1", origin=_origin(port, "a.example"))
    assert ["::1", "127.0.0.1", "::1", "127.0.0.1"] == tried


async def test_a_silent_first_address_costs_one_delay_and_is_closed(full_port, open_descriptors):
    before = open_descriptors()
    dialled = await _dial("127.0.0.1", "127.0.0.2", origin=_origin(full_port, "a.example"))
    assert before + 1 == open_descriptors()
    with dialled.sock:
        assert f"127.0.0.2:{full_port}" == dialled.remote
        assert dialled.tcp_s >= ATTEMPT_DELAY_S * 0.9


async def test_when_all_addresses_fail_each_is_told(closed_port, open_descriptors):
    before = open_descriptors()
    origin = _origin(closed_port, "a.example")
    error = await _failure("127.0.0.1", "127.0.0.2", origin=origin)
    assert "ECONNREFUSED" == error.code
    assert f"127.0.0.1:{closed_port} ECONNREFUSED" in str(error)
    assert f"127.0.0.2:{closed_port} ECONNREFUSED" in str(error)
    assert before == open_descriptors()


async def test_a_missing_route_does_not_hide_what_another_address_said(closed_port, monkeypatch):
    real = socket.socket.connect

    def connect(sock, address):
        if address[0] == "127.0.0.3":
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    origin = _origin(closed_port, "a.example")
    error = await _failure("127.0.0.3", "127.0.0.1", origin=origin)
    assert "ECONNREFUSED" == error.code
    assert f"127.0.0.3:{closed_port} ENETUNREACH" in str(error)
    alone = await _failure("127.0.0.3", origin=origin)
    assert "ENETUNREACH" == alone.code


@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("127.0.0.1", "127.0.0.1")])
async def test_a_cancelled_dial_leaves_no_socket(full_port, open_descriptors, monkeypatch, hosts):
    began = asyncio.Event()
    real = socket.socket.connect

    def connect(sock, address):
        began.set()
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    before = open_descriptors()
    task = asyncio.create_task(_dial(*hosts, origin=_origin(full_port)))
    await began.wait()
    assert before < open_descriptors()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert before == open_descriptors()


async def test_a_dial_cancelled_in_the_look_up_opens_no_socket(open_descriptors):
    class Silent:
        async def resolve(self, _host, _port, _family):
            asked.set()
            await asyncio.Event().wait()

    asked = asyncio.Event()
    before = open_descriptors()
    dialer = Dialer(Silent())
    task = asyncio.create_task(dialer.dial(_origin(80, "a.example"), keep_alive_probe_ms=None))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert before == open_descriptors()


async def test_a_socket_connected_to_itself_counts_as_refused(monkeypatch, open_descriptors):
    # A connect to a free ephemeral port is given that very port now and then. Made sure of here.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    real = socket.socket.connect

    def connect(sock, address):
        sock.bind(("127.0.0.1", port))
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    before = open_descriptors()
    error = await _failure("127.0.0.1", origin=_origin(port))
    assert "ECONNREFUSED" == error.code
    assert str(_self_connected(("127.0.0.1", port))) == str(error)
    assert before == open_descriptors()
