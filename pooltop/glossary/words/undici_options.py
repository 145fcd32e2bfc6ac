"""Options of undici's dispatchers, and of pooltop's kind h2, which is sessions alone."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

_CLIENT = "undici 8.12.4 lib/dispatcher/client.js"
_POOL = "undici 8.12.4 lib/dispatcher/pool.js"
_TIMERS = "undici 8.12.4 lib/util/timers.js"
_COARSE = """undici looks twice a second: 100 ms is about 1 s, 1.5 s about 2 s. It does not run
while the request is queued."""

UNDICI_OPTIONS = Shelf(
    "Options of undici's dispatchers, and of the kind h2",
    "option of undici",
    (
        Term(
            "connections",
            "connections to one host at most; of a balanced pool to one upstream",
            """Each has a Client of its own. The first that is not busy is given the request, the
            lowest number first; are all busy, and may there be one more, it is made; else the
            request waits in the pool. An Agent with exactly 1 has no pool, but a bare Client for
            each host. It is taken when the dispatcher is made: changing it later does nothing in
            undici.

            With HTTP/2 it is the number of sessions.""",
            default="unlimited; 1 of the kind h2",
            unit="connections of each origin",
            edges="0 is unlimited",
            also=("sessions",),
            see=("pipelining", "maxSockets", "maxConcurrentStreams", "multiplexing"),
            source=_POOL,
        ),
        Term(
            "pipelining",
            "requests that may run on one HTTP/1.1 connection at a time",
            """The only limit that undici lets be changed later. Only GET, HEAD and QUERY are sent
            behind others; what may not be had twice, upgrades and bodies that are streamed wait
            until the connection is empty, and nothing is sent behind a request that is not a HEAD
            until its response begins, unless it says blocking: false. HTTP/2 ignores it.""",
            default="1",
            unit="requests",
            edges="0 closes the connection after each request",
            see=("HTTP pipelining", "HOL blocking", "blocking", "not idempotent"),
            source=f"{_CLIENT}; lib/dispatcher/client-h1.js",
        ),
        Term(
            "keepAliveTimeout",
            "how long an idle connection is kept of which the server said nothing",
            """A server's hint takes its place, be it shorter or longer, less
            keepAliveTimeoutThreshold and up to keepAliveMaxTimeout. Node's http.Agent is
            different: there a hint can only shorten.""",
            default="4000",
            unit="milliseconds",
            edges="must be more than 0",
            see=("keepAliveMaxTimeout", "keepAliveTimeoutThreshold", "Keep-Alive hint"),
            source=_CLIENT,
        ),
        Term(
            "keepAliveMaxTimeout",
            "the longest that a server's Keep-Alive: timeout=N can make of it",
            default="600000",
            unit="milliseconds",
            see=("keepAliveTimeout",),
            source=_CLIENT,
        ),
        Term(
            "keepAliveTimeoutThreshold",
            "taken off the server's Keep-Alive: timeout=N, so that the client closes first",
            """What is left of the hint must be more than 0, else the connection is closed after
            this response: a hint of 2 s is none with the default.""",
            default="2000",
            unit="milliseconds",
            see=("keepAliveTimeout", "agentKeepAliveTimeoutBuffer", "stale reuse"),
            source="undici 8.12.4 lib/dispatcher/client-h1.js",
        ),
        Term(
            "headersTimeout",
            "from a request's being sent to the head of its response",
            _COARSE,
            default="300000",
            unit="milliseconds",
            edges="0 is none",
            see=("bodyTimeout", "UND_ERR_HEADERS_TIMEOUT", "total"),
            source=f"{_CLIENT}; {_TIMERS}",
        ),
        Term(
            "bodyTimeout",
            "between two parts of a response's body",
            _COARSE,
            default="300000",
            unit="milliseconds",
            edges="0 is none",
            see=("headersTimeout", "UND_ERR_BODY_TIMEOUT"),
            source=f"{_CLIENT}; {_TIMERS}",
        ),
        Term(
            "connectTimeout",
            "how long TCP and TLS may take together",
            """undici looks twice a second, as with its other clocks. The look-up of the name is
            within it.""",
            default="10000",
            unit="milliseconds",
            edges="0 is none",
            see=("connect", "UND_ERR_CONNECT_TIMEOUT", "connect timeout"),
            source="undici 8.12.4 lib/core/connect.js",
        ),
        Term(
            "maxRequestsPerClient",
            "requests after which an HTTP/1.1 connection is closed",
            """The last one says Connection: close.""",
            default="none",
            unit="requests",
            edges="0 is none",
            see=("clientTtl",),
            source="undici 8.12.4 lib/dispatcher/client-h1.js",
        ),
        Term(
            "clientTtl",
            "a client whose connection is older is replaced when it would be picked",
            """It lets connections follow a name that leads elsewhere by now. Nothing is closed
            before it would be picked.""",
            default="none",
            unit="milliseconds",
            edges="0 is none",
            see=("maxRequestsPerClient", "connections"),
            source=_POOL,
        ),
        Term(
            "allowH2",
            "whether HTTP/2 is offered to https hosts",
            """The server chooses, by ALPN. undici 8 offers it by default, 6 and 7 do not, and
            https.Agent never does.""",
            default="true",
            see=("ALPN", "preferH2", "HTTP/2"),
            source="undici 8.12.4 lib/core/connect.js",
        ),
        Term(
            "preferH2",
            "whether HTTP/2 is offered before HTTP/1.1",
            """It decides where the server goes by the client's order.""",
            default="false",
            see=("allowH2", "ALPN"),
            source="undici 8.12.4 lib/core/connect.js",
        ),
        Term(
            "useH2c",
            "whether http hosts are spoken to in HTTP/2, by prior knowledge",
            """There is no ALPN without TLS: both sides must know. undici's RoundRobinPool forgets
            this option.""",
            default="false; true of the kind h2",
            also=("h2c",),
            see=("HTTP/2", "allowH2"),
            source="undici 8.12.4 lib/dispatcher/h2c-client.js; RFC 9113, 3.3",
        ),
        Term(
            "maxConcurrentStreams",
            "streams of an HTTP/2 session at a time at most; the server's own limit counts too",
            """Until the server's SETTINGS are there one stream may run. At the limit the pool
            opens another session, as connections lets it.""",
            default="100",
            unit="streams of each session",
            also=("streams",),
            see=("stream", "connections", "streams (ours)", "streams (peer's)"),
            source="undici 8.12.4 lib/dispatcher/client-h2.js; RFC 9113, 5.1.2",
        ),
        Term(
            "pingInterval",
            "from one PING of an HTTP/2 session to the next",
            default="60000",
            unit="milliseconds",
            edges="0 is none",
            see=("PING", "pingTimeout"),
            source="undici 8.12.4 lib/dispatcher/client-h2.js",
        ),
        Term(
            "pingTimeout",
            "how long a PING's answer may take before the session is given up",
            """Pooltop's own. undici does nothing about a PING that is not answered, except after
            a stream was silent for too long.""",
            default="for ever; 15000 of the kind h2",
            unit="milliseconds",
            edges="Infinity is for ever",
            see=("PING", "pingInterval", "unresponsive"),
        ),
        Term(
            "initialWindowSize",
            "octets of body that a server may send ahead on one HTTP/2 stream",
            default="262144",
            unit="octets",
            see=("flow control", "connectionWindowSize"),
            source="undici 8.12.4 lib/dispatcher/client-h2.js; RFC 9113, 6.9.2",
        ),
        Term(
            "connectionWindowSize",
            "octets of body that a server may send ahead on all streams of a session together",
            default="524288",
            unit="octets",
            see=("flow control", "initialWindowSize"),
            source="undici 8.12.4 lib/dispatcher/client-h2.js; RFC 9113, 6.9.2",
        ),
        Term(
            "maxOrigins",
            "hosts that an agent may have pools for at a time",
            """One more is refused with UND_ERR_MAX_ORIGINS_REACHED.""",
            default="Infinity",
            unit="origins",
            see=("UND_ERR_MAX_ORIGINS_REACHED",),
            source="undici 8.12.4 lib/dispatcher/agent.js",
        ),
        Term(
            "maxWeightPerServer",
            "what an upstream of a balanced pool weighs at best, when they are taken in turn",
            default="100",
            edges="0 is 100",
            see=("errorPenalty",),
            source="undici 8.12.4 lib/dispatcher/balanced-pool.js",
        ),
        Term(
            "errorPenalty",
            "what an upstream loses of its weight by a broken connection, and wins back by a new "
            "one",
            default="15",
            edges="0 is 15",
            see=("maxWeightPerServer",),
            source="undici 8.12.4 lib/dispatcher/balanced-pool.js",
        ),
    ),
)
