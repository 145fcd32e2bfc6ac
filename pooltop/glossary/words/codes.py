"""Error codes of the system, of Node and of certificates."""

from __future__ import annotations

from functools import partial

from pooltop.glossary.term import Shelf, Term

_UNDICI = "undici 8.12.4 lib/core/errors.js"
_OPENSSL = "OpenSSL, X509_verify_cert_error_string; Node v24 doc/api/tls.md"


def code(name: str, means: str, *see: str, text: str = "", source: str = "") -> Term:
    """Give the term of an error code: what it means, and what belongs to it."""
    return Term(name, means, text, see=see, source=source)


_HANG_UP = """Node's message is "socket hang up". On a socket that had carried requests before it
is most often stale reuse; on a new one the server, or something between, does not want the
connection. Node sends nothing again by itself."""

_x509 = partial(code, source=_OPENSSL)

SYSTEM_CODES = Shelf(
    "Error codes of the system and of Node",
    "error code",
    (
        code(
            "ECONNRESET",
            "the connection ended before the response was whole",
            "stale reuse",
            "reset",
            text=_HANG_UP,
        ),
        code("ECONNREFUSED", "nothing listens at that address and port", "connect refused"),
        code(
            "ETIMEDOUT",
            "no answer within a limit: the system's own, or one of the clocks",
            "connect timeout",
            "timeout",
        ),
        code("EPIPE", "written to a connection that the peer has closed", "reset"),
        code("ECONNABORTED", "the connection was given up by this side's system", "reset"),
        code("ENETRESET", "the network dropped the connection", "reset"),
        code("ENOTCONN", "the socket is not connected any more", "reset"),
        code("ESHUTDOWN", "this side of the connection was shut down", "reset"),
        code("EBADF", "the descriptor is no open one any more", "reset"),
        code("ETIME", "a timer of the system's ran out", "timeout"),
        code(
            "ENOTFOUND",
            "the name does not exist, or has no address",
            "dns",
            source="Node v24 lib/internal/errors.js, DNSException",
        ),
        code(
            "EAI_*",
            "the resolver failed: EAI_AGAIN is a server of names that does not answer",
            "dns",
            source="RFC 3493, 6.1",
        ),
        code("EHOSTUNREACH", "no route to this host", "unreachable"),
        code("ENETUNREACH", "no route to this network", "unreachable"),
        code("EHOSTDOWN", "the host does not answer on its own network", "unreachable"),
        code("ENETDOWN", "the network is down", "unreachable"),
        code("ENONET", "this machine is on no network", "unreachable"),
        code("EACCES", "the system's rules (a firewall, perhaps) forbid it", "unreachable"),
        code("EPERM", "the system's rules (a firewall, perhaps) forbid it", "unreachable"),
        code(
            "EAFNOSUPPORT",
            "this system has no support for the address's IP version",
            "unreachable",
            "family",
        ),
        code("ENOENT", "there is no such Unix socket", "connect refused", "socketPath"),
        code("ENOTDIR", "a part of the Unix socket's path is no directory", "connect refused"),
        code(
            "EPROTOTYPE",
            "the Unix socket is of another kind: HTTP needs a stream",
            "connect refused",
        ),
        code("EAGAIN", "the Unix socket's queue of new connections is full", "connect refused"),
        code("ENOTSOCK", "what is at the path is no socket", "connect refused"),
        code(
            "EMFILE",
            "this process has no file descriptor left",
            "file descriptor",
            "out of resources",
            text="Lower maxSockets, or raise the limit (ulimit -n).",
        ),
        code("ENFILE", "the whole system has no file descriptor left", "file descriptor"),
        code(
            "EADDRNOTAVAIL",
            "every local port towards this address is taken, or the address to "
            "connect from is not this machine's",
            "port exhaustion",
            "TIME_WAIT",
            "localAddress",
        ),
        code("ENOBUFS", "the system has no room for another socket", "out of resources"),
        code("ENOMEM", "no memory is left", "out of resources"),
        code("ENOSPC", "no space is left", "out of resources"),
        code("EINVAL", "the system takes no such value", "setting"),
        code(
            "EADDRINUSE",
            "the address and port to connect from are in use",
            "setting",
            "localAddress",
        ),
        code("UNKNOWN", "an error number without a name", "network"),
        code(
            "ABORT_ERR",
            "the caller gave the request up (AbortError)",
            "AbortSignal",
            "stopped by us",
            source="Node v24 lib/internal/errors.js, AbortError",
        ),
        code(
            "ERR_INVALID_ARG_TYPE",
            "an option is of another type",
            "setting",
            source="Node v24 lib/internal/errors.js",
        ),
        code(
            "ERR_INVALID_ARG_VALUE",
            "an option has a value that is not allowed",
            "setting",
            source="Node v24 lib/internal/errors.js",
        ),
        code(
            "ERR_OUT_OF_RANGE",
            "a number is outside of its range",
            "maxTotalSockets",
            source="Node v24 lib/internal/errors.js",
        ),
        code(
            "ERR_INVALID_PROTOCOL",
            "the request's scheme is not the agent's",
            "protocol",
            source="Node v24 lib/_http_client.js, ClientRequest",
        ),
        code(
            "ERR_INVALID_IP_ADDRESS",
            "what should be an address is none",
            "localAddress",
            source="Node v24 lib/net.js",
        ),
        code(
            "ERR_SOCKET_BAD_PORT",
            "a port is not between 0 and 65535",
            "port",
            source="Node v24 lib/net.js",
        ),
        code(
            "ERR_INVALID_RETURN_VALUE",
            "the caller's createConnection gave no connected socket",
            "ERR_CREATE_CONNECTION",
        ),
        code(
            "ERR_STREAM_PREMATURE_CLOSE",
            "a stream ended before it was whole",
            "stopped by us",
            source="Node v24 lib/internal/streams/end-of-stream.js",
        ),
        code(
            "ERR_ASSERTION",
            "undici's own assertion: an upgrade with others behind it loses its connection",
            "switches protocols",
            source=_UNDICI,
        ),
        code(
            "ERR_HTTP2_SESSION_ERROR",
            "a GOAWAY ended the session at once",
            "GOAWAY",
            source="Node v24 lib/internal/http2/core.js",
        ),
        code(
            "ERR_HTTP2_STREAM_ERROR",
            "the peer reset the stream",
            "stream",
            "stream refused",
            source="Node v24 lib/internal/http2/core.js",
        ),
        code(
            "ERR_HTTP2_INVALID_SESSION",
            "given to a session that had just broken",
            "GOAWAY",
            source="Node v24 lib/internal/http2/core.js",
        ),
        code(
            "HPE_*",
            "the response is no HTTP/1.1 that the parser takes",
            "protocol",
            "bad response",
            source="llhttp 9, as in Node v24",
        ),
        code(
            "ERR_SSL_*",
            "OpenSSL's own words for a handshake that failed",
            "tls",
            "TLS handshake",
            text="ERR_SSL_WRONG_VERSION_NUMBER is most often an http port that was spoken to "
            "in TLS.",
        ),
    ),
)

