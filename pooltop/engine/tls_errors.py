"""OpenSSL's words for a failed TLS connection, as Node's codes and with what to do about it."""

from __future__ import annotations

import ssl

from pooltop.errors import NetworkError

_TRUST = "add the issuer's certificate to tls.ca, or, for a test only, set tls.verify = false"

_VERDICTS: dict[int, tuple[str, str]] = {
    2: ("UNABLE_TO_GET_ISSUER_CERT", f"an issuer in the chain is missing: {_TRUST}"),
    7: ("CERT_SIGNATURE_FAILURE", "the certificate's signature is wrong"),
    9: ("CERT_NOT_YET_VALID", "its validity begins later: check the clocks of both machines"),
    10: ("CERT_HAS_EXPIRED", "the server needs a new one; check this machine's clock too"),
    18: ("DEPTH_ZERO_SELF_SIGNED_CERT", f"it is signed by itself: {_TRUST}"),
    19: ("SELF_SIGNED_CERT_IN_CHAIN", f"its root is not trusted here: {_TRUST}"),
    20: ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", f"its issuer is not known here: {_TRUST}"),
    21: ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", f"the server sent no issuer's certificate: {_TRUST}"),
    22: ("CERT_CHAIN_TOO_LONG", "the chain of issuers is too long"),
    23: ("CERT_REVOKED", "its issuer has revoked it"),
    24: ("INVALID_CA", "an issuer in the chain may not issue certificates"),
    25: ("PATH_LENGTH_EXCEEDED", "an issuer in the chain may not have issuers below it"),
    26: ("INVALID_PURPOSE", "it is not meant for servers"),
    27: ("CERT_UNTRUSTED", "its root is not trusted for servers"),
    28: ("CERT_REJECTED", "its root is marked as rejected"),
    62: ("ERR_TLS_CERT_ALTNAME_INVALID", "it is for other names: check the host or tls.servername"),
    64: (
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "it is not for this IP address: use a name it is for, or set tls.servername",
    ),
}
"""X509_V_ERR_* number: Node's code, and words.

Source: OpenSSL include/openssl/x509_vfy.h; Node src/crypto/crypto_common.cc. Where the server
sends its leaf alone, Node goes on and says UNABLE_TO_VERIFY_LEAF_SIGNATURE (21); OpenSSL stops
at what it met first, UNABLE_TO_GET_ISSUER_CERT_LOCALLY (20). The cause is the same.
"""

_ALERTS: dict[str, str] = {
    "HANDSHAKE_FAILURE": "the server accepts none of our ciphers, or wants a client certificate "
    "(tls.cert and tls.key)",
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

_OURS: dict[str, str] = {
    "UNSUPPORTED_PROTOCOL": "the server does not speak TLS 1.2 or newer",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "bytes were changed on the way",
    "DH_KEY_TOO_SMALL": "the server's key exchange is too weak",
    "EE_KEY_TOO_SMALL": "the server's key is too short",
    "CA_MD_TOO_WEAK": "the chain is signed with a digest that is too weak",
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


def handshake_error(error: ssl.SSLError, *, servername: str | None, seen: bytes) -> NetworkError:
    """Give the error to raise for what OpenSSL refused.

    Args:
        error: what the ssl module raised.
        servername: the name that was to be verified; None if there was none.
        seen: the first octets of the peer, to tell what it speaks if it is not TLS.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification_error(error, servername)
    stranger = _stranger(seen)
    if stranger is not None:
        code = "ERR_SSL_WRONG_VERSION_NUMBER"
        return NetworkError(f"TLS {code}: the server speaks {stranger}", code=code)
    # OpenSSL 4 spells "SSL/TLS alert ..." what was "sslv3 alert ...": the name alone is stable.
    reason = (error.reason or "PROTOCOL_ERROR").upper().replace(" ", "_")
    code = f"ERR_SSL_{reason}"
    name = reason.rpartition("ALERT_")[2]
    words = _ALERTS.get(name) or _ALERTS.get(name.removeprefix("TLSV1_")) or _OURS.get(reason)
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


def _verification_error(
    error: ssl.SSLCertVerificationError, servername: str | None
) -> NetworkError:
    of = f" of {servername}" if servername else ""
    if error.verify_code not in _VERDICTS:
        message = f"certificate{of}: {error.verify_message}"
        return NetworkError(message, code="ERR_TLS_CERT_INVALID")
    code, words = _VERDICTS[error.verify_code]
    return NetworkError(f"certificate{of} {code}: {words}", code=code)


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
