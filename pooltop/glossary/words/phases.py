"""The phases of a request's life, and the causes that it fails of."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

PHASES = Shelf(
    "Phases of a request",
    "phase of a request",
    (
        Term(
            "queue",
            "from the intended start to being given a socket, of a request that had to queue",
            see=("queued", "maxSockets", "intended start"),
        ),
        Term(
            "start",
            "the same of one that had not to: the engine was late, or a first try was spent",
            also=("begun late",),
            see=("start error", "intended start"),
        ),
        Term(
            "earlier",
            "in requests before the last, of what was redirected or sent again",
            see=("stale reuse", "ERR_REDIRECT_LIMIT"),
        ),
        Term(
            "dns",
            "the look-up of the name, of a request whose socket was opened for it",
            """Node asks the system's resolver on one of libuv's four threads: a few slow look-ups
            hold up every other one, files included.""",
            see=("connect", "ENOTFOUND", "DNS95"),
            source="Node v24 lib/dns.js, lookup",
        ),
        Term(
            "tcp",
            "connecting: one round trip, of a request whose socket was opened for it",
            see=("connect", "happy eyeballs", "TCP95"),
            source="RFC 9293, 3.5",
        ),
        Term(
            "tunnel",
            "the way through a proxy: its answer to CONNECT",
            see=("proxyEnv", "tunnelling"),
            source="RFC 9110, 9.3.6",
        ),
        Term(
            "tls",
            "the TLS handshake, of a request whose socket was opened for it",
            see=("TLS handshake", "TLS resumption", "TLS95"),
            source="RFC 8446, 2",
        ),
        Term(
            "send",
            "from having a connected socket to all of the request being handed to the kernel",
            see=("wait",),
        ),
        Term(
            "wait",
            "from the request being sent to the first byte of the response",
            """A round trip, and what the server takes: its own queue is in here, and looks like
            work.""",
            also=("TTFB", "time to first byte"),
            see=("SVC95", "service time"),
        ),
        Term(
            "receive",
            "from the response's first byte to its last",
            """A reader that is slow on our side makes it long: the socket is not read further than
            the reader has room for.""",
            see=("lease", "flow control"),
        ),
    ),
)

CAUSES = Shelf(
    "Causes of failure",
    "cause of failure",
    (
        Term(
            "dns",
            "the name was not looked up, or not in time",
            see=("ENOTFOUND", "EAI_*"),
        ),
        Term(
            "connect refused",
            "nobody listens there: a closed port, no such Unix socket, or one that takes nobody "
            "more",
            see=("ECONNREFUSED", "ENOENT"),
        ),
        Term(
            "connect timeout",
            "no connection in time",
            """Packets are dropped on the way, or the server's backlog is full. In Node nothing but
            the kernel's own limit ends it, after about two minutes.""",
            see=("connect", "connectTimeout", "ETIMEDOUT"),
        ),
        Term(
            "unreachable",
            "no way there: no route, a network that is down, a firewall that says no",
            see=("EHOSTUNREACH", "ENETUNREACH"),
        ),
        Term(
            "tls",
            "no secure connection, or no end to it that can be trusted",
            see=("rejectUnauthorized", "ca", "servername", "ERR_TLS_TRUNCATED"),
        ),
        Term(
            "reset",
            "the connection ended under the request",
            see=("ECONNRESET", "stale reuse"),
        ),
        Term(
            "stale reuse",
            "a kept-alive socket was closed as it was used again",
            """The server's clock for idle connections ran out while the request was on its way:
            nothing of a response came, and whether the server had the request is not known. Node
            tells ECONNRESET "socket hang up" with req.reusedSocket, which it does not set where
            the socket was handed over.

            Keep idle sockets for less time than the server does (timeout, or the clock free), and
            send again what may be had twice.""",
            also=("stale", "stale socket"),
            see=("free", "Keep-Alive hint", "retryStale", "idempotent", "closed by peer"),
            source="RFC 9112, 9.3.1; Node v24 doc/api/http.md, request.reusedSocket",
        ),
        Term(
            "protocol",
            "what came back is no HTTP, or not what was asked for",
            see=("HPE_*", "bad response"),
        ),
        Term(
            "queue timeout",
            "no socket came free in time: the pool's own limit",
            see=("queue", "ERR_QUEUE_TIMEOUT", "saturated"),
        ),
        Term(
            "timeout",
            "no answer in time",
            see=("total", "idle", "headersTimeout"),
        ),
        Term("proxy", "a proxy made no tunnel", see=("ERR_PROXY_TUNNEL", "tunnel")),
        Term(
            "out of resources",
            "this machine has no descriptor, port or memory left, or the profile's ceiling is "
            "reached",
            see=("EMFILE", "EADDRNOTAVAIL", "port exhaustion", "file descriptor"),
        ),
        Term(
            "setting",
            "an option that cannot be used: an address that this machine has not, a TLS file, a "
            "name that leads to a cloud's metadata",
            see=("ERR_TLS_CONFIG", "ERR_BARRED_ADDRESS", "localAddress"),
        ),
        Term(
            "stopped by us",
            "given up: by its caller, an operator, the breaker, or the end of the load",
            see=("ABORT_ERR", "ERR_OPERATOR", "ERR_HELD_BACK"),
        ),
        Term("network", "whatever else the system, or the caller's own connector, says"),
        Term(
            "redirect",
            "it was led where it may not be followed, or too often",
            see=("ERR_REDIRECT_LIMIT", "ERR_REDIRECT_HOST"),
        ),
        Term(
            "unexpected answer",
            "the response is whole, and not what the profile expects",
        ),
    ),
)
