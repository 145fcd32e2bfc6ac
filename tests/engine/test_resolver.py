"""The resolver: what it answers itself, what it asks the system, and how it fails."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import socket
import subprocess
import sys
import threading

import pytest

from pooltop.engine.resolver import Address, SystemResolver
from pooltop.errors import AbortError, NetworkError, UsageError

V4, V6 = socket.AF_INET, socket.AF_INET6


class FakeSystem:
    """Stands in for getaddrinfo: counts, and can hold the answers back."""

    def __init__(self, monkeypatch):
        self.asked = []
        self.answers = {}
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Semaphore(0)
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, name, _port, *, family, **_):
        self.asked.append((name, family))
        self.was_asked.release()
        self.may_answer.wait(10)
        answer = self.answers.get(name, ["127.0.0.1"])
        if isinstance(answer, Exception):
            raise answer
        return [
            (V6 if ":" in host else V4, socket.SOCK_STREAM, 6, "", (host, 0)) for host in answer
        ]


@pytest.fixture
def system(monkeypatch):
    fake = FakeSystem(monkeypatch)
    yield fake
    fake.may_answer.set()


@pytest.fixture
async def resolver():
    it = SystemResolver()
    yield it
    await it.aclose()


@pytest.mark.parametrize(
    ("host", "family", "expected"),
    [
        ("192.0.2.7", None, [(V4, "192.0.2.7")]),
        ("2001:db8::1", None, [(V6, "2001:db8::1")]),
        ("::1", 4, [(V6, "::1")]),
        ("127.0.0.1", 6, [(V4, "127.0.0.1")]),
        ("localhost", None, [(V4, "127.0.0.1"), (V6, "::1")]),
        ("LocalHost.", 4, [(V4, "127.0.0.1")]),
        ("localhost", 6, [(V6, "::1")]),
        ("", None, [(V4, "127.0.0.1"), (V6, "::1")]),
        ("api.localhost", None, [(V4, "127.0.0.1")]),
        ("api.LOCALHOST", 4, [(V4, "127.0.0.1")]),
        ("api.localhost", 6, [(V6, "::1")]),
    ],
)
async def test_literals_and_localhost_are_answered_without_a_look_up(
    system, resolver, host, family, expected
):
    found = await resolver.resolve(host, 81, family)
    assert tuple(Address(number, literal, 81) for number, literal in expected) == found
    assert [] == system.asked


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "0x7f000001", "127.0.0.01", "1.2.3.4.", "256.0.0.1"]
)
async def test_an_ipv4_address_that_programs_read_differently_is_refused(system, resolver, host):
    with pytest.raises(NetworkError, match="no canonical IPv4 address") as caught:
        await resolver.resolve(host, 80, None)
    assert "ERR_INVALID_IP_ADDRESS" == caught.value.code
    assert [] == system.asked


async def test_a_name_is_looked_up_and_keeps_the_systems_order(system, resolver):
    system.answers["a.example"] = ["2001:db8::1", "192.0.2.7", "192.0.2.7"]
    found = await resolver.resolve("A.example", 80, None)
    assert (Address(V6, "2001:db8::1", 80), Address(V4, "192.0.2.7", 80)) == found
    assert [("a.example", socket.AF_UNSPEC)] == system.asked


async def test_the_family_restricts_the_look_up(system, resolver):
    await resolver.resolve("a.example", 80, 4)
    await resolver.resolve("a.example", 80, 6)
    assert [("a.example", V4), ("a.example", V6)] == system.asked


async def test_an_answer_is_used_again_until_its_lifetime_ends(system):
    now = 0.0
    resolver = SystemResolver(lifetime_s=5.0, clock=lambda: now)
    await resolver.resolve("a.example", 80, None)
    now = 4.9
    await resolver.resolve("a.example", 81, None)
    assert 1 == len(system.asked)
    now = 5.0
    await resolver.resolve("a.example", 80, None)
    assert 2 == len(system.asked)
    await resolver.aclose()


async def test_an_answer_from_memory_is_counted_and_a_literal_is_not(system, resolver):
    for host in ("a.example", "a.example", "b.example", "127.0.0.1", "localhost"):
        await resolver.resolve(host, 80, None)
    assert (2, 1) == (resolver.lookups, resolver.hits)


async def test_a_lifetime_of_zero_asks_every_time(system):
    resolver = SystemResolver(lifetime_s=0)
    await resolver.resolve("a.example", 80, None)
    await resolver.resolve("a.example", 80, None)
    assert 2 == len(system.asked)
    await resolver.aclose()


async def test_the_memory_is_bounded(system, monkeypatch):
    monkeypatch.setattr("pooltop.engine.resolver._MAX_CACHED", 2)
    resolver = SystemResolver()
    for name in ("a.example", "b.example", "c.example", "c.example", "a.example"):
        await resolver.resolve(name, 80, None)
    assert ["a.example", "b.example", "c.example", "a.example"] == [n for n, _ in system.asked]
    await resolver.aclose()


async def test_a_failure_is_not_remembered(system, resolver):
    system.answers["a.example"] = socket.gaierror(socket.EAI_AGAIN, "later")
    with pytest.raises(NetworkError):
        await resolver.resolve("a.example", 80, None)
    system.answers["a.example"] = ["192.0.2.7"]
    assert (Address(V4, "192.0.2.7", 80),) == await resolver.resolve("a.example", 80, None)


async def test_callers_at_the_same_time_share_one_look_up(system, resolver):
    system.may_answer.clear()
    callers = [asyncio.create_task(resolver.resolve("a.example", 80, None)) for _ in range(5)]
    await asyncio.to_thread(system.was_asked.acquire)
    callers[0].cancel()
    system.may_answer.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert [(Address(V4, "127.0.0.1", 80),)] * 4 == outcomes[1:]
    assert 1 == len(system.asked)


async def test_callers_of_one_failed_look_up_get_an_error_each(system, resolver):
    system.answers["a.example"] = socket.gaierror(socket.EAI_NONAME, "unknown")
    callers = [resolver.resolve("a.example", 80, None) for _ in range(2)]
    first, second = await asyncio.gather(*callers, return_exceptions=True)
    assert first is not second
    assert "ENOTFOUND" == first.code == second.code


async def test_no_more_than_the_bound_run_at_once_and_the_rest_follow(system):
    resolver = SystemResolver(max_lookups=2)
    system.may_answer.clear()
    names = [f"{letter}.example" for letter in "abcde"]
    callers = [asyncio.create_task(resolver.resolve(name, 80, None)) for name in names]
    for _ in range(2):
        await asyncio.to_thread(system.was_asked.acquire)
    assert 2 == len(system.asked)
    assert "<SystemResolver running=2 waiting=3 lookups=2 hits=0>" == repr(resolver)
    system.may_answer.set()
    await asyncio.gather(*callers)
    assert names == sorted(name for name, _ in system.asked)
    await resolver.aclose()


async def test_a_look_up_that_nobody_waits_for_any_more_is_not_begun(system):
    resolver = SystemResolver(max_lookups=1)
    system.may_answer.clear()

    def caller(name):
        return asyncio.create_task(resolver.resolve(name, 80, None))

    running, first, second, patient = map(
        caller, ("a.example", "b.example", "b.example", "c.example")
    )
    await asyncio.to_thread(system.was_asked.acquire)
    first.cancel()
    await asyncio.wait([first])
    assert "running=1 waiting=2" in repr(resolver)  # the second still wants it
    second.cancel()
    await asyncio.wait([second])
    assert "running=1 waiting=1" in repr(resolver)
    again = caller("b.example")
    system.may_answer.set()
    await asyncio.gather(running, patient, again)
    assert ["a.example", "c.example", "b.example"] == [name for name, _ in system.asked]
    await resolver.aclose()


@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY])
async def test_a_host_without_an_address_of_the_family_is_not_found(system, resolver, number):
    system.answers["a.example"] = socket.gaierror(number, "no")
    with pytest.raises(NetworkError) as caught:
        await resolver.resolve("a.example", 80, 6)
    expected = "getaddrinfo ENOTFOUND a.example: no such name, or it has no IPv6 address"
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "ENOTFOUND"),
        (socket.gaierror(socket.EAI_NODATA, "No address"), "ENOTFOUND"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "EAI_AGAIN"),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), "EAI_FAIL"),
        (OSError(errno.EMFILE, "Too many open files"), "EMFILE"),
        (UnicodeError("label too long"), "ENOTFOUND"),
        (ValueError("embedded null character"), "ENOTFOUND"),
    ],
)
async def test_failures_have_nodes_codes_and_words(system, resolver, failure, code):
    system.answers["a.example"] = failure
    with pytest.raises(NetworkError, match=f"^getaddrinfo {code} a.example: .") as caught:
        await resolver.resolve("a.example", 80, None)
    assert code == caught.value.code
    assert caught.value.__cause__ is failure


async def test_an_impossible_name_is_not_found(resolver):
    with pytest.raises(NetworkError, match="not a possible name"):
        await resolver.resolve("x" * 64 + ".example", 80, None)


async def test_no_descriptor_left_is_not_called_a_wrong_name(system, resolver):
    system.answers["a.example"] = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.open(os.devnull, os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    taken = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(NetworkError, match="no file descriptor left") as caught:
            await resolver.resolve("a.example", 80, None)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in (spare, *taken):
            os.close(number)
    assert "EMFILE" == caught.value.code


async def test_closing_fails_whoever_waits_and_refuses_the_rest(system):
    resolver = SystemResolver()
    system.may_answer.clear()
    waiting = asyncio.create_task(resolver.resolve("a.example", 80, None))
    await asyncio.to_thread(system.was_asked.acquire)
    await resolver.aclose()
    with pytest.raises(AbortError):
        await waiting
    with pytest.raises(UsageError):
        await resolver.resolve("127.0.0.1", 80, None)
    await resolver.aclose()


def test_a_hung_look_up_does_not_hold_the_process_at_its_end():
    program = """
import asyncio, socket, threading
from pooltop.engine.resolver import SystemResolver
asked = threading.Event()
def hang(*args, **kwargs):
    asked.set()
    threading.Event().wait()
socket.getaddrinfo = hang
async def main():
    resolver = SystemResolver()
    task = asyncio.create_task(resolver.resolve("a.example", 80, None))
    await asyncio.to_thread(asked.wait)
    await resolver.aclose()
    await asyncio.wait([task])
    print(type(task.exception()).__name__)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True
    )
    assert "AbortError\n" == done.stdout
