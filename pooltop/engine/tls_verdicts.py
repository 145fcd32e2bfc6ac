"""Why a server's certificate is refused: Node's code, what the certificate says, and the remedy.

Node lets OpenSSL go on after a fault and tells the last one met; the ssl module stops at the
first. Where the two differ, what the server sent decides what Node would have said:

* An untrusted issuer of a certificate that came alone is UNABLE_TO_VERIFY_LEAF_SIGNATURE.
* An issuer that may not issue is INVALID_PURPOSE: it fails that check too.
* A certificate out of its time is that, whatever else is wrong: time is checked last, but for the
  names that an issuer may issue for, and the one that was asked for.

Source: OpenSSL 3 crypto/x509/x509_vfy.c verify_chain; Node v24 src/crypto/crypto_tls.cc
VerifyError, deps/ncrypto X509Pointer::ErrorCode.
"""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Sequence

from pooltop.core.snapshot import PeerCertificate
from pooltop.errors import NetworkError

_TRUST = "add the issuer's certificate to tls.ca, or, for a test only, set tls.verify = false"
_SEND = "have the server send the whole chain"
_RENEW = "the server needs a new one; check this machine's clock too"

_UNTRUSTED = (18, 19, 20, 21)
_TIME = (9, 10)
_OTHER_NAME = (62, 64)
_AFTER_TIME = range(47, 54)
"""What name constraints find: looked at after the validity."""
_SHOWN_NAMES = 3
_LONGEST_NAME = 80

_VERDICTS: dict[int, tuple[str, str]] = {
    2: (
        "UNABLE_TO_GET_ISSUER_CERT",
        "a certificate of tls.ca has an issuer that is not known here: add the root to tls.ca",
    ),
    3: (
        "UNABLE_TO_GET_CRL",
        "tls.crl has no list of one of its issuers: each issuer of the chain needs one",
    ),
    6: ("UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "its issuer's key cannot be read"),
    7: (
        "CERT_SIGNATURE_FAILURE",
        "it was not signed by the issuer found: tls.ca or the server has another of that name",
    ),
    8: ("CRL_SIGNATURE_FAILURE", "a list of tls.crl was not signed by the issuer it names"),
    9: ("CERT_NOT_YET_VALID", "check the clocks of both machines"),
    10: ("CERT_HAS_EXPIRED", _RENEW),
    11: ("CRL_NOT_YET_VALID", "a list of tls.crl is not valid yet: check this machine's clock"),
    12: ("CRL_HAS_EXPIRED", "a list of tls.crl is out of date: fetch the issuer's current one"),
    18: ("DEPTH_ZERO_SELF_SIGNED_CERT", f"it is signed by itself: {_TRUST}"),
    19: ("SELF_SIGNED_CERT_IN_CHAIN", f"its root is not trusted here: {_TRUST}"),
    20: ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", f"the chain's last issuer is not known: {_TRUST}"),
    21: ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", f"the server sent no issuer: {_SEND}, or {_TRUST}"),
    22: ("CERT_CHAIN_TOO_LONG", "the chain of issuers is too long"),
    23: ("CERT_REVOKED", "its issuer has revoked it: the server needs a new one"),
    25: (
        "PATH_LENGTH_EXCEEDED",
        "an issuer in the chain may not have issuers below it: the server needs another issuer",
    ),
    26: ("INVALID_PURPOSE", "it is not meant for servers: the server needs one that is"),
    27: ("CERT_UNTRUSTED", "its root is not trusted for servers"),
    28: ("CERT_REJECTED", "its root is marked as rejected"),
    62: ("ERR_TLS_CERT_ALTNAME_INVALID", "check the host or tls.servername"),
    64: ("ERR_TLS_CERT_ALTNAME_INVALID", "use a name it is for, or set tls.servername"),
    79: (
        "INVALID_PURPOSE",
        "an issuer in the chain may not issue certificates: the server needs one of a true issuer",
    ),
}
"""X509_V_ERR_* number: Node's code, and words. Source: OpenSSL 3 include/openssl/x509_vfy.h."""

_UNSPECIFIED: dict[int, str] = {
    34: "nobody here knows what a critical part of it means: the server needs one without",
    47: "its issuer may not issue for this name: the server needs one of another issuer",
    48: "its issuer may not issue for this name: the server needs one of another issuer",
    66: "its key is too short: the server needs one with a longer key",
    67: "an issuer's key is too short: the server needs one of another issuer",
    68: "it is signed with a digest that is too weak: the server needs a new one",
}
"""What Node has no name for: words, to go with OpenSSL's own."""


def verification_error(
    error: ssl.SSLCertVerificationError,
    name: str | None,
    sent: Sequence[PeerCertificate],
    *,
    wall_now: float,
) -> NetworkError:
    """Give the error to raise for a certificate that OpenSSL refused.

    Args:
        error: what the ssl module raised.
        name: what was to be verified; None if there was none.
        sent: the server's chain, its own certificate first; may be empty.
        wall_now: Unix time.
    """
    number: int = error.verify_code
    if number == 20 and len(sent) == 1:
        number = 21
    code, words = _VERDICTS.get(number) or (
        "UNSPECIFIED",
        f"{_UNSPECIFIED.get(number, 'it is not valid')} ({error.verify_message})",
    )
    words = _facts(number, sent) + words
    late = None if number in _AFTER_TIME else _out_of_time(sent, wall_now)
    if late is not None:
        code = late[0]
        words = late[1] if number in _TIME else f"{late[1]}. Besides, {words}"
    return _refusal(code, name, words)


def identity_error(name: str, certificate: PeerCertificate | None) -> NetworkError:
    """Give the error for a certificate that is good and another's."""
    sent = (certificate,) if certificate is not None else ()
    code, words = _VERDICTS[62]
    return _refusal(code, name, f"{_facts(62, sent)}{words}")


def _refusal(code: str, name: str | None, words: str) -> NetworkError:
    of = f" of {name}" if name else ""
    return NetworkError(f"certificate{of} {code}: {words}", code=code)


def _facts(number: int, sent: Sequence[PeerCertificate]) -> str:
    """Say what the certificate has to say to this fault; ends in a colon if there is something."""
    if number in _OTHER_NAME:
        names = sent[0].names if sent else ()
        if not names:
            return "it is for other names: "
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_SHOWN_NAMES])
        return f"it is for {shown}{more}: "
    if number in _UNTRUSTED and number != 18 and sent and sent[-1].issuer:
        return f"it leads to the issuer {sent[-1].issuer[:_LONGEST_NAME]!r}: "
    return ""


def _out_of_time(sent: Sequence[PeerCertificate], wall_now: float) -> tuple[str, str] | None:
    """Give code and words for the first that is out of its time; the server's own comes first."""
    for certificate in sent:
        is_own = certificate is sent[0]
        whose = "it" if is_own else f"its issuer {certificate.subject[:_LONGEST_NAME]!r}"
        if wall_now > certificate.wall_not_after:
            code, words = _VERDICTS[10]
            return code, f"{whose} expired on {_date(certificate.wall_not_after)}: {words}"
        if wall_now < certificate.wall_not_before:
            code, words = _VERDICTS[9]
            return code, f"{whose} is valid from {_date(certificate.wall_not_before)}: {words}"
    return None


def _date(wall: float) -> str:
    return datetime.datetime.fromtimestamp(wall, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
