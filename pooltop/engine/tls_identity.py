"""Whether a certificate is for a host, where OpenSSL cannot be asked: Node's own check.

The ssl module verifies only the name that it also sends as SNI. With ``servername=""`` none is
sent, and Node verifies the certificate for the host all the same.

Source: Node v24 lib/tls.js checkServerIdentity and check.
"""

from __future__ import annotations

import ipaddress
import re

from pooltop.engine.tls_facts import CertificateFields

_BAD = re.compile(r"[^!-\x7f]")
"""No letter of an A-label: Node rejects what is not ASCII, blanks and control characters."""


def is_for(host: str, certificate: CertificateFields) -> bool:
    """Tell whether the certificate is for this host: a DNS name or an IP literal."""
    address = _address(host)
    if address is not None:
        return any(
            kind == "IP Address" and _address(str(name)) == address
            for kind, name in certificate.subject_alt_name
        )
    names = [str(name) for kind, name in certificate.subject_alt_name if kind == "DNS"]
    # The common name counts only where no DNS name stands.
    return any(_fits(_parts(host), pattern) for pattern in names or certificate.common_names)


def _fits(host: list[str], pattern: str) -> bool:
    """Tell whether a name of a certificate covers the host, a wildcard in its first label only."""
    parts = _parts(pattern)
    if len(parts) != len(host) or "" in parts or any(_BAD.search(part) for part in parts):
        return False
    if parts[1:] != host[1:]:
        return False
    stars = parts[0].count("*")
    if not stars or "xn--" in parts[0]:
        return parts[0] == host[0]
    if stars > 1 or len(parts) <= 2:
        return False
    prefix, suffix = parts[0].split("*")
    return (
        len(prefix) + len(suffix) <= len(host[0])
        and host[0].startswith(prefix)
        and host[0].endswith(suffix)
    )


def _parts(name: str) -> list[str]:
    ascii_lower = "".join(c.lower() if c.isascii() else c for c in name)
    return ascii_lower.removesuffix(".").split(".")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]\n"))
    except ValueError:
        return None
