"""Lesson: a raised maxSockets drains nothing, and who comes last is served first."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume, set_option
from pooltop.lessons.seen import Seen

USERS, LIMIT, RAISED = 8, 2, 10

PROFILE = f"""
schema = 1
[demo.slow]
latency = {{ median = "1500ms" }}
[agents.api]
keep_alive = true
max_sockets = {LIMIT}
[workloads.early]
model = "closed"
agent = "api"
base_url = "demo:slow"
users = {USERS}
[workloads.late]
model = "closed"
agent = "api"
base_url = "demo:slow"
users = 1
"""


def _full(seen: Seen) -> bool:
    return seen.pool("api").most_queued >= USERS - LIMIT


def _waits(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    return Verdict(
        pool.most_queued == USERS - LIMIT and pool.most_in_use == LIMIT,
        f"{pool.most_in_use} sockets in use, {pool.most_queued} requests in the queue.",
        (
            Number("sockets in use", pool.most_in_use),
            Number("queued", pool.most_queued),
        ),
    )


def _overtaken(seen: Seen) -> bool:
    return bool(seen.edits) and seen.pool("api").most_overtaken > 0


def _drained_nothing(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    opened = seen.edits[0].opened if seen.edits else 0
    queued = seen.edits[0].queued if seen.edits else 0
    return Verdict(
        bool(seen.edits) and opened == 0 and queued > 0 and pool.most_overtaken > 0,
        f"The edit opened {opened} sockets for {queued} that waited; the next request opened its "
        f"own and overtook them.",
        (
            Number("opened by the edit", opened),
            Number("waiting", queued),
            Number("overtaken by", pool.most_overtaken),
        ),
    )


LESSON = Lesson(
    name="raise-limit",
    title="Raising the limit drains nothing",
    terms=("maxSockets", "NODE", "DRAIN", "overtaken"),
    about="agent.maxSockets can be assigned while the agent works. It is read when a request "
    "comes and when a socket goes: not when it is assigned.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"A host that takes 1.5 s, maxSockets {LIMIT}, {USERS} callers at once. "
            "How many wait?",
            choices=(
                "none",
                f"{USERS}",
                f"{USERS - LIMIT}",
            ),
            answer=2,
            does="the load begins",
            do=resume("early"),
            look="QUEUE and OLDEST; page 3 has who waits.",
            until=_full,
            claim=_waits,
            why=(
                f"{LIMIT} are on a socket, the others in agent.requests, in their order.",
                "Somebody raises maxSockets now, to help them.",
            ),
        ),
        Step(
            question=f"maxSockets goes to {RAISED} while {USERS - LIMIT} wait; then one more "
            "request comes. Who is served first?",
            choices=(
                "the one that came last",
                "those that wait: the raise opens sockets",
            ),
            answer=0,
            does=f"sets maxSockets to {RAISED}; one caller more",
            do=(set_option("api", "max_sockets", RAISED), *resume("late")),
            look="The card of the edit: 0 dialled. Page 3: OVERTAKEN.",
            until=_overtaken,
            claim=_drained_nothing,
            why=(
                "Assigning maxSockets starts nothing: the queue moves when a socket is freed.",
                "A new request looks at the limit, finds room, and passes the queue by.",
            ),
            most_s=4.0,
        ),
    ),
    cure=("agents.api.live=drain",),
    notes=(
        (
            "pooltop can do either: mode NODE is what your service does, mode DRAIN "
            '(live = "drain") opens sockets for those that wait, at once.'
        ),
    ),
)
