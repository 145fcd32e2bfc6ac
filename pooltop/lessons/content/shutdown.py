"""Lesson: an agent that nobody destroys keeps its idle sockets, and with them the process."""

from __future__ import annotations

from pooltop.core.edits import Control
from pooltop.core.states import CloseReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume
from pooltop.lessons.seen import Seen

USERS = 6
_QUIET_S = 1.5

PROFILE = f"""
schema = 1
[demo.api]
latency = {{ median = "20ms" }}
[agents.api]
keep_alive = true
[workloads.service]
model = "closed"
agent = "api"
base_url = "demo:api"
users = {USERS}
"""


def _warm(seen: Seen) -> bool:
    return seen.pool("api").completed >= 5 * USERS


def _works(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    return Verdict(
        pool.opened == USERS and pool.reuse > 0.5,
        f"{pool.opened} sockets carry {pool.completed} requests.",
        (Number("sockets", pool.opened), Number("requests", pool.completed)),
    )


def _long_over(seen: Seen) -> bool:
    return seen.span_s >= _QUIET_S


def _still_open(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    left = 0 if pool.now is None else pool.now.free
    return Verdict(
        left == USERS and pool.closed() == 0,
        f"{seen.span_s:.1f} s after the last request {left} sockets are still open.",
        (Number("still open", left), Number("closed", pool.closed())),
    )


def _none_left(seen: Seen) -> bool:
    now = seen.pool("api").now
    return now is not None and now.total == 0


def _destroyed(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    closed = pool.closed(CloseReason.AGENT_DESTROYED)
    return Verdict(
        closed == USERS,
        f"{closed} sockets were closed because their agent was destroyed.",
        (Number("closed, agent destroyed", closed),),
    )


LESSON = Lesson(
    name="shutdown",
    title="Shutdown: an agent nobody destroys",
    terms=("agent destroyed", "keepAlive", "timeout"),
    about="agent.destroy() closes the sockets that an agent has. Until then, and without a "
    "timeout, idle sockets stay open: to the server they are clients.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"A service with {USERS} callers, keepAlive on, no timeout. "
            "How many sockets does it hold?",
            choices=("1", f"{USERS}", "one for each request"),
            answer=1,
            does="the load begins",
            do=resume("service"),
            look=f"IN USE/MAX: {USERS} of no limit.",
            until=_warm,
            claim=_works,
            why=(
                "As many as were ever needed at once; from then on they are reused.",
                "Then SIGTERM comes: the service stops sending.",
            ),
        ),
        Step(
            question="The last response has come; nothing is sent any more. "
            "How many sockets are open after a second and a half?",
            choices=(f"all {USERS}", "none", "1"),
            answer=0,
            does="holds the load, and waits",
            do=pause("service"),
            look="FREE stays: nobody closes them.",
            until=_long_over,
            claim=_still_open,
            why=(
                "Nothing has told the agent: it keeps them for a request that never comes.",
                "The server counts them as open connections, and waits for them to drain.",
            ),
        ),
        Step(
            question="Now the agent is destroyed. And the sockets?",
            choices=("they are closed one by one, when used", "all are closed at once"),
            answer=1,
            does="stops the load, which destroys the agent",
            do=(Control(action="stop"),),
            look="The events: agent destroyed.",
            until=_none_left,
            claim=_destroyed,
            why=(
                "agent.destroy() destroys every socket it has, in use or idle.",
                "First stop what sends: queued requests would open sockets anew.",
            ),
        ),
    ),
    cure=("agents.api.timeout=500ms",),
    notes=(
        (
            "In Node, destroy() leaves agent.requests alone: the active request fails, and a new "
            "socket is opened for the next in the queue."
        ),
    ),
)
