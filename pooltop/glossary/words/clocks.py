"""The clocks of a request (``[agents.NAME.timeouts]``), and TLS options."""

from __future__ import annotations

from pooltop.glossary.term import Shelf, Term

_NOT_NODES = "Node has no such clock."

CLOCKS = Shelf(
    "Clocks of a request",
    "clock",
    (
        Term(
            "queue",
            "from entering the queue to being given a socket",
            f"""{_NOT_NODES} A queued request waits without end there: its own timeout begins
            with the socket. When it runs out the request fails with ERR_QUEUE_TIMEOUT, which has
            the pool's numbers.""",
            default="none",
            unit="seconds",
            see=("ERR_QUEUE_TIMEOUT", "maxSockets", "total"),
        ),
        Term(
            "connect",
            "from the dial's start until the connection carries bytes: dns, tcp, tls",
            f"""{_NOT_NODES} undici has connectTimeout.""",
            default="none",
            unit="seconds",
            see=("connectTimeout", "connect timeout", "dns", "tcp", "tls"),
        ),
        Term(
            "dns tcp tls",
            "one phase of the dial alone, each with a limit of its own",
            default="none",
            unit="seconds",
            also=("dns", "tcp", "tls"),
            see=("connect", "TLS handshake"),
        ),
        Term(
            "idle",
            "between two bytes on the socket while the request has it, until its response is read "
            "and all of it was sent; our own slow reader stops it",
            """The nearest of Node's is the request's timeout, which only tells and fails
            nothing.""",
            default="none",
            unit="seconds",
            see=("timeout", "fail", "node"),
        ),
        Term(
            "total",
            "from the intended start, the queue included, to the response's last byte",
            """In Node only AbortSignal.timeout() covers all of a request, and even that is not
            seen while the request is queued.""",
            default="none",
            unit="seconds",
            see=("intended start", "queue", "AbortSignal"),
        ),
        Term(
            "free",
            "while a socket is idle: it is closed, no request fails. The agent's timeout and the "
            "server's hint count beside it, the shortest wins",
            """The nearest of Node's is the agent's timeout. With this clock the server's hint
            counts even where the agent has no timeout, and Node would not look at it.""",
            default="none",
            unit="seconds",
            see=("timeout", "Keep-Alive hint", "stale reuse"),
        ),
        Term(
            "fail",
            "the default: a clock that runs out fails the request, destroys its socket and so "
            "frees its slot. Counted as a failure under the clock's name",
            see=("node", "queue timeout", "timeout"),
        ),
        Term(
            "node",
            "what Node does: idle is its request option timeout, and raises an event (SILENT in "
            "the log); the request goes on and keeps its socket. The other clocks do not exist",
            see=("fail", "timeout", "idle"),
            source="Node v24 lib/_http_agent.js, setRequestSocket; lib/_http_client.js",
        ),
    ),
)

_TLS = "Node v24 lib/https.js, getName; lib/tls.js"

TLS_OPTIONS = Shelf(
    "Options of TLS",
    "option of TLS",
    (
        Term(
            "ca",
            "certificates of the authorities to trust, instead of the system's",
            default="Node's own list, or the system's",
            see=("rejectUnauthorized", "origin key"),
            source=_TLS,
        ),
        Term(
            "cert",
            "the client's own certificate, for servers that ask for one (mutual TLS)",
            default="none",
            see=("key", "mutual TLS"),
            source=_TLS,
        ),
        Term(
            "key",
            "the private key of the client's certificate",
            default="none",
            see=("cert", "passphrase"),
            source=_TLS,
        ),
        Term(
            "passphrase",
            "opens the private key; shown nowhere",
            """Not a part of Node's origin key, but where it belongs to a pfx of its own.""",
            default="none",
            see=("key",),
            source=_TLS,
        ),
        Term(
            "rejectUnauthorized",
            "whether certificates are checked",
            """false takes any: anybody between could answer. What is missing is mostly a ca, or
            the right servername. true and unset are different origin keys, and so different
            pools.""",
            default="true",
            also=("verify",),
            see=("unverified", "ca", "servername"),
            source=_TLS,
        ),
        Term(
            "servername",
            "the name for SNI, which the certificate is checked against",
            """Without it the name in the Host header counts, else the host; an address has none.
            It is a part of the origin key where it differs from the host.""",
            default="the host",
            edges='"" sends none',
            also=("SNI",),
            see=("rejectUnauthorized", "origin key", "servername changed"),
            source="RFC 6066, 3; Node v24 lib/_http_agent.js, calculateServerName",
        ),
        Term(
            "ciphers",
            "OpenSSL's list of ciphers for TLS 1.2",
            default="Node's list",
            see=("minVersion",),
            source=_TLS,
        ),
        Term(
            "minVersion",
            "the oldest TLS that is spoken",
            default="TLSv1.2",
            see=("maxVersion",),
            source=_TLS,
        ),
        Term(
            "maxVersion",
            "the newest TLS that is spoken",
            default="TLSv1.3",
            see=("minVersion",),
            source=_TLS,
        ),
        Term(
            "ecdhCurve",
            "the one curve that is offered",
            default="auto: OpenSSL's list",
            see=("TLS handshake",),
            source=_TLS,
        ),
        Term(
            "crl",
            "lists of revoked certificates; with any, every certificate is looked up",
            default="none",
            see=("CERT_REVOKED", "ca"),
            source=_TLS,
        ),
        Term(
            "secureOptions",
            "bits of OpenSSL's SSL_OP_* to set",
            default="OpenSSL's own",
            see=("ciphers",),
            source=_TLS,
        ),
        Term(
            "keylogFile",
            "a file for the secrets of every handshake, to decrypt captured traffic with",
            """Node has an event for it, 'keylog'.""",
            default="none",
            also=("SSLKEYLOGFILE",),
            see=("TLS handshake",),
            source="Node v24 lib/https.js, createConnection",
        ),
    ),
)
