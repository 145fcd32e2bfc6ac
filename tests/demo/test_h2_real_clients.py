"""The demo's HTTP/2 as others see it: Node's client and curl, where they are installed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pooltop.core.model import DemoServer, Latency

NOW = Latency(median_s=0.0)
NODE = os.environ.get("POOLTOP_NODE") or shutil.which("node")
CURL = shutil.which("curl")
CLIENT = Path(__file__).with_name("h2_client.mjs")
DEADLINE_S = 60.0
needs_node = pytest.mark.skipif(NODE is None, reason="no Node")


def _has_http2() -> bool:
    if CURL is None:
        return False
    version = subprocess.run([CURL, "--version"], capture_output=True, text=True, check=False)
    return "HTTP2" in version.stdout


needs_curl = pytest.mark.skipif(not _has_http2(), reason="no curl with HTTP/2")


async def run(*command: str | None) -> str:
    """Run a client to its end, and give what it printed."""
    child = await asyncio.create_subprocess_exec(
        *(str(word) for word in command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            output, errors = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert (0, "") == (child.returncode, errors.decode())
    return output.decode()


@pytest.fixture
async def hosts(serve_all):
    """Give a function that starts an http and an https host alike, and their authority."""

    async def start(**options):
        common = {"latency": NOW, "protocols": ("http/1.1", "h2")} | options
        servers = await serve_all(
            DemoServer(name="plain", **common),
            DemoServer(name="secure", scheme="https", **(common | {"protocols": ("h2",)})),
        )
        return servers.hosts["plain"], servers.hosts["secure"], servers.addresses.ca

    return start


async def node(host, *, count: int, width: int, ca: str = "", path: str = "/", upload: str = ""):
    url = f"{host.spec.scheme}://localhost:{host.port}{path}"
    command = [NODE, str(CLIENT), url, str(count), str(width), ca, upload]
    return json.loads(await run(*command))


@needs_node
@pytest.mark.parametrize("is_secure", [False, True])
async def test_node_has_a_thousand_requests_answered_on_one_session(hosts, is_secure) -> None:
    plain, secure, ca = await hosts()
    host = secure if is_secure else plain
    seen = await node(host, count=1000, width=100, ca=ca if is_secure else "")
    assert (1000, 1, 0, []) == (seen["answered"], seen["sessions"], seen["again"], seen["goaways"])
    assert ({"200": 1000}, 256_000) == (seen["statuses"], seen["bytes"])
    assert (1, 1000, 1000) == (host.accepted, host.requests, host.responses)
    assert (0, 0) == (host.h2.refused, host.h2.goaways)
    assert 1 <= host.h2.most_streams <= 100


@needs_node
@pytest.mark.parametrize("is_secure", [False, True])
async def test_node_loses_none_over_goaways(hosts, is_secure) -> None:
    plain, secure, ca = await hosts(goaway_after=70)
    host = secure if is_secure else plain
    seen = await node(host, count=1000, width=100, ca=ca if is_secure else "")
    assert ({"200": 1000}, 256_000) == (seen["statuses"], seen["bytes"])
    assert (1000, 1000) == (host.requests, host.responses)
    assert host.h2.goaways == len(seen["goaways"]) == 1000 // 70
    assert [[0, 139]] * (1000 // 70) == seen["goaways"]
    assert seen["sessions"] == host.accepted


@needs_node
async def test_node_loses_none_over_refusals(hosts) -> None:
    plain, _, _ = await hosts(refuse=0.1)
    seen = await node(plain, count=500, width=50)
    assert ({"200": 500}, 1) == (seen["statuses"], seen["sessions"])
    assert (plain.h2.refused, 500) == (seen["again"], plain.requests)


@needs_node
async def test_node_waits_for_a_cap_that_is_smaller_than_what_it_asks(hosts) -> None:
    plain, _, _ = await hosts(max_concurrent_streams=3, latency=Latency(median_s=0.001))
    seen = await node(plain, count=100, width=50)
    assert ({"200": 100}, 0) == (seen["statuses"], seen["again"])
    assert 0 == plain.h2.refused
    assert 1 <= plain.h2.most_streams <= 3


@needs_node
@pytest.mark.parametrize("is_secure", [False, True])
async def test_node_uploads_and_downloads_large_bodies(hosts, is_secure) -> None:
    plain, secure, ca = await hosts()
    host = secure if is_secure else plain
    ca = ca if is_secure else ""
    seen = await node(host, count=10, width=5, ca=ca, path="/bytes/1000000", upload="1000000")
    assert ({"200": 10}, 10_000_000) == (seen["statuses"], seen["bytes"])


WRITE = "%{http_version} %{http_code} %{size_download}\n"


@needs_curl
async def test_curl_speaks_it_by_alpn_and_by_prior_knowledge(hosts) -> None:
    plain, secure, ca = await hosts(goaway_after=2)
    url = f"https://localhost:{secure.port}/bytes/100000"
    three = [word for _ in range(3) for word in (url, "-o", os.devnull)]
    seen = await run(CURL, "-sS", "-w", WRITE, "--cacert", ca, *three)
    assert "2 200 100000\n" * 3 == seen
    assert (2, 3, 1) == (secure.accepted, secure.requests, secure.h2.goaways)
    url = f"http://localhost:{plain.port}/bytes/1000000"
    known = "--http2-prior-knowledge"
    assert "2 200 1000000\n" == await run(CURL, "-sS", "-w", WRITE, known, "-o", os.devnull, url)
    assert "1.1 200 1000000\n" == await run(CURL, "-sS", "-w", WRITE, "-o", os.devnull, url)
    assert "2 200 0\n" == (await run(CURL, "-sSI", "-w", WRITE, known, url)).splitlines(True)[-1]
