"""Lesson: an agent for every request has nothing to reuse, and its limits limit nothing."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen

USERS = 4
_ENOUGH = 40

PROFILE = f"""
schema = 1
[compare]
a = "one"
b = "each"
[demo.api]
latency = {{ median = "20ms" }}
[agents.one]
keep_alive = true
max_sockets = 1
[agents.each]
keep_alive = true
max_sockets = 1
per_request = true
[workloads.one]
model = "closed"
agent = "one"
base_url = "demo:api"
users = {USERS}
[workloads.each]
model = "closed"
agent = "each"
base_url = "demo:api"
users = {USERS}
"""


def _enough(seen: Seen) -> bool:
    return seen.pool("each").completed >= _ENOUGH and seen.pool("one").completed >= 10


def _nothing_reused(seen: Seen) -> Verdict:
    one, each = seen.pool("one"), seen.pool("each")
    made = seen.agent("each").agents_made or 0
    return Verdict(
        one.opened == 1 and each.reused == 0 and made >= each.completed <= each.opened,
        f"{made} agents opened {each.opened} sockets for {each.completed} requests; one agent "
        f"opened {one.opened} for {one.completed}.",
        (
            Number("agents made", made),
            Number("their sockets", each.opened),
            Number("sockets of the one", one.opened),
        ),
    )


def _limit_is_none(seen: Seen) -> Verdict:
    one, each = seen.pool("one"), seen.pool("each")
    return Verdict(
        one.most_in_use == 1 and each.most_in_use > 1 and each.most_queued == 0,
        f"maxSockets 1 in both: one agent had {one.most_in_use} in use, an agent per request "
        f"{each.most_in_use} at once.",
        (
            Number("in use, one agent", one.most_in_use),
            Number("in use, one each", each.most_in_use),
        ),
    )


LESSON = Lesson(
    name="agent-per-request",
    title="An agent per request",
    terms=("perRequest", "reuse", "maxSockets"),
    about="new https.Agent({ keepAlive: true }) inside the function that sends: the pool is "
    "as old as the request, and nobody ever asks it for a second one.",
    profile=PROFILE,
    steps=(
        Step(
            question="keepAlive is on in both. One service has one agent, the other makes one in "
            "every call. What does the second reuse?",
            choices=(
                "the same",
                "half of it",
                "nothing",
            ),
            answer=2,
            does="both loads begin",
            do=resume("one", "each"),
            look="REUSE 0 beside 99 %; DIAL/S is the req/s.",
            until=_enough,
            claim=_nothing_reused,
            why=(
                "agent.freeSockets belongs to one agent: the next call asks another one.",
                "Make the agent once, at start, and hand it to every call.",
            ),
        ),
        Step(
            question=f"Both have maxSockets: 1, and {USERS} callers. How many connections does "
            "the host get at once?",
            choices=(
                f"1, and {USERS}",
                "1 from each",
            ),
            answer=0,
            does="nothing: both loads go on",
            do=(),
            look="IN USE/MAX of both rows.",
            until=_enough,
            claim=_limit_is_none,
            why=(
                "Every limit counts within one agent, and each of them has one request.",
                "What was to protect the host protects nothing.",
            ),
        ),
    ),
    cure=("agents.each.per_request=false",),
)
