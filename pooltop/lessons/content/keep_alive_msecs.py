"""Lesson: keepAliveMsecs is the delay of TCP's probes, not how long an idle socket is kept."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, pause, resume
from pooltop.lessons.seen import Seen

_QUIET_S = 1.0
_ENOUGH = 20

PROFILE = """
schema = 1
[compare]
a = "probes"
b = "timeout"
[demo.api]
latency = { median = "10ms" }
[agents.probes]
keep_alive = true
keep_alive_msecs = "200ms"
[agents.timeout]
keep_alive = true
timeout = "200ms"
[workloads.probes]
model = "closed"
agent = "probes"
base_url = "demo:api"
users = 3
think = { min = "5ms", max = "20ms" }
[workloads.timeout]
model = "closed"
agent = "timeout"
base_url = "demo:api"
users = 3
think = { min = "5ms", max = "20ms" }
"""


def _warm(seen: Seen) -> bool:
    return min(seen.pool("probes").completed, seen.pool("timeout").completed) >= _ENOUGH


def _both_reuse(seen: Seen) -> Verdict:
    probes, timeout = seen.pool("probes").reuse, seen.pool("timeout").reuse
    return Verdict(
        min(probes, timeout) > 0.5,
        "While the load goes on, both reuse: no socket is idle for 200 ms.",
        (Number("reuse, probes", probes, "share"), Number("reuse, timeout", timeout, "share")),
    )


def _quiet(seen: Seen) -> bool:
    timeout = seen.pool("timeout").now
    return seen.span_s >= _QUIET_S and timeout is not None and timeout.total == 0


def _one_is_empty(seen: Seen) -> Verdict:
    probes, timeout = seen.pool("probes"), seen.pool("timeout")
    left = 0 if probes.now is None else probes.now.free
    gone = 0 if timeout.now is None else timeout.now.total
    return Verdict(
        left > 0 and probes.closed() == 0 and gone == 0,
        f"After {seen.span_s:.1f} s: {left} idle sockets with keepAliveMsecs: 200, {gone} with "
        "timeout: 200.",
        (Number("kept, keepAliveMsecs", left), Number("kept, timeout", gone)),
    )


LESSON = Lesson(
    name="keep-alive-msecs",
    title="keepAliveMsecs is not what you think",
    terms=("keepAliveMsecs", "TCP keep-alive", "timeout"),
    about="keepAliveMsecs: after so long without a word the kernel probes whether the peer is "
    "there. It closes nothing that answers; how long an idle socket is kept, timeout says.",
    profile=PROFILE,
    steps=(
        Step(
            question="One agent has keepAliveMsecs: 200, the other timeout: 200, both keepAlive. "
            "Which reuses, under steady load?",
            choices=("both", "only keepAliveMsecs", "only timeout"),
            answer=0,
            does="both loads begin",
            do=resume("probes", "timeout"),
            look="REUSE of both rows.",
            until=_warm,
            claim=_both_reuse,
            why=(
                "A socket is idle for some milliseconds only: neither clock runs out.",
                "On a busy machine the two options look alike. They are not.",
            ),
        ),
        Step(
            question="Nobody asks for a second. Whose idle sockets are closed?",
            choices=("keepAliveMsecs: 200", "timeout: 200", "both"),
            answer=1,
            does="holds both loads for a second",
            do=pause("probes", "timeout"),
            look="FREE: one row keeps its sockets, the other's are closed: idle timeout.",
            until=_quiet,
            claim=_one_is_empty,
            why=(
                "keepAliveMsecs is setKeepAlive's initial delay: of probes, in the kernel.",
                "timeout is the socket's inactivity: an idle one is closed after it.",
            ),
        ),
    ),
    cure=("agents.probes.timeout=200ms",),
    notes=("The article calls keepAliveMsecs 'how long to keep idle sockets'; it is not.",),
)
