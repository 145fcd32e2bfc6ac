"""What is stored of undici is well formed, and what undici does."""

from __future__ import annotations

import json

import pytest
from undici.compare import CASES, HERE, came_to_rest, differences, find_oracle, load

ORACLE = find_oracle()
COUNTS = {"connected", "free", "pending", "queued", "running", "size"}
CLIENT_COUNTS = {"connected", "pending", "running", "size"}


def steps_of(scenario):
    """Give every step, those in batches too."""
    for step in scenario["steps"]:
        yield step
        yield from step.get("steps", ())


def test_every_case_has_its_trace_and_every_trace_its_case():
    assert CASES == sorted(path.stem for path in (HERE / "traces").glob("*.json"))


def test_there_are_cases_of_every_kind():
    kinds = [load("cases", name)["dispatcher"]["kind"] for name in CASES]
    assert {"Agent", "BalancedPool", "Client", "Pool", "RoundRobinPool"} == set(kinds)


@pytest.mark.parametrize("name", CASES)
def test_a_trace_is_of_its_case(name):
    scenario, trace = load("cases", name), load("traces", name)
    assert name == scenario["name"] == trace["name"]
    assert [step["op"] for step in scenario["steps"]] == [row["op"] for row in trace["steps"]]
    assert list(range(len(trace["steps"]))) == [row["i"] for row in trace["steps"]]
    assert came_to_rest(trace)


@pytest.mark.parametrize("name", CASES)
def test_nobody_is_told_his_end_twice_and_who_is_not_is_pending(name):
    scenario, trace = load("cases", name), load("traces", name)
    done = [each["id"] for row in trace["steps"] for each in row.get("done", ())]
    returned = [id_ for row in trace["steps"] for id_ in row.get("returned", {})]
    assert len(done) == len(set(done))
    assert sorted(returned) == sorted([*done, *trace["pending"]])
    assert {s["id"] for s in steps_of(scenario) if s["op"] == "dispatch"} <= set(returned)


@pytest.mark.parametrize("name", CASES)
def test_the_counts_of_a_trace_add_up(name):
    for row in load("traces", name)["steps"]:
        for stats in row["stats"].values():
            assert stats.keys() in (COUNTS, CLIENT_COUNTS), row
            assert stats["size"] == stats["pending"] + stats["running"], row


@pytest.mark.skipif(
    ORACLE is None, reason="needs Node 24 and a folder with undici 8.12 (README.md)"
)
@pytest.mark.parametrize("name", CASES)
def test_the_record_is_what_undici_does_today(name):
    assert ORACLE is not None
    assert differences(json.loads(ORACLE.ask(load("cases", name))), load("traces", name)) == []
