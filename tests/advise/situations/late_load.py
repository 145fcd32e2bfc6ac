"""Situations of the machine, streams, the load and the target: A25, A29 to A33, A35."""

from __future__ import annotations

import asyncio
import os
import resource

from support.advising import Situation, nothing

_MANY = """
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 30
[demo.s]
latency = { median = "40ms" }
"""
_STREAMS = """
[agents.a]
kind = "h2"
sessions = 1
live = "drain"
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = 8
[demo.s]
protocols = ["h2"]
max_concurrent_streams = STREAMS
latency = { median = "20ms" }
"""
_CLASSES = """
[agents.a]
keep_alive = true
max_sockets = 2
[workloads.w]
agent = "a"
base_url = "@s"
model = "closed"
users = 8
[[workloads.w.requests]]
name = "quick"
path = "/quick"
weight = 9
[[workloads.w.requests]]
name = "SLOW"
path = "/SLOW"
weight = 1
"""
_DROPPING = """
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "demo:s"
rate = "60/s"
max_in_flight = MOST
[demo.s]
latency = { median = "60ms" }
"""
_USERS = """
[agents.a]
keep_alive = true
max_sockets = 3
[workloads.w]
agent = "a"
base_url = "demo:s"
model = "closed"
users = USERS
[demo.s]
latency = { median = "10ms" }
"""
_WIDE = """
[agents.a]
keep_alive = true
max_sockets = SOCKETS
[workloads.w]
agent = "a"
base_url = "demo:s"
arrival = "constant"
rate = "50/s"
[demo.s]
latency = { median = "8ms" }
"""
_DEAD = """
[agents.a]
keep_alive = true
max_sockets = 2
timeouts = { connect = "100ms" }
[agents.a.tls]
verify = false
[workloads.w]
agent = "a"
base_url = "https://@@s"
rate = "40/s"
"""
_ALIVE = """
[agents.a]
keep_alive = true
max_sockets = 2
timeouts = { connect = "100ms" }
[workloads.w]
agent = "a"
base_url = "@s"
rate = "40/s"
"""
_REFUSING = """
[agents.a]
kind = "h2"
sessions = 2
[workloads.w]
agent = "a"
base_url = "demo:s"
stages = [ { to = "20/s", over = "0s" }, { hold = "1.2s" }, { to = "120/s", over = "0s" }, { hold = "60s" } ]
[demo.s]
protocols = ["h2"]
concurrency = 2
refuse = REFUSE
latency = { median = "20ms" }
"""


async def _few_descriptors(engine):
    """Let this process have one and a half times the descriptors that it has open."""
    while not engine.agents["a"].snapshot().origins:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) * 3 // 2, hard))
    try:
        await asyncio.sleep(60)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _two_classes(wire):
    while (asked := await wire.request()) is not None:
        await asyncio.sleep(0.2 if asked.target == "/slow" else 0.004)
        wire.reply(asked.target)


async def _deaf(wire):
    await wire.gone()


SITUATIONS = (
    Situation(
        id="A25",
        profile=_MANY,
        twin=_MANY,
        act=_few_descriptors,
        twin_act=nothing,
    ),
    Situation(
        id="A29",
        profile=_STREAMS.replace("STREAMS", "2"),
        twin=_STREAMS.replace("STREAMS", "100"),
        proposes=("connections", 2),
    ),
    Situation(
        id="A30",
        profile=_CLASSES.replace("SLOW", "slow"),
        twin=_CLASSES.replace("SLOW", "also-quick"),
        servers={"s": _two_classes},
    ),
    Situation(
        id="A31",
        profile=_REFUSING.replace("REFUSE", "0.5"),
        twin=_REFUSING.replace("REFUSE", "0.0"),
    ),
    Situation(
        id="A32",
        profile=_DROPPING.replace("MOST", "2"),
        twin=_DROPPING.replace("MOST", "400"),
    ),
    Situation(
        id="A32",
        profile=_USERS.replace("USERS", "3"),
        twin=_USERS.replace("USERS", "6"),
    ),
    Situation(
        id="A33",
        profile=_WIDE.replace("SOCKETS", "40"),
        twin=_WIDE.replace("SOCKETS", "1"),
        window_s=0.2,
        min_samples=10,
        proposes=("max_sockets", 0),
    ),
    Situation(
        id="A35",
        profile=_DEAD,
        twin=_ALIVE,
        servers={"s": _deaf},
        twin_servers={"s": _two_classes},
    ),
)
