"""Lesson: the first requests pay for their connections, and so do the first after a quiet time."""

from __future__ import annotations

from pooltop.core.states import CloseReason
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume
from pooltop.lessons.seen import Seen
from pooltop.present import units

USERS = 6
_MORE = 60

PROFILE = f"""
schema = 1
[demo.api]
scheme = "https"
latency = {{ median = "30ms" }}
[agents.api]
kind = "https.Agent"
keep_alive = true
timeout = "600ms"
[workloads.visitors]
model = "closed"
agent = "api"
base_url = "demo:api"
users = {USERS}
"""


def _first(seen: Seen) -> bool:
    pool = seen.pool("api")
    return min(pool.completed, pool.connect.count) >= USERS


def _all_cold(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    connect = pool.connect
    mean_s = connect.sum_s / connect.count if connect.count else 0.0
    return Verdict(
        pool.opened == USERS and connect.count == USERS,
        f"{USERS} users found no socket and opened {pool.opened}: TCP and TLS took "
        f"{units.duration(mean_s)} on average, before a byte of a request.",
        (
            Number("sockets opened", pool.opened),
            Number("connect, mean", mean_s, "s"),
            Number("answer, p50", pool.wait.quantile(0.5) or 0.0, "s"),
        ),
    )


def _many(seen: Seen) -> bool:
    return seen.pool("api").completed >= _MORE


def _all_warm(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    return Verdict(
        pool.opened == 0 and pool.completed >= _MORE,
        f"{pool.completed} more requests, {pool.opened} sockets opened: nobody paid again.",
        (Number("requests", pool.completed), Number("sockets opened", pool.opened)),
    )


def _gone(seen: Seen) -> bool:
    now = seen.pool("api").now
    return now is not None and now.total == 0


def _timed_out(seen: Seen) -> Verdict:
    pool = seen.pool("api")
    idle = pool.closed(CloseReason.IDLE_TIMEOUT)
    left = 0 if pool.now is None else pool.now.total
    return Verdict(
        idle == pool.closed() > 0 and left == 0,
        f"{idle} sockets were closed by the agent's own timeout, {left} are left.",
        (Number("closed, idle timeout", idle), Number("sockets left", left)),
    )


LESSON = Lesson(
    name="cold-start",
    title="Cold start: who pays for the connection",
    terms=("cold start", "timeout", "idle timeout"),
    about="An agent opens a socket when a request needs one, never ahead of it: a new agent has "
    "none, and an agent whose idle sockets timed out has none again.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"A new https agent, and {USERS} users who come at once. "
            "How many TLS handshakes?",
            choices=("1, shared by all", f"{USERS}, one each", "none, they are made ahead"),
            answer=1,
            does="the load begins",
            do=resume("visitors"),
            look="The sockets: c (connecting) and t (TLS) before # (active).",
            until=_first,
            claim=_all_cold,
            why=(
                "agent.freeSockets was empty: each request opened a socket of its own.",
                "TCP, then TLS, and only then the request: a cold start is that wait.",
            ),
        ),
        Step(
            question=f"The same users go on, for {_MORE} requests. How many sockets now?",
            choices=("none", f"{USERS} again", f"{_MORE}"),
            answer=0,
            does="nothing: the load goes on",
            do=(),
            look="DIAL/S is 0, REUSE goes to 100 %.",
            until=_many,
            claim=_all_warm,
            why=(
                "Each response ended with its socket in agent.freeSockets.",
                "The next request takes the one that was freed last (scheduling: 'lifo').",
            ),
        ),
        Step(
            question="The agent's timeout is 600 ms. Nobody asks for a second: "
            "how many sockets are left?",
            choices=(f"all {USERS}", "one, to be warm", "none"),
            answer=2,
            does="holds the load until the sockets are gone",
            do=pause("visitors"),
            look="FREE falls to 0; the events say why: idle timeout.",
            until=_gone,
            claim=_timed_out,
            why=(
                "The agent's timeout is of inactivity: a socket idle for so long is closed.",
                "Node keeps no least number of sockets: a quiet minute empties the pool.",
            ),
            most_s=4.0,
        ),
        Step(
            question="And when the users come back?",
            choices=("they find the sockets again", f"{USERS} cold starts more"),
            answer=1,
            does="the load goes on",
            do=resume("visitors"),
            look="DIAL/S, once more; the first answers are late again.",
            until=_first,
            claim=_all_cold,
            why=(
                "The first requests after a quiet time pay as the very first did.",
                "A longer timeout keeps sockets warm, if the server keeps them as long.",
            ),
        ),
    ),
    cure=("agents.api.timeout=unlimited",),
)
