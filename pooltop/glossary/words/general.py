"""The field's own words: of connections, of queues, of HTTP/2, of measuring."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

CONNECTIONS = Shelf(
    "Words of connections",
    "word of the field",
    (
        Term(
            "keep-alive",
            "a connection that is kept after its response, for the next request",
            """HTTP/1.1 keeps it unless one side says Connection: close; HTTP/1.0 closes it unless
            both say keep-alive. It saves the look-up, a round trip for TCP and one or two for TLS
            for each request, and the TIME_WAIT at its end. It has nothing to do with TCP's
            keep-alive probes.""",
            also=("persistent connection",),
            see=("keepAlive", "Keep-Alive hint", "reuse", "TCP keep-alive", "Connection: close"),
            source="RFC 9112, 9.3",
        ),
        Term(
            "Keep-Alive hint",
            "the server's Keep-Alive: timeout=N: for how long it keeps an idle connection",
            """Node reads it only where it stands first in the header and in lower case, and lets
            it shorten the agent's timeout only; max=N is not used. undici reads it anywhere after
            a comma, in any case, and lets it lengthen too.""",
            also=("hint", "Keep-Alive: timeout", "Keep-Alive header"),
            see=("agentKeepAliveTimeoutBuffer", "timeout", "keepAliveTimeout", "stale reuse"),
            source="RFC 2068, 19.7.1.1; Node v24 lib/_http_agent.js, keepSocketAlive",
        ),
        Term(
            "TCP keep-alive",
            "probes of the kernel on a silent connection: is the other side there",
            """They keep what stands between from forgetting the connection, and find a peer that
            vanished. They are no HTTP, and an answered probe keeps nothing open that a server
            wants to close.""",
            also=("keep-alive probe",),
            see=("keepAliveMsecs", "keep-alive"),
            source="RFC 9293, 3.8.4; RFC 1122, 4.2.3.6",
        ),
        Term(
            "TIME_WAIT",
            "the side that closes first keeps the connection's ports in mind, a minute on Linux",
            """So that a late segment is not taken for one of the next connection. Each holds a
            local port towards that address: about 28,000 ports a minute, so that more than about
            470 closes a second run out of them.""",
            also=("2MSL",),
            see=("port exhaustion", "TWAIT", "keepAlive off", "churn"),
            source="RFC 9293, 3.6.1; Linux net/ipv4/tcp_minisocks.c",
        ),
        Term(
            "port exhaustion",
            "no local port is left towards an address: each is in use or in TIME_WAIT",
            """Linux has 28,232 of them by default (net.ipv4.ip_local_port_range), for each
            address that is connected from and to. Keep connections alive, or close less.""",
            also=("ephemeral port", "local port"),
            see=("TIME_WAIT", "EADDRNOTAVAIL", "PORTS"),
            source="RFC 6056; Linux Documentation/networking/ip-sysctl.rst",
        ),
        Term(
            "file descriptor",
            "what the system counts a socket as; a process may have so many (ulimit -n)",
            also=("fd", "descriptor", "max_open_fds"),
            see=("EMFILE", "ERR_OPEN_FDS", "maxTotalSockets"),
        ),
        Term(
            "reuse",
            "a request is given a socket that has carried one before",
            """As a share of all requests: 1 - opened / requests. Close to 0 every request pays
            for a handshake; the causes are Connection: close, keepAlive off, a hint within the
            buffer, an agent per request, or a key that differs each time.""",
            also=("connection reuse",),
            see=("REUSE", "keep-alive", "churn", "origin key"),
        ),
        Term(
            "churn",
            "sockets are closed and opened again a moment later",
            see=("maxFreeSockets", "over maxFreeSockets", "reuse", "TIME_WAIT"),
        ),
        Term(
            "cold start",
            "the first requests open the pool's sockets: each pays for its handshake",
            see=("new", "connect", "reuse"),
        ),
        Term(
            "origin",
            "scheme, host and port: where requests go",
            also=("host row",),
            see=("origin key", "maxSockets"),
            source="RFC 9110, 4.3.1",
        ),
        Term(
            "origin key",
            "the name under which Node pools sockets: agent.getName()",
            """host:port:localAddress, then family and socketPath where given, and of https twenty
            fields more: ca, cert, ciphers, servername and others. Sockets under different keys
            never serve each other's requests, and every limit counts for each key alone.""",
            also=("key", "getName", "pool key"),
            see=("maxSockets", "servername", "rejectUnauthorized"),
            source="Node v24 lib/_http_agent.js, getName; lib/https.js, getName",
        ),
        Term(
            "lease",
            "how long a request holds its socket: from being given it to releasing it",
            see=("service time", "Little's law", "utilisation"),
        ),
        Term(
            "happy eyeballs",
            "several addresses of a name are tried in turn before the first has failed",
            """Node gives each 250 ms (autoSelectFamilyAttemptTimeout); RFC 8305 races them.""",
            also=("autoSelectFamily", "RFC 8305"),
            see=("family", "tcp"),
            source="RFC 8305; Node v24 lib/net.js",
        ),
        Term(
            "Nagle's algorithm",
            "small writes wait until the one before is acknowledged; noDelay switches it off",
            also=("Nagle", "TCP_NODELAY"),
            see=("noDelay",),
            source="RFC 9293, 3.7.4",
        ),
        Term(
            "idempotent",
            "a request that may be had twice with the same effect as once",
            """GET, HEAD, OPTIONS, TRACE, PUT and DELETE by their definition; undici counts GET,
            HEAD and QUERY alone. Only such a request is sent again by itself.""",
            see=("retryStale", "not idempotent", "stale reuse"),
            source="RFC 9110, 9.2.2",
        ),
        Term(
            "AbortSignal",
            "what gives a request up in Node; AbortSignal.timeout() is its clock for all of it",
            """Of a queued request it is not seen until the request's turn: the caller waits until
            a socket comes free.""",
            also=("AbortController",),
            see=("ABORT_ERR", "total", "queued"),
            source="Node v24 lib/_http_client.js",
        ),
        Term(
            "Retry-After",
            "a server's word for when to come back",
            also=("429", "503"),
            see=("breaker", "ERR_HELD_BACK", "held"),
            source="RFC 9110, 10.2.3; RFC 6585, 4",
        ),
        Term(
            "TLS handshake",
            "keys are agreed upon and the server shows who it is: one round trip with TLS 1.3, two "
            "with 1.2, and a signature that costs the server about a millisecond of CPU",
            also=("handshake",),
            see=("TLS resumption", "tls", "reuse"),
            source="RFC 8446, 2; RFC 5246, 7.3",
        ),
        Term(
            "TLS resumption",
            "a handshake that takes up a former session: no certificate, no signature",
            """With a ticket of the session before. https.Agent keeps maxCachedSessions of them,
            for each origin key one.""",
            also=("session resumption", "session ticket", "resumed"),
            see=("maxCachedSessions", "TLS handshake"),
            source="RFC 8446, 2.2; RFC 5077",
        ),
        Term(
            "mutual TLS",
            "the client shows a certificate too",
            also=("mTLS", "client certificate"),
            see=("cert", "key"),
            source="RFC 8446, 4.3.2",
        ),
        Term(
            "ALPN",
            "which protocol is spoken over TLS is agreed upon within its handshake",
            see=("allowH2", "HTTP/2"),
            source="RFC 7301",
        ),
    ),
)

