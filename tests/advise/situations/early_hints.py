"""Situations of Keep-Alive hints and of clocks: A13 to A18."""

from __future__ import annotations

from support.advising import Situation
from support.loopback import Handler, Wire

_HINTED = """
[agents.a]
keep_alive = true
AGENT
[workloads.w]
agent = "a"
base_url = "URL"
model = "closed"
users = 2
think = { min = "50ms", max = "50ms" }
"""
_DEMO = """
[demo.s]
latency = { median = "LATENCY" }
keep_alive_timeout = HINT
"""
_QUEUED = """
[agents.a]
keep_alive = true
max_sockets = 1
timeouts = { idle = "80ms"MORE }
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 5
[demo.s]
latency = { median = "40ms" }
"""


def _raw(agent: str) -> str:
    return _HINTED.replace("AGENT", agent).replace("URL", "@s")


def _demo(agent: str, hint: str, latency: str = "5ms") -> str:
    text = _HINTED.replace("AGENT", agent).replace("URL", "demo:s")
    return text + _DEMO.replace("LATENCY", latency).replace("HINT", hint)


async def _hangs_up(wire: Wire) -> None:
    """Serve one request a connection, and hang up on the next as it comes."""
    if await wire.request() is not None:
        wire.reply("ok", "Keep-Alive: timeout=5")
        await wire.request()


def _hinting(hint: str) -> Handler:
    async def handle(wire: Wire) -> None:
        while await wire.request() is not None:
            wire.reply("ok", f"Keep-Alive: {hint}")

    return handle


SITUATIONS = (
    Situation(
        id="A13",
        profile=_raw('timeout = "10s"'),
        twin=_raw('timeout = "10s"'),
        servers={"s": _hangs_up},
        twin_servers={"s": _hinting("timeout=5")},
        proposes=("timeout", 3000),
        is_curable=False,  # it closes much earlier than it says
    ),
    Situation(
        id="A14",
        profile=_demo("", '"5s"'),
        twin=_demo('timeout = "3s"', '"5s"'),
        proposes=("timeout", 3000),
    ),
    Situation(
        id="A15",
        profile=_raw(""),
        twin=_raw(""),
        servers={"s": _hinting("max=100, timeout=5")},
        twin_servers={"s": _hinting("timeout=5, max=100")},
        proposes=("timeout", 3000),
    ),
    Situation(
        id="A16",
        profile=_demo("", '"1s"'),
        twin=_demo("", '"3s"'),
    ),
    Situation(
        id="A17",
        profile=_demo(
            'timeout = "30s"\nagent_keep_alive_timeout_buffer = "900ms"', '"1s"', "150ms"
        ),
        twin=_demo('timeout = "30s"\nagent_keep_alive_timeout_buffer = "900ms"', '"9s"', "150ms"),
        min_samples=10,
    ),
    Situation(
        id="A18",
        profile=_QUEUED.replace("MORE", ""),
        twin=_QUEUED.replace("MORE", ', queue = "2s"'),
    ),
)
