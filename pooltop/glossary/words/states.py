"""The states of sockets, of requests and of a load that is cut."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

_LISTS = "Node v24 lib/_http_agent.js"

SOCKET_STATES = Shelf(
    "States of a socket",
    "state of a socket",
    (
        Term(
            "tunnelling",
            "its tunnel through a proxy is not up yet: in no list of Node's, and in no count",
            """Node's limits do not see it: a burst through a proxy can open more than
            maxSockets.""",
            see=("tunnel", "tunnels pending", "proxyEnv"),
            source=f"{_LISTS}; lib/https.js, createConnection",
        ),
        Term(
            "connecting",
            "in agent.sockets from the start, bound to its request, not yet able to carry bytes",
            """It counts for maxSockets as one in use. A dial that takes long therefore holds a
            slot.""",
            see=("maxSockets", "connect", "TLS handshake"),
            source=f"{_LISTS}, createSocket",
        ),
        Term(
            "free-connecting",
            "in agent.freeSockets although it is still connecting: its request went away before",
            """Since Node 24. It may be taken by the next request. Node 22 and older destroy
            it.""",
            see=("connecting", "free"),
            source=f"{_LISTS}, installListeners",
        ),
        Term(
            "active",
            "in agent.sockets, with a request",
            """It is in use until the response is read to its end and the request is sent whole. A
            response that nobody reads holds it for ever.""",
            also=("in use",),
            see=("lease", "maxSockets", "utilisation"),
            source=f"{_LISTS}; lib/_http_client.js, responseOnEnd",
        ),
        Term(
            "free",
            "in agent.freeSockets: idle, kept alive for the next request",
            see=("maxFreeSockets", "timeout", "scheduling", "stale reuse"),
            source=f"{_LISTS}, the listener of 'free'",
        ),
        Term(
            "closing",
            "in agent.sockets, destroyed, its close not yet seen",
            """Node keeps a destroyed socket in its list until 'close', one turn of the loop
            later: it still counts for every limit.""",
            see=("closed", "closing-free"),
            source=f"{_LISTS}, removeSocket",
        ),
        Term(
            "closing-free",
            "in agent.freeSockets, destroyed, its close not yet seen",
            """Admission drops such sockets from the head of the list alone. With lifo one at the
            tail can be picked, and its request fails with ECONNRESET.""",
            see=("closing-dropped", "scheduling", "ECONNRESET"),
            source=f"{_LISTS}, addRequest",
        ),
        Term(
            "closing-dropped",
            "in no list, destroyed while idle and passed over; still counted until its close",
            see=("closing-free",),
            source=f"{_LISTS}, addRequest",
        ),
        Term("closed", "in no list and no count", see=("closing",)),
    ),
)

REQUEST_STATES = Shelf(
    "States of a request",
    "state of a request",
    (
        Term(
            "queued",
            "in agent.requests: it waits for a socket of its host",
            """First in, first out. In Node no timeout runs while it waits, it cannot be taken out
            before its turn, and no limit holds the queue short.""",
            see=("maxSockets", "queue", "overtaken", "saturated"),
            source=f"{_LISTS}, addRequest",
        ),
        Term(
            "tunnelling",
            "a socket is on the way to it that Node does not count yet: its tunnel is not up",
            see=("tunnel", "proxyEnv"),
            source=f"{_LISTS}; lib/https.js",
        ),
        Term(
            "assigned",
            "it has a socket, and is attached to it one tick later",
            see=("running",),
            source=f"{_LISTS}, setRequestSocket; lib/_http_client.js, onSocket",
        ),
        Term(
            "running",
            "attached to its socket: sent as soon as that is connected",
            see=("send", "wait", "receive"),
            source="Node v24 lib/_http_client.js, tickOnSocket",
        ),
        Term(
            "ended",
            "its response is complete; the socket is released one tick later",
            see=("handed over", "free"),
            source="Node v24 lib/_http_client.js, responseOnEnd",
        ),
        Term("done", "settled and off its socket", see=("ended",)),
    ),
)

LOAD_STATES = Shelf(
    "States of a load under the breaker",
    "state of the breaker",
    (
        Term("full", "all of a load is let through", see=("breaker", "cut")),
        Term(
            "cut",
            "a load is halved, and again every 10 s, while its server is in trouble; what was cut "
            "is given back as slowly",
            see=("breaker", "held"),
        ),
        Term(
            "held",
            "nothing is let through to a host until a time that its Retry-After named",
            see=("breaker", "ERR_HELD_BACK", "Retry-After"),
            source="RFC 9110, 10.2.3",
        ),
    ),
)
