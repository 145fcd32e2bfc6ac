"""pooltop's engine does, over real sockets, what Node's http.Agent did: step by step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenarios.compare import OLDEST_NODE, ask_node, find_node
from scenarios.driver import differences, run_scenario

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.json"))
NODE = find_node()


def load(folder: str, name: str) -> dict:
    return json.loads((HERE / folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("name", CASES)
async def test_the_recorded_trace_is_reproduced(name, codec):
    ours = await run_scenario(load("cases", name), codec)
    assert differences(ours, load("traces", name), level=2) == []


@pytest.mark.skipif(NODE is None, reason=f"needs a node binary, {OLDEST_NODE} or newer")
@pytest.mark.parametrize("name", CASES)
def test_the_record_is_what_node_does_today(name):
    assert NODE is not None
    assert differences(ask_node(NODE, load("cases", name)), load("traces", name), level=2) == []
