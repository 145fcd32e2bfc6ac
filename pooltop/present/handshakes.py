"""One host's TLS: whether anybody checks it, what was agreed upon, which certificate."""

from __future__ import annotations

from collections import Counter

from pooltop.core.snapshot import OriginCounters, OriginSnapshot, PeerCertificate
from pooltop.present import units
from pooltop.present.blocks import Part, named
from pooltop.present.clean import clean
from pooltop.present.line import Ink, Line, width_of

DEFINITIONS = {
    "NOT VERIFIED": "certificates are accepted unchecked (tls.verify = false): anybody could "
    "answer.",
    "handshakes": "completed since the start, and how many of these took up a former session.",
    "full resumed": "open sockets whose handshake was a whole one, and those that took up a "
    "former session.",
    "cert": "the first name in the server's certificate, how many more, and its last day (UTC).",
    "alpn": "the protocol that was agreed upon in the handshake.",
}
"""For the help page, in the order of the line."""

_SOON_S = 14 * 86_400
_MOST_NAMES = 20
"""Names of a certificate that are written out."""


def tls_line(origin: OriginSnapshot, wall_at: float, width: int) -> Line:
    """Give an https origin's TLS, as many whole parts as fit; empty for plain http.

    Args:
        origin: whose.
        wall_at: Unix time, for what has expired.
        width: in cells.
    """
    if origin.scheme != "https":
        return ()
    sockets = [s for s in (*origin.sockets, *origin.free_sockets) if s.tls]
    parts: list[Line] = []
    if not origin.verified:
        parts.append((("NOT VERIFIED", "warn"),))
    if words := handshake_words(origin.counters):
        parts.append(((words, "text"),))
    if sockets:
        resumed = sum(bool(s.tls_resumed) for s in sockets)
        parts.append(
            (
                ("full ", "dim"),
                (units.count(len(sockets) - resumed), "text"),
                (" resumed ", "dim"),
                (units.count(resumed), "text"),
            )
        )
    parts += [_certificate(certificate, wall_at) for certificate in origin.certificates]
    agreed = Counter(s.tls for s in sockets).most_common()
    for words, times in agreed:
        some = f" {units.count(times)}" if len(agreed) > 1 else ""
        parts.append(((f"{clean(words)}{some}", "text"),))
    protocols = sorted({s.alpn for s in sockets if s.alpn is not None})
    if protocols:
        parts.append((("alpn ", "dim"), (clean(" ".join(protocols), 24), "text")))
    line: Line = ()
    for part in parts:
        longer = (*line, ("  ", "text"), *part) if line else part
        if width_of(longer) <= width:
            line = longer
    return line


def handshake_words(counters: OriginCounters) -> str:
    """Give e.g. ``20 handshakes, 19 resumed``, of all sockets since the start; empty for none."""
    number = counters.handshakes
    if not number:
        return ""
    noun = "handshake" if number == 1 else "handshakes"
    return f"{units.count(number)} {noun}, {units.count(counters.resumed)} resumed"


def certificate_parts(certificate: PeerCertificate, wall_at: float) -> list[Part]:
    """Give a certificate's first name and last day, then who issued it, and all its names.

    Args:
        certificate: whose texts come out clean.
        wall_at: Unix time, for what has expired.
    """
    parts = [Part(_certificate(certificate, wall_at)[1:])]
    if certificate.issuer:
        parts.append(named("issued by", clean(certificate.issuer, 60)))
    parts.append(named("from", units.day(certificate.wall_not_before)))
    if len(certificate.names) > 1:
        others = [clean(name.partition(":")[2], 60) for name in certificate.names[1:_MOST_NAMES]]
        rest = len(certificate.names) - _MOST_NAMES
        more = f" and {rest} more" if rest > 0 else ""
        parts.append(named("also", f"{', '.join(others)}{more}"))
    return parts


def _certificate(certificate: PeerCertificate, wall_at: float) -> Line:
    names = [name.partition(":")[2] for name in certificate.names] or [certificate.subject]
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    left = certificate.wall_not_after - wall_at
    ink: Ink = "bad" if left < 0 else "warn" if left < _SOON_S else "text"
    until = "expired" if left < 0 else "to"
    return (
        ("cert ", "dim"),
        (f"{clean(names[0], 40)}{more}", "text"),
        (f" {until} {units.day(certificate.wall_not_after)}", ink),
    )
