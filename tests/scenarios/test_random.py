"""Random scenarios go on pooltop as on Node: live where there is a Node, else as recorded.

POOLTOP_SCENARIOS says how many are asked of a live Node, POOLTOP_SEED which is the first:

    POOLTOP_SCENARIOS=500 POOLTOP_SEED=1000 pytest tests/scenarios/test_random.py
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from scenarios.compare import (
    CODECS,
    OLDEST_NODE,
    ask_node,
    came_to_rest,
    find_node,
    is_steady,
)
from scenarios.driver import differences, run_scenario
from scenarios.generate import SETTINGS, random_scenario
from scenarios.recorded import load, pack, unpack

NODE = find_node()
TRACES = Path(__file__).with_name("traces")
FIRST = int(os.environ.get("POOLTOP_SEED", "1"))
COUNT = int(os.environ.get("POOLTOP_SCENARIOS", "20"))
RECORDED = {scenario["name"]: (scenario, trace) for scenario, trace in load()}


@pytest.mark.skipif(NODE is None, reason=f"needs a node binary, {OLDEST_NODE} or newer")
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
async def test_a_random_scenario_goes_as_on_node(seed):
    assert NODE is not None
    scenario = random_scenario(seed)
    theirs = await asyncio.to_thread(ask_node, NODE, scenario)
    found = []
    if came_to_rest(theirs):
        for codec in CODECS:
            ours = await run_scenario(scenario, codec)
            found += [f"{codec}: {line}" for line in differences(ours, theirs, level=2)]
        if not found:
            return
    if not await asyncio.to_thread(is_steady, NODE, scenario, theirs):
        pytest.skip("Node does not agree with itself on this one")
    assert found == [], f"see: python tests/scenarios/compare.py --seed {seed}"


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_random_scenario_is_reproduced(name, codec):
    scenario, trace = RECORDED[name]
    assert differences(await run_scenario(scenario, codec), trace, level=2) == []


def test_a_seed_gives_the_same_scenario_each_time():
    assert random_scenario(7) == random_scenario(7)
    assert random_scenario(7)["steps"] != random_scenario(8)["steps"]
    assert random_scenario(7)["steps"] != random_scenario(7, timers=True)["steps"]


def test_every_kind_of_step_comes_up_and_waits_only_when_asked_for():
    def kinds(*, timers):
        steps = [
            each
            for seed in range(300)
            for step in random_scenario(seed, timers=timers)["steps"]
            for each in (step, *step.get("steps", ()))
        ]
        answers = {field for step in steps if step["op"] == "respond" for field in step}
        options = {step["option"] for step in steps if step["op"] == "set"}
        return {step["op"] for step in steps}, answers, options

    ops, answers, options = kinds(timers=False)
    expected = {
        *("request", "respond", "finish", "abort", "set", "destroy", "serverClose", "serverReset"),
        *("serverSend", "connect", "failConnect", "unlisten", "listen", "batch"),
    }
    assert expected == ops
    assert {
        "op",
        "id",
        "status",
        "version",
        "headers",
        "body",
        "framing",
        "part",
        "end",
        "raw",
    } == (answers)
    assert set(SETTINGS) == options
    assert expected | {"wait"} == kinds(timers=True)[0]


def test_what_is_packed_comes_out_whole():
    for path in sorted(TRACES.glob("*.json")):
        trace = json.loads(path.read_text(encoding="utf-8"))
        scenario = json.loads((TRACES.parent / "cases" / path.name).read_text(encoding="utf-8"))
        assert trace == unpack(scenario, json.loads(json.dumps(pack(trace))))
