"""Situations of limits and idle sockets: A1, A2, A3, A4, A7."""

from __future__ import annotations

from support.advising import Situation

_WELL = """
[demo.s]
latency = { median = "20ms" }
"""
_CROWDED = """
[agents.a]
keep_alive = true
max_sockets = LIMIT
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 6
"""
_SLOWING = """
[agents.a]
keep_alive = true
max_sockets = 8
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "open"
rate = "25/s"
stages = [ { to = "25/s", over = "1.2s" }, { to = "180/s", over = "0s" }, { hold = "60s" } ]
[demo.s]
latency = { median = "20ms" }
"""
_SHRINKING = """
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 8
think = { min = "10ms", max = "10ms" }
stages = [ { to = 8, over = "0.4s" }, { to = 1, over = "0s" }, { hold = "60s" } ]
[demo.s]
latency = { median = "10ms" }
"""
_BURSTS = """
[agents.a]
keep_alive = true
max_sockets = LIMIT
max_free_sockets = FREE
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = USERS
think = { min = "THINK", max = "THINK" }
[demo.s]
latency = { median = "30ms" }
"""


def _crowded(limit: int) -> str:
    return _CROWDED.replace("LIMIT", str(limit)) + _WELL


def _bursts(limit: str, free: int, users: int, think: str) -> str:
    text = _BURSTS.replace("LIMIT", limit).replace("FREE", str(free))
    return text.replace("USERS", str(users)).replace("THINK", think)


SITUATIONS = (
    Situation(
        id="A1",
        profile=_crowded(2),
        twin=_crowded(8),
        proposes=("max_sockets", 4),
    ),
    Situation(
        id="A2",
        profile=f"{_SLOWING}concurrency = 2\n",
        twin=_SLOWING,
    ),
    Situation(
        id="A3",
        profile=_SHRINKING,
        twin=_SHRINKING.replace("keep_alive = true", "keep_alive = true\nmax_free_sockets = 1"),
        window_s=0.3,
        min_samples=10,
        proposes=("max_free_sockets", 0),
    ),
    Situation(
        id="A4",
        profile=_bursts('"unlimited"', 1, 6, "60ms"),
        twin=_bursts('"unlimited"', 6, 6, "60ms"),
        proposes=("max_free_sockets", 1),
    ),
    Situation(
        id="A7",
        profile=_bursts('"unlimited"', 256, 24, "400ms"),
        twin=_bursts("12", 256, 24, "400ms"),
        window_s=0.9,
        proposes=("max_sockets", 2),
    ),
)
