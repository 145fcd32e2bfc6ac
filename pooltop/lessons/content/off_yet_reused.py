"""Lesson: keepAlive off, and yet sockets are reused: as long as somebody waits for them."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen

USERS = 5
_ENOUGH = 25

PROFILE = f"""
schema = 1
[compare]
a = "burst"
b = "single"
[demo.api]
latency = {{ median = "20ms" }}
[agents.burst]
keep_alive = false
max_sockets = 1
[agents.single]
keep_alive = false
max_sockets = 1
[workloads.burst]
model = "closed"
agent = "burst"
base_url = "demo:api"
users = {USERS}
[workloads.single]
model = "closed"
agent = "single"
base_url = "demo:api"
users = 1
think = {{ min = "5ms", max = "10ms" }}
"""


def _enough(seen: Seen) -> bool:
    return min(seen.pool("burst").completed, seen.pool("single").completed) >= _ENOUGH


def _handed_over(seen: Seen) -> Verdict:
    burst, single = seen.pool("burst"), seen.pool("single")
    return Verdict(
        burst.opened == 1 and single.reused == 0 and single.opened >= single.completed,
        f"With a queue {burst.opened} socket carried {burst.completed} requests; without one "
        f"{single.opened} carried {single.completed}.",
        (
            Number("sockets, with a queue", burst.opened),
            Number("sockets, without", single.opened),
            Number("reuse, with a queue", burst.reuse, "share"),
            Number("reuse, without", single.reuse, "share"),
        ),
    )


LESSON = Lesson(
    name="off-yet-reused",
    title="keepAlive off, and yet reused",
    terms=("keepAlive", "handed over", "maxSockets"),
    about="A socket that is released goes to the queue's head before the agent asks itself "
    "whether it keeps sockets. A finite maxSockets alone sends Connection: keep-alive.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"keepAlive: false, maxSockets: 1, twice: with {USERS} callers at once, and "
            "with one who pauses. Who reuses a socket?",
            choices=("nobody: keepAlive is off", f"the {USERS}, through the queue", "both"),
            answer=1,
            does="both loads begin",
            do=resume("burst", "single"),
            look="REUSE of the two rows: 100 % beside 0, with the same options.",
            until=_enough,
            claim=_handed_over,
            why=(
                "Somebody waits: the socket is handed over, whatever keepAlive says.",
                "Nobody waits: it is closed. A load test may hide what production shows.",
            ),
        ),
    ),
    cure=("workloads.burst.users=1",),
    notes=("req.reusedSocket stays false for a request that a used socket was handed to.",),
)
