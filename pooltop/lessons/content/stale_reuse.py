"""Lesson: a kept socket that the server closes as the next request is sent on it."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen

_STALE = "stale reuse"
_SOME, _MANY = 20, 60

PROFILE = """
schema = 1
[compare]
a = "node"
b = "again"
[demo.flaky]
latency = { median = "5ms" }
drop_after = 15
[agents.node]
keep_alive = true
[agents.again]
keep_alive = true
retry_stale = true
[workloads.node]
model = "closed"
agent = "node"
base_url = "demo:flaky"
users = 3
[workloads.again]
model = "closed"
agent = "again"
base_url = "demo:flaky"
users = 3
"""


def _met(seen: Seen) -> bool:
    pool = seen.pool("node")
    return pool.failed(_STALE) >= 2 and pool.completed >= _SOME


def _fails(seen: Seen) -> Verdict:
    pool = seen.pool("node")
    stale = pool.failed(_STALE)
    return Verdict(
        stale > 0 and stale == pool.failed() and pool.completed > 0,
        f"{stale} requests failed of ECONNRESET on a used socket, {pool.completed} were "
        f"answered, none failed on a new one.",
        (
            Number("failed, stale reuse", stale),
            Number("answered", pool.completed),
            Number("failed otherwise", pool.failed() - stale),
        ),
    )


def _sent_again(seen: Seen) -> bool:
    pool = seen.pool("again")
    return pool.retried >= 2 and pool.completed >= _MANY


def _heals(seen: Seen) -> Verdict:
    pool = seen.pool("again")
    return Verdict(
        pool.retried > 0 and pool.failed() == 0,
        f"{pool.retried} requests were sent once more on another socket, {pool.failed()} failed.",
        (Number("sent again", pool.retried), Number("failed", pool.failed())),
    )


LESSON = Lesson(
    name="stale-reuse",
    title="Stale reuse: the server closes on purpose",
    terms=("stale reuse", "ECONNRESET", "retryStale", "idempotent"),
    about="A server may close a kept connection at any time. If it does while a request is on "
    "its way, Node's agent fails it: ECONNRESET, 'socket hang up'.",
    profile=PROFILE,
    steps=(
        Step(
            question="A healthy server closes each connection as its 16th request comes. "
            "keepAlive is on. What does a caller see?",
            choices=(
                "now and then ECONNRESET",
                "nothing: it is sent again",
                "a 503",
            ),
            answer=0,
            does="the load of agent node begins",
            do=resume("node"),
            look="ERR, and the events: stale reuse, always on a socket that had served.",
            until=_met,
            claim=_fails,
            why=(
                "The pool handed out a socket that looked alive; its end was on the way.",
                "Node's agent does not retry: req.reusedSocket tells the caller that it may.",
            ),
            most_s=5.0,
        ),
        Step(
            question="Another agent sends again what may be had twice (retryStale). And now?",
            choices=(
                "as many fail",
                "POSTs are doubled too",
                "none of these GETs fails",
            ),
            answer=2,
            does="the load of agent again begins",
            do=resume("again"),
            look="The events of agent again: RETRY, where the other has ERROR.",
            until=_sent_again,
            claim=_heals,
            why=(
                "Not a byte was answered, and a GET is idempotent: it is sent once more.",
                "Better still: close first, with a timeout shorter than the server's.",
            ),
        ),
    ),
    cure=("demo.flaky.drop_after=unlimited",),
    notes=(
        (
            "On one machine the race is nearly never lost: 60 tries made no error. So this "
            "server closes on purpose, at the worst moment."
        ),
    ),
)
