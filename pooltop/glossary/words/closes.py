"""Why a socket is closed."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

_FREE = "Node v24 lib/_http_agent.js, the listener of 'free'"
_END = "Node v24 lib/_http_client.js, responseOnEnd"
_H1 = "undici 8.12.4 lib/dispatcher/client-h1.js"
_H2 = "undici 8.12.4 lib/dispatcher/client-h2.js"

CLOSES = Shelf(
    "Why a socket is closed",
    "reason to close",
    (
        Term(
            "keepAlive off",
            "the agent does not keep sockets, and no request was queued",
            see=("keepAlive", "TIME_WAIT", "reuse"),
            source=_FREE,
        ),
        Term(
            "Connection: close",
            "the response, or our request, said so",
            """A server that says it with each response lets nothing be reused, whatever the
            client's limits are.""",
            see=("keep-alive", "reuse"),
            source="RFC 9112, 9.6",
        ),
        Term(
            "HTTP/1.0",
            "an HTTP/1.0 response without Connection: keep-alive",
            see=("keep-alive",),
            source="RFC 9112, 9.3",
        ),
        Term(
            "ended by close",
            "the body had no length: only closing could end it",
            """The server sent neither Content-Length nor chunks.""",
            see=("keep-alive", "untrusted framing"),
            source="RFC 9112, 6.3",
        ),
        Term(
            "untrusted framing",
            "the response's framing could be read differently by a second reader",
            """What came is delivered, and the socket carries nothing further: response splitting
            lives on such differences. Pooltop's own guard; Node would keep the socket.""",
            see=("surplus bytes", "ended by close"),
            source="RFC 9112, 6.1 and 11.2",
        ),
        Term(
            "surplus bytes",
            "bytes came after the end of the response",
            """They could be taken for the next request's response.""",
            see=("bytes while idle", "ERR_UNSOLICITED_BYTES"),
            source=_END,
        ),
        Term(
            "not writable",
            "the peer had begun to close before the socket was released",
            see=("closed by peer",),
            source=_FREE,
        ),
        Term(
            "nobody waits",
            "it was opened for a queue that was served otherwise before its tunnel was up",
            see=("tunnelling", "tunnel"),
            source="Node v24 lib/https.js",
        ),
        Term(
            "over maxSockets",
            "more sockets than maxSockets when it was released with nobody waiting",
            """This is how a lowered limit takes hold in Node: at a release, when the queue is
            empty. Several that end together all go, so that fewer than the limit may be left.""",
            see=("maxSockets", "NODE"),
            source=_FREE,
        ),
        Term(
            "over maxTotalSockets",
            "more sockets than maxTotalSockets when it was released with nobody waiting",
            see=("maxTotalSockets",),
            source=_FREE,
        ),
        Term(
            "over maxFreeSockets",
            "as many idle sockets as maxFreeSockets were kept already",
            """The one that was just released is closed, not the one that is idle for longest. If
            sockets are opened again a moment later this is churn: the limit is too small for the
            load's swings.""",
            see=("maxFreeSockets", "churn"),
            source=_FREE,
        ),
        Term(
            "hint within buffer",
            "the server's Keep-Alive timeout, less the buffer, left nothing",
            """timeout=1 with the default buffer of 1 s: nothing is ever kept.""",
            see=("agentKeepAliveTimeoutBuffer", "Keep-Alive hint"),
            source="Node v24 lib/_http_agent.js, keepSocketAlive",
        ),
        Term(
            "keepSocketAlive refused",
            "the caller's own keepSocketAlive said no",
            see=("keepAlive",),
            source="Node v24 lib/_http_agent.js, keepSocketAlive",
        ),
        Term(
            "idle timeout",
            "nobody took it within the agent's timeout, or the server's hint less the buffer",
            """The healthy end of an idle socket: the client closes first, and no request meets a
            closed connection.""",
            see=("timeout", "free", "keepAliveTimeout"),
            source="Node v24 lib/_http_agent.js, installListeners",
        ),
        Term(
            "bytes while idle",
            "bytes came on a socket that carried no request",
            see=("surplus bytes", "idle check"),
            source="Node 22.23.0, 24.17.0 and 26.3.1 (CVE-2026-48931)",
        ),
        Term(
            "closed by peer",
            "the peer sent FIN",
            """Of an idle socket: the server's idle time is shorter than the client's. The next
            time a request may be under way.""",
            also=("FIN",),
            see=("stale reuse", "timeout", "Keep-Alive hint"),
            source="RFC 9112, 9.5",
        ),
        Term(
            "reset by peer",
            "the peer sent RST",
            also=("RST",),
            see=("ECONNRESET", "stale reuse"),
            source="RFC 9293, 3.10.7",
        ),
        Term(
            "connect failed",
            "it was never connected",
            see=("connect refused", "connect timeout", "dns"),
        ),
        Term(
            "bad response",
            "what came is no HTTP",
            see=("protocol",),
        ),
        Term(
            "request aborted",
            "its request was given up while it ran: the rest of the response has nowhere to go",
            see=("ABORT_ERR", "AbortSignal"),
            source="Node v24 lib/_http_client.js, destroy",
        ),
        Term(
            "request timed out",
            "one of its request's clocks ran out",
            see=("total", "idle", "timeout"),
        ),
        Term(
            "agent destroyed",
            "agent.destroy() was called",
            """In Node it does not touch the queue: those who wait are given new sockets.""",
            see=("ERR_AGENT_CLOSED",),
            source="Node v24 lib/_http_agent.js, destroy",
        ),
        Term(
            "left the pool",
            "not closed: an upgrade or a CONNECT made it the caller's own",
            see=("switches protocols",),
            source="Node v24 lib/_http_client.js, socketOnData",
        ),
        Term("destroyed by operator", "somebody at the screen picked this one (D)"),
        Term(
            "culled by edit",
            "an edit lowered a limit below what was open (mode drain)",
            see=("DRAIN", "maxSockets"),
        ),
        Term(
            "reset",
            "undici does not use it again: after a HEAD, an upgrade, a body that was not expected, "
            "a response that came before all of its request was sent, or a request that says so",
            see=("pipelining",),
            source=_H1,
        ),
        Term(
            "maxRequestsPerClient",
            "it has carried as many requests as it may (undici)",
            see=("maxRequestsPerClient",),
            source=_H1,
        ),
        Term(
            "clientTtl",
            "its client was too old to be picked (undici)",
            see=("clientTtl",),
            source="undici 8.12.4 lib/dispatcher/pool.js",
        ),
        Term(
            "servername changed",
            "the next request is for another name (undici)",
            see=("servername",),
            source="undici 8.12.4 lib/dispatcher/client.js",
        ),
        Term(
            "GOAWAY",
            "the peer takes no more streams, and what it took is finished (HTTP/2)",
            see=("GOAWAY", "stream"),
            source=f"{_H2}; RFC 9113, 6.8",
        ),
        Term(
            "no streams",
            "the peer allowed no stream for too long (HTTP/2)",
            see=("no streams allowed", "headersTimeout"),
            source=_H2,
        ),
        Term(
            "unresponsive",
            "a PING was not answered in time (HTTP/2)",
            see=("PING", "pingTimeout"),
            source=f"{_H2}; RFC 9113, 6.7",
        ),
        Term(
            "stream ids used up",
            "the last number for a stream is given (HTTP/2)",
            """A session has 1,073,741,824 of them; then another is opened.""",
            see=("stream",),
            source="RFC 9113, 5.1.1",
        ),
        Term(
            "stream refused",
            "not closed: the peer refused one stream unseen, its request is sent again (HTTP/2)",
            also=("REFUSED_STREAM",),
            see=("replayed", "stream"),
            source=f"{_H2}; RFC 9113, 8.7",
        ),
    ),
)
