"""Lesson: with keepAlive a few sockets carry everything; without it each carries one request."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume, set_option
from pooltop.lessons.seen import Seen

USERS = 4
_ENOUGH = 60
"""Requests of each side."""

PROFILE = f"""
schema = 1
[compare]
a = "kept"
b = "close"
[demo.api]
latency = {{ median = "10ms" }}
[agents.kept]
keep_alive = true
[agents.close]
keep_alive = false
[workloads.kept]
model = "closed"
agent = "kept"
base_url = "demo:api"
users = {USERS}
think = {{ min = "10ms", max = "30ms" }}
[workloads.close]
model = "closed"
agent = "close"
base_url = "demo:api"
users = {USERS}
think = {{ min = "10ms", max = "30ms" }}
"""


def _enough(seen: Seen) -> bool:
    return min(seen.pool("kept").completed, seen.pool("close").completed) >= _ENOUGH


def _each_its_own(seen: Seen) -> Verdict:
    kept, close = seen.pool("kept"), seen.pool("close")
    return Verdict(
        kept.opened <= USERS and close.reused == 0 and close.opened >= close.completed,
        f"keepAlive: true opened {kept.opened} sockets for {kept.completed} requests, "
        f"keepAlive: false {close.opened} for {close.completed}.",
        (
            Number("sockets, keepAlive on", kept.opened),
            Number("sockets, keepAlive off", close.opened),
            Number("reuse, keepAlive on", kept.reuse, "share"),
            Number("reuse, keepAlive off", close.reuse, "share"),
        ),
    )


def _edited(seen: Seen) -> bool:
    after = seen.since_edit
    return after is not None and after.pool("close").completed >= _ENOUGH


def _no_more(seen: Seen) -> Verdict:
    close = (seen.since_edit or seen).pool("close")
    return Verdict(
        close.opened <= USERS and close.reused > 0,
        f"After the edit {close.opened} sockets were opened for {close.completed} requests.",
        (
            Number("sockets opened", close.opened),
            Number("requests", close.completed),
            Number("reuse", close.reuse, "share"),
        ),
    )


LESSON = Lesson(
    name="reuse",
    title="Reuse: keepAlive on, keepAlive off",
    terms=("keepAlive", "reuse"),
    about="new Agent({ keepAlive: true }) keeps a socket that is done for the next request; "
    "without it the socket is closed as soon as nobody waits for it.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"{USERS} users send the same requests through two agents, "
            f"{_ENOUGH} and more each. How many sockets will each agent open?",
            choices=(
                f"both about {USERS}",
                f"keepAlive on: {USERS} at most; off: one for every request",
                "both one for every request",
            ),
            answer=1,
            does="both loads begin, to the same host",
            do=resume("kept", "close"),
            look="REUSE of the two rows, and DIAL/S: one is 0, the other is its req/s.",
            until=_enough,
            claim=_each_its_own,
            why=(
                "keepAlive: true parks it in agent.freeSockets, where the next request takes it.",
                "keepAlive: false sends Connection: close: every request pays dns, TCP and TLS.",
            ),
        ),
        Step(
            question="keepAlive is now switched on in the agent that closes, while it runs. "
            "When does that count?",
            choices=("at once", "only for a new agent", "when the old sockets have timed out"),
            answer=0,
            does="sets keepAlive of agent close to on",
            do=(set_option("close", "keep_alive", value=True),),
            look="REUSE of that row climbs; the sockets become few, and stay.",
            until=_edited,
            claim=_no_more,
            why=(
                "The agent reads its keepAlive at each release, not when it is made.",
                "So the next socket that is done goes to agent.freeSockets: reuse begins.",
            ),
        ),
    ),
    cure=("agents.close.keep_alive=true",),
    notes=(
        (
            "http.globalAgent has keepAlive: true with a timeout of 5 s since Node 19; an agent "
            "of your own, new Agent(), still has false."
        ),
    ),
)
