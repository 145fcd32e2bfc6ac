"""The README's session with an engine of the background runs, and says what is printed there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from support.loopback import Serve, Wire

import pooltop

README = Path(__file__).parents[2] / "README.md"
PROFILE = """
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "{url}"
"""


def _session() -> list[tuple[str, str]]:
    """Give the commands of the README's example, each with what it prints."""
    text = README.read_text(encoding="utf-8")
    (example,) = re.findall(r"^```console\n(.*?--detach.*?)^```", text, re.MULTILINE | re.DOTALL)
    parts = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", example, re.MULTILINE)
    assert 4 == len(parts)
    return parts


def _without_numbers(text: str) -> list[list[str]]:
    """Give the words, what differs from run to run replaced: process ids and ages."""
    same = re.sub(r"\b\d{2,}\b", "PID", re.sub(r"\b\d+s\b", "AGE", text))
    return [line.split() for line in same.splitlines()]


async def test_the_session_of_the_readme_goes_as_printed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(wire: Wire) -> None:
        while await wire.request() is not None:
            wire.reply(b"ok")

    server = await serve(answer)
    (tmp_path / "prod.toml").write_text(PROFILE.format(url=server.url))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(pooltop.__file__).parents[1]))
    statuses, printed = [], []
    for command, _ in _session():
        process = await asyncio.create_subprocess_shell(
            command.replace("pooltop ", f"{sys.executable} -m pooltop ", 1),
            cwd=tmp_path,
            env=os.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, _ = await process.communicate()
        statuses.append(process.returncode)
        printed.append(out.decode())

    assert [0, 0, 0, 0] == statuses
    assert [_without_numbers(text) for _, text in _session()] == [
        _without_numbers(text) for text in printed
    ]
    assert (tmp_path / "second.ndjson").read_text().startswith('{"schema":1,')
