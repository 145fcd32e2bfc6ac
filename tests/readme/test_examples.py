"""Every Python example of the README runs, as printed there, in a process of its own.

Its addresses and paths are replaced by those of servers that run here.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from support.loopback import Serve, Wire
from support.proxying import ForwardProxy

import pooltop
from pooltop.core.edits import EditRecord
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import AgentSnapshot, OriginCounters, OriginSnapshot, Snapshot
from pooltop.sources.base import Update
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_writer import RecordingFile

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)

PROFILE = """
schema = 1
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:8080"
"""

PRINTS = {
    "print(response.status, response.reused": r"200 False \S+ 2\n",
    "pooltop.GLOBAL_AGENT": r"1 2 1",
    "QueueTimeout": r"b'/x'",
    "retry_stale=True": r"retried: False\nretried: True\n",
    "content=lines()": r"\d+\n",
    "create_connection=connect": r"b'/x'\n",
    "certs/ca.pem": r"0\.\d+\n0\.\d+\n",
    "local_address=": r"b'/x' dict_keys\(\['127\.0\.0\.1:\d+:127\.0\.0\.2:4'\]\)\nb'/x'\n",
    "proxy_env=PROXIES": r"b'/x'\n127\.0\.0\.1:\d+: via http://127\.0\.0\.1:\d+\n",
    'upgrade="echo"': r"b'hello' 0\n",
    "open_recording": r"   3\.0s  edit    edit 1 a maxSockets 4 > 40\n120\n",
    "load_profile": r"AgentOptions\(keep_alive=True",
}
"""What an example must print, by a text that only it has."""


async def _answer(wire: Wire) -> None:
    while (asked := await wire.request()) is not None:
        if asked.headers.get("upgrade") == "echo":
            wire.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n")
            wire.write(b"Connection: Upgrade\r\n\r\n")
            while data := await wire.reader.read(1000):
                wire.write(data)
            return
        wire.reply(asked.body or asked.target)
        if asked.target == "/flaky":
            await wire.head()  # and closes, as if its idle time had just been over
            return
        if asked.headers.get("connection") == "close":
            await wire.gone()


def _record(path: str) -> None:
    edit = EditRecord(
        number=1, at=3.0, wall_at=3.0, agent="a", option="max_sockets", before=4, after=40, by="me"
    )
    options = AgentOptions()
    file = RecordingFile(path)
    file.begin(Meta())
    for at in range(6):
        counters = OriginCounters(completed=at * 24)
        key = OriginKey("a:80:")
        origin = OriginSnapshot(key=key, scheme="http", host="a", port=80, counters=counters)
        agent = AgentSnapshot(name="a", options=options, initial_options=options, origins=(origin,))
        edits = (edit,) if at >= 3 else ()
        snapshot = Snapshot(seq=at, at=at, wall_at=at, agents=(agent,), edits=edits)
        file.append(Update(snapshot=snapshot))
    file.finish()


@pytest.fixture
async def world(
    serve: Serve, forward_proxy: Callable[..., Awaitable[ForwardProxy]], tmp_path: Path
) -> dict[str, str]:
    """Start what the examples talk to; give what stands in the README by what is here."""
    authority = trustme.CA()
    (tmp_path / "certs").mkdir()
    authority.cert_pem.write_to_path(tmp_path / "certs/ca.pem")
    client = authority.issue_cert("client.example")
    client.private_key_pem.write_to_path(tmp_path / "certs/client.key")
    client.cert_chain_pems[0].write_to_path(tmp_path / "certs/client.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    plain = await serve(_answer)
    secure = await serve(_answer, context=context)
    proxy = await forward_proxy()
    (tmp_path / "prod.toml").write_text(PROFILE)
    _record(str(tmp_path / "r.ptr"))
    return {
        "http://127.0.0.1:8080": plain.url,
        "https://127.0.0.1:8443": secure.url,
        "127.0.0.1:3128": proxy.url.removeprefix("http://"),
    }


@pytest.fixture
async def unix_server(tmp_path: Path) -> AsyncIterator[None]:
    """Listen on run/app.sock."""
    (tmp_path / "run").mkdir()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _answer(Wire(reader, writer))
        writer.close()

    server = await asyncio.start_unix_server(accept, tmp_path / "run/app.sock")
    yield
    server.close()


def test_the_readme_has_an_example_for_each_kind_of_use() -> None:
    assert len(PRINTS) == len(EXAMPLES)
    for mark in PRINTS:
        assert 1 == sum(mark in example for example in EXAMPLES), mark


@pytest.mark.parametrize("mark", PRINTS)
@pytest.mark.usefixtures("unix_server")
async def test_an_example_of_the_readme_runs_and_prints_what_it_says(
    world: dict[str, str], tmp_path: Path, mark: str
) -> None:
    (example,) = (each for each in EXAMPLES if mark in each)
    for printed, here in world.items():
        example = example.replace(printed, here)

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", example),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(pooltop.__file__).parents[1])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()

    assert (0, "") == (process.returncode, err.decode())
    assert re.search(PRINTS[mark], out.decode()), out.decode()
