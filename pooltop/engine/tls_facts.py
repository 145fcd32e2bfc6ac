"""What can be said of a TLS connection, and of the certificates that the server sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from pooltop.core.snapshot import PeerCertificate

_Name = tuple[tuple[tuple[str, str], ...], ...]
_MOST_DECODED = 256
_decoded: dict[bytes, PeerCertificate | None] = {}
"""By their DER form, the oldest first. Decoding one takes 45 us, and a pool's sockets show the
same: a thousand handshakes must not cost the next snapshot 45 ms."""


class TLSFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a completed handshake agreed upon."""

    protocol: str
    """``TLSv1.3``, ``TLSv1.2``."""
    cipher: str
    resumed: bool
    """The handshake was an abbreviated one, from an earlier session."""
    verified: bool
    """The certificate was checked; False only with ``verify=False``."""
    alpn: str | None
    certificate: PeerCertificate | None
    """None where it cannot be read, or this Python does not show an unverified one."""


def facts_of(tls: ssl.SSLObject) -> TLSFacts:
    """Give the facts of a connection whose handshake is done."""
    cipher = tls.cipher()
    return TLSFacts(
        protocol=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        resumed=bool(tls.session_reused),
        verified=tls.context.verify_mode is ssl.CERT_REQUIRED,
        alpn=tls.selected_alpn_protocol(),
        certificate=_certificate(tls),
    )


def _certificate(tls: ssl.SSLObject) -> PeerCertificate | None:
    form = tls.getpeercert(binary_form=True)
    if form is None:
        return None
    if form not in _decoded:
        if len(_decoded) >= _MOST_DECODED:
            del _decoded[next(iter(_decoded))]
        _decoded[form] = _read(tls.getpeercert) or next(iter(sent_chain(tls)), None)
    return _decoded[form]


def sent_chain(tls: ssl.SSLObject) -> tuple[PeerCertificate, ...]:
    """Give what the server sent, trusted or not: its own certificate, then the issuers it leads to.

    What belongs to no chain is left out. Empty where this Python does not show it.

    The ssl module withholds the fields of what was not verified (bpo-18233), and only its private
    object has them; there is no other way short of an ASN.1 parser.
    """
    private = getattr(tls, "_sslobj", None)
    sent: Sequence[_Certificate] = getattr(private, "get_unverified_chain", list)() or ()
    certificates = [_read(each.get_info) for each in sent]
    if not certificates or certificates[0] is None:
        return ()
    chain = [certificates[0]]
    others = {each.subject: each for each in certificates[1:] if each is not None}
    while (issuer := others.pop(chain[-1].issuer, None)) is not None:
        chain.append(issuer)
    return tuple(chain)


class _Certificate(Protocol):
    """The ssl module's private object."""

    def get_info(self) -> dict[str, object]:
        """Give what ``getpeercert`` gives of a verified one."""


class CertificateFields(msgspec.Struct, frozen=True, rename="camel"):
    """The ssl module's dictionary of a certificate, as far as it is looked at."""

    subject: _Name = ()
    issuer: _Name = ()
    not_before: str = ""
    not_after: str = ""
    subject_alt_name: tuple[tuple[str, object], ...] = ()

    @property
    def common_names(self) -> tuple[str, ...]:
        """Every common name of the subject: as a rule one."""
        return tuple(value for part in self.subject for key, value in part if key == "commonName")


def fields_of(info: Callable[[], object]) -> CertificateFields:
    """Give the fields of what ``SSLObject.getpeercert`` gives; all empty if that is nothing.

    Raises:
        ValueError: a name is in no valid UTF-8.
        SSLError: likewise, as OpenSSL says it.
    """
    return msgspec.convert(info() or {}, CertificateFields)


def _read(info: Callable[[], object]) -> PeerCertificate | None:
    try:
        decoded = fields_of(info)
        if not decoded.not_after:
            return None
        return PeerCertificate(
            subject=_short_name(decoded.subject),
            issuer=_short_name(decoded.issuer),
            names=tuple(f"{kind}:{name}" for kind, name in decoded.subject_alt_name),
            wall_not_before=float(ssl.cert_time_to_seconds(decoded.not_before)),
            wall_not_after=float(ssl.cert_time_to_seconds(decoded.not_after)),
        )
    except (ValueError, ssl.SSLError):  # names in no valid UTF-8, a date of the year 0
        return None


def _short_name(name: _Name) -> str:
    fields = dict(field for part in name for field in part)
    return fields.get("commonName") or fields.get("organizationName") or ""
