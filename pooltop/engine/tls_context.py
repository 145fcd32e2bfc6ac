"""From TLSOptions to an SSLContext; every mistake in a file is told with the file's name."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from pooltop.core.model import TLSOptions
from pooltop.engine.tls_settings import SETTINGS, UnfitError
from pooltop.errors import TLSConfigError


def make_context(
    options: TLSOptions, *, sni: bool = True, alpn: Sequence[str] = ()
) -> ssl.SSLContext:
    """Give a client context for these options. It reads files: keep one for equal options.

    Args:
        options: what it is to do.
        sni: False for streams that send no name, and so verify it themselves.
        alpn: the protocols that are offered, the one that is liked best first; none are, as by
            Node's https.Agent, where it is empty.

    TLS 1.2 is the oldest version spoken.
    Sessions can be resumed only among streams of one context.

    Raises:
        TLSConfigError: a file cannot be read, holds no certificate or key, or key and certificate
            or passphrase do not fit, or an option cannot be had; nothing was sent.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    if alpn:
        context.set_alpn_protocols(list(alpn))
    for name, apply in SETTINGS:
        try:
            apply(context, options)
        except UnfitError as exc:
            raise TLSConfigError(f"tls.{name}: {exc}") from exc
    if not options.verifies:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = sni
        if not options.ca:
            context.load_default_certs()
    for path in options.ca:
        _load_ca(context, path)
    for path in options.crl:
        _load_crl(context, path)
    _load_identity(context, options)
    return context


def _load_ca(context: ssl.SSLContext, path: str) -> None:
    _read("tls.ca", path)
    before = context.cert_store_stats()["x509"]
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as exc:
        raise TLSConfigError(f"tls.ca: {path} holds no certificate in PEM form") from exc
    if not before and not context.cert_store_stats()["x509"]:
        raise TLSConfigError(f"tls.ca: {path} holds no certificate in PEM form")


def _load_crl(context: ssl.SSLContext, path: str) -> None:
    data = _read("tls.crl", path)
    if b"-----BEGIN X509 CRL-----" not in data:
        raise TLSConfigError(f"tls.crl: {path} holds no revocation list in PEM form")
    if b"-----BEGIN CERTIFICATE-----" in data:
        # OpenSSL would take it for one to trust.
        raise TLSConfigError(f"tls.crl: {path} holds a certificate too: only lists belong there")
    before = context.cert_store_stats()["x509"]
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as exc:
        raise TLSConfigError(f"tls.crl: {path} holds a damaged revocation list") from exc
    if context.cert_store_stats()["x509"] != before:  # PEM has more labels for one than the usual
        raise TLSConfigError(f"tls.crl: {path} holds a certificate too: only lists belong there")
    # As Node: every certificate of the chain is looked up.
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


def _load_identity(context: ssl.SSLContext, options: TLSOptions) -> None:
    if options.cert is None:
        if options.key is not None:
            raise TLSConfigError(f"tls.key: {options.key} is given without tls.cert")
        return
    certificate = _read("tls.cert", options.cert)
    if b"-----BEGIN CERTIFICATE-----" not in certificate:
        raise TLSConfigError(f"tls.cert: {options.cert} holds no certificate in PEM form")
    key_path = options.key or options.cert
    label = "tls.key" if options.key else "tls.cert"
    key = _read(label, key_path)
    if b"PRIVATE KEY-----" not in key:
        raise TLSConfigError(f"{label}: {key_path} holds no private key in PEM form")
    try:
        # Without a password of ours OpenSSL would ask on the terminal.
        context.load_cert_chain(options.cert, options.key, password=options.passphrase or "")
    except (ssl.SSLError, ValueError) as exc:
        why = _why_not(exc, key, has_passphrase=options.passphrase is not None)
        raise TLSConfigError(f"{label}: {key_path} {why}") from exc


def _why_not(error: Exception, key: bytes, *, has_passphrase: bool) -> str:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "does not belong to the certificate in tls.cert"
    if b"ENCRYPTED" in key:
        if has_passphrase:
            return "cannot be decrypted with the given tls.passphrase"
        return "is encrypted, and no tls.passphrase is given"
    return "cannot be used: the certificate or the key is damaged"


def _read(label: str, path: str) -> bytes:
    """Give the file's bytes, so that a missing or closed file is told as what it is."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise TLSConfigError(f"{label}: cannot read {path}: {reason}") from exc
