"""pooltop's engine does, over real sockets, what undici did: step by step.

POOLTOP_SCENARIOS says how many random ones, POOLTOP_SEED which is the first, as in test_random.py.
"""

from __future__ import annotations

import pytest
from undici.compare import (
    CASES,
    CODECS,
    compare_random,
    differences,
    do_live,
    find_oracle,
    is_over_http_1,
    load,
)
from undici.driver import Replay
from undici.generate_h2 import random_h2_scenario
from undici.levels import comparable, without_frames
from undici.live import run_scenario
from undici.test_random import COUNT, FIRST

ORACLE = find_oracle()


def has_clocks(name):
    """Say whether it waits for clocks, which no codec has to do with."""
    return any(step["op"] == "wait" for step in load("cases", name)["steps"])


RUNS = [
    (name, codec)
    for name in filter(is_over_http_1, CASES)
    for codec in (CODECS[:1] if has_clocks(name) else CODECS)
]


@pytest.mark.parametrize(("name", "codec"), RUNS)
async def test_the_engine_does_what_undici_did(name, codec):
    ours = await run_scenario(load("cases", name), codec)
    theirs = load("traces", name)
    assert differences(comparable(ours, level=3), comparable(theirs, level=3)) == []


_SESSION = "a session's fault that we find is ERR_HTTP2_SESSION_ERROR, in Node ERR_HTTP2_ERROR"
OTHERWISE = {
    "h2c-speaks-http-1.1": _SESSION,
    "h2c-no-frames-behind-settings": _SESSION,
    "h2-goaway-meets-a-request": "undici writes a turn of the loop later, and has read the GOAWAY",
}


@pytest.mark.parametrize(
    "name", [name for name in CASES if not is_over_http_1(name) and name not in OTHERWISE]
)
async def test_the_engine_does_over_http_2_what_undici_did(name):
    ours = without_frames(await run_scenario(load("cases", name), CODECS[0]))
    theirs = without_frames(load("traces", name))
    assert differences(comparable(ours, level=2), comparable(theirs, level=2)) == []


def test_a_case_that_goes_otherwise_is_one():
    assert OTHERWISE.keys() <= set(CASES)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_scenario_goes_over_sockets_as_it_goes_by_the_rules_alone(seed, codec):
    level, *found = compare_random(None, seed, lambda scenario: do_live(scenario, codec))
    if level.startswith("left out"):
        pytest.skip(level)
    assert (level, found) == ("level 2", [])


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_scenario_over_http_2_ends_over_sockets_as_by_the_rules_alone(seed):
    scenario = random_h2_scenario(seed)
    theirs = comparable(Replay(scenario).run(), level=1)
    assert differences(comparable(do_live(scenario, CODECS[0]), level=1), theirs) == []


@pytest.mark.skipif(
    ORACLE is None, reason="needs Node 24 and a folder with undici 8.12 (README.md)"
)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_scenario_goes_over_sockets_as_on_undici(seed):
    level, *found = compare_random(ORACLE, seed, lambda scenario: do_live(scenario, CODECS[0]))
    if level.startswith("left out"):
        pytest.skip(level)
    assert found == [], f"see: python tests/undici/compare.py --engine --seed {seed}"
