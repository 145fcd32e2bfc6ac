"""Certificates of every kind, also those that no honest authority would issue.

trustme makes good ones; what it cannot make (no name, wrong use, a false authority, weak keys,
revocation lists) is made here of the cryptography library that trustme brings.
"""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def days(number: float) -> dt.datetime:
    """Give the time so many days from now; negative is the past."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=number)


@functools.cache
def weak_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Give an RSA key that is too short to be trusted: the same one at each call."""
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    cert: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def pem(self) -> bytes:
        return self.cert.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, passphrase: bytes | None = None) -> bytes:
        """Give the key, encrypted if there is a passphrase."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption(),
        )

    def revokes(self, *revoked: Issued, next_update: dt.datetime | None = None) -> bytes:
        """Give this authority's revocation list, in PEM."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.cert.subject)
            .last_update(days(-2))
            .next_update(next_update or days(9))
        )
        for each in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(each.cert.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(days(-1)).build())
        signed = builder.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


def issue(
    name: str,
    by: Issued | None = None,
    *,
    sans: Sequence[str] = (),
    is_ca: bool = False,
    path_length: int | None = None,
    purposes: Sequence[ObjectIdentifier] = (),
    permitted: Sequence[str] = (),
    not_before: dt.datetime | None = None,
    not_after: dt.datetime | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    digest: hashes.HashAlgorithm | None = None,
    critical_stranger: bool = False,
) -> Issued:
    """Make a certificate.

    Args:
        name: its common name.
        by: who signs it; None for itself.
        sans: DNS names and IP addresses; none leaves the extension out.
        is_ca: it may issue others.
        path_length: authorities allowed below it.
        purposes: extended key usage; none leaves the extension out.
        permitted: DNS names that it may issue for.
        not_before: and
        not_after: its validity.
        key: its own; None makes one.
        digest: what signs it; None for SHA-256.
        critical_stranger: it has a critical extension that nobody knows.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.cert.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or days(-5))
        .not_valid_after(not_after or days(5))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if sans:
        names = x509.SubjectAlternativeName([_general_name(san) for san in sans])
        builder = builder.add_extension(names, critical=False)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if permitted:
        limits = x509.NameConstraints([x509.DNSName(each) for each in permitted], None)
        builder = builder.add_extension(limits, critical=True)
    if critical_stranger:
        stranger = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
        builder = builder.add_extension(stranger, critical=True)
    cert = builder.sign(by.key if by else key, digest or hashes.SHA256())
    return Issued(cert, key)


def server_context(
    folder: Path,
    leaf: Issued,
    *chain: Issued,
    version: ssl.TLSVersion | None = None,
    wants_client_of: Issued | None = None,
) -> ssl.SSLContext:
    """Give a server's context that sends exactly this chain, be it good or not.

    Args:
        folder: for the files in which the ssl module wants them.
        leaf: the server's own.
        chain: what is sent behind it, in this order.
        version: the one version spoken; None for all.
        wants_client_of: whose client certificates are demanded.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version is not None:
        context.minimum_version = context.maximum_version = version
    path = folder / "server.pem"
    path.write_bytes(leaf.key_pem() + b"".join(each.pem for each in (leaf, *chain)))
    context.load_cert_chain(path)
    if wants_client_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=wants_client_of.pem.decode())
    return context


def _general_name(san: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(san))
    except ValueError:
        return x509.DNSName(san)
