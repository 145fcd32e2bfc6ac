"""Lesson: beyond maxSockets requests wait in agent.requests, and their callers do not know."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen
from pooltop.present import units

USERS = 10
LIMIT = 2
_ENOUGH = 30

PROFILE = f"""
schema = 1
[demo.api]
latency = {{ median = "50ms" }}
[agents.api]
keep_alive = true
max_sockets = {LIMIT}
[workloads.callers]
model = "closed"
agent = "api"
base_url = "demo:api"
users = {USERS}
"""


def _some(seen: Seen) -> bool:
    return seen.pool("api").completed >= USERS


def _the_rest_waits(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    return Verdict(
        pool.most_in_use == LIMIT and pool.most_queued == USERS - LIMIT and pool.failed() == 0,
        f"{pool.most_in_use} on a socket, {pool.most_queued} in the queue, "
        f"{pool.failed()} refused.",
        (
            Number("sockets in use, most", pool.most_in_use),
            Number("queued, most", pool.most_queued),
            Number("failed", pool.failed()),
        ),
    )


def _many(seen: Seen) -> bool:
    return seen.pool("api").completed >= _ENOUGH


def _mostly_queue(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    answer_s = pool.wait.quantile(0.5) or 0.0
    queue_s = pool.queue.quantile(0.5) or 0.0
    total_s = pool.total.quantile(0.5) or 0.0
    answer, queue, total = map(units.duration, (answer_s, queue_s, total_s))
    return Verdict(
        queue_s >= 2 * answer_s > 0,
        f"The host answers in {answer}; a caller waits {total}, {queue} of it in the queue.",
        (
            Number("answer, p50", answer_s, "s"),
            Number("in the queue, p50", queue_s, "s"),
            Number("all in all, p50", total_s, "s"),
        ),
    )


LESSON = Lesson(
    name="queue",
    title="The queue at maxSockets",
    terms=("maxSockets", "queued", "Little's law"),
    about="maxSockets is how many sockets the agent may have to one host at once; the default is "
    "Infinity. What is more waits in agent.requests, first in, first out.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"{USERS} callers at once, maxSockets {LIMIT}. "
            f"What becomes of the other {USERS - LIMIT}?",
            choices=("they fail at once", "they wait in agent.requests", "they open sockets too"),
            answer=1,
            does="the load begins",
            do=resume("callers"),
            look=f"IN USE/MAX {LIMIT}/{LIMIT}, and QUEUE beside it.",
            until=_some,
            claim=_the_rest_waits,
            why=(
                "The agent is full at maxSockets: the request goes to the end of agent.requests.",
                "There is no limit to that queue, no clock, and no event that tells of it.",
            ),
        ),
        Step(
            question="The host answers in 50 ms. What does a caller measure?",
            choices=("about 50 ms", "about 100 ms", "about 250 ms"),
            answer=2,
            does="nothing: the load goes on",
            do=(),
            look="WAIT95 (the queue) against SVC95 (the host), and the two plots.",
            until=_many,
            claim=_mostly_queue,
            why=(
                f"{USERS} callers, {LIMIT} sockets: each waits for {USERS // LIMIT} answers.",
                "The host looks slow and is not: the time is lost in agent.requests.",
            ),
        ),
    ),
    cure=(f"agents.api.max_sockets={USERS}",),
)
