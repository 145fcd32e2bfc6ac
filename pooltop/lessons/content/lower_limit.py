"""Lesson: a lowered maxSockets closes no idle socket: they stay until something else ends them."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume, set_option
from pooltop.lessons.seen import Seen

USERS, LOWERED = 10, 3
_QUIET_S = 0.6

PROFILE = f"""
schema = 1
[demo.api]
latency = {{ median = "30ms" }}
[agents.api]
keep_alive = true
max_sockets = {USERS}
[workloads.crowd]
model = "closed"
agent = "api"
base_url = "demo:api"
users = {USERS}
[workloads.few]
model = "closed"
agent = "api"
base_url = "demo:api"
users = 2
"""


def _all_idle(seen: Seen) -> bool:
    now = seen.pool("api").now
    return now is not None and now.active == 0 and now.free > 0


def _kept(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    free = 0 if pool.now is None else pool.now.free
    return Verdict(
        free == USERS and pool.closed() == 0,
        f"{free} sockets are idle, {pool.closed()} were closed.",
        (Number("idle sockets", free), Number("closed", pool.closed())),
    )


def _crowded(seen: Seen) -> bool:
    pool = seen.pool("api")
    return pool.completed >= 2 * USERS and pool.most_in_use == USERS


def _full(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    return Verdict(
        pool.most_in_use == USERS and pool.opened == USERS,
        f"{pool.opened} sockets were opened, {pool.most_in_use} in use at once.",
        (Number("sockets opened", pool.opened), Number("in use", pool.most_in_use)),
    )


def _waited(seen: Seen) -> bool:
    after = seen.since_edit
    return after is not None and after.span_s >= _QUIET_S


def _nothing_closed(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    culled = seen.edits[0].culled if seen.edits else 0
    free = 0 if pool.now is None else pool.now.free
    return Verdict(
        bool(seen.edits) and culled == 0 and free > LOWERED,
        f"The edit closed {culled}; {free} sockets are idle under a limit of {LOWERED}.",
        (Number("closed by the edit", culled), Number("idle sockets", free)),
    )


def _some(seen: Seen) -> bool:
    return seen.pool("api").completed >= 2 * USERS


def _closed_in_use(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    total = 0 if pool.now is None else pool.now.total
    return Verdict(
        0 < pool.closed() == USERS - total,
        f"{pool.completed} requests later {pool.closed()} were closed, and {total} are left.",
        (Number("closed", pool.closed()), Number("sockets left", total)),
    )


LESSON = Lesson(
    name="lower-limit",
    title="Lowering the limit closes nothing",
    terms=("maxSockets", "NODE", "DRAIN", "over maxSockets"),
    about="maxSockets is looked at when a socket is opened and when one is released. An idle "
    "socket is neither: nobody looks at it.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"{USERS} callers without a pause, maxSockets {USERS}. How many sockets?",
            choices=(f"{USERS}", "fewer: they are reused", "one for each request"),
            answer=0,
            does="the crowd's load begins",
            do=resume("crowd"),
            look=f"IN USE/MAX {USERS}/{USERS}; DIAL/S goes to 0.",
            until=_crowded,
            claim=_full,
            why=(
                "All are busy at once, so each needs one of its own; then they are reused.",
                "The host now asks for less: it can bear 3.",
            ),
        ),
        Step(
            question="The crowd leaves. How many sockets stay open, and for how long?",
            choices=("none", f"all {USERS}, there is no timeout", "3"),
            answer=1,
            does="holds the crowd's load",
            do=pause("crowd"),
            look="FREE: every socket went to agent.freeSockets.",
            until=_all_idle,
            claim=_kept,
            why=(
                f"maxFreeSockets is 256 unless it is set: there is room for {USERS}.",
                "Without a timeout only the server will ever close them.",
            ),
        ),
        Step(
            question=f"maxSockets is lowered from {USERS} to {LOWERED}. How many are closed?",
            choices=(f"{USERS - LOWERED}, at once", "none"),
            answer=1,
            does=f"sets maxSockets to {LOWERED}",
            do=(set_option("api", "max_sockets", LOWERED),),
            look="The card of the edit: 0 closed. The row is over its limit: ~.",
            until=_waited,
            claim=_nothing_closed,
            why=(
                "Assigning a number closes nothing, and an idle socket meets no rule.",
                "Each will be looked at when it is used and released: not before.",
            ),
        ),
        Step(
            question="Two callers come. What becomes of the idle ones that are too many?",
            choices=("some are closed as they are used", "all are closed by the first request"),
            answer=0,
            does="the few callers' load begins",
            do=resume("few"),
            look="The events: over maxSockets, one for each release, until it fits.",
            until=_some,
            claim=_closed_in_use,
            why=(
                "A socket that is released while too many are open is destroyed, one by one.",
                "It is the warm one that goes: lifo never touches the cold ones below it.",
            ),
        ),
    ),
    cure=("agents.api.live=drain",),
)
