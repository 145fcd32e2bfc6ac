"""Lesson: a TLS handshake in full, and one that takes a former session up."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import PoolSeen, Seen

USERS = 2
_ENOUGH = 20

PROFILE = f"""
schema = 1
[compare]
a = "resumes"
b = "full"
[demo.api]
scheme = "https"
latency = {{ median = "5ms" }}
[agents.resumes]
kind = "https.Agent"
keep_alive = false
[agents.full]
kind = "https.Agent"
keep_alive = false
max_cached_sessions = 0
[workloads.resumes]
model = "closed"
agent = "resumes"
base_url = "demo:api"
users = {USERS}
think = {{ min = "10ms", max = "20ms" }}
[workloads.full]
model = "closed"
agent = "full"
base_url = "demo:api"
users = {USERS}
think = {{ min = "10ms", max = "20ms" }}
"""


def _enough(seen: Seen) -> bool:
    return min(seen.pool("resumes").handshakes, seen.pool("full").handshakes) >= _ENOUGH


def _connect_s(pool: PoolSeen) -> float:
    return pool.connect.quantile(0.5) or 0.0


def _taken_up(seen: Seen) -> Verdict:
    resumes, full = seen.pool("resumes"), seen.pool("full")
    share = resumes.resumed / resumes.handshakes if resumes.handshakes else 0.0
    return Verdict(
        share > 0.5 and full.resumed == 0 and full.handshakes >= _ENOUGH,
        f"{resumes.resumed} of {resumes.handshakes} handshakes took a session up; without a "
        f"cache {full.resumed} of {full.handshakes}.",
        (
            Number("resumed, with a cache", share, "share"),
            Number("resumed, without", full.resumed),
            Number("connect p50, with", _connect_s(resumes), "s"),
            Number("connect p50, without", _connect_s(full), "s"),
        ),
    )


LESSON = Lesson(
    name="tls-resumption",
    title="TLS: resumed against full",
    terms=("TLS handshake", "TLS resumption", "maxCachedSessions"),
    about="https.Agent keeps the TLS session of each host (maxCachedSessions, 100): the next "
    "connection takes it up, without certificates and their checks.",
    profile=PROFILE,
    steps=(
        Step(
            question="keepAlive off over https: every request has a handshake. One agent caches "
            "sessions, the other none. How many are full?",
            choices=(
                "with a cache only the first ones",
                "all, of both: resumption needs keepAlive",
                "none of either",
            ),
            answer=0,
            does="both loads begin",
            do=resume("resumes", "full"),
            look="Enter on each row: TLS, full and resumed; DIAL/S is alike.",
            until=_enough,
            claim=_taken_up,
            why=(
                "The server's ticket is kept by the agent: no certificate is sent or checked.",
                "It saves CPU, and with TLS 1.2 a round trip. keepAlive saves the handshake.",
            ),
        ),
    ),
    notes=(
        (
            "On one machine, with one small certificate, both take about as long: what is saved "
            "is the work on a real chain of them, and the octets of it."
        ),
    ),
    cure=("agents.resumes.max_cached_sessions=0",),
)