QUEUES = Shelf(
    "Words of queues and of measuring",
    "word of the field",
    (
        Term(
            "Little's law",
            "what is in a system on average is what arrives a second, times how long it stays",
            """Sockets in use = requests per second x lease. At 120/s and 150 ms that is 18
            sockets: with fewer the queue grows for ever, with exactly 18 it does so too, because
            arrivals vary.""",
            also=("Little", "L = lambda W"),
            see=("utilisation", "lease", "maxSockets", "square-root staffing"),
            source="J. D. C. Little, A Proof for the Queuing Formula L = lambda W, 1961",
        ),
        Term(
            "utilisation",
            "sockets in use as a share of the limit, over time",
            """Queues grow steeply as it nears 1: at 0.8 a request waits now and then, at 0.95
            most do.""",
            also=("utilization", "load"),
            see=("Little's law", "saturated", "FULL"),
        ),
        Term(
            "square-root staffing",
            "sockets for a load a: a + beta x the root of a",
            """The more is shared, the less has to be spare. beta 1 lets about one request in five
            wait, 2 almost none.""",
            see=("Little's law", "Erlang C", "maxSockets"),
            source="S. Halfin and W. Whitt, Heavy-Traffic Limits for Queues, 1981",
        ),
        Term(
            "Erlang C",
            "the chance that a request has to wait, of its arrival rate, its lease and the limit",
            """It supposes arrivals at random moments and leases that vary exponentially; with
            less variation waits are shorter.""",
            see=("Little's law", "square-root staffing"),
            source="A. K. Erlang, 1917",
        ),
        Term(
            "Universal Scalability Law",
            "throughput of a server against how much runs in it: rises, bends, and falls again",
            """X(N) = X1 N / (1 + sigma (N - 1) + kappa N (N - 1)): sigma is what waits for each
            other, kappa what has to agree with each other. Beyond the knee more sockets make it
            slower.""",
            also=("USL", "knee"),
            see=("Little's law", "saturated"),
            source="N. J. Gunther, A General Theory of Computational Scalability, 2008",
        ),
        Term(
            "HOL blocking",
            "what is first in line holds up all behind it",
            """On an HTTP/1.1 connection responses come in order: a slow one blocks those
            pipelined behind it. HTTP/2 has it no more between streams, but TCP below still has: a
            lost segment stops every stream.""",
            also=("head-of-line blocking", "head of line"),
            see=("pipelining", "multiplexing", "bulkhead"),
            source="RFC 9112, 9.3.2; RFC 9113, 1",
        ),
        Term(
            "bulkhead",
            "a pool of its own for each service, so that a slow one does not use up the sockets of "
            "the others",
            see=("maxTotalSockets", "starvation"),
        ),
        Term(
            "starvation",
            "a host gets no socket while others hold them all",
            see=("maxTotalSockets", "bulkhead", "replacement for another origin"),
        ),
        Term(
            "overtaken",
            "a younger request is given a socket while an older one of its host waits",
            """In Node a new request takes whatever room there is without looking at the queue:
            after a limit was raised it is the new ones that are served first.""",
            also=("overtakes",),
            see=("maxSockets", "NODE", "queued"),
            source="Node v24 lib/_http_agent.js, addRequest",
        ),
        Term(
            "intended start",
            "the moment at which a request was due, whether or not it could be sent then",
            """Latency counts from here: a load generator that waits for the answer before it
            sends the next one would else leave out what matters (coordinated omission).""",
            also=("coordinated omission",),
            see=("start error", "open model", "total"),
            source="G. Tene, How NOT to Measure Latency, 2013",
        ),
        Term(
            "start error",
            "how long after their time arrivals were handed over: the load's own lateness",
            see=("intended start",),
        ),
        Term(
            "open model",
            "arrivals come at their rate, however long answers take",
            """Real users do not wait for each other: so a slow server meets a growing queue.""",
            also=("open", "arrival"),
            see=("closed model", "intended start"),
            source="B. Schroeder and others, Open Versus Closed: A Cautionary Tale, 2006",
        ),
        Term(
            "closed model",
            "so many users send, wait for the answer, think, and send again",
            """It slows down with the server: with at most as many users as sockets nothing ever
            queues.""",
            also=("users", "think time"),
            see=("open model",),
        ),
        Term(
            "service time",
            "from a request's being sent to its answer",
            see=("SVC95", "wait", "lease"),
        ),
        Term(
            "quantile",
            "p95: 95 of 100 were at most so long",
            """Of several hosts or windows it is taken of all durations together, never of other
            quantiles. Exact to 1 % here.""",
            also=("percentile", "p50", "p95", "p99"),
            see=("WAIT95", "SVC95"),
        ),
        Term(
            "breaker",
            "a workload is cut to a half, and again, while its server is in trouble",
            """Over half of its requests fail, its answers take five times as long, or it says 429
            or 503. What was cut is given back as slowly.""",
            also=("circuit breaker",),
            see=("cut", "held", "Retry-After"),
        ),
        Term(
            "retry storm",
            "requests that are sent again are the load that makes more of them fail",
            see=("retryStale", "breaker"),
        ),
    ),
)

