"""What every number of the page is, once: for the titles of its columns and for its end."""

from __future__ import annotations

from pooltop.present.undici_stats import STATS

DEFINITIONS = {
    "completed": "Responses received whole, whatever their status.",
    "req/s": "Responses received whole, a second of what was watched.",
    "failed": "Requests without a whole response; those given up by a stop or an operator count.",
    "errors": "Share of the requests that ended which failed, or were answered 5xx; what a stop or "
    "an operator gave up is not counted.",
    "latency": "From the intended start of a request to its last byte, its time in the queue "
    "included: of completed requests. Exact to 1 %.",
    "p50": "Half of the requests took at most this long, from their intended start to the last "
    "byte. Exact to 1 %, as all quantiles here.",
    "p95": "95 % of the requests took at most this long.",
    "p99": "99 % of the requests took at most this long.",
    "queue wait": "How long requests waited for a socket, 0 for one that did not: of all requests "
    "that were given one; p95 unless said otherwise.",
    "waited": "Requests that had to wait for a socket.",
    "opened": "Sockets opened, each with its handshake.",
    "reuse": "Share of the requests given a socket that had carried one before.",
    "closed of": "What sockets were closed of, and how many; the most frequent first.",
    "in use": "Sockets that maxSockets counts: connecting, with a request, or closing. Of a column "
    "of time the least and the most.",
    "limit": "maxSockets, or maxTotalSockets where that is lower; none is drawn without a limit.",
    "free": "Idle sockets that are kept alive.",
    "queued": "Requests that wait for a socket.",
    "offered": "Arrivals that were due.",
    "sent": "Requests handed to the agent.",
    "dropped": "Arrivals that were not sent, because max_in_flight was reached.",
    "held back": "Arrivals that the breaker let not through while the server was in trouble; of "
    "users, requests that it delayed.",
    "paced": "Requests of users that waited because all workloads together were at max_rate.",
    "late": "Arrivals handed over more than 10 ms after their time.",
    "start error": "How late open arrivals were started; 99 % were not later.",
    "unexpected": "Whole responses that were not as the profile expects.",
    "redirects": "Redirects that were followed, each a request more.",
    "where the time went": "Share of each phase in all the time that completed requests took. "
    "Begun late is how long after its time a request was handed over.",
    "cause": "Why requests failed; what to do differs from cause to cause.",
    "outcome": "The code that a cause was counted by, Node's where Node has one.",
    "before > after": "Measured over 30 s before an edit and up to 30 s after it, or until the "
    "next edit of the same agent. Words are said only where chance does not explain a change.",
    "threshold": "What the run had to hold.",
    "judged": "From when on what came counts; judged once a second from then on, and at the end.",
    "dispatcher": "Which of undici's the agent is; its own numbers, under undici's names, as they "
    "were at the end: " + "; ".join(f"{name}, {meaning}" for name, meaning in STATS.items()) + ".",
    "streams": "Open streams of all HTTP/2 sessions together / how many there may be: in a table "
    "at the end, of a column of time the least and the most.",
    "GOAWAY": "Sessions whose server said that it takes no more streams.",
    "refused": "Streams that a server refused without having looked at them.",
    "reset": "Streams that either side reset.",
    "put back": "Requests put back before those that wait, as what they ran on had ended "
    "unanswered.",
    "alert": "A trouble of a host that lasted, or a threshold that failed: marked where it began.",
}

PHASES = {
    "begun late": "between the intended start and being handed over",
    "earlier": "in requests before the last one: redirected, or sent again",
    "queue": "waiting for a socket",
    "dns": "looking the name up",
    "tcp": "connecting",
    "tunnel": "until a proxy had made its tunnel",
    "tls": "in the TLS handshake",
    "send": "from having a socket to the kernel's having all of the request",
    "wait": "from the request being sent to the response's first byte",
    "receive": "from the first byte to the last",
}
