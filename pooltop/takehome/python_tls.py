"""TLS and addresses of the Python clients: an ``ssl.SSLContext``, and options of sockets."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.takehome.literals import python as literal
from pooltop.takehome.pool import Pool

_VERSIONS = {"TLSv1.2": "TLSv1_2", "TLSv1.3": "TLSv1_3"}


def wants_context(pool: Pool) -> bool:
    """Tell whether https is secured in another way than by default."""
    tls = pool.tls
    return bool(
        (tls.ca or tls.crl or tls.cert or not tls.verifies)
        or (tls.ciphers or tls.min_version or tls.max_version or tls.ecdh_curve)
    )


def imports(pool: Pool) -> list[str]:
    """Give the modules of the standard library that ``context`` needs."""
    if not wants_context(pool):
        return []
    return [*(["import os"] if pool.tls.passphrase is not None else []), "import ssl"]


def context(pool: Pool) -> list[str]:
    """Give a function ``_tls()`` that makes the context; nothing where the default will do."""
    tls = pool.tls
    if not wants_context(pool):
        return []
    lines = [
        *("", "", "def _tls() -> ssl.SSLContext:"),
        # An authority of one's own takes the place of the system's, as in Node.
        "    context = ssl.create_default_context("
        + (f"cafile={literal(tls.ca[0])}" if tls.ca else "")
        + ")",
    ]
    lines += [f"    context.load_verify_locations({literal(name)})" for name in tls.ca[1:]]
    if tls.crl:
        lines += [f"    context.load_verify_locations({literal(name)})" for name in tls.crl]
        lines.append("    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN")
    if tls.cert is not None:
        given = [literal(tls.cert)]
        if tls.key is not None:
            given.append(f"keyfile={literal(tls.key)}")
        if tls.passphrase is not None:
            given.append('password=os.environ["TLS_KEY_PASSPHRASE"]')
        lines.append(f"    context.load_cert_chain({', '.join(given)})")
    if tls.ciphers is not None:
        lines.append(f"    context.set_ciphers({literal(tls.ciphers)})")
    if tls.ecdh_curve not in (None, "auto"):
        lines.append(f"    context.set_ecdh_curve({literal(tls.ecdh_curve)})")
    for name, version in (("minimum", tls.min_version), ("maximum", tls.max_version)):
        if version in _VERSIONS:
            lines.append(f"    context.{name}_version = ssl.TLSVersion.{_VERSIONS[version]}")
    if not tls.verifies:
        lines += [
            "    # Certificates are not checked, as in pooltop: give a ca instead.",
            "    context.check_hostname = False",
            "    context.verify_mode = ssl.CERT_NONE",
        ]
    return [*lines, "    return context"]


def remarks(pool: Pool, *, servername: str, unix: str = "") -> Iterable[str]:
    """Say what of TLS and of addresses the client has not, or has elsewhere.

    Args:
        pool: whose.
        servername: where it takes a name for SNI.
        unix: where it takes a Unix socket; empty where it is set already.
    """
    if pool.tls.servername is not None:
        yield f"the servername of TLS is {literal(pool.tls.servername)}: {servername}."
    if pool.options.socket_path is not None and unix:
        yield f"it connects to the Unix socket {literal(pool.options.socket_path)}: {unix}."


def probes(pool: Pool) -> list[str]:
    """Give what tells the kernel when to probe, as items of a list of socket options (Linux)."""
    if not pool.options.keep_alive or pool.is_h2:
        return []
    delay = max(1, math.ceil(pool.options.keep_alive_msecs / 1000))
    return [
        "(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),",
        "# keepAliveMsecs: delay of the first probe, not how long an idle socket is kept.",
        f"(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, {delay}),",
    ]
