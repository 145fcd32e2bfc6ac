"""Lesson: connect, inactivity and total; and that none of Node's runs in the queue."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen
from pooltop.present import units

USERS = 6
LIMIT_S = 0.3

PROFILE = f"""
schema = 1
[demo.api]
latency = {{ median = "100ms" }}
[agents.silent]
keep_alive = true
timeouts = {{ mode = "node", idle = "50ms" }}
[agents.waits]
keep_alive = true
max_sockets = 1
timeouts = {{ mode = "node", idle = "300ms" }}
[agents.budget]
keep_alive = true
max_sockets = 1
timeouts = {{ total = "300ms" }}
[workloads.silent]
model = "closed"
agent = "silent"
base_url = "demo:api"
users = 1
[workloads.waits]
model = "closed"
agent = "waits"
base_url = "demo:api"
users = {USERS}
[workloads.budget]
model = "closed"
agent = "budget"
base_url = "demo:api"
users = {USERS}
"""


def _told(seen: Seen) -> bool:
    return seen.pool("silent").completed >= 3


def _only_told(seen: Seen) -> Verdict:
    pool = seen.pool("silent")
    return Verdict(
        pool.timeout_events > 0 and pool.failed() == 0 and pool.completed > 0,
        f"{pool.timeout_events} times 'timeout' was emitted; {pool.completed} requests were "
        f"answered all the same, {pool.failed()} failed.",
        (
            Number("'timeout' events", pool.timeout_events),
            Number("answered", pool.completed),
            Number("failed", pool.failed()),
        ),
    )


def _waited(seen: Seen) -> bool:
    return seen.pool("waits").completed >= 2 * USERS


def _not_in_the_queue(seen: Seen) -> Verdict:
    pool = seen.pool("waits")
    queue_s = pool.queue.quantile(0.5) or 0.0
    return Verdict(
        queue_s > LIMIT_S and pool.timeout_events == 0 and pool.failed() == 0,
        f"Half of them were {units.duration(queue_s)} in the queue alone; no timeout fired.",
        (
            Number("in the queue, p50", queue_s, "s"),
            Number("'timeout' events", pool.timeout_events),
            Number("failed", pool.failed()),
        ),
    )


def _over_budget(seen: Seen) -> bool:
    return seen.pool("budget").failed() >= 2


def _total_counts_all(seen: Seen) -> Verdict:
    pool = seen.pool("budget")
    failed = pool.failed("total clock")
    return Verdict(
        failed > 0 and failed == pool.failed(),
        f"{failed} requests ended with their budget of 300 ms, in the queue or on the socket; "
        f"{pool.completed} were answered in time.",
        (Number("out of budget", failed), Number("answered", pool.completed)),
    )


LESSON = Lesson(
    name="three-timeouts",
    title="Three timeouts, and the one that is missing",
    terms=("timeout", "idle", "queue", "total"),
    about="Connect: until TCP stands. Socket: silence on it. Total: an AbortSignal from the start "
    "to the last byte. And the queue, for which Node has none.",
    profile=PROFILE,
    steps=(
        Step(
            question="req.setTimeout(50), and a host that takes 100 ms to begin its answer. "
            "What becomes of the request?",
            choices=(
                "it fails after 50 ms",
                "it emits 'timeout' and goes on",
                "nothing: only gaps within the body count",
            ),
            answer=1,
            does="one caller begins",
            do=resume("silent"),
            look="The events: SILENT. ERR stays 0.",
            until=_told,
            claim=_only_told,
            why=(
                "It is the socket's inactivity: a slow start is silence too, and counts.",
                "In Node it is an event only: who does not call req.destroy() goes on waiting.",
            ),
        ),
        Step(
            question=f"req.setTimeout(300); the host takes 100 ms; {USERS} callers share one "
            "socket. Whose timeout fires?",
            choices=(
                "of nobody",
                "of those that wait over 300 ms",
                "of everybody",
            ),
            answer=0,
            does=f"{USERS} callers begin, on one socket",
            do=resume("waits"),
            look="WAIT95 over 300 ms beside ERR 0.",
            until=_waited,
            claim=_not_in_the_queue,
            why=(
                "The clock begins when the request is given a socket: the queue is free of it.",
                "So the very wait that a full pool makes is what no timeout of Node's sees.",
            ),
        ),
        Step(
            question="The same, with a budget of 300 ms from the intended start, as an "
            "AbortSignal.timeout(300) has it. And now?",
            choices=(
                "who waits too long fails, also in the queue",
                "nobody fails either",
            ),
            answer=0,
            does=f"{USERS} callers more begin, with a budget",
            do=resume("budget"),
            look="ERR of that row, and the events: total clock.",
            until=_over_budget,
            claim=_total_counts_all,
            why=(
                "A total clock runs from the start: through the queue, dns, TCP, TLS, the answer.",
                "It is the only one that keeps what was promised to the caller.",
            ),
        ),
    ),
    cure=(f"agents.waits.max_sockets={USERS}",),
    notes=(
        (
            "The article says that the socket timeout does not see a slow start; it does. "
            "AbortController is a global, not a module."
        ),
    ),
)
