"""The real command against a real server on loopback: its numbers are the server's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pooltop.core.model import DemoServer, Latency
from pooltop.demo.host import DemoHost
from pooltop.demo.server import DemoServers

ROOT = str(Path(__file__).parents[2])

PROFILE = """
[agents.kept]
keep_alive = true
max_sockets = 3
[agents.close]
keep_alive = false
[workloads.kept]
agent = "kept"
base_url = "http://127.0.0.1:{kept}"
model = "closed"
users = 5
max_requests = 200
[workloads.close]
agent = "close"
base_url = "http://127.0.0.1:{close}"
rate = "200/s"
max_requests = 60
"""


@pytest.fixture
async def hosts() -> AsyncIterator[dict[str, DemoHost]]:
    """Serve two hosts."""
    specs = [DemoServer(name=name, latency=Latency(median_s=0.001)) for name in ("kept", "close")]
    async with DemoServers(specs) as servers:
        yield servers.hosts


@pytest.fixture
def profile(hosts: dict[str, DemoHost], tmp_path: Path) -> str:
    """Write a profile that sends both a known number of requests."""
    path = tmp_path / "p.toml"
    path.write_text(PROFILE.format(kept=hosts["kept"].port, close=hosts["close"].port))
    return str(path)


async def _start(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-X", "dev", "-m", "pooltop", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )


async def test_the_last_json_line_has_exactly_the_servers_numbers(
    hosts: dict[str, DemoHost], profile: str
) -> None:
    process = await _start("--profile", profile, "--json", "--interval", "100ms")
    async with asyncio.timeout(20):
        out, err = await process.communicate()

    lines = [json.loads(line) for line in out.decode().splitlines()]
    told = {
        agent["name"]: (origin["counters"]["completed"], origin["counters"]["opened"])
        for agent in lines[-1]["snapshot"]["agents"]
        for origin in agent["origins"]
    }
    assert 0 == process.returncode, err
    assert {name: (host.requests, host.accepted) for name, host in hosts.items()} == told
    assert (200, 60, 60) == (told["kept"][0], *told["close"])
    assert [1] * len(lines) == [line["schema"] for line in lines]
    assert b"summary of" in err


async def test_the_summary_has_exactly_the_servers_numbers(
    hosts: dict[str, DemoHost], profile: str
) -> None:
    process = await _start("--profile", profile)  # no terminal: headless by itself
    async with asyncio.timeout(20):
        out, err = await process.communicate()

    text = out.decode()
    assert (0, b"") == (process.returncode, err)
    assert "  requests    200 submitted, 200 completed, 0 failed\n" in text
    assert "  requests    60 submitted, 60 completed, 0 failed\n" in text
    assert f"  sockets     {hosts['kept'].accepted} opened, " in text
    assert "  sockets     60 opened, 0 open at the end; closed: " in text
    assert "\x1b" not in text


async def test_an_interrupt_ends_it_with_a_summary_and_no_process_left(tmp_path: Path) -> None:
    process = await _start("demo", "--headless", "--interval", "100ms")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while not (await process.stdout.readline()).startswith(b"TIME"):
            pass
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()

    assert (130, b"") == (process.returncode, err)
    assert b"\nsummary of demo after " in out


async def test_a_reader_that_leaves_ends_it_without_a_word() -> None:
    process = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m pooltop demo --interval 100ms --duration 15s | head -1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    async with asyncio.timeout(10):
        out, err = await process.communicate()

    assert (0, b"") == (process.returncode, err)
    assert out.startswith((b"TIME", b"2", b"1", b"0"))
