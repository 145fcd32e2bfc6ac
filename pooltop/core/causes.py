"""Why requests fail, in groups: every outcome that can be counted belongs to one.

An outcome is what ``OriginCounters.failed`` counts by: a code, Node's where Node has one, or what
is known better ("stale reuse", "queue clock"). There are hundreds; what to do about them differs
between a dozen causes. This file is the one place that knows which is which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Cause(StrEnum):
    """Why a request failed, or did not count as a success."""

    DNS = "dns"
    """The name was not looked up, or not in time."""
    CONNECT_REFUSED = "connect refused"
    """Nobody listens there: a closed port, no such Unix socket, or one that takes nobody more."""
    CONNECT_TIMEOUT = "connect timeout"
    """No connection in time."""
    UNREACHABLE = "unreachable"
    """No way there: no route, a network that is down, a firewall that says no."""
    TLS = "tls"
    """No secure connection, or no end to it that can be trusted."""
    RESET = "reset"
    """The connection ended under the request."""
    STALE_REUSE = "stale reuse"
    """A kept-alive socket was closed as it was used again."""
    PROTOCOL = "protocol"
    """What came back is no HTTP, or not what was asked for."""
    QUEUE_TIMEOUT = "queue timeout"
    """No socket came free in time: the pool's own limit."""
    TIMEOUT = "timeout"
    """No answer in time."""
    PROXY = "proxy"
    """A proxy made no tunnel."""
    EXHAUSTED = "out of resources"
    """This machine has no descriptor, port or memory left, or the profile's ceiling is reached."""
    SETTING = "setting"
    """An option that cannot be used: an address that this machine has not, a TLS file, a name that
    leads to a cloud's metadata."""
    STOPPED = "stopped by us"
    """Given up: by its caller, an operator, the breaker, or the end of the load."""
    NETWORK = "network"
    """Whatever else the system, or the caller's own connector, says."""
    REDIRECT = "redirect"
    """It was led where it may not be followed, or too often."""
    UNEXPECTED = "unexpected answer"
    """The response is whole, and not what the profile expects."""

    @property
    def error_type(self) -> str:
        """Give the word for OpenTelemetry's ``error.type``.

        Of OpenTelemetry's own there is "timeout"; the others are those that .NET's HttpClient has
        for it, and where it has none ours.

        Source: OpenTelemetry semantic conventions, error.type; .NET 9 System.Net.Http
        HttpRequestError as DiagnosticsHelper tells it.
        """
        return _ERROR_TYPES.get(self) or self.value.replace(" ", "_")


_ERROR_TYPES = {
    Cause.DNS: "name_resolution_error",
    Cause.CONNECT_REFUSED: "connection_error",
    Cause.CONNECT_TIMEOUT: "timeout",
    Cause.UNREACHABLE: "connection_error",
    Cause.TLS: "secure_connection_error",
    Cause.RESET: "response_ended",
    Cause.STALE_REUSE: "response_ended",
    Cause.PROTOCOL: "invalid_response",
    Cause.QUEUE_TIMEOUT: "timeout",
    Cause.TIMEOUT: "timeout",
    Cause.PROXY: "proxy_tunnel_error",
    Cause.NETWORK: "connection_error",
    Cause.STOPPED: "cancelled",
}

