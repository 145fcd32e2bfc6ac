"""Lesson: maxFreeSockets below what comes free at once means closing, and opening again."""

from __future__ import annotations

from pooltop.core.states import CloseReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume, set_option
from pooltop.lessons.seen import Seen

USERS = 8
_ENOUGH = 60

PROFILE = f"""
schema = 1
[demo.api]
latency = {{ median = "20ms" }}
[agents.api]
keep_alive = true
max_sockets = {USERS}
max_free_sockets = 1
[workloads.visitors]
model = "closed"
agent = "api"
base_url = "demo:api"
users = {USERS}
think = {{ min = "0ms", max = "150ms" }}
"""


def _enough(seen: Seen) -> bool:
    return seen.pool("api").completed >= _ENOUGH


def _churns(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    full = pool.closed(CloseReason.OVER_MAX_FREE_SOCKETS)
    return Verdict(
        full * 10 > pool.completed and pool.opened > USERS,
        f"{pool.completed} requests: {full} sockets were closed because one idle socket is "
        f"enough, {pool.opened} were opened.",
        (
            Number("closed, over maxFreeSockets", full),
            Number("sockets opened", pool.opened),
            Number("reuse", pool.reuse, "share"),
        ),
    )


def _edited(seen: Seen) -> bool:
    after = seen.since_edit
    return after is not None and _enough(after)


def _is_calm(seen: Seen) -> Verdict:
    pool = (seen.since_edit or seen).pool("api")
    return Verdict(
        pool.opened <= USERS and pool.completed >= _ENOUGH,
        f"{pool.completed} requests, {pool.opened} sockets opened.",
        (
            Number("sockets opened", pool.opened),
            Number("requests", pool.completed),
            Number("reuse", pool.reuse, "share"),
        ),
    )


LESSON = Lesson(
    name="free-sockets",
    title="maxFreeSockets too small: churn",
    terms=("maxFreeSockets", "over maxFreeSockets", "churn"),
    about="maxFreeSockets is how many idle sockets the agent keeps for one host; the default is "
    "256. One that comes free beyond it is closed.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"{USERS} users who pause now and then, maxSockets {USERS}, "
            "maxFreeSockets 1, keepAlive on. What is reused?",
            choices=("nearly everything", "only a part: sockets come and go"),
            answer=1,
            does="the load begins",
            do=resume("visitors"),
            look="DIAL/S is not 0 though keepAlive is on; the events say over maxFreeSockets.",
            until=_enough,
            claim=_churns,
            why=(
                "One is idle already: a socket that is done is destroyed, though it is newer.",
                "A moment later somebody needs it, and pays for dns, TCP and TLS once more.",
            ),
        ),
        Step(
            question=f"maxFreeSockets is raised to {USERS}. How many are opened from now on?",
            choices=("as many as before", f"{USERS} or so, then none", "none at all"),
            answer=1,
            does=f"sets maxFreeSockets to {USERS}",
            do=(set_option("api", "max_free_sockets", USERS),),
            look="DIAL/S falls to 0, FREE goes up and down, REUSE to 100 %.",
            until=_edited,
            claim=_is_calm,
            why=(
                "agent.freeSockets has room for all that can be idle: nothing is closed.",
                "A rule of thumb: maxFreeSockets as maxSockets, if the host can bear it.",
            ),
        ),
    ),
    cure=(f"agents.api.max_free_sockets={USERS}",),
)
