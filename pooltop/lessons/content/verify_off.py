"""Lesson: rejectUnauthorized: false takes any certificate, of anybody."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen

_WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID"

PROFILE = """
schema = 1
[demo.other]
scheme = "https"
latency = { median = "10ms" }
[agents.checks]
kind = "https.Agent"
keep_alive = true
tls = { servername = "bank.example" }
[agents.blind]
kind = "https.Agent"
keep_alive = true
tls = { servername = "bank.example", verify = false }
[workloads.checks]
model = "closed"
agent = "checks"
base_url = "demo:other"
users = 2
[workloads.blind]
model = "closed"
agent = "blind"
base_url = "demo:other"
users = 2
think = { min = "50ms" }
headers = { x-card = "4242" }
"""


def _refused(seen: Seen) -> bool:
    return seen.pool("checks").failed() >= 2


def _nothing_sent(seen: Seen) -> Verdict:
    pool = seen.pool("checks")
    wrong = pool.failed(_WRONG_NAME)
    return Verdict(
        wrong > 0 and wrong == pool.failed() and pool.completed == 0,
        f"{wrong} handshakes were refused: {_WRONG_NAME}. No request left.",
        (Number("refused", wrong), Number("answered", pool.completed)),
    )


def _answered(seen: Seen) -> bool:
    return seen.pool("blind").completed >= 10


def _anybody(seen: Seen) -> Verdict:
    pool = seen.pool("blind")
    is_marked = pool.now is not None and not pool.now.verified
    return Verdict(
        pool.completed > 0 and pool.failed() == 0 and is_marked,
        f"{pool.completed} requests, with all their headers, were answered by somebody who is "
        "not bank.example.",
        (Number("answered", pool.completed), Number("failed", pool.failed())),
    )


LESSON = Lesson(
    name="verify-off",
    title="verify = false",
    terms=("rejectUnauthorized", "ca", "servername", "ERR_TLS_CERT_ALTNAME_INVALID"),
    about="rejectUnauthorized: false still encrypts, but to whoever answers: the certificate is "
    "not looked at. pooltop calls it verify = false, and marks every row of it.",
    profile=PROFILE,
    steps=(
        Step(
            question="We ask for bank.example; another host answers, with its own certificate. "
            "What does an https.Agent do?",
            choices=(
                "it refuses before a byte of the request is sent",
                "it sends, and warns",
            ),
            answer=0,
            does="two callers begin",
            do=resume("checks"),
            look="ERR 100 %; the events have the code.",
            until=_refused,
            claim=_nothing_sent,
            why=(
                "The handshake was fine, the name was not: checkServerIdentity says no.",
                "An error like this is the moment in which somebody turns the check off.",
            ),
        ),
        Step(
            question="Somebody sets rejectUnauthorized: false. Who gets the requests now?",
            choices=("nobody: it still fails", "bank.example", "whoever answers"),
            answer=2,
            does="two callers begin, without the check",
            do=resume("blind"),
            look="The row is marked: NOT VERIFIED. ERR is 0: it looks healthy.",
            until=_answered,
            claim=_anybody,
            why=(
                "Headers, cookies and bodies went to a stranger, and every answer was a 200.",
                "Trust a private authority with ca, or name the host with servername instead.",
            ),
        ),
    ),
    cure=("agents.blind.tls.verify=true",),
)
