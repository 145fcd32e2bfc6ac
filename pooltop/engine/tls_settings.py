"""What a client offers in a handshake: versions, ciphers, the curve, OpenSSL's option bits.

Node's options where Python's ssl module can do them; what it cannot do is refused with words and
never left out in silence.

Source: Node v24 lib/internal/tls/secure-context.js configSecureContext; lib/tls.js.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable

from pooltop.core.model import TLSOptions

Setting = Callable[[ssl.SSLContext, TLSOptions], None]

_SUITES = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
"""Of TLS 1.3: what OpenSSL offers, in its order, and Node too."""
_CIPHERS = (
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:"
    "DHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-SHA256:"
    "DHE-RSA-AES256-SHA256:HIGH:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA"
)
"""Of TLS 1.2: Node 24's tls.DEFAULT_CIPHERS. Python's own list has no RSA key exchange, and so
does not reach servers that Node reaches."""
_LEVEL = "@SECLEVEL=2"
"""Node 24's, whatever this OpenSSL was built with."""
_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_CURVES = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}
"""Names that Node takes, and the ssl module's."""
_NO_VERSION = 0x3E000000
"""SSL_OP_NO_SSLv3, _TLSv1, _TLSv1_1, _TLSv1_2, _TLSv1_3. Source: OpenSSL 3 ssl.h."""


class UnfitError(Exception):
    """An option cannot be had as it is written; the text says why, and what can."""


def set_ciphers(context: ssl.SSLContext, options: TLSOptions) -> None:
    """Offer ``options.ciphers``: those of TLS 1.3 begin with ``TLS_``, the others are for TLS 1.2.

    Raises:
        UnfitError: OpenSSL knows none of it, or suites of TLS 1.3 are chosen.
    """
    if options.ciphers is None:
        context.set_ciphers(f"{_CIPHERS}:{_LEVEL}")
        return
    names = [name for name in options.ciphers.split(":") if name]
    suites = ":".join(name for name in names if name.startswith(("TLS_", "!TLS_")))
    older = ":".join(name for name in names if not name.startswith(("TLS_", "!TLS_")))
    if suites and suites != _SUITES and options.max_version != "TLSv1.2":
        raise UnfitError(
            "Python's ssl cannot choose the suites of TLS 1.3: leave the TLS_ names out, which "
            f"offers {_SUITES}"
        )
    if older:
        try:
            context.set_ciphers(older)
        except ssl.SSLError as exc:
            raise UnfitError(
                f"OpenSSL finds no cipher for {older!r}: see openssl ciphers -v"
            ) from exc
    elif suites:
        # As in Node: with nothing for TLS 1.2 it is not offered.
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    else:
        raise UnfitError("it names no cipher")


def set_min_version(context: ssl.SSLContext, options: TLSOptions) -> None:
    """Offer no version before ``options.min_version``.

    Raises:
        UnfitError: it is not spoken.
    """
    if options.min_version is not None:
        context.minimum_version = _version(options.min_version)


def set_max_version(context: ssl.SSLContext, options: TLSOptions) -> None:
    """Offer no version after ``options.max_version``.

    Raises:
        UnfitError: it is not spoken, or no version is left.
    """
    if options.max_version is not None:
        high = _version(options.max_version)
        if high < context.minimum_version:
            raise UnfitError(f"no version is left up to {options.max_version}")
        context.maximum_version = high


def _version(name: str) -> ssl.TLSVersion:
    if name not in _VERSIONS:
        raise UnfitError(f"{name} is not spoken (RFC 8996): TLSv1.2 or TLSv1.3")
    return _VERSIONS[name]


def set_curve(context: ssl.SSLContext, options: TLSOptions) -> None:
    """Offer the one group ``options.ecdh_curve`` for the key exchange.

    Raises:
        UnfitError: it is none that OpenSSL can use, or it is several.
    """
    name = options.ecdh_curve
    if name is None or name == "auto":
        return
    if ":" in name:
        raise UnfitError("Python's ssl can offer one curve or its own list, not several by name")
    try:
        context.set_ecdh_curve(_CURVES.get(name, name))
    except (ValueError, ssl.SSLError) as exc:
        raise UnfitError(f"OpenSSL has no curve {name!r}: P-256, P-384, P-521, X25519") from exc


def set_option_bits(context: ssl.SSLContext, options: TLSOptions) -> None:
    """Set the bits of ``options.secure_options``, OpenSSL's SSL_OP_*.

    Raises:
        UnfitError: no such bits, or they say what the versions say.
    """
    bits = options.secure_options
    if bits is None:
        return
    if not 0 <= bits < 1 << 63:
        raise UnfitError("it is the sum of OpenSSL's SSL_OP_ bits")
    if bits & _NO_VERSION:
        raise UnfitError("bits that forbid a version: write min_version and max_version")
    context.options |= bits


def set_keylog(context: ssl.SSLContext, options: TLSOptions) -> None:
    """Append the secrets of every handshake to ``options.keylog_file``, in NSS key log format.

    Whoever reads the file can decrypt the traffic: one that is made here is the user's alone.

    Raises:
        UnfitError: the file cannot be written.
    """
    path = options.keylog_file
    if path is None:
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600))
        context.keylog_filename = path
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise UnfitError(f"cannot write {path}: {reason}") from exc


SETTINGS: tuple[tuple[str, Setting], ...] = (
    # In this order: the level in the ciphers is for what follows.
    ("ciphers", set_ciphers),
    ("min_version", set_min_version),
    ("max_version", set_max_version),
    ("ecdh_curve", set_curve),
    ("secure_options", set_option_bits),
    ("keylog_file", set_keylog),
)
"""The option to blame, and what sets it."""
