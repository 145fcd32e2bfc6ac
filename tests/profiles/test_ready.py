"""The profiles that come with pooltop, and the format's own example: they load, run and save."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from support.certificates import authority, ca, context
from support.loopback import Serve, Wire, serve

from pooltop import cli
from pooltop.core.edits import Control, Edit
from pooltop.core.traffic import Stage
from pooltop.profiles import load
from pooltop.profiles.saving import Saving
from pooltop.sources.base import Update
from pooltop.sources.local import LocalSource

__all__ = ["authority", "ca", "context", "serve"]

ROOT = Path(__file__).parents[2]
READY = ("prod", "demo", "keepalive-vs-close", "incident", "kinds", "http2", "thresholds")
EXAMPLE = Path(__file__).with_name("example.toml")
TOKEN = "token-of-the-test"


def ready(name: str) -> str:
    return str(ROOT / "profiles" / f"{name}.toml")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    monkeypatch.setenv("POOLTOP_TOKEN", TOKEN)


def test_there_are_no_others() -> None:
    assert sorted(READY) == sorted(path.stem for path in (ROOT / "profiles").glob("*.toml"))


@pytest.mark.parametrize("name", READY)
def test_each_has_nothing_to_remark_upon_and_knows_its_schema(name: str) -> None:
    assert () == load(ready(name)).warnings
    assert Path(ready(name)).read_text().startswith("#:schema ./pooltop.schema.json\n# ")


@pytest.mark.parametrize("name", ["demo", "keepalive-vs-close", "incident", "kinds", "http2"])
def test_each_of_this_machine_runs(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["--profile", ready(name), "--headless", "--duration", "1s"])
    profile = load(ready(name)).profile
    told = capfd.readouterr().out
    for workload in profile.workloads:
        assert f"\nworkload {workload.name}: " in told
    assert [] == re.findall(r" 0 (?:sent|completed)", told)


def test_of_the_thresholds_one_fails_and_decides_the_status(
    capfd: pytest.CaptureFixture[str],
) -> None:
    words = ["--profile", ready("thresholds"), "--headless"]
    assert 99 == cli.main([*words, "--set", "workloads.load.duration=2s"])
    told = capfd.readouterr().out.split("\nthresholds\n")[1]
    assert ["holds", "holds", "holds", "FAILED"] == [line.split()[0] for line in told.splitlines()]


async def _headless(*words: str, **environment: str) -> tuple[int | None, str]:
    """Run pooltop to its end; give its status and all that it told."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "pooltop", "--headless", "--duration", "2s", *words),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


class Tokens:
    """A stand-in that answers all, and notes who was let in."""

    def __init__(self) -> None:
        self.seen: set[str | None] = set()

    async def __call__(self, wire: Wire) -> None:
        while (asked := await wire.request()) is not None:
            self.seen.add(asked.headers.get("authorization"))
            wire.reply("ok")


async def test_the_template_runs_against_a_stand_in(
    serve: Serve, ca: object, context: Callable[..., object], tmp_path: Path
) -> None:
    tokens = Tokens()
    server = await serve(tokens, context=context())

    status, told = await _headless(
        *("--profile", ready("prod"), "--set", f"agents.api.tls.ca={tmp_path / 'ca.pem'}"),
        *("--set", "workloads.browse.arrival=constant"),
        API_HOST=server.host,
        API_PORT=str(server.port),
    )

    # What must hold is judged from 10 s on: it is not said to hold without having been looked at.
    assert 99 == status
    assert {f"Bearer {TOKEN}"} == tokens.seen
    assert TOKEN not in told
    assert ", 0 failed" in told


@pytest.fixture
def example(tmp_path: Path, authority: trustme.CA) -> Callable[[int], Path]:
    """Give a function that puts the example and its files into a folder, for a server's port."""

    def make(port: int) -> Path:
        (tmp_path / "certs").mkdir()
        (tmp_path / "secrets").mkdir()
        authority.cert_pem.write_to_path(tmp_path / "certs" / "ca.pem")
        client = authority.issue_cert("client@example.org")
        client.cert_chain_pems[0].write_to_path(tmp_path / "certs" / "client.pem")
        key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
        (tmp_path / "certs" / "client.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"open sesame"),
            )
        )
        (tmp_path / "secrets" / "key.pass").write_text("open sesame\n")
        for secret in ("certs/client.key", "secrets/key.pass"):
            (tmp_path / secret).chmod(0o600)
        (tmp_path / "tls.toml").write_text('[agents.payments.tls]\nca = ["./certs/ca.pem"]\n')
        (tmp_path / "carts.csv").write_text("id\n1\n2\nthree/4\n")
        path = tmp_path / "example.toml"
        path.write_text(EXAMPLE.read_text().replace("PORT", str(port)))
        return path

    return make


async def test_the_example_runs(
    serve: Serve, context: Callable[..., object], example: Callable[[int], Path]
) -> None:
    tokens = Tokens()
    server = await serve(tokens, context=context())
    path = example(server.port)

    status, told = await _headless("--profile", str(path))

    assert 99 == status  # the first threshold is of what comes after 10 s
    assert {None, f"Bearer {TOKEN}"} == tokens.seen
    assert (False, False) == (TOKEN in told, "open sesame" in told)
    assert 1 == len(list((path.parent / "runs").glob("*.jsonl")))


async def test_the_example_saves_what_it_was_tuned_to(
    serve: Serve, context: Callable[..., object], example: Callable[[int], Path]
) -> None:
    server = await serve(context=context())
    path = example(server.port)
    loaded = load(path)
    updates: list[Update] = []
    source = LocalSource(
        msgspec.structs.replace(loaded.profile, exports=type(loaded.profile.exports)()),
        interval_s=0.1,
    )
    await source.start(updates.append, lambda _: None)
    try:
        edits = (
            Edit(id=1, agent="payments", option="max_sockets", value=None),
            Edit(id=2, agent="payments", option="keep_alive", value=False),
            Edit(id=3, workload="browse", option="rate", value=60),
            Edit(id=4, workload="clerk", option="users", value=3, revert_after_s=60),
            Edit(id=5, agent="search", option="pipelining", value=2),
            Edit(id=6, agent="feed", option="connections", value=3),
        )
        for edit in edits:
            assert (await source.submit(edit)).accepted
        await source.control(Control(action="pause"))
    finally:
        await source.close()
    file = path.with_name("example-tuned.toml")

    draft = Saving("", path=str(path), loaded=loaded).draft(updates[-1].snapshot)
    assert str(file) == draft.name
    draft.write(draft.name)

    again = load(file).profile
    before = loaded.profile
    wanted = msgspec.structs.replace(
        before.agents[0].options, max_sockets=float("inf"), keep_alive=False
    )
    assert wanted == again.agents[0].options
    assert before.agents[0].hosts == again.agents[0].hosts
    search, feed = (agent.dispatcher for agent in again.agents[1:])
    assert search == msgspec.structs.replace(before.agents[1].dispatcher, pipelining=2)
    assert feed == msgspec.structs.replace(before.agents[2].dispatcher, connections=3)
    assert (60, (Stage(over_s=100.0),)) == (again.workloads[0].rate, again.workloads[0].stages)
    assert before.workloads[1] == again.workloads[1]
    assert before.thresholds == again.thresholds
    assert 0 == cli.main(["check", str(file)])
