"""The profiles that come with pooltop hold together and stay light."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import pooltop.demo.addresses

BUILTIN = Path(pooltop.demo.addresses.__file__).with_name("builtin.toml")
PAIR = Path(__file__).parents[2] / "profiles" / "keepalive-vs-close.toml"


@pytest.mark.parametrize("path", [BUILTIN, PAIR], ids=lambda path: path.name)
def test_every_workload_has_an_agent_and_a_demo_host_of_its_own(path: Path) -> None:
    profile = tomllib.loads(path.read_text())
    names = list(profile["demo"])
    assert names == list(profile["agents"]) == list(profile["workloads"])
    for name, workload in profile["workloads"].items():
        assert (name, f"demo:{name}") == (workload["agent"], workload["base_url"])


def test_the_demo_stays_under_600_requests_a_second() -> None:
    total = 0.0
    for workload in tomllib.loads(BUILTIN.read_text())["workloads"].values():
        if workload["model"] == "open":
            total += float(workload["rate"].removesuffix("/s"))
        else:  # at most: a user waits for the median and half the longest thought
            total += workload["users"] / (0.08 + 0.15)
    assert 200 < total < 600


def test_the_pair_differs_in_keep_alive_and_in_nothing_else() -> None:
    profile = tomllib.loads(PAIR.read_text())
    kept, close = profile["agents"]["kept"], profile["agents"]["close"]
    assert (True, False) == (kept["keep_alive"], close["keep_alive"])
    relevant = ("max_sockets", "codec", "kind")
    assert [kept[key] for key in relevant] == [close[key] for key in relevant]
    assert profile["demo"]["kept"] == profile["demo"]["close"]
    named = {"agent", "base_url"}
    kept, close = profile["workloads"]["kept"], profile["workloads"]["close"]
    assert kept.keys() == close.keys()
    assert [kept[key] for key in kept if key not in named] == [
        close[key] for key in close if key not in named
    ]
