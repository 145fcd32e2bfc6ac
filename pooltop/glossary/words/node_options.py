"""Options of Node's http.Agent and https.Agent."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

_AGENT = "Node v24 lib/_http_agent.js, Agent()"

NODE_OPTIONS = Shelf(
    "Options of http.Agent and https.Agent",
    "option of http.Agent",
    (
        Term(
            "keepAlive",
            "whether a socket is kept after its response, for the next request",
            """Off, a socket is closed once its response is read, unless a request is queued for
            its host: then it is handed over, keepAlive or not. So a burst looks pooled, and a
            slow trickle opens a socket each time.

            The request says Connection: keep-alive where this is on or maxSockets is finite, and
            Connection: close otherwise. On or off, it is looked at when a request is made (the
            header) and when a socket is released; idle sockets are left as they are.""",
            default="false; http.globalAgent and https.globalAgent have true since Node 19",
            also=("KA",),
            see=("keepAliveMsecs", "maxFreeSockets", "timeout", "reuse", "keep-alive"),
            source=f"{_AGENT}, installListeners; lib/_http_client.js",
        ),
        Term(
            "keepAliveMsecs",
            "delay of the first TCP keep-alive probe; not how long an idle socket is kept",
            """It is what the kernel is told (TCP_KEEPIDLE): after so long without traffic it asks
            the other side whether it is there. Nothing is closed by it while the other side
            answers. How long an idle socket is kept is decided by timeout, or by the server's
            Keep-Alive hint.""",
            default="1000",
            unit="milliseconds",
            edges="0 is 1000",
            see=("TCP keep-alive", "timeout", "Keep-Alive hint"),
            source=_AGENT,
        ),
        Term(
            "agentKeepAliveTimeoutBuffer",
            "taken off the server's Keep-Alive: timeout=N, so that the client closes first",
            """A server that says timeout=5 closes after 5 s. With a buffer of 1 s the client
            closes at 4 s, and no request is sent into a connection that is just being closed. A
            hint that is not longer than the buffer keeps nothing: timeout=1 with the default
            closes the socket after each response.

            The hint only ever lowers the agent's timeout. Without a timeout it is not looked
            at.""",
            default="1000",
            unit="milliseconds",
            edges="0 is taken; what is negative or no number is 1000",
            see=("Keep-Alive hint", "hint within buffer", "stale reuse", "timeout"),
            source=f"{_AGENT}; since 24.7 and late 22.x, fixed before",
        ),
        Term(
            "maxSockets",
            "sockets to one host at most, in use or connecting",
            """Looked at when a request is made: is there an idle socket, it is taken; are there
            fewer than this in use, one is opened; else the request waits in the queue of its host,
            without a limit of length or time.

            Changed while traffic flows: raising it opens nothing for those who wait, the next new
            request opens a socket and overtakes them. Lowering it closes nothing while the queue
            is not empty, because a socket is handed over without looking at the limit. The mode
            DRAIN does both at once.

            A finite number also makes the agent say Connection: keep-alive.""",
            default="Infinity",
            unit="sockets of each origin key",
            edges="0 is Infinity for the constructor; assigned later, 0 lets nothing be opened",
            see=("maxTotalSockets", "saturated", "NODE", "DRAIN", "origin key", "Little's law"),
            source=f"{_AGENT}, addRequest",
        ),
        Term(
            "maxTotalSockets",
            "sockets of this agent at most over all hosts, idle ones included",
            """Idle sockets of one host count, and none is closed to make room for another: a host
            can wait for ever behind another one's idle sockets that have no timeout. When a socket
            goes, the queue of its own host is served first, then the first queue in the order in
            which they came to be; if that host has a socket in use the search ends there.

            Sockets that replace a closed one are opened without looking at this limit, so it can
            be exceeded by one.""",
            default="Infinity",
            unit="sockets",
            edges="less than 1 throws ERR_OUT_OF_RANGE",
            see=("maxSockets", "starvation", "over maxTotalSockets", "timeout"),
            source=f"{_AGENT}, addRequest, removeSocket",
        ),
        Term(
            "maxFreeSockets",
            "idle sockets that are kept for each host",
            """Looked at when a socket is released with nobody waiting. Beyond it the socket that
            was just released is closed, and the older idle ones stay. Smaller than the burst that
            comes again and again it closes sockets that are dialled anew a moment later.""",
            default="256",
            unit="idle sockets of each origin key",
            edges="0 is 256 for the constructor; assigned later, 0 keeps none",
            also=("maxFree",),
            see=("over maxFreeSockets", "keepAlive", "churn", "FREE"),
            source=f"{_AGENT}, the listener of 'free'",
        ),
        Term(
            "scheduling",
            "which idle socket is taken: the one freed last (lifo), or the one freed first (fifo)",
            """lifo lets what a peak has opened grow old and be closed; fifo uses all in turn,
            which spreads requests over what stands behind a load balancer, and keeps every idle
            socket young.""",
            default="lifo",
            edges="any other word throws ERR_INVALID_ARG_VALUE",
            also=("lifo", "fifo"),
            see=("timeout", "stale reuse"),
            source=_AGENT,
        ),
        Term(
            "timeout",
            "socket inactivity: closes an idle socket; on a busy one it is an event only",
            """An idle socket is closed after this, or after the server's hint less the buffer,
            whichever is shorter. On a socket with a request Node only emits 'timeout'; the request
            goes on until somebody destroys it, and while a request is queued nothing runs at all.
            It covers the dial where it is the request's own option.

            A socket keeps what a hint has made of it: the next request on it hears 'timeout' that
            early too (nodejs/node issue 53458).""",
            default="none; 5000 of http.globalAgent",
            unit="milliseconds",
            edges="0 is none: an idle socket stays until the other side closes it",
            see=("free", "idle", "total", "Keep-Alive hint", "idle timeout"),
            source=f"{_AGENT}; lib/_http_client.js, responseKeepAlive",
        ),
        Term(
            "maxCachedSessions",
            "TLS sessions kept for resuming, one for each origin key",
            """The oldest inserted goes first, whether it was used or not.""",
            default="100",
            unit="sessions",
            edges="0 keeps none: every handshake is a full one",
            see=("TLS resumption", "TLS handshake"),
            source="Node v24 lib/https.js, Agent",
        ),
        Term(
            "proxyEnv",
            "the proxies that requests go through: http_proxy, https_proxy and no_proxy",
            """http goes to the proxy with the whole URL in its first line; https through a
            tunnel (CONNECT), of which the pool knows only once it is up. What is pooled has the
            name of the host, not of the proxy.""",
            default="none",
            also=("http_proxy", "https_proxy", "no_proxy"),
            see=("tunnel", "ERR_PROXY_TUNNEL", "tunnels pending"),
            source=f"{_AGENT}; since 24.5 and late 22.x",
        ),
        Term(
            "protocol",
            "the only scheme that requests may have",
            """Node has a class for each: http.Agent takes http: alone, https.Agent https: alone,
            and another one throws ERR_INVALID_PROTOCOL.""",
            default="http: or https:, of the class",
            see=("defaultPort", "ERR_INVALID_PROTOCOL"),
            source=_AGENT,
        ),
        Term(
            "defaultPort",
            "the port of URLs that have none",
            default="80; 443 of https.Agent",
            see=("protocol",),
            source=_AGENT,
        ),
        Term(
            "host",
            "where to connect whatever the URL says, which keeps its say in the Host header",
            """An agent's own options go before those of a request, host and port included.""",
            default="the URL's",
            also=("hostname",),
            see=("port", "origin key"),
            source=f"{_AGENT}, addRequest",
        ),
        Term(
            "port",
            "where to connect whatever the URL says, as with host",
            default="the URL's",
            see=("host",),
            source=f"{_AGENT}, addRequest",
        ),
        Term(
            "localAddress",
            "the address to connect from",
            """It is a part of the origin key: sockets from another address are another pool.""",
            default="the system's choice",
            also=("localaddress",),
            see=("origin key", "port exhaustion"),
            source="Node v24 lib/_http_agent.js, getName; lib/net.js",
        ),
        Term(
            "family",
            "the IP version to use, 4 or 6; a part of the origin key",
            default="either; both are tried",
            see=("origin key", "happy eyeballs"),
            source="Node v24 lib/_http_agent.js, getName; lib/net.js",
        ),
        Term(
            "socketPath",
            "a Unix socket to connect to instead of host and port; a part of the origin key",
            default="none",
            see=("origin key",),
            source="Node v24 lib/_http_agent.js, getName; lib/net.js",
        ),
        Term(
            "noDelay",
            "whether small writes are sent at once (TCP_NODELAY)",
            default="true",
            see=("Nagle's algorithm",),
            source="Node v24 lib/_http_agent.js, lib/net.js",
        ),
    ),
)

