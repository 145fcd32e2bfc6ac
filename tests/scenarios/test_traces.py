"""pooltop's engine does, over real sockets, what Node's http.Agent did: step by step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from scenarios.compare import ask_node
from scenarios.driver import differences, run_scenario

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.json"))
OLDEST_NODE = 24


def load(folder: str, name: str) -> dict:
    return json.loads((HERE / folder / f"{name}.json").read_text(encoding="utf-8"))


def find_node() -> str | None:
    binary = os.environ.get("POOLTOP_NODE") or shutil.which("node")
    if binary is None:
        return None
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return binary if int(version.stdout.lstrip("v").split(".")[0]) >= OLDEST_NODE else None


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("name", CASES)
async def test_the_recorded_trace_is_reproduced(name, codec):
    ours = await run_scenario(load("cases", name), codec)
    assert differences(ours, load("traces", name), level=2) == []


@pytest.mark.skipif(find_node() is None, reason=f"needs a node binary, {OLDEST_NODE} or newer")
@pytest.mark.parametrize("name", CASES)
def test_the_record_is_what_node_does_today(name):
    node = find_node()
    assert node is not None
    assert differences(ask_node(node, load("cases", name)), load("traces", name), level=2) == []
