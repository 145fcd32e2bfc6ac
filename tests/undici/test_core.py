"""pooltop's core does what undici did, over HTTP/1.1 and over HTTP/2: step by step."""

from __future__ import annotations

import pytest
from undici.compare import CASES, differences, load
from undici.driver import Replay
from undici.levels import comparable


@pytest.mark.parametrize("name", CASES)
def test_the_core_does_what_undici_did(name):
    ours = comparable(Replay(load("cases", name)).run(), level=3)
    assert differences(ours, comparable(load("traces", name), level=3)) == []


def test_level_1_is_counts_answers_and_outcomes():
    theirs = comparable(load("traces", "pool-of-two-with-six"), level=1)
    ours = Replay(load("cases", "pool-of-two-with-six")).run()
    ours["steps"][1]["arrived"] = []
    assert differences(comparable(ours, level=1), theirs) == []
    ours["steps"][1]["stats"]["a"]["free"] += 1
    (found,) = differences(comparable(ours, level=1), theirs)
    assert found.startswith("step 1 respond stats: ")
