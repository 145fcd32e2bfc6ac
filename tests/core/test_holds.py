"""Hosts that asked to be left alone: until when, and how many are remembered."""

from __future__ import annotations

import pytest

from pooltop.core import holds
from pooltop.core.holds import Holds


def test_a_hold_lasts_as_long_as_the_longest_jitter_and_is_clamped():
    held = Holds()
    assert 0.0 == held.until("a:80")
    assert held.hold("a:80", 100.0, 60.0)
    assert pytest.approx(166.0) == held.until("a:80")
    assert not held.hold("a:80", 105.0, 60.0)
    assert held.hold("a:80", 110.0, 60.0)
    assert pytest.approx(176.0) == held.until("a:80")
    assert held.hold("b:80", 0.0, 1e9)
    assert pytest.approx(3960.0) == held.until("b:80")
    assert held.hold("c:80", 0.0, 0.0)
    assert pytest.approx(1.1) == held.until("c:80")


def test_the_oldest_is_forgotten_where_there_are_very_many(monkeypatch):
    monkeypatch.setattr(holds, "MOST_HOSTS", 2)
    held = Holds()
    for host in ("a", "b", "c"):
        held.hold(host, 0.0, 5.0)
    assert [0.0, 5.5, 5.5] == [held.until(host) for host in ("a", "b", "c")]
