"""The demo as a process of its own: the standard library's client is the judge."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pooltop.core.model import DemoServer, Latency
from pooltop.demo.process import DemoProcess
from pooltop.errors import EngineError, UsageError

NOW = Latency(median_s=0.0)
KEPT = DemoServer(name="kept", latency=NOW)
SECURE = DemoServer(name="secure", scheme="https", latency=NOW)
ROOT = str(Path(__file__).parents[2])
DEADLINE_S = 10.0

PARENT = """
import asyncio, sys
from pooltop.core.model import DemoServer
from pooltop.demo.process import DemoProcess

async def main():
    demo = DemoProcess()
    addresses = await demo.start([DemoServer(name="kept")])
    print(addresses.servers["kept"].port, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


@pytest.fixture
def environment() -> dict[str, str]:
    """What a child needs to find the package."""
    return {**os.environ, "PYTHONPATH": ROOT}


@pytest.fixture
def child(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The child as a stranger would start it, not yet told what to serve."""
    with subprocess.Popen(
        [sys.executable, "-m", "pooltop.demo.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        yield process
        process.kill()


def tell(child: subprocess.Popen[bytes], *servers: DemoServer) -> dict[str, object]:
    """Give it its line, and read what it answers."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(msgspec.json.encode(servers) + b"\n")
    child.stdin.flush()
    answer: dict[str, object] = json.loads(child.stdout.readline())
    return answer


async def test_a_started_demo_serves_http_and_https_until_it_is_closed() -> None:
    def fetch(connection: http.client.HTTPConnection, times: int) -> list[tuple[int, bytes]]:
        got = []
        for _ in range(times):
            connection.request("GET", "/")
            response = connection.getresponse()
            got.append((response.status, response.read()[:15]))
        connection.close()
        return got

    async with DemoProcess() as demo:
        addresses = await demo.start([KEPT, SECURE])
        kept, secure = addresses.servers["kept"], addresses.servers["secure"]
        assert f"https://secure.localhost:{secure.port}" == secure.url
        context = ssl.create_default_context(cafile=addresses.ca)
        plain = http.client.HTTPConnection("127.0.0.1", kept.port, timeout=DEADLINE_S)
        tls = http.client.HTTPSConnection(
            "127.0.0.1", secure.port, timeout=DEADLINE_S, context=context
        )
        assert [(200, b"kept.localhost,")] * 3 == await asyncio.to_thread(fetch, plain, 3)
        assert [(200, b"secure.localhos")] * 2 == await asyncio.to_thread(fetch, tls, 2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", kept.port), timeout=DEADLINE_S)


async def test_the_authority_is_private_and_removed_at_the_end() -> None:
    async with DemoProcess() as demo:
        addresses = await demo.start([SECURE])
        ca = Path(str(addresses.ca))
        assert 0o600 == stat.S_IMODE(ca.stat().st_mode)
        assert 0o700 == stat.S_IMODE(ca.parent.stat().st_mode)
        assert "PRIVATE KEY" not in ca.read_text()
    assert not ca.parent.exists()


async def test_no_authority_is_made_without_https() -> None:
    async with DemoProcess() as demo:
        assert None is (await demo.start([KEPT])).ca


def test_it_can_be_spawned_before_there_is_an_event_loop() -> None:
    async def rest() -> list[str]:
        try:
            assert await demo.ready() is await demo.ready()
            return list((await demo.ready()).servers)
        finally:
            await demo.close()

    demo = DemoProcess()
    demo.spawn([KEPT])
    assert ["kept"] == asyncio.run(rest())


async def test_closing_ends_only_its_own_child_within_a_second_and_only_once() -> None:
    async with DemoProcess() as other:
        port = (await other.start([KEPT])).servers["kept"].port
        demo = DemoProcess()
        address = (await demo.start([KEPT])).servers["kept"]
        pid = demo.pid
        assert pid is not None
        # A request under way must not hold it up.
        with socket.create_connection(("127.0.0.1", address.port)) as busy:
            busy.sendall(b"GET /delay/60s HTTP/1.1\r\nHost: d\r\n\r\n")
            async with asyncio.timeout(1.0):
                await demo.close()
        await demo.close()
        assert demo.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S).close()


async def test_a_child_that_does_not_end_is_killed_and_its_files_are_removed() -> None:
    demo = DemoProcess()
    addresses = await demo.start([SECURE])
    assert demo.pid is not None
    os.kill(demo.pid, signal.SIGSTOP)
    async with asyncio.timeout(1.0):
        await demo.close()
    assert not Path(str(addresses.ca)).parent.exists()


async def test_a_child_that_somebody_killed_is_told_and_its_files_are_removed() -> None:
    demo = DemoProcess()
    addresses = await demo.start([SECURE])
    assert demo.pid is not None
    os.kill(demo.pid, signal.SIGKILL)
    async with asyncio.timeout(DEADLINE_S):
        assert "was killed by SIGKILL" == await demo.ended()
    await demo.close()
    assert not Path(str(addresses.ca)).parent.exists()


async def test_a_child_that_ends_too_early_is_an_engine_error_with_its_last_words() -> None:
    demo = DemoProcess()
    nameless = msgspec.structs.replace(KEPT, scheme="gopher")
    with pytest.raises(EngineError, match=r"ended before it was ready: .*gopher"):
        await demo.start([nameless])
    assert demo.pid is None


async def test_a_child_that_is_too_slow_is_an_engine_error() -> None:
    async with DemoProcess() as demo:
        demo.spawn([KEPT])
        with pytest.raises(EngineError, match=r"not ready after 0 s"):
            await demo.ready(timeout_s=0)


async def test_misuse_is_told() -> None:
    async with DemoProcess() as demo:
        with pytest.raises(UsageError):
            await demo.ready()
        await demo.start([KEPT])
        with pytest.raises(UsageError):
            demo.spawn([KEPT])


def test_the_child_ends_when_its_stdin_closes(child: subprocess.Popen[bytes]) -> None:
    answer = tell(child, KEPT, SECURE)
    ca = Path(str(answer["ca"]))
    assert ca.exists()
    assert child.stdin is not None
    child.stdin.close()
    assert 0 == child.wait(DEADLINE_S)
    assert not ca.parent.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_child_ends_on_a_signal(child: subprocess.Popen[bytes], number: int) -> None:
    ca = Path(str(tell(child, SECURE)["ca"]))
    child.send_signal(number)
    assert 0 == child.wait(DEADLINE_S)
    assert not ca.parent.exists()


def test_the_child_ends_when_its_parent_is_killed(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as client:
            parent.kill()
            assert b"" == client.recv(1)


def test_the_list_may_be_an_argument_and_a_wrong_one_is_a_usage_error(
    environment: dict[str, str],
) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "pooltop.demo.process", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            check=False,
            timeout=DEADLINE_S,
        )

    served = run('[{"name": "kept"}]')
    assert (0, ["kept"]) == (served.returncode, list(json.loads(served.stdout)["servers"]))
    for wrong in (["{"], ['[{"nam": 1}]'], ["[]", "[]"], []):
        assert (2, b"") == (run(*wrong).returncode, run(*wrong).stdout)


def test_http_alone_loads_neither_certificates_nor_http_2(environment: dict[str, str]) -> None:
    code = (
        "import sys, pooltop.demo.child, pooltop.demo.host as host, pooltop.core.model as model\n"
        "host.DemoHost(model.DemoServer(name='kept'))\n"
        "print([name for name in ('trustme', 'h2', 'hpack') if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True
    ).stdout
    assert b"[]\n" == output


async def test_a_started_demo_speaks_http_2(connect_h2) -> None:
    spoken = ("http/1.1", "h2")
    async with DemoProcess() as demo:
        addresses = await demo.start(
            [
                msgspec.structs.replace(KEPT, protocols=spoken),
                msgspec.structs.replace(SECURE, protocols=spoken[::-1]),
            ]
        )
        context = ssl.create_default_context(cafile=addresses.ca)
        context.set_alpn_protocols(["http/1.1", "h2"])
        plain = await connect_h2(addresses.servers["kept"])
        secure = await connect_h2(addresses.servers["secure"], context, "secure.localhost")
        assert [200, 200] == [(await client.get())[0] for client in (plain, secure)]
