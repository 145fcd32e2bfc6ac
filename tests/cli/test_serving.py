"""The dashboard in a browser: who is let in, what a visitor sees and may do, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pooltop import cli
from pooltop.errors import EngineError, UsageError
from pooltop.serving import bind, refusal, viewer_command, warning
from pooltop.sources import engines

ROOT = str(Path(__file__).parents[2])
PROFILE = """\
schema = 1
[demo.web]
[agents.web]
kind = "http.Agent"
keep_alive = true
[workloads.browse]
agent = "web"
base_url = "demo:web"
rate = "20/s"
"""


@pytest.mark.parametrize(
    ("host", "origin", "address", "why"),
    [
        ("127.0.0.1:8765", None, "127.0.0.1", ""),
        ("127.0.0.1:8765", "http://127.0.0.1:8765", "127.0.0.1", ""),
        ("localhost:8765", "http://localhost:8765", "127.0.0.1", ""),
        ("[::1]:8765", None, "::1", ""),
        ("192.0.2.7:8765", "http://192.0.2.7:8765", "0.0.0.0", ""),
        ("127.0.0.1:8765", "http://evil.example", "127.0.0.1", "another site"),
        ("127.0.0.1:8765", "null", "127.0.0.1", "another site"),
        ("127.0.0.1:8765", "http://localhost:8765", "127.0.0.1", "another site"),
        ("evil.example:8765", "http://evil.example:8765", "127.0.0.1", "no such host"),
        ("evil.example:8765", None, "0.0.0.0", "no such host"),
        ("127.0.0.1:80", None, "127.0.0.1", "no such host"),
        ("127.0.0.1", None, "127.0.0.1", "no such host"),
        ("localhost:8765", None, "192.0.2.7", "no such host"),
        ("[::1", None, "127.0.0.1", "no such host"),
        ("127.0.0.1:http", None, "127.0.0.1", "no such host"),
    ],
)
def test_only_this_page_under_this_machines_own_name_is_let_in(host, origin, address, why) -> None:
    found = refusal(host, origin, address, 8765)
    assert why in found
    assert bool(why) == bool(found)


def test_a_visitor_is_a_viewer_that_cannot_write_unless_that_was_asked_for() -> None:
    assert viewer_command("prod", write=False).endswith("-m pooltop attach prod --read-only")
    assert viewer_command("prod", write=True).endswith("-m pooltop attach prod")


def test_beyond_loopback_it_is_said_who_can_see_and_who_can_change() -> None:
    assert "" == warning("127.0.0.1", write=True)
    assert "" == warning("::1", write=False)
    assert "can see this engine: there is no password" in warning("0.0.0.0", write=False)
    assert "can see and CHANGE this engine" in warning("192.0.2.7", write=True)


def test_a_name_is_no_address_and_a_port_in_use_is_told() -> None:
    with pytest.raises(UsageError, match="--listen localhost: expected an address"):
        bind("localhost", 0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EngineError, match=f"cannot listen on 127.0.0.1 port {port}: "):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("port", ["x", "-1", "65536", "\u0661"])
def test_a_port_is_a_number(port, capfd) -> None:
    assert 2 == cli.main(["serve", f"--port={port}"])
    assert "expected a number from 0 to 65535" in capfd.readouterr().err


def test_without_the_extra_it_is_said_what_to_install(monkeypatch, tmp_path, capfd) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert 2 == cli.main(["serve"])
    said = 'pooltop: serve needs the extra "serve": pip install "pooltop[serve]"\n'
    assert said == capfd.readouterr().err


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """Serve an engine of its own; whatever happens, both are ended."""
    pytest.importorskip("textual_serve")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    profile = tmp_path / "web.toml"
    profile.write_text(PROFILE)
    with subprocess.Popen(
        [sys.executable, "-m", "pooltop", "serve", "--profile", str(profile), "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    ) as process:
        try:
            yield process
        finally:
            process.kill()
    for found in engines.find():
        with contextlib.suppress(EngineError):
            engines.stop(found.name)


async def test_a_visitor_gets_the_page_and_the_dashboard_and_cannot_write(served) -> None:
    import aiohttp

    assert served.stdout is not None
    told = await asyncio.to_thread(served.stdout.readline)
    page = re.search(r"engine web at (http://127\.0\.0\.1:\d+)/ \(read-only\)", told)
    assert page, (told, served.poll())
    async with asyncio.timeout(40), aiohttp.ClientSession(base_url=page[1]) as client:
        async with client.get("/") as response:
            assert 200 == response.status
            assert f"{page[1]}/static/js/textual.js" in await response.text()
            assert "style-src 'self'" in response.headers["Content-Security-Policy"]
        async with client.get("/", headers={"Host": "evil.example"}) as response:
            assert 403 == response.status
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect("/ws", headers={"Origin": "http://evil.example"})
        async with client.ws_connect("/ws?width=120&height=40") as visit:
            await read_until(visit, "web.localhost")
            await visit.send_str(json.dumps(["stdin", "e"]))
            await read_until(visit, "read-only")
            await visit.send_str(json.dumps(["stdin", "P"]))
            await read_until(visit, "cannot stop the load")
            await visit.send_str(json.dumps(["stdin", "\x13"]))
            await read_until(visit, "from a browser no file is written")
    served.send_signal(signal.SIGTERM)
    _, errors = await asyncio.to_thread(served.communicate, timeout=30)
    assert (0, "") == (served.returncode, errors)
    assert [] == engines.find()


_STUBBORN = """\
import shlex, sys
from pooltop import serving

stays = (
    "import os, sys, time; os.write(1, b'__GANGLION__\\\\n'); os.close(1); os.close(2); "
    "os.symlink(str(os.getpid()), sys.argv[1]); time.sleep(60)"
)
command = "exec " + shlex.join([sys.executable, "-c", stays, sys.argv[1]])
serving.viewer_command = lambda name, *, write: command
ready = lambda page: print(page, flush=True)
serving.serve("prod", serving.bind("127.0.0.1", 0), write=False, ready=ready)
"""
"""Its viewers say nothing more and stay."""


async def test_a_viewer_that_does_not_end_when_it_should_is_ended_without_a_word(
    tmp_path: Path,
) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    silent = tmp_path / "silent"
    with subprocess.Popen(
        [sys.executable, "-c", _STUBBORN, str(silent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    ) as process:
        try:
            assert process.stdout is not None
            page = (await asyncio.to_thread(process.stdout.readline)).strip()
            async with (
                asyncio.timeout(30),
                aiohttp.ClientSession() as client,
                client.ws_connect(f"{page}ws?width=80&height=24"),
            ):
                while not silent.is_symlink():
                    await asyncio.sleep(0.01)
            process.terminate()
            _, errors = await asyncio.to_thread(process.communicate, timeout=30)
        finally:
            process.kill()

    assert (0, "") == (process.returncode, errors)
    with pytest.raises(ProcessLookupError):
        os.kill(int(silent.readlink().name), 0)


async def read_until(visit, wanted: str) -> None:
    """Read what the terminal is sent until these words are on its screen."""
    seen = ""
    async for message in visit:
        data = message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else ""
        seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data)
        if wanted in seen:
            return
    raise AssertionError(f"{wanted!r} was not shown: {seen[-2000:]!r}")
