"""Why requests wait, how they come by a socket, and why sockets are opened and closed."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

_NODE = "Node v24 lib/_http_agent.js"
_H1 = "undici 8.12.4 lib/dispatcher/client-h1.js"
_H2 = "undici 8.12.4 lib/dispatcher/client-h2.js"
_POOL = "undici 8.12.4 lib/dispatcher/pool.js"

WAITS = Shelf(
    "Why a request waits",
    "reason to wait",
    (
        Term(
            "maxSockets",
            "the host's sockets were at maxSockets",
            see=("maxSockets", "saturated"),
            source=f"{_NODE}, addRequest",
        ),
        Term(
            "maxTotalSockets",
            "all hosts together were at maxTotalSockets",
            see=("maxTotalSockets", "starvation"),
            source=f"{_NODE}, addRequest",
        ),
        Term(
            "connections",
            "all clients of the pool are full, and it has as many as connections lets it",
            see=("connections", "saturated"),
            source=_POOL,
        ),
        Term(
            "waits for ALPN",
            "the first connection is to say which protocol the server speaks; no other one is "
            "opened before",
            see=("ALPN", "allowH2", "probe"),
            source=_POOL,
        ),
        Term(
            "connecting",
            "its client has no connection yet",
            see=("connect", "connectTimeout"),
            source="undici 8.12.4 lib/dispatcher/client.js",
        ),
        Term(
            "pipelining",
            "as many requests run on its connection as pipelining lets it",
            see=("pipelining",),
            source=_H1,
        ),
        Term(
            "blocking",
            "the one before it lets nothing be sent until its response begins: all but HEAD do",
            see=("pipelining", "HOL blocking"),
            source=_H1,
        ),
        Term(
            "not idempotent",
            "it may not be sent twice, so nothing else may run on its connection",
            see=("idempotent", "pipelining"),
            source=_H1,
        ),
        Term(
            "streamed body",
            "a body that can be had only once, its own or another's, is sent with nothing else on "
            "the connection",
            see=("pipelining",),
            source=_H1,
        ),
        Term(
            "switches protocols",
            "an upgrade or a CONNECT is sent with nothing else on the connection",
            see=("left the pool",),
            source=_H1,
        ),
        Term(
            "idle check",
            "its connection was idle: what came in meanwhile is read before it is used",
            see=("bytes while idle", "stale reuse"),
            source=_H1,
        ),
        Term(
            "closing",
            "its client's connection closes, at once or after what runs on it",
            see=("GOAWAY", "Connection: close"),
            source=_H1,
        ),
        Term(
            "streams (ours)",
            "as many streams are open on the session as maxConcurrentStreams lets it",
            see=("maxConcurrentStreams", "stream"),
            source=_H2,
        ),
        Term(
            "streams (peer's)",
            "as many streams are open on the session as the server allows "
            "(SETTINGS_MAX_CONCURRENT_STREAMS)",
            see=("maxConcurrentStreams", "stream"),
            source=f"{_H2}; RFC 9113, 5.1.2",
        ),
        Term(
            "waits for SETTINGS",
            "the server has not sent its SETTINGS: until then one stream is opened at a time",
            see=("maxConcurrentStreams",),
            source=f"{_H2}; RFC 9113, 3.4",
        ),
        Term(
            "liveness check",
            "a stream was silent for too long, and a PING asks whether the server is there: "
            "nothing is sent until it says so",
            see=("PING", "unresponsive"),
            source=_H2,
        ),
        Term(
            "no streams allowed",
            "the server allows no stream at all now (SETTINGS_MAX_CONCURRENT_STREAMS 0)",
            see=("no streams", "stream"),
            source=f"{_H2}; RFC 9113, 5.1.2",
        ),
    ),
)

COMES_BY = Shelf(
    "How a request comes by its socket",
    "way to a socket",
    (
        Term(
            "new",
            "room was left: a socket was opened for it",
            """It pays for dns, tcp and tls before its first byte leaves.""",
            see=("connecting", "cold start", "connect"),
            source=f"{_NODE}, addRequest",
        ),
        Term(
            "reused",
            "an idle socket was taken",
            see=("reuse", "scheduling", "stale reuse"),
            source=f"{_NODE}, addRequest",
        ),
        Term(
            "handed over",
            "it was at the head of the queue when a socket was released",
            """No limit is looked at, and keepAlive is not either. Node leaves req.reusedSocket
            false although the socket has carried others.""",
            see=("queued", "maxSockets"),
            source=f"{_NODE}, the listener of 'free'",
        ),
        Term(
            "replacement",
            "it was at the head of a queue when a socket went away, and one was opened instead",
            see=("maxTotalSockets", "queued"),
            source=f"{_NODE}, removeSocket",
        ),
        Term("drained", "an edit made room (mode drain)", see=("DRAIN", "maxSockets")),
        Term(
            "pipelined",
            "others run on its connection (undici)",
            see=("pipelining", "HTTP pipelining"),
            source=_H1,
        ),
        Term(
            "replayed",
            "it had run on a connection that was lost, or on a stream that was refused (undici)",
            see=("requeued", "GOAWAY", "stream refused"),
            source=f"{_H1}; {_H2}",
        ),
        Term(
            "stream",
            "others run beside it on the session (HTTP/2)",
            see=("multiplexing", "maxConcurrentStreams"),
            source=_H2,
        ),
    ),
)

OPENS = Shelf(
    "Why a socket is opened",
    "reason to open",
    (
        Term(
            "admitted",
            "a request came, no socket was idle, and the limits left room",
            see=("new", "maxSockets"),
            source=f"{_NODE}, addRequest",
        ),
        Term(
            "replacement",
            "a socket of the host went away while requests of it were queued",
            """At most one for each that goes, and no limit is looked at.""",
            see=("queued", "maxTotalSockets"),
            source=f"{_NODE}, removeSocket",
        ),
        Term(
            "replacement for another origin",
            "a socket went away, and the first host in the order of the queues had requests "
            "waiting",
            see=("replacement", "starvation", "maxTotalSockets"),
            source=f"{_NODE}, removeSocket",
        ),
        Term("drain", "a raised limit made room for the queue (mode drain)", see=("DRAIN",)),
        Term(
            "dispatched",
            "a client had a request and no connection (undici)",
            see=("connections",),
            source="undici 8.12.4 lib/dispatcher/client.js",
        ),
        Term(
            "requeued",
            "the request had run on a connection that was lost (undici)",
            see=("replayed",),
            source="undici 8.12.4 lib/dispatcher/client.js",
        ),
        Term(
            "probe",
            "the first of a pool, to learn which protocol the server speaks (undici)",
            see=("ALPN", "waits for ALPN"),
            source=_POOL,
        ),
    ),
)

RETIRES = Shelf(
    "Why one of undici's clients leaves its pool",
    "reason to retire a client",
    (
        Term(
            "connect failed",
            "it could not connect; the pool gives its queue to others",
            see=("connect refused", "connect timeout"),
            source=_POOL,
        ),
        Term(
            "clientTtl",
            "its connection was older than clientTtl when it would have been picked",
            see=("clientTtl",),
            source=_POOL,
        ),
        Term(
            "upstream removed",
            "its upstream was taken out of the balanced pool",
            see=("errorPenalty",),
            source="undici 8.12.4 lib/dispatcher/balanced-pool.js",
        ),
        Term("limit lowered", "an edit left fewer connections", see=("connections", "DRAIN")),
        Term(
            "unused",
            "an Agent closes a pool that has no connection and no requests",
            see=("maxOrigins",),
            source="undici 8.12.4 lib/dispatcher/agent.js",
        ),
        Term(
            "closed",
            "its dispatcher was closed: what ran and waited was finished before",
            see=("destroyed", "UND_ERR_CLOSED"),
            source="undici 8.12.4 lib/dispatcher/dispatcher-base.js",
        ),
        Term(
            "destroyed",
            "its dispatcher was destroyed: what ran and waited has failed",
            see=("UND_ERR_DESTROYED",),
            source="undici 8.12.4 lib/dispatcher/dispatcher-base.js",
        ),
    ),
)
