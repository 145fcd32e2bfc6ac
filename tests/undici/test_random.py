"""Random scenarios go on pooltop's core as on a live undici.

POOLTOP_SCENARIOS says how many are asked of undici, POOLTOP_SEED which is the first:

    POOLTOP_SCENARIOS=500 POOLTOP_SEED=1000 pytest tests/undici/test_random.py
"""

from __future__ import annotations

import json
import os

import pytest
from undici.compare import compare_random, find_oracle
from undici.generate import random_scenario, written
from undici.generate_h2 import random_h2_scenario

ORACLE = find_oracle()
FIRST = int(os.environ.get("POOLTOP_SEED", "1"))
COUNT = int(os.environ.get("POOLTOP_SCENARIOS", "20"))


def steps_of(scenario):
    for step in scenario["steps"]:
        yield step
        yield from step.get("steps", ())


@pytest.mark.skipif(
    ORACLE is None, reason="needs Node 24 and a folder with undici 8.12 (README.md)"
)
@pytest.mark.parametrize("protocol", ["h1", "h2"])
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_scenario_goes_as_on_undici(seed, protocol):
    assert ORACLE is not None
    level, *found = compare_random(ORACLE, seed, is_h2=protocol == "h2")
    if level.startswith("left out"):
        pytest.skip(level)
    assert found == [], f"see: python tests/undici/compare.py --seed {seed} (with --h2 for h2)"


@pytest.mark.parametrize("make", [random_scenario, random_h2_scenario])
def test_a_seed_gives_the_same_scenario_each_time(make):
    assert make(7) == make(7)
    assert make(7)["steps"] != make(8)["steps"]


def test_a_scenario_is_written_one_step_a_line():
    scenario = random_scenario(7)
    assert scenario == json.loads(written(scenario))
    assert len(scenario["steps"]) + 8 == len(written(scenario).splitlines())


def test_every_kind_of_step_and_of_dispatcher_comes_up():
    scenarios = [random_scenario(seed) for seed in range(150)]
    ops = {step["op"] for scenario in scenarios for step in steps_of(scenario)}
    assert {
        *("dispatch", "respond", "finish", "interim", "more", "end", "breakBody", "abort"),
        *("serverClose", "serverReset", "serverSend", "connect", "failConnect", "unlisten"),
        *("listen", "pipelining", "close", "destroy", "addUpstream", "removeUpstream", "batch"),
    } == ops
    kinds = {scenario["dispatcher"]["kind"] for scenario in scenarios}
    assert {"Agent", "BalancedPool", "Client", "Pool", "RoundRobinPool"} == kinds


def test_every_kind_of_step_over_http_2_comes_up():
    scenarios = [random_h2_scenario(seed) for seed in range(150)]
    ops = {step["op"] for scenario in scenarios for step in steps_of(scenario)}
    assert {
        *("dispatch", "respond", "finish", "interim", "more", "end", "abort"),
        *("rst", "goaway", "settings", "mute", "unmute", "serverClose", "serverReset"),
        *("connect", "failConnect", "unlisten", "listen", "close", "destroy", "batch"),
        *("addUpstream", "removeUpstream"),
    } == ops
