"""Lesson: undici's Pool, which fetch uses: connections instead of maxSockets, and its own clock."""

from __future__ import annotations

from pooltop.core.states import CloseReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume
from pooltop.lessons.seen import Seen

USERS, CONNECTIONS = 8, 2
_ENOUGH = 20

PROFILE = f"""
schema = 1
[demo.api]
latency = {{ median = "30ms" }}
[agents.pool]
kind = "undici-pool"
connections = {CONNECTIONS}
keep_alive_timeout = "600ms"
[workloads.callers]
model = "closed"
agent = "pool"
base_url = "demo:api"
users = {USERS}
"""


def _enough(seen: Seen) -> bool:
    return seen.pool("pool").completed >= _ENOUGH


def _queues(seen: Seen) -> Verdict:
    pool = seen.pool("pool")
    return Verdict(
        pool.opened == CONNECTIONS and pool.most_queued >= USERS - CONNECTIONS - 1,
        f"{pool.opened} connections carry {pool.completed} requests; up to {pool.most_queued} "
        "wait in the pool and in its clients.",
        (
            Number("connections", pool.opened),
            Number("waiting, most", pool.most_queued),
            Number("reuse", pool.reuse, "share"),
        ),
    )


def _gone(seen: Seen) -> bool:
    now = seen.pool("pool").now
    return now is not None and now.total == 0


def _timed_out(seen: Seen) -> Verdict:
    pool = seen.pool("pool")
    idle = pool.closed(CloseReason.IDLE_TIMEOUT)
    return Verdict(
        idle == pool.closed() == CONNECTIONS,
        f"{idle} connections were closed by the pool's own keepAliveTimeout.",
        (Number("closed, idle timeout", idle),),
    )


LESSON = Lesson(
    name="undici-pool",
    title="undici's Pool, and fetch",
    terms=("connections", "keepAliveTimeout", "pipelining"),
    about="Node's fetch ignores agent: it has undici's dispatcher. A Pool keeps connections "
    "alive by itself, as many as it is told; unless it is told, without limit.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"new Pool(url, {{ connections: {CONNECTIONS} }}), {USERS} callers. "
            "What do the others do?",
            choices=(
                "open connections",
                "fail",
                "wait in the pool's queue",
            ),
            answer=2,
            does="the load begins",
            do=resume("callers"),
            look="CLIENTS, QUEUE, and Enter for undici's own stats.",
            until=_enough,
            claim=_queues,
            why=(
                "connections is what maxSockets is to an Agent; pipelining 1: one at a time.",
                "What has no client waits: pool.stats.queued, and pending in the clients.",
            ),
        ),
        Step(
            question="keepAliveTimeout is 600 ms and the server gives no hint. The load stops: "
            "who closes?",
            choices=("nobody: there is no hint", "the server", "the pool, by its own clock"),
            answer=2,
            does="holds the load until all are closed",
            do=pause("callers"),
            look="The events: idle timeout.",
            until=_gone,
            claim=_timed_out,
            why=(
                "undici has a clock for idle connections without being told: 4 s by default.",
                "A server's hint may lengthen it as well as shorten it, less 2 s.",
            ),
        ),
    ),
    cure=(f"agents.pool.connections={USERS}",),
    notes=("keepAliveTimeout is an option of the Pool itself, not of its connect.",),
)