OWN_OPTIONS = Shelf(
    "Options of pooltop's own",
    "option of pooltop's own",
    (
        Term(
            "live",
            "what an edit does at once: what Node does, or what an operator expects",
            """node does exactly what assigning the option does in Node, which is often nothing;
            drain opens sockets for the queue when a limit is raised, and closes idle ones and
            converges when it is lowered.""",
            default="node; drain of the kind h2",
            see=("NODE", "DRAIN"),
        ),
        Term(
            "NODE",
            "an edit does at once only what Node does: raising a limit dials nothing, lowering it "
            "closes nothing; the next request, release or close decides",
            see=("live", "DRAIN", "maxSockets"),
            source="Node v24 lib/_http_agent.js: every limit is read where it decides, and "
            "nothing looks when it is assigned",
        ),
        Term(
            "DRAIN",
            "an edit does what an operator expects: raising dials for the queue, first in first "
            "out; lowering closes idle sockets and converges exactly",
            see=("live", "NODE", "drained", "culled by edit"),
        ),
        Term(
            "retryStale",
            "whether a request is sent once more when its kept-alive socket turned out to be "
            "closed, where it may be had twice",
            """It must be idempotent (RFC 9110, 9.2.2) or said to be, and its body must be there to
            be sent again. Of a host's requests no more than ten and a tenth are. Node does not do
            it: there the request fails with ECONNRESET.""",
            default="off",
            see=("stale reuse", "idempotent", "retry storm"),
            source="RFC 9112, 9.3.1",
        ),
        Term(
            "perRequest",
            "a new agent for every request: the classic mistake, to be shown",
            """Nothing is ever used twice, and every limit binds within one agent only, so that
            it limits nothing.""",
            default="off",
            see=("churn", "reuse", "TIME_WAIT"),
        ),
    ),
)