_OUTCOMES: dict[Cause, tuple[str, ...]] = {
    Cause.DNS: ("ENOTFOUND", "dns clock"),
    Cause.CONNECT_REFUSED: (
        "ECONNREFUSED", "ENOENT", "ENOTDIR", "EPROTOTYPE", "EAGAIN", "ENOTSOCK",
    ),
    Cause.CONNECT_TIMEOUT: (
        "connect clock", "tcp clock", "connect ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT",
    ),
    Cause.UNREACHABLE: (
        "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "ENONET", "EACCES", "EPERM",
        "EAFNOSUPPORT",
    ),
    Cause.TLS: (
        "tls clock", "ERR_TLS_TRUNCATED", "ERR_TLS_CERT_ALTNAME_INVALID", "UNSPECIFIED",
        "CERT_CHAIN_TOO_LONG", "CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "CERT_REJECTED",
        "CERT_REVOKED", "CERT_SIGNATURE_FAILURE", "CERT_UNTRUSTED", "CRL_HAS_EXPIRED",
        "CRL_NOT_YET_VALID", "CRL_SIGNATURE_FAILURE", "DEPTH_ZERO_SELF_SIGNED_CERT",
        "INVALID_PURPOSE", "PATH_LENGTH_EXCEEDED", "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "UNABLE_TO_GET_CRL", "UNABLE_TO_GET_ISSUER_CERT",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ),
    Cause.RESET: (
        "ECONNRESET", "EPIPE", "ECONNABORTED", "ENETRESET", "ENOTCONN", "ESHUTDOWN", "EBADF",
        "UND_ERR_SOCKET", "UND_ERR_INFO",
        "ERR_ASSERTION",  # undici's: an upgrade with others behind it loses its connection
        "ERR_HTTP2_INVALID_SESSION",  # undici's: given to a session that had just broken
    ),
    Cause.STALE_REUSE: ("stale reuse",),
    Cause.PROTOCOL: (
        "ERR_UNSOLICITED_BYTES", "ERR_TOO_MANY_INTERIM", "ERR_UNEXPECTED_UPGRADE",
        "ERR_HTTP2_SESSION_ERROR", "ERR_HTTP2_STREAM_ERROR",
        "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
        "ERR_HTTP2_NOT_SPOKEN",  # the kind h2, of a server that chose another protocol
    ),
    Cause.QUEUE_TIMEOUT: ("queue clock", "ERR_QUEUE_TIMEOUT"),
    Cause.TIMEOUT: (
        "total clock", "idle clock", "headers clock", "body clock", "ETIMEDOUT", "ETIME",
        "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT",
    ),
    Cause.PROXY: ("ERR_PROXY_TUNNEL", "ERR_PROXY_INVALID_CONFIG"),
    Cause.EXHAUSTED: (
        "EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM", "ENOSPC", "ERR_OPEN_FDS",
        "UND_ERR_MAX_ORIGINS_REACHED",
    ),
    Cause.SETTING: (
        "ERR_TLS_CONFIG", "ERR_INVALID_IP_ADDRESS", "ERR_INVALID_ARG_VALUE", "EINVAL",
        "ERR_BARRED_ADDRESS",
        "UND_ERR_BPL_MISSING_UPSTREAM", "UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED",
        "bind EADDRNOTAVAIL", "bind EINVAL", "bind EACCES", "bind EADDRINUSE",
    ),
    Cause.STOPPED: (
        "ABORT_ERR", "ERR_AGENT_CLOSED", "ERR_OPERATOR", "ERR_HELD_BACK",
        "ERR_STREAM_PREMATURE_CLOSE",
        "UND_ERR_ABORTED", "UND_ERR_CLOSED", "UND_ERR_DESTROYED",
        "aborted by operator", "socket destroyed by operator", "queue cleared by operator",
    ),
    Cause.REDIRECT: (
        "ERR_REDIRECT_LIMIT", "ERR_REDIRECT_LOCATION", "ERR_REDIRECT_DOWNGRADE",
        "ERR_REDIRECT_HOST", "ERR_REDIRECT_PROTOCOL", "ERR_REDIRECT_BODY",
    ),
    Cause.NETWORK: ("UNKNOWN", "ERR_CREATE_CONNECTION", "ERR_INVALID_RETURN_VALUE"),
}  # fmt: skip
_CAUSES = {outcome: cause for cause, outcomes in _OUTCOMES.items() for outcome in outcomes}
_FAMILIES = (
    ("EAI_", Cause.DNS),
    ("HPE_", Cause.PROTOCOL),
    ("ERR_SSL_", Cause.TLS),
    ("bind ", Cause.SETTING),
)
"""Codes of which there are more than can be listed: OpenSSL's, the parser's, the resolver's."""


def listed_cause(outcome: str) -> Cause | None:
    """Give the cause of an outcome that is known here; None for one that nobody thought of."""
    cause = _CAUSES.get(outcome)
    if cause is not None:
        return cause
    return next((cause for start, cause in _FAMILIES if outcome.startswith(start)), None)


def cause_of(outcome: str) -> Cause:
    """Give the cause of any outcome: what is not listed is an error number of the system's."""
    return listed_cause(outcome) or Cause.NETWORK


def by_cause(failed: Mapping[str, int]) -> dict[Cause, dict[str, int]]:
    """Give outcomes with their counts by cause, the most frequent of both first.

    Args:
        failed: outcome to count.
    """
    totals: Counter[Cause] = Counter()
    groups: dict[Cause, dict[str, int]] = {}
    for outcome, count in sorted(failed.items(), key=lambda item: (-item[1], item[0])):
        cause = cause_of(outcome)
        totals[cause] += count
        groups.setdefault(cause, {})[outcome] = count
    return {cause: groups[cause] for cause, _ in totals.most_common()}


def totals_by_cause(failed: Mapping[str, int]) -> dict[Cause, int]:
    """Give how many outcomes there were by cause, the most frequent first."""
    return {cause: sum(outcomes.values()) for cause, outcomes in by_cause(failed).items()}
