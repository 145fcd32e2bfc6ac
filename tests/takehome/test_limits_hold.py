"""Each snippet is run against a server that counts: its limits hold, and its sockets are used again.

The server answers nobody until as many requests are there as may be, so that the limit is reached;
then one more would be seen.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import subprocess
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.gated_server import GatedServer
from takehome import clients

from pooltop.core.model import Timeouts
from pooltop.takehome import Pool, take_home

LIMIT, WAVE = 3, 10
Gated = Callable[..., GatedServer]
Tuned = Callable[..., Pool]
DEADLINE_S = 120.0

needs_node = pytest.mark.skipif(clients.NODE is None, reason="no Node")
needs_go = pytest.mark.skipif(clients.GO is None, reason="no Go")
needs_java = pytest.mark.skipif(
    clients.JAVAC is None or clients.java_class_path() is None, reason="no HttpClient 5 for Java"
)


def _needs(target: str) -> None:
    package = clients.PACKAGES.get(target)
    if package is not None and not (clients.MODULES / package).is_dir():
        pytest.skip(f"no {package}: POOLTOP_UNDICI names a folder with it")


@contextmanager
def _running(command: list[str], url: str, *waves: int) -> Iterator[None]:
    """Run a driver until its waves are done; it stays until the block is left."""
    words = [*command, url, *map(str, waves)]
    pipe = subprocess.PIPE
    # No proxy of this machine's is to be in the way of loopback.
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            said = child.stdout.readline()
            assert said == "done\n", said + child.stderr.read()
            yield
        finally:
            child.stdin.close()
            try:
                child.wait(30)
            finally:
                child.kill()


def _holds(server: GatedServer) -> None:
    """Check what the server saw of two waves."""
    assert (LIMIT, 2 * WAVE, LIMIT) == (server.peak, server.requests, server.connections)


@needs_node
@pytest.mark.parametrize("target", clients.NODE_DRIVERS)
def test_in_node_the_limit_holds_and_idle_sockets_go(
    target: str, gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    _needs(target)
    server = gated(LIMIT)
    command = clients.node_command(target, take_home(tuned(timeout=400), target), tmp_path)
    with _running(command, server.url, WAVE, WAVE):
        _holds(server)
        assert server.open <= LIMIT
        server.wait_until_left()


@needs_node
@pytest.mark.parametrize("target", clients.NODE_DRIVERS)
def test_in_node_nothing_is_kept_where_keep_alive_is_off(
    target: str, gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    _needs(target)
    server = gated(LIMIT)
    pool = tuned(keep_alive=False)
    with _running(
        clients.node_command(target, take_home(pool, target), tmp_path), server.url, WAVE
    ):
        assert LIMIT == server.peak
        server.wait_until_left()


@needs_node
def test_in_node_so_many_idle_sockets_are_kept_and_no_more(
    gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    server = gated(LIMIT)
    pool = tuned(max_free_sockets=1)
    with (
        _running(
            clients.node_command("node-http", take_home(pool, "node-http"), tmp_path),
            server.url,
            LIMIT,
        ),
        server.changed,
    ):
        assert server.changed.wait_for(lambda: server.open == 1, 30)
    assert LIMIT == server.connections


@needs_node
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"max_sockets": 0}, "0 Infinity 256"),
        ({"max_total_sockets": 0}, "3 0 256"),
        ({"max_free_sockets": 0}, "3 Infinity 0"),
        ({"max_sockets": float("inf")}, "Infinity Infinity 256"),
    ],
)
def test_what_nodes_constructor_reads_otherwise_is_as_it_was_tuned(
    options: dict[str, float], shown: str, tuned: Tuned, tmp_path: Path
) -> None:
    (tmp_path / "pool.mjs").write_text(take_home(tuned(**options), "node-http"))
    (tmp_path / "main.mjs").write_text(
        "import { httpAgent as a, httpsAgent as b } from './pool.mjs';\n"
        "for (const c of [a, b]) console.log(c.maxSockets, c.maxTotalSockets, c.maxFreeSockets);\n"
    )
    out = subprocess.run(
        [str(clients.NODE), str(tmp_path / "main.mjs")], capture_output=True, text=True, check=True
    )
    assert [shown, shown] == out.stdout.splitlines()


@needs_go
def test_in_go_the_limit_holds_and_idle_sockets_go(
    gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    server = gated(LIMIT)
    snippet = take_home(tuned(timeout=400), "go")
    with _running(clients.go_command(snippet, tmp_path), server.url, WAVE, WAVE):
        _holds(server)
        server.wait_until_left()


@needs_java
def test_in_java_the_limit_holds_and_idle_sockets_go(
    gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    server = gated(LIMIT)
    (tmp_path / "Pool.java").write_text(take_home(tuned(timeout=400), "java"))
    (tmp_path / "Main.java").write_text(clients.JAVA_DRIVER)
    path = f"{clients.java_class_path()}:{tmp_path}"
    files = [str(tmp_path / name) for name in ("Pool.java", "Main.java")]
    done = subprocess.run(
        [str(clients.JAVAC), "-Xlint:all", "-cp", path, *files], capture_output=True, text=True
    )
    assert (0, "") == (done.returncode, done.stderr)
    with _running(["java", "-cp", path, "Main"], server.url, WAVE, WAVE):
        _holds(server)
        server.wait_until_left()


def _module(target: str, pool: Pool, folder: Path) -> dict[str, object]:
    file = folder / "pool.py"
    file.write_text(take_home(pool, target))
    return runpy.run_path(str(file))


async def test_aiohttp_holds_the_limit_and_closes_idle_sockets(
    gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    pytest.importorskip("aiohttp")
    server = gated(LIMIT)
    session = _module("aiohttp", tuned(timeout=400), tmp_path)["make_session"]()

    async def one() -> None:
        async with session.get(server.url) as response:
            assert b"ok" == await response.read()

    async with session, asyncio.timeout(DEADLINE_S):
        for _ in range(2):
            await asyncio.gather(*(one() for _ in range(WAVE)))
        _holds(server)
        await asyncio.to_thread(server.wait_until_left)


@pytest.mark.parametrize("target", ["httpx", "urllib3", "requests"])
@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "closed"])
def test_in_threads_the_limit_holds(
    target: str, gated: Gated, tuned: Tuned, tmp_path: Path, *, keep_alive: bool
) -> None:
    pytest.importorskip(target)
    server = gated(LIMIT)
    pool = tuned(keep_alive=keep_alive, max_free_sockets=LIMIT)
    made = _module(target, pool, tmp_path)
    if target == "urllib3":
        manager = made["make_pools"]()
        get, close = (lambda: manager.request("GET", server.url).data), manager.clear
    else:
        client = made["make_client" if target == "httpx" else "make_session"]()
        get, close = (lambda: client.get(server.url).content), client.close
    with ThreadPoolExecutor(WAVE) as threads:
        for _ in range(2):
            answers = [
                each.result(DEADLINE_S) for each in [threads.submit(get) for _ in range(WAVE)]
            ]
            assert [b"ok"] * WAVE == answers
    if keep_alive:
        _holds(server)
    else:
        assert (LIMIT, 2 * WAVE) == (server.peak, server.requests)
        assert server.connections > LIMIT
    close()
    server.wait_until_left()


def test_httpx_waits_for_a_connection_no_longer_than_the_queues_clock(
    gated: Gated, tuned: Tuned, tmp_path: Path
) -> None:
    httpx = pytest.importorskip("httpx")
    server = gated(2)  # there is never but one, so that the other waits
    pool = replace(tuned(max_sockets=1), timeouts=Timeouts(queue=0.2))
    client = _module("httpx", pool, tmp_path)["make_client"]()
    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(client.get, server.url) for _ in range(2)]
        (first, *_), _ = futures.wait(sent, DEADLINE_S, futures.FIRST_COMPLETED)
        server.let_through()
        assert isinstance(first.exception(), httpx.PoolTimeout)
    client.close()
