"""OpenSSL's words for a failed TLS connection, as Node's codes and with what to do about it.

What is wrong with a certificate is in ``tls_verdicts``.
"""

from __future__ import annotations

import ssl

from pooltop.errors import NetworkError

_ALERTS: dict[str, str] = {
    "HANDSHAKE_FAILURE": "the server accepts none of our ciphers, versions or curves",
    "PROTOCOL_VERSION": "the server does not speak TLS 1.2 or newer",
    "INSUFFICIENT_SECURITY": "the server wants stronger ciphers",
    "CERTIFICATE_REQUIRED": "the server requires a client certificate: give tls.cert and tls.key",
    "BAD_CERTIFICATE": "the server does not accept the client certificate",
    "UNSUPPORTED_CERTIFICATE": "the server does not accept this kind of client certificate",
    "CERTIFICATE_REVOKED": "the client certificate is revoked",
    "CERTIFICATE_EXPIRED": "the client certificate has expired",
    "CERTIFICATE_UNKNOWN": "the server does not accept the client certificate",
    "UNKNOWN_CA": "the server does not trust the client certificate's issuer",
    "ACCESS_DENIED": "the client certificate is good, but not allowed in",
    "DECRYPT_ERROR": "the server could not check a signature: do tls.cert and tls.key belong to "
    "each other?",
    "UNRECOGNIZED_NAME": "the server has no host of this name: check tls.servername",
    "NO_APPLICATION_PROTOCOL": "the server insists on ALPN, and none is offered",
    "INTERNAL_ERROR": "the server failed inside",
}
"""What the peer's alert says, by its name in RFC 8446, 6."""

_WANTS_CERTIFICATE = (
    "the server wants a client certificate, or another one than it was given: see tls.cert and "
    "tls.key"
)
"""TLS 1.2 has no alert of its own for it. Source: RFC 5246, 7.4.6."""

_OURS: dict[str, str] = {
    "UNSUPPORTED_PROTOCOL": "the server does not speak TLS 1.2 or newer",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "bytes were changed on the way",
    "DH_KEY_TOO_SMALL": "the server's key exchange is too weak",
    "NO_RENEGOTIATION": "the server wants to renegotiate, which is not done",
}
"""What OpenSSL on our side says."""

_SPEAKERS: tuple[tuple[bytes, str], ...] = (
    (b"HTTP/", "plain HTTP: use http://, or its TLS port"),
    (b"SSH-", "SSH"),
    (b"220", "SMTP or FTP"),
    (b"* OK", "IMAP"),
    (b"+OK", "POP3"),
    (b"-ERR", "Redis"),
)


def handshake_error(
    error: ssl.SSLError, *, seen: bytes, is_past_ciphers: bool = False
) -> NetworkError:
    """Give the error to raise for what OpenSSL refused, other than a certificate.

    Args:
        error: what the ssl module raised.
        seen: the first octets of the peer, to tell what it speaks if it is not TLS.
        is_past_ciphers: the server has sent its certificate, and so had chosen a cipher.
    """
    stranger = _stranger(seen)
    if stranger is not None:
        code = "ERR_SSL_WRONG_VERSION_NUMBER"
        return NetworkError(f"TLS {code}: the server speaks {stranger}", code=code)
    reason = (error.reason or "PROTOCOL_ERROR").upper().replace(" ", "_")
    # "sslv3 alert ..." until OpenSSL 3.1, "ssl/tls alert ..." since: Node 24 has the later one.
    reason = reason.replace("SSLV3_ALERT", "SSL/TLS_ALERT")
    code = f"ERR_SSL_{reason}"
    name = reason.rpartition("ALERT_")[2]
    words = _ALERTS.get(name) or _ALERTS.get(name.removeprefix("TLSV1_")) or _OURS.get(reason)
    if name == "HANDSHAKE_FAILURE" and is_past_ciphers:
        words = _WANTS_CERTIFICATE
    return NetworkError(f"TLS {code}: {words}" if words else f"TLS {code}", code=code)


def cut_error(*, seen: bytes) -> NetworkError:
    """Give the error for a connection that ended inside the handshake.

    Source: Node lib/_tls_wrap.js onConnectEnd, for code and first words.
    """
    words = "before it answered" if not seen else "in the middle of the handshake"
    return NetworkError(
        "Client network socket disconnected before secure TLS connection was established: "
        f"the server closed {words}",
        code="ECONNRESET",
    )


def _stranger(seen: bytes) -> str | None:
    """Name the protocol that begins with ``seen``; None if it is TLS or nothing came."""
    # A TLS record begins with its content type, 20 to 24 (RFC 8446, 5.1).
    if not seen or 20 <= seen[0] <= 24:
        return None
    for start, name in _SPEAKERS:
        if seen.startswith(start):
            return name
    # h2: a SETTINGS frame on stream 0 comes first.
    if len(seen) >= 9 and seen[3] == 4 and seen[5:9] == bytes(4):
        return "plain HTTP/2: use http://, or its TLS port"
    return "something that is not TLS"
