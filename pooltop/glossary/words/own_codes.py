"""Error codes of undici and of pooltop's own, and what else failures are counted as."""

from __future__ import annotations

from functools import partial

from pooltop.glossary.term import Shelf, Term
from pooltop.glossary.words.codes import code

_UNDICI = "undici 8.12.4 lib/core/errors.js"
_of_undici = partial(code, source=_UNDICI)

UNDICI_CODES = Shelf(
    "Error codes of undici",
    "error code of undici",
    (
        _of_undici(
            "UND_ERR_SOCKET",
            'the connection ended under the request: "other side closed"',
            "stale reuse",
            "reset",
        ),
        _of_undici(
            "UND_ERR_INFO",
            "the connection ended for a reason that is no error: idle, reset, GOAWAY",
            "idle timeout",
            "GOAWAY",
        ),
        _of_undici("UND_ERR_ABORTED", "the request was given up", "stopped by us"),
        _of_undici(
            "UND_ERR_CONNECT_TIMEOUT",
            "no connection within connectTimeout",
            "connectTimeout",
            "connect timeout",
        ),
        _of_undici(
            "UND_ERR_HEADERS_TIMEOUT",
            "no head of a response within headersTimeout",
            "headersTimeout",
        ),
        _of_undici(
            "UND_ERR_BODY_TIMEOUT", "no further part of the body within bodyTimeout", "bodyTimeout"
        ),
        _of_undici("UND_ERR_CLOSED", "the dispatcher was closed and takes no more", "closed"),
        _of_undici("UND_ERR_DESTROYED", "the dispatcher was destroyed", "destroyed"),
        _of_undici(
            "UND_ERR_BPL_MISSING_UPSTREAM",
            "a balanced pool has no upstream left that can be used",
            "errorPenalty",
        ),
        _of_undici(
            "UND_ERR_MAX_ORIGINS_REACHED",
            "an Agent has as many origins as maxOrigins lets it",
            "maxOrigins",
        ),
        _of_undici("UND_ERR_NOT_SUPPORTED", "HTTP/2 cannot do it: a CONNECT", "switches protocols"),
        _of_undici("UND_ERR_INVALID_ARG", "an option or a header that cannot be used", "setting"),
        _of_undici(
            "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
            "the body is not as long as Content-Length says",
            "protocol",
        ),
    ),
)

OWN_CODES = Shelf(
    "Error codes of pooltop's own",
    "error code of pooltop",
    (
        code("ERR_POOLTOP", "the root of what pooltop raises on purpose"),
        code(
            "ERR_PROFILE", "the profile or the command line is wrong; nothing was sent", "setting"
        ),
        code(
            "ERR_TLS_CONFIG",
            "a file of TLS cannot be used, or an option cannot be had",
            "setting",
            "ca",
            "cert",
        ),
        code("ERR_USAGE", "the caller of the library used it wrongly"),
        code(
            "ERR_PROXY_INVALID_CONFIG",
            "a proxy's URL is none",
            "proxyEnv",
            source="Node v24 lib/internal/errors.js",
        ),
        code("ERR_ENGINE", "the engine's process could not be started, or is gone"),
        code(
            "ERR_WIRE",
            "what came from the engine, or from a viewer, cannot be read: most often "
            "another version of pooltop",
        ),
        code("ERR_RECORDING", "the file is no recording, or is of another version"),
        code(
            "ERR_OPEN_FDS",
            "a socket would have gone beyond the ceiling on descriptors",
            "file descriptor",
            "out of resources",
        ),
        code(
            "ERR_PROXY_TUNNEL",
            "a proxy made no tunnel: it refused, answered no HTTP, ended or kept silent",
            "tunnel",
            "proxy",
            source="Node v24 lib/internal/errors.js",
        ),
        code(
            "ERR_QUEUE_TIMEOUT",
            "no socket came free in time; the message has the pool's numbers",
            "queue",
            "maxSockets",
            "saturated",
        ),
        code(
            "ERR_AGENT_CLOSED",
            "the agent was closed while the request ran or waited",
            "stopped by us",
            "agent destroyed",
        ),
        code(
            "ERR_HELD_BACK",
            "given up before it was sent: its host is to be left alone for a time",
            "Retry-After",
            "held",
            source="RFC 9110, 10.2.3",
        ),
        code(
            "ERR_OPERATOR",
            "an operator aborted it, destroyed its socket or cleared its queue",
            "stopped by us",
        ),
        code(
            "ERR_BARRED_ADDRESS",
            "the name leads to a link-local or metadata address that the profile does not name",
            "setting",
        ),
        code("ERR_CREATE_CONNECTION", "the caller's own connector failed", "network"),
        code(
            "ERR_TLS_TRUNCATED",
            "the connection ended without TLS's close_notify where only its end delimits the body",
            "tls",
            "ended by close",
            source="RFC 8446, 6.1",
        ),
        code(
            "ERR_UNSOLICITED_BYTES",
            "bytes came before the request was sent",
            "bytes while idle",
            "protocol",
        ),
        code(
            "ERR_TOO_MANY_INTERIM",
            "more 1xx responses than anybody needs",
            "protocol",
            source="RFC 9110, 15.2",
        ),
        code(
            "ERR_UNEXPECTED_UPGRADE",
            "the server switches protocols unasked",
            "protocol",
            source="RFC 9110, 7.8",
        ),
        code(
            "ERR_HTTP2_NOT_SPOKEN",
            "the kind h2, and a server that chose another protocol",
            "ALPN",
            "protocol",
        ),
        code("ERR_REDIRECT_LIMIT", "more redirects than follow_redirects", "redirect"),
        code(
            "ERR_REDIRECT_LOCATION",
            "a redirect without a Location that can be followed",
            "redirect",
            source="RFC 9110, 10.2.2",
        ),
        code("ERR_REDIRECT_DOWNGRADE", "a redirect from https to http", "redirect"),
        code("ERR_REDIRECT_HOST", "a redirect to a host that may not be sent traffic", "redirect"),
        code("ERR_REDIRECT_PROTOCOL", "a redirect to a scheme that the agent has not", "redirect"),
        code(
            "ERR_REDIRECT_BODY",
            "a redirect that wants the body again, which can be had once",
            "redirect",
        ),
    ),
)

OUTCOMES = Shelf(
    "What failures are counted as, beside their codes",
    "outcome",
    (
        *(
            Term(f"{clock} clock", f"the clock {clock} of its timeouts ran out", see=(clock,))
            for clock in ("queue", "connect", "dns", "tcp", "tls", "idle", "total")
        ),
        *(
            Term(f"{part} clock", f"undici's {part}Timeout ran out", see=(f"{part}Timeout",))
            for part in ("headers", "body")
        ),
        Term(
            "connect ETIMEDOUT",
            "the system gave up connecting",
            see=("connect timeout", "ETIMEDOUT"),
        ),
        *(
            Term(
                f"bind {code}",
                f"the address to connect from cannot be used ({code})",
                see=("localAddress", code),
            )
            for code in ("EADDRNOTAVAIL", "EINVAL", "EACCES", "EADDRINUSE")
        ),
        Term("aborted by operator", "somebody at the screen aborted it (X)", see=("ERR_OPERATOR",)),
        Term(
            "socket destroyed by operator",
            "somebody at the screen destroyed its socket (D)",
            see=("ERR_OPERATOR", "destroyed by operator"),
        ),
        Term(
            "queue cleared by operator",
            "somebody at the screen emptied the queue that it was in (C)",
            see=("ERR_OPERATOR",),
        ),
    ),
)
