"""Lesson: maxSockets: Infinity hands every burst to the host, which does not serve it faster."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen
from pooltop.present import units

USERS, CAPACITY = 40, 4

PROFILE = f"""
schema = 1
[compare]
a = "infinity"
b = "capped"
[demo.flooded]
latency = {{ median = "20ms" }}
concurrency = {CAPACITY}
[demo.spared]
latency = {{ median = "20ms" }}
concurrency = {CAPACITY}
[agents.infinity]
keep_alive = true
[agents.capped]
keep_alive = true
max_sockets = {CAPACITY}
[workloads.infinity]
model = "closed"
agent = "infinity"
base_url = "demo:flooded"
users = {USERS}
[workloads.capped]
model = "closed"
agent = "capped"
base_url = "demo:spared"
users = {USERS}
"""


def _enough(seen: Seen) -> bool:
    return seen.pool("infinity").completed >= 3 * USERS and seen.pool("capped").completed > USERS


def _no_faster(seen: Seen) -> Verdict:
    infinity, capped = seen.pool("infinity"), seen.pool("capped")
    flooded_s, spared_s = (each.wait.quantile(0.5) or 0.0 for each in (infinity, capped))
    return Verdict(
        infinity.opened == USERS
        and capped.opened == CAPACITY
        and flooded_s > 2 * spared_s > 0
        and infinity.completed < 2 * capped.completed,
        f"{infinity.opened} sockets served {infinity.completed}, {capped.opened} served "
        f"{capped.completed}; the host's own answer took {units.duration(flooded_s)} "
        f"instead of {units.duration(spared_s)}.",
        (
            Number("sockets, Infinity", infinity.opened),
            Number("sockets, capped", capped.opened),
            Number("answer, Infinity", flooded_s, "s"),
            Number("answer, capped", spared_s, "s"),
        ),
    )


LESSON = Lesson(
    name="unlimited",
    title="maxSockets: Infinity",
    terms=("maxSockets", "HOL blocking", "Little's law"),
    about="maxSockets is Infinity unless it is set: every request that finds no idle socket opens "
    "one, and a burst reaches the host as a burst.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"{USERS} callers, a host that works on {CAPACITY} at once. maxSockets: "
            f"Infinity against {CAPACITY}. Which gets more done?",
            choices=("Infinity, by far", "they are alike", f"{CAPACITY}, by far"),
            answer=1,
            does="both loads begin, to hosts that are alike",
            do=resume("infinity", "capped"),
            look="REQ/S is alike. SVC95 of one row, WAIT95 of the other: where the queue is.",
            until=_enough,
            claim=_no_faster,
            why=(
                "The host sets the pace: more sockets only move the queue into it.",
                "In the agent the queue costs nothing, and can be seen, timed and shed.",
            ),
        ),
    ),
    cure=(f"agents.infinity.max_sockets={CAPACITY}",),
)
