"""Situations of reuse, verification, and how agents are cut: A5, A6, A8 to A12."""

from __future__ import annotations

from support.advising import Situation

_ONE = """
[agents.a]
AGENT
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = USERS
LOAD
[demo.s]
latency = { median = "5ms" }
SERVER
"""


def _one(agent: str, *, server: str = "", users: int = 3, load: str = "") -> str:
    text = _ONE.replace("AGENT", agent).replace("USERS", str(users))
    return text.replace("SERVER", server).replace("LOAD", load)


_SHARED = """
[agents.a]
keep_alive = true
max_sockets = 2
[agents.b]
keep_alive = true
max_sockets = 2
[workloads.slow]
agent = "a"
base_url = "demo:slow"
model = "closed"
users = 6
[workloads.fast]
agent = "AGENT"
base_url = "demo:fast"
model = "closed"
users = 1
[demo.slow]
latency = { median = "60ms" }
[demo.fast]
latency = { median = "2ms" }
"""
_TOTAL = """
[agents.a]
keep_alive = true
LIMIT = 2
[workloads.first]
agent = "a"
base_url = "demo:first"
model = "closed"
users = 6
[workloads.second]
agent = "a"
base_url = "demo:second"
model = "open"
rate = "0/s"
stages = [ { hold = "0.2s" }, { to = "20/s", over = "0s" }, { hold = "60s" } ]
[demo.first]
latency = { median = "10ms" }
[demo.second]
latency = { median = "10ms" }
"""

SITUATIONS = (
    Situation(
        id="A5",
        profile=_one("keep_alive = true", server="keep_alive = false"),
        twin=_one("keep_alive = true"),
    ),
    Situation(
        id="A6",
        profile=_one("keep_alive = false\nmax_sockets = 2", users=6),
        twin=_one("keep_alive = true\nmax_sockets = 2", users=6),
        proposes=("keep_alive", True),
    ),
    Situation(
        id="A8",
        profile=_one("keep_alive = true\ntls = { verify = false }", server='scheme = "https"'),
        twin=_one("keep_alive = true", server='scheme = "https"'),
    ),
    Situation(
        id="A9",
        profile=_one("keep_alive = true\nper_request = true"),
        twin=_one("keep_alive = true"),
    ),
    Situation(
        id="A10",
        profile=_one("keep_alive = true", load="max_requests = 30"),
        twin=_one('keep_alive = true\ntimeout = "100ms"', load="max_requests = 30"),
    ),
    Situation(
        id="A11",
        profile=_SHARED.replace("AGENT", "a"),
        twin=_SHARED.replace("AGENT", "b"),
    ),
    Situation(
        id="A12",
        profile=_TOTAL.replace("LIMIT", "max_total_sockets"),
        twin=_TOTAL.replace("LIMIT", "max_sockets"),
    ),
)
