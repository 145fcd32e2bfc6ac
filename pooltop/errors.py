"""Everything pooltop raises, by whose fault it is.

Each class has a stable ``code``; what is needed to act is in the message and in attributes. A
bug of our own is an AssertionError and never one of these.
"""

from __future__ import annotations


class PooltopError(Exception):
    """The root of what pooltop raises on purpose."""

    code = "ERR_POOLTOP"


class ProfileError(PooltopError):
    """The user's profile or command line is wrong; nothing was sent."""

    code = "ERR_PROFILE"


class TLSConfigError(ProfileError):
    """A file of ``TLSOptions`` cannot be used, or an option cannot be had; nothing was sent."""

    code = "ERR_TLS_CONFIG"


class UsageError(PooltopError):
    """The caller of the library used it wrongly. ``code`` is Node's where Node refuses it too."""

    code = "ERR_USAGE"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        """Keep the code on this instance."""
        super().__init__(message)
        if code is not None:
            self.code = code


class ProxyConfigError(UsageError):
    """A proxy's URL is none. The message has no user or password of it."""

    code = "ERR_PROXY_INVALID_CONFIG"


class EngineError(PooltopError):
    """The engine process could not be started, or is gone."""

    code = "ERR_ENGINE"


class RequestError(PooltopError):
    """A request failed. ``code`` is Node's where Node has one."""

    outcome = ""
    """What it is counted as, where more is known than the code; else empty."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        """Keep the code on this instance."""
        super().__init__(message)
        if code is not None:
            self.code = code


class PeerError(RequestError):
    """The server broke the protocol, or ended the connection too early."""

    code = "ECONNRESET"


class StaleReuseError(PeerError):
    """A socket that had served before was closed before it answered: it was stale.

    Node's reusedSocket with ECONNRESET, hand-overs included, which Node does not mark. Nothing of
    a response came, but the server may have had the request: only one that may be had twice is to
    be sent again, and ``AgentOptions.retry_stale`` does that for those.
    """

    outcome = "stale reuse"

    def __init__(self, words: str, *, idle_s: float, hint_s: int | None, nth: int) -> None:
        """Keep what tells whose clock was too long.

        Args:
            words: who closed it and how.
            idle_s: seconds since its last byte, as the request was given it.
            hint_s: what the server's last Keep-Alive header promised, in seconds; None if nothing.
            nth: how many requests the socket has carried, this one included.
        """
        idle = f"{idle_s:.1f} s" if idle_s >= 1 else f"{idle_s * 1000:.0f} ms"
        hint = "no hint was given" if hint_s is None else f"its hint was {hint_s} s"
        super().__init__(f"socket hang up: {words} (idle {idle}, {hint})")
        self.idle_s = idle_s
        self.hint_s = hint_s
        self.nth = nth


class NetworkError(RequestError):
    """The network said no: look-up, refusal, reset, no route, TLS."""

    code = "ECONNREFUSED"


class DescriptorError(NetworkError):
    """A socket would have gone beyond the ceiling on descriptors: see ``[safety] max_open_fds``."""

    code = "ERR_OPEN_FDS"


class ProxyTunnelError(NetworkError):
    """A proxy made no tunnel: it refused, answered no HTTP, ended or kept silent."""

    code = "ERR_PROXY_TUNNEL"

    def __init__(self, message: str, *, status: int | None = None, timed_out: bool = False) -> None:
        """Keep what is known.

        Args:
            message: for people.
            status: what it answered with; None if it had none.
            timed_out: the agent's timeout ran out, which Node tells as a 'timeout' event too.
        """
        super().__init__(message)
        self.status = status
        self.timed_out = timed_out


class RequestTimeout(RequestError):
    """One of the clocks of ``Timeouts``, or of undici's, ran out; ``clock`` names it."""

    code = "ETIMEDOUT"

    def __init__(self, message: str, *, clock: str, code: str | None = None) -> None:
        """Keep which of queue, connect, dns, tcp, tls, headers, body, idle or total it was."""
        super().__init__(message, code=code)
        self.clock = clock
        self.outcome = f"{clock} clock"


class ConnectTimeout(RequestTimeout):
    """A socket was not connected in time; says in which phase the time ran out."""

    def __init__(
        self,
        where: str,
        *,
        clock: str,
        after_s: float,
        phase: str,
        dns_s: float | None,
        tcp_s: float | None,
    ) -> None:
        """Keep the phase, and what the ones before it took.

        Args:
            where: ``host:port``.
            clock: "connect", or the phase's own: "dns", "tcp" or "tls".
            after_s: the limit.
            phase: "dns", "tcp", "tunnel" or "tls": what was under way.
            dns_s: seconds of the look-up; None if it is not over, or there was none.
            tcp_s: seconds of the TCP connection; None if there is none yet.
        """
        took = ((name, s) for name, s in (("dns", dns_s), ("tcp", tcp_s)) if s is not None)
        before = ", ".join(f"{name} {s * 1000:.0f} ms" for name, s in took)
        inside = f" in {phase}" if clock != phase else ""
        behind = f" ({before})" if before else ""
        super().__init__(
            f"{where}: {clock} timed out after {after_s:g} s{inside}{behind}", clock=clock
        )
        self.phase = phase
        self.dns_s = dns_s
        self.tcp_s = tcp_s


class QueueTimeout(RequestTimeout):
    """No socket came free in time; the message has the pool's numbers."""

    code = "ERR_QUEUE_TIMEOUT"

    def __init__(self, message: str) -> None:
        """The clock is the queue's."""
        super().__init__(message, clock="queue")


class RedirectError(RequestError):
    """A redirect that was to be followed is not: its ``code`` says why."""

    code = "ERR_REDIRECT_LOCATION"


class AbortError(RequestError):
    """The caller gave the request up."""

    code = "ABORT_ERR"


class HeldBackError(AbortError):
    """Given up before it was sent: its host is to be left alone for a time (Retry-After)."""

    code = "ERR_HELD_BACK"


class OperatorError(AbortError):
    """An operator gave the request up: aborted it, destroyed its socket or cleared its queue."""

    code = "ERR_OPERATOR"

    def __init__(self, message: str, *, what: str) -> None:
        """Keep what was done, as "aborted": it is counted as "aborted by operator"."""
        super().__init__(message)
        self.outcome = f"{what} by operator"
