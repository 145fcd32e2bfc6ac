"""Chance: the same again for a seed, and never shared."""

from __future__ import annotations

from pooltop.core.traffic import Workload
from pooltop.engine.chance import stream


def _drawn(purpose="arrivals", **more):
    load = Workload(**{"name": "w", "agent": "a", "base_url": "http://h", **more})
    return [stream(purpose, load).random() for _ in range(3)]


def test_it_is_the_same_for_a_seed_and_another_for_each_purpose_workload_and_seed():
    assert _drawn() == _drawn()
    others = [_drawn("classes"), _drawn(name="v"), _drawn(seed=2)]
    assert 4 == len({each[0] for each in (_drawn(), *others)})


def test_what_is_compared_has_the_same_with_the_same_seed():
    assert _drawn() == _drawn(name="v", twin_of="w")
    assert _drawn() != _drawn(name="v", twin_of="w", seed=2)
