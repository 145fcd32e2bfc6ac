"""Lesson: keepAlive takes two; a server that says Connection: close has the last word."""

from __future__ import annotations

from pooltop.core.states import CloseReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen

_ENOUGH = 30

PROFILE = """
schema = 1
[demo.api]
latency = { median = "10ms" }
keep_alive = false
[agents.api]
keep_alive = true
[workloads.callers]
model = "closed"
agent = "api"
base_url = "demo:api"
users = 3
"""


def _enough(seen: Seen) -> bool:
    return seen.pool("api").completed >= _ENOUGH


def _no_reuse(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    told = pool.closed(CloseReason.CONNECTION_CLOSE)
    return Verdict(
        pool.reused == 0 and told > 0 and pool.opened >= pool.completed,
        f"{pool.completed} requests, {pool.opened} sockets; {told} were closed because the "
        "response said so.",
        (
            Number("sockets opened", pool.opened),
            Number("closed, Connection: close", told),
            Number("reuse", pool.reuse, "share"),
        ),
    )


LESSON = Lesson(
    name="connection-close",
    title="Connection: close, and who decides",
    terms=("Connection: close", "keepAlive", "reuse"),
    about="HTTP/1.1 keeps a connection unless one side says Connection: close. keepAlive: true "
    "makes the agent ask for it; the server answers.",
    profile=PROFILE,
    steps=(
        Step(
            question="keepAlive: true in the agent, and every response says Connection: close. "
            "What is reused?",
            choices=("everything: the agent decides", "nothing: the server decides"),
            answer=1,
            does="the load begins",
            do=resume("callers"),
            look="REUSE 0; the events of closes say who wanted it.",
            until=_enough,
            claim=_no_reuse,
            why=(
                "A socket whose response says close is destroyed, whatever the agent's keepAlive.",
                "Zero reuse is not always your option: look at the responses' headers first.",
            ),
        ),
    ),
    cure=("demo.api.keep_alive=true",),
)
