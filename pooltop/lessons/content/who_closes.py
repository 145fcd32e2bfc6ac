"""Lesson: the server's hint, the agent's buffer, and which side closes an idle connection."""

from __future__ import annotations

from pooltop.core.states import CloseReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume
from pooltop.lessons.seen import Seen

_ENOUGH = 10

PROFILE = """
schema = 1
[compare]
a = "hinted"
b = "deaf"
[demo.api]
latency = { median = "10ms" }
keep_alive_timeout = "2s"
[agents.hinted]
keep_alive = true
timeout = "30s"
[agents.deaf]
keep_alive = true
[workloads.hinted]
model = "closed"
agent = "hinted"
base_url = "demo:api"
users = 2
think = { min = "20ms", max = "60ms" }
[workloads.deaf]
model = "closed"
agent = "deaf"
base_url = "demo:api"
users = 2
think = { min = "20ms", max = "60ms" }
"""


def _idle_seen(seen: Seen) -> bool:
    pools = seen.pool("hinted"), seen.pool("deaf")
    return all(
        pool.completed >= _ENOUGH and pool.free_timeout_s is not None and pool.hint
        for pool in pools
    )


def _timers(seen: Seen) -> Verdict:
    hinted, deaf = seen.pool("hinted"), seen.pool("deaf")
    kept_s, unlimited = hinted.free_timeout_s, deaf.free_timeout_s
    return Verdict(
        hinted.hint == deaf.hint == "timeout=2" and kept_s == 1.0 and unlimited == 0.0,
        f"Both were told {hinted.hint}. With a timeout the agent keeps an idle socket "
        f"{kept_s or 0:g} s, without one it has no limit at all.",
        (Number("kept, with timeout: 30 s", kept_s or 0.0, "s"),),
    )


def _all_gone(seen: Seen) -> bool:
    pools = seen.pool("hinted").now, seen.pool("deaf").now
    return all(pool is not None and pool.total == 0 for pool in pools)


def _who(seen: Seen) -> Verdict:
    hinted, deaf = seen.pool("hinted"), seen.pool("deaf")
    ours, theirs = hinted.closed(CloseReason.IDLE_TIMEOUT), deaf.closed(CloseReason.PEER_FIN)
    return Verdict(
        ours == hinted.closed() > 0 and theirs == deaf.closed() > 0,
        f"With a timeout the agent closed {ours} itself; without one the server closed {theirs}.",
        (Number("closed by the agent", ours), Number("closed by the server", theirs)),
    )


LESSON = Lesson(
    name="who-closes",
    title="Who closes: the hint and the buffer",
    terms=("Keep-Alive hint", "agentKeepAliveTimeoutBuffer", "timeout", "closed by peer"),
    about="A server may say Keep-Alive: timeout=N. Node takes agentKeepAliveTimeoutBuffer "
    "(1000 ms) off it and closes first, if that shortens an agent's timeout.",
    profile=PROFILE,
    steps=(
        Step(
            question="The server says timeout=2. One agent has timeout: 30 s, the other none. "
            "How long does each keep an idle socket?",
            choices=(
                "with a timeout 1 s; without one for ever",
                "both 2 s",
                "30 s and 2 s",
            ),
            answer=0,
            does="both loads begin",
            do=resume("hinted", "deaf"),
            look="Page 2, a free socket: HINT, and LEFT until it is closed.",
            until=_idle_seen,
            claim=_timers,
            why=(
                "2 s less agentKeepAliveTimeoutBuffer, 1 s: the agent means to close first.",
                "The hint is only read to shorten the agent's timeout. No timeout, no hint.",
            ),
        ),
        Step(
            question="The load stops. Who closes the idle sockets?",
            choices=(
                "the server, all of them",
                "the agent, all of them",
                "with a timeout the agent, without one the server",
            ),
            answer=2,
            does="holds the load until all are closed",
            do=pause("hinted", "deaf"),
            look="The events: idle timeout (we did), closed by peer (the server did).",
            until=_all_gone,
            claim=_who,
            why=(
                "Who closes first is safe: the other side may close just as a request is sent.",
                "So set timeout: then no request meets a socket that the server closes.",
            ),
        ),
    ),
    cure=("agents.deaf.timeout=30s",),
    notes=(
        (
            "Node reads timeout only where it stands first in the header; max=N is never used. "
            "undici reads it anywhere, and lets it lengthen too."
        ),
    ),
)
