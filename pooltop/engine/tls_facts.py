"""What can be said of a TLS connection once its handshake is done."""

from __future__ import annotations

import ssl

import msgspec

_Name = tuple[tuple[tuple[str, str], ...], ...]


class PeerCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's certificate says of itself; texts raw, to be cleaned before showing."""

    subject: str
    """Its common name, or the organisation where it has none; "" if neither."""
    issuer: str
    names: tuple[str, ...]
    """Subject alternative names: ``DNS:a.example``, ``IP Address:192.0.2.7``."""
    wall_not_after: float
    """Unix time at which it expires."""


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


class _Decoded(msgspec.Struct, frozen=True, rename="camel"):
    """The ssl module's dictionary of a certificate, as far as it is shown."""

    subject: _Name = ()
    issuer: _Name = ()
    not_after: str = ""
    subject_alt_name: tuple[tuple[str, object], ...] = ()


def _certificate(tls: ssl.SSLObject) -> PeerCertificate | None:
    try:
        decoded = msgspec.convert(tls.getpeercert() or _unverified(tls), _Decoded)
        if not decoded.not_after:
            return None
        return PeerCertificate(
            subject=_short_name(decoded.subject),
            issuer=_short_name(decoded.issuer),
            names=tuple(f"{kind}:{name}" for kind, name in decoded.subject_alt_name),
            wall_not_after=float(ssl.cert_time_to_seconds(decoded.not_after)),
        )
    except (ValueError, ssl.SSLError):  # names in no valid UTF-8, a date of the year 0
        return None


def _unverified(tls: ssl.SSLObject) -> object:
    """Give the certificate that was not checked, as ``getpeercert`` gives a checked one.

    The ssl module withholds its fields (bpo-18233), and only its private object has them; with
    ``verify=False`` there is no other way short of an ASN.1 parser.
    """
    private = getattr(tls, "_sslobj", None)
    chain: list[object] = getattr(private, "get_unverified_chain", list)() or []
    decode = getattr(chain[0], "get_info", dict) if chain else dict
    return decode()


def _short_name(name: _Name) -> str:
    fields = dict(field for part in name for field in part)
    return fields.get("commonName") or fields.get("organizationName") or ""