HTTP2 = Shelf(
    "Words of HTTP/2 and pipelining",
    "word of the field",
    (
        Term(
            "HTTP/2",
            "many requests at a time on one connection, each a stream",
            """https.Agent never speaks it; undici 8 offers it to https hosts.""",
            also=("h2",),
            see=("stream", "multiplexing", "allowH2", "ALPN"),
            source="RFC 9113",
        ),
        Term(
            "session",
            "a connection that carries HTTP/2",
            see=("stream", "connections", "GOAWAY"),
        ),
        Term(
            "stream",
            "one request and its response within an HTTP/2 session",
            see=("maxConcurrentStreams", "multiplexing", "session"),
            source="RFC 9113, 5",
        ),
        Term(
            "multiplexing",
            "requests and responses of many streams are interleaved on one connection",
            """There is no queue for a socket any more; what is queued for is a stream, where
            either side's limit is reached.""",
            see=("stream", "maxConcurrentStreams", "HOL blocking"),
            source="RFC 9113, 5",
        ),
        Term(
            "GOAWAY",
            "a server ends a session: streams up to the number it names go on, no other is taken",
            """What had a higher number was not looked at, and is sent again on another session.
            A server that is being replaced says so; one that does it for load says it often.""",
            see=("session", "replayed", "UND_ERR_INFO"),
            source="RFC 9113, 6.8",
        ),
        Term(
            "PING",
            "a frame that the other side must answer at once: round trip, and whether it is there",
            see=("pingInterval", "pingTimeout", "unresponsive"),
            source="RFC 9113, 6.7",
        ),
        Term(
            "flow control",
            "how many octets of body a side may send before the other has read some",
            """Of each stream, and of the session. A reader that does not read stops its own
            stream; all of them, where the session's window is used up.""",
            also=("window", "WINDOW_UPDATE"),
            see=("initialWindowSize", "connectionWindowSize", "receive"),
            source="RFC 9113, 5.2",
        ),
        Term(
            "HTTP pipelining",
            "requests are sent without waiting for responses, which come in the same order",
            see=("pipelining", "HOL blocking"),
            source="RFC 9112, 9.3.2",
        ),
    ),
)
