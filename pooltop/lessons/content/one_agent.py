"""Lesson: one agent for all hosts has one limit for all hosts, and only one can be right."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume, set_option
from pooltop.lessons.seen import Seen
from pooltop.present import units

USERS, LIMIT, CAPACITY = 10, 2, 2
_ENOUGH = 40

PROFILE = f"""
schema = 1
[demo.slow]
latency = {{ median = "300ms" }}
[demo.small]
latency = {{ median = "20ms" }}
concurrency = {CAPACITY}
[agents.shared]
keep_alive = true
max_sockets = {LIMIT}
[agents.own]
keep_alive = true
max_sockets = {LIMIT}
[workloads.slow]
model = "closed"
agent = "shared"
base_url = "demo:slow"
users = {USERS}
[workloads.small]
model = "closed"
agent = "shared"
base_url = "demo:small"
users = {USERS}
"""


def _both_queue(seen: Seen) -> bool:
    return seen.pool("shared", "slow").completed >= USERS + 2


def _one_limit(seen: Seen) -> Verdict:
    slow, small = seen.pool("shared", "slow"), seen.pool("shared", "small")
    slow_s, small_s = (each.queue.quantile(0.5) or 0.0 for each in (slow, small))
    return Verdict(
        slow_s > 3 * small_s > 0,
        f"Half of the callers of the slow host waited {units.duration(slow_s)}, of the small "
        f"one {units.duration(small_s)}.",
        (Number("queue, slow host", slow_s, "s"), Number("queue, small host", small_s, "s")),
    )


def _edited(seen: Seen) -> bool:
    after = seen.since_edit
    return after is not None and after.pool("shared", "small").completed >= _ENOUGH


def _moved(seen: Seen) -> Verdict:
    small = (seen.since_edit or seen).pool("shared", "small")
    before_s = small.wait_before.quantile(0.5) or 0.0
    after_s = small.wait.quantile(0.5) or 0.0
    return Verdict(
        small.most_in_use > CAPACITY and after_s > 1.5 * before_s > 0,
        f"The small host got {small.most_in_use} connections instead of {LIMIT}, and answers in "
        f"{units.duration(after_s)} instead of {units.duration(before_s)}.",
        (
            Number("connections, small host", small.most_in_use),
            Number("its answer before", before_s, "s"),
            Number("its answer now", after_s, "s"),
        ),
    )


LESSON = Lesson(
    name="one-agent",
    title="One agent for all",
    terms=("maxSockets", "bulkhead", "origin"),
    about="An agent keeps a pool for each host, but its options are one: maxSockets, timeout "
    "and keepAlive are the same for a slow host and for a small one.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"One agent, maxSockets {LIMIT}, for a host that takes 300 ms and one that "
            f"takes 20 ms. Each has {USERS} callers. Who waits?",
            choices=(
                "all alike",
                "only the small host's",
                "those of the slow host, far longer",
            ),
            answer=2,
            does="both loads begin",
            do=resume("slow", "small"),
            look="WAIT95 of the two rows: one limit, two needs.",
            until=_both_queue,
            claim=_one_limit,
            why=(
                "A host needs about arrivals/s x seconds of an answer: 15 times as many here.",
                "The limit is per host, yet the number is the same for every host.",
            ),
        ),
        Step(
            question=f"So maxSockets is raised to 10, for the slow host. The small one works on "
            f"{CAPACITY} at once: what does it get?",
            choices=(
                "10 too: its queue is inside it now",
                "nothing new: it has enough",
            ),
            answer=0,
            does="sets maxSockets of the agent to 10",
            do=(set_option("shared", "max_sockets", 10),),
            look="The small host's IN USE and SVC95: the queue has moved into the server.",
            until=_edited,
            claim=_moved,
            why=(
                "The agent's maxSockets is every host's: the small one lost its protection.",
                "An agent per service (a bulkhead) gives each its own limit and clocks.",
            ),
        ),
    ),
    cure=("workloads.small.agent=own",),
)
