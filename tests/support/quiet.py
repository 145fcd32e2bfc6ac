"""A healthy run: hosts of every kind under a moderate load, watched by an advisor.

Answers take their time, so that a machine that is busy with something else adds little to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from typing import NamedTuple

from pooltop.advise.advisor import Advisor
from pooltop.advise.diagnosis import Card
from pooltop.core.advising import AdvisorOptions
from pooltop.demo.addresses import resolve_demo
from pooltop.demo.server import DemoServers
from pooltop.engine.engine import Engine
from pooltop.present.advice import evidence_words
from pooltop.profiles.loading import load_profile_text

_HOST = """
[demo.{name}]
scheme = "{scheme}"
latency = {{ median = "200ms", sigma = 0.3 }}
keep_alive_timeout = "5s"
protocols = {protocols}
[agents.{name}]
kind = "{kind}"
{options}
[workloads.{name}]
agent = "{name}"
base_url = "demo:{name}"
{load}
"""
_KEPT = 'keep_alive = true\ntimeout = "4s"\nmax_sockets = 5\nmax_free_sockets = 5'
_OPEN = 'arrival = "poisson"\nrate = "10/s"\nseed = 7'
_USERS = 'model = "closed"\nusers = 7\nthink = { min = "300ms", max = "700ms" }\nseed = 7'
_H1 = '["http/1.1"]'
_H2 = '["h2", "http/1.1"]'
_HOSTS = (
    ("plain", "http", _H1, "http.Agent", _KEPT, _OPEN),
    ("secure", "https", _H1, "https.Agent", _KEPT, _OPEN),
    ("users", "http", _H1, "http.Agent", _KEPT.replace("5\n", "4\n", 1), _USERS),
    ("fifo", "http", _H1, "http.Agent", f'{_KEPT}\nscheduling = "fifo"', _OPEN),
    ("pool", "http", _H1, "undici-pool", "connections = 5", _OPEN),
    ("agent", "http", _H1, "undici-agent", "connections = 5", _OPEN),
    ("turns", "http", _H1, "undici-round-robin-pool", "connections = 5", _OPEN),
    ("streams", "http", _H2, "h2", "sessions = 1", _OPEN),
)
_MORE = """
[demo.left]
latency = { median = "150ms", sigma = 0.3 }
[demo.right]
latency = { median = "150ms", sigma = 0.3 }
[agents.balanced]
kind = "undici-balanced-pool"
upstreams = ["demo:left", "demo:right"]
connections = 4
[workloads.balanced]
agent = "balanced"
base_url = "demo:left"
arrival = "poisson"
rate = "20/s"
[agents.shared]
keep_alive = true
timeout = "4s"
max_sockets = 4
max_total_sockets = 12
[workloads.reads]
agent = "shared"
base_url = "demo:plain"
arrival = "constant"
rate = "9/s"
[workloads.writes]
agent = "shared"
base_url = "demo:fifo"
arrival = "constant"
rate = "9/s"
[[workloads.writes.requests]]
name = "order"
method = "POST"
path = "/order"
body = { json = { cart = 1 } }
weight = 3
[[workloads.writes.requests]]
name = "look"
path = "/look"
"""
PROFILE = (
    "".join(
        _HOST.format(
            name=name, scheme=scheme, protocols=protocols, kind=kind, options=how, load=load
        )
        for name, scheme, protocols, kind, how, load in _HOSTS
    )
    + _MORE
)
HOSTS = 12
"""Of all its agents together."""
LOOK_S = 0.25


class Quiet(NamedTuple):
    """What came of a healthy run."""

    cards: tuple[Card, ...]
    """Every one is a false alarm."""
    windows: int
    """Closed windows of the host that has fewest."""
    hosts: int
    served: int
    """Responses of all hosts."""


async def watch_quietly(
    seconds: float, window_s: float, *, look_s: float = LOOK_S, stall_s: float = math.inf
) -> Quiet:
    """Run it for so long, in this loop.

    Args:
        seconds: how long.
        window_s: of the advisor.
        look_s: between two snapshots.
        stall_s: a look that comes so much later says that this machine does something else: what
            was seen until then is forgotten, and the time begins anew, as often as four times the
            seconds let it.
    """
    profile = load_profile_text(PROFILE)
    options = AdvisorOptions(window_s=window_s, min_samples=min(200, max(30, int(7 * window_s))))
    clock = asyncio.get_running_loop().time
    async with contextlib.AsyncExitStack() as stack:
        demo = await stack.enter_async_context(DemoServers(profile.demo))
        engine = Engine(resolve_demo(profile, demo.addresses))
        stack.push_async_callback(engine.aclose)
        engine.start()
        advisor, closed = Advisor(options), Counter[object]()
        end, patience = clock() + seconds, clock() + 4 * seconds
        while clock() < min(end, patience):
            due = clock() + look_s
            await asyncio.sleep(look_s)
            if clock() - due > stall_s:
                advisor, closed = Advisor(options), Counter()
                end = clock() + seconds
            before = {host: kept[-1] for host, kept in advisor.watch.hosts.items()}
            advisor.add(engine.snapshot())
            closed.update(
                host
                for host, kept in advisor.watch.hosts.items()
                if kept[-1] is not before.get(host)
            )
        last = engine.snapshot()
        served = sum(one.counters.completed for each in last.agents for one in each.origins)
    return Quiet(advisor.history(), min(closed.values(), default=0), len(closed), served)


def told(card: Card) -> str:
    """Give a card as lines of text."""
    subject = card.subject
    whom = subject.workload or subject.origin or subject.agent or "engine"
    lines = [f"{card.id} {card.diagnosis.title}: {subject.agent} {whom}", f"  {card.finding.why}"]
    lines += [f"  {evidence_words(each)}" for each in card.finding.evidence]
    return "\n".join(lines)
