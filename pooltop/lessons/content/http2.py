"""Lesson: over HTTP/2 a connection carries many requests at once, as many as the peer allows."""

from __future__ import annotations

from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume
from pooltop.lessons.seen import Seen

USERS, CAP = 20, 4

PROFILE = f"""
schema = 1
[compare]
a = "h1"
b = "h2"
[demo.wide]
scheme = "https"
protocols = ["h2", "http/1.1"]
latency = {{ median = "100ms" }}
[demo.narrow]
scheme = "https"
protocols = ["h2", "http/1.1"]
latency = {{ median = "100ms" }}
max_concurrent_streams = {CAP}
[agents.h1]
kind = "https.Agent"
keep_alive = true
[agents.h2]
kind = "h2"
[workloads.h1]
model = "closed"
agent = "h1"
base_url = "demo:wide"
users = {USERS}
[workloads.h2]
model = "closed"
agent = "h2"
base_url = "demo:wide"
users = {USERS}
[workloads.narrow]
model = "closed"
agent = "h2"
base_url = "demo:narrow"
users = {USERS}
"""


def _both(seen: Seen) -> bool:
    h1, h2 = seen.pool("h1"), seen.pool("h2", "wide")
    return min(h1.completed, h2.completed) >= 2 * USERS


def _one_connection(seen: Seen) -> Verdict:
    h1, h2 = seen.pool("h1"), seen.pool("h2", "wide")
    return Verdict(
        h1.opened == USERS and h2.opened == 1 and h2.most_running > USERS / 2,
        f"HTTP/1.1 opened {h1.opened} connections, HTTP/2 {h2.opened}, with "
        f"{h2.most_running} requests on it at once.",
        (
            Number("connections, HTTP/1.1", h1.opened),
            Number("connections, HTTP/2", h2.opened),
            Number("streams at once", h2.most_running),
        ),
    )


def _narrow(seen: Seen) -> bool:
    pool = seen.pool("h2", "narrow")
    return pool.completed >= 3 * CAP and pool.most_queued > 0


def _capped(seen: Seen) -> Verdict:
    pool = seen.pool("h2", "narrow")
    return Verdict(
        pool.most_running <= CAP and pool.most_queued >= USERS - CAP and pool.opened == 1,
        f"{pool.most_running} streams at once, {pool.most_queued} requests waited, on "
        f"{pool.opened} connection.",
        (Number("streams at once", pool.most_running), Number("queued", pool.most_queued)),
    )


LESSON = Lesson(
    name="http2",
    title="HTTP/2: many requests on one connection",
    terms=("HTTP/2", "stream", "session", "maxConcurrentStreams"),
    about="An HTTP/2 connection is a session, a request a stream of it. https.Agent never "
    "speaks it; node:http2 does, and undici (fetch) where allowH2 is on.",
    profile=PROFILE,
    steps=(
        Step(
            question=f"{USERS} callers at once: over HTTP/1.1 with keepAlive, and over HTTP/2. "
            "How many connections?",
            choices=("1 and 1", f"{USERS} and 1", f"{USERS} and {USERS}"),
            answer=1,
            does="both loads begin",
            do=resume("h1", "h2"),
            look="USE/MAX of both rows, and STREAMS.",
            until=_both,
            claim=_one_connection,
            why=(
                "HTTP/1.1 carries one request at a time on a socket: 20 at once need 20.",
                "HTTP/2 gives each a stream of one session: one handshake pays for all.",
            ),
        ),
        Step(
            question=f"Another server allows {CAP} streams. What do the other "
            f"{USERS - CAP} callers do?",
            choices=(
                "they are refused",
                "open sessions",
                f"they wait, as at maxSockets {CAP}",
            ),
            answer=2,
            does=f"{USERS} callers begin, to that server",
            do=resume("narrow"),
            look="STREAMS 4 of 4 and QUEUE: the same queue, by another name.",
            until=_narrow,
            claim=_capped,
            why=(
                "SETTINGS_MAX_CONCURRENT_STREAMS is the peer's limit: a queue is in front of it.",
                "More sessions are a decision of the client: sessions = 2 would double it.",
            ),
        ),
    ),
    cure=("demo.wide.max_concurrent_streams=1",),
)