TLS_CODES = Shelf(
    "Error codes of certificates",
    "error code of a certificate",
    (
        _x509("CERT_HAS_EXPIRED", "the certificate's last day is over", "tls"),
        _x509(
            "CERT_NOT_YET_VALID",
            "the certificate's first day has not come: or a wrong clock",
            "tls",
        ),
        _x509(
            "DEPTH_ZERO_SELF_SIGNED_CERT",
            "the server's certificate is signed by itself: give it as ca",
            "ca",
            "rejectUnauthorized",
        ),
        _x509(
            "SELF_SIGNED_CERT_IN_CHAIN",
            "the chain ends in an authority that is not trusted: give it as ca",
            "ca",
        ),
        _x509(
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "the server sends its own certificate alone, "
            "without those between it and the authority",
            "ca",
        ),
        _x509(
            "UNABLE_TO_GET_ISSUER_CERT", "who issued a certificate of the chain is not known", "ca"
        ),
        _x509(
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "who issued the certificate is not among those that are trusted",
            "ca",
        ),
        _x509(
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "the certificate is for other names than the one that was asked for",
            "servername",
        ),
        _x509("CERT_CHAIN_TOO_LONG", "the chain has more certificates than are looked at", "tls"),
        _x509("CERT_REJECTED", "the authority is marked as not to be used for this", "tls"),
        _x509("CERT_REVOKED", "the certificate is on a list of revoked ones", "crl"),
        _x509("CERT_SIGNATURE_FAILURE", "a signature in the chain is false", "tls"),
        _x509("CERT_UNTRUSTED", "the authority is not trusted for this", "ca"),
        _x509("CRL_HAS_EXPIRED", "the list of revoked certificates is too old", "crl"),
        _x509("CRL_NOT_YET_VALID", "the list of revoked certificates is not valid yet", "crl"),
        _x509(
            "CRL_SIGNATURE_FAILURE", "the list of revoked certificates has a false signature", "crl"
        ),
        _x509(
            "UNABLE_TO_GET_CRL", "there is no list of revoked certificates of this authority", "crl"
        ),
        _x509("INVALID_PURPOSE", "the certificate is not for servers", "tls"),
        _x509("PATH_LENGTH_EXCEEDED", "an authority signed below the depth it is allowed", "tls"),
        _x509("UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "the issuer's key cannot be read", "tls"),
        _x509("UNSPECIFIED", "OpenSSL gave no reason", "tls"),
    ),
)
