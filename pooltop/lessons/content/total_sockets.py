"""Lesson: under maxTotalSockets a busy host keeps another one waiting for ever."""

from __future__ import annotations

from pooltop.core.states import QueueReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume
from pooltop.lessons.seen import Seen
from pooltop.present import units

USERS, LIMIT = 4, 2
_ENOUGH = 40

PROFILE = f"""
schema = 1
[demo.busy]
latency = {{ median = "20ms" }}
[demo.other]
latency = {{ median = "20ms" }}
[agents.api]
keep_alive = true
max_total_sockets = {LIMIT}
[workloads.busy]
model = "closed"
agent = "api"
base_url = "demo:busy"
users = {USERS}
[workloads.other]
model = "closed"
agent = "api"
base_url = "demo:other"
users = 1
"""


def _many(seen: Seen) -> bool:
    return seen.pool("api", "busy").completed >= _ENOUGH


def _starves(seen: Seen) -> Verdict:
    busy, other = seen.pool("api", "busy"), seen.pool("api", "other")
    waiting = () if other.now is None else other.now.requests
    why = [request.why for request in waiting]
    return Verdict(
        other.completed == 0 and why == [QueueReason.MAX_TOTAL_SOCKETS],
        f"{busy.completed} answers of the busy host, {other.completed} of the other; "
        f"{len(waiting)} waits at maxTotalSockets.",
        (
            Number("answered, busy host", busy.completed),
            Number("answered, other host", other.completed),
            Number("waiting, other host", len(waiting)),
        ),
    )


def _served(seen: Seen) -> bool:
    return seen.pool("api", "other").completed > 0


def _at_last(seen: Seen) -> Verdict:
    other = seen.pool("api", "other")
    longest_s = other.queue.quantile(1.0) or 0.0
    return Verdict(
        other.completed > 0 and longest_s > 0,
        f"Served as soon as the busy host was quiet, after {units.duration(longest_s)} in "
        "the queue.",
        (Number("in the queue", longest_s, "s"), Number("answered", other.completed)),
    )


LESSON = Lesson(
    name="total-sockets",
    title="maxTotalSockets starves a host",
    terms=("maxTotalSockets", "starvation", "handed over"),
    about="maxTotalSockets is how many sockets an agent may have to all hosts together, idle ones "
    "counted; the default is Infinity.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"maxTotalSockets {LIMIT}. {USERS} callers keep one host busy; one request "
            "for another host comes. When is it served?",
            choices=(
                "when the busy host falls quiet",
                "in its turn, after those before it",
            ),
            answer=0,
            does="the busy host's load begins first",
            do=resume("busy", "other"),
            look="The other host: 0 sockets, 1 queued, and OLDEST that grows.",
            until=_many,
            claim=_starves,
            why=(
                "A socket that is freed goes to the next in the queue of the same host.",
                "It is never freed for another host while its own queue has one: no turns.",
            ),
        ),
        Step(
            question="The busy host's callers stop. What becomes of the one that waits?",
            choices=("it was dropped long ago", "it is served at once"),
            answer=1,
            does="holds the busy host's load",
            do=pause("busy"),
            look="The other host's first socket; the event says: replacement.",
            until=_served,
            claim=_at_last,
            why=(
                "A socket was parked or closed: only then does the agent look at other hosts.",
                "An agent per service, or maxSockets below the total, leaves room for all.",
            ),
        ),
    ),
    cure=("agents.api.max_total_sockets=6",),
)
