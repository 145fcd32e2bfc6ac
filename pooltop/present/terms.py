"""What the screens show, as terms for ``pooltop explain``: the help page's words, and advice."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.advise.diagnosis import Diagnosis
from pooltop.advise.table import TABLE
from pooltop.glossary import Shelf, Term
from pooltop.present.advice import GRAVITIES
from pooltop.present.keys import STANDARD
from pooltop.present.manual import Section, sections
from pooltop.present.marks import Mark
from pooltop.present.troubles import Trouble

_SEE = {
    "USE/MAX": ("active", "maxSockets", "utilisation"),
    "FREE": ("free", "maxFreeSockets"),
    "QUEUE": ("queued", "maxSockets", "saturated"),
    "OLDEST": ("queued", "queue"),
    "WAIT95": ("queue", "quantile", "maxSockets"),
    "SVC95": ("service time", "wait"),
    "DIAL/S": ("churn", "connect"),
    "DNS95": ("dns",),
    "TCP95": ("tcp",),
    "TLS95": ("tls", "TLS resumption"),
    "TWAIT": ("TIME_WAIT", "port exhaustion"),
    "REUSE": ("reuse", "keep-alive"),
    "FULL": ("utilisation",),
    "PORTS": ("port exhaustion",),
    "TUNNELS": ("tunnelling", "proxyEnv"),
    "STREAMS": ("stream", "maxConcurrentStreams"),
    "saturated": ("maxSockets", "Little's law", "queued"),
    "over limit": ("over maxSockets", "NODE"),
    "queue, with room": ("NODE", "overtaken"),
    "stale reuse": ("stale reuse", "timeout"),
    "tunnels pending": ("tunnelling", "proxyEnv"),
    "unverified": ("rejectUnauthorized", "ca"),
    "load not delivered": ("open model", "start error"),
}
"""What belongs to them, by name."""
_SEE_OF_ADVICE = {
    "A1": ("maxSockets", "saturated", "Little's law"),
    "A2": ("Universal Scalability Law", "service time"),
    "A3": ("maxFreeSockets", "timeout"),
    "A4": ("maxFreeSockets", "churn", "over maxFreeSockets"),
    "A5": ("reuse", "Connection: close", "keepAlive off"),
    "A6": ("keepAlive", "handed over"),
    "A7": ("maxSockets", "square-root staffing"),
    "A8": ("rejectUnauthorized", "ca", "unverified"),
    "A9": ("perRequest", "reuse", "origin key"),
    "A10": ("agent destroyed",),
    "A11": ("bulkhead", "HOL blocking"),
    "A12": ("maxTotalSockets", "starvation"),
    "A13": ("stale reuse", "Keep-Alive hint", "free"),
    "A14": ("Keep-Alive hint", "timeout", "free"),
    "A15": ("Keep-Alive hint", "free"),
    "A16": ("hint within buffer", "agentKeepAliveTimeoutBuffer"),
    "A17": ("timeout", "Keep-Alive hint"),
    "A18": ("queue", "total", "timeout"),
    "A19": ("NODE", "DRAIN", "overtaken"),
    "A20": ("NODE", "DRAIN", "over maxSockets"),
    "A21": ("queued", "AbortSignal"),
    "A22": ("active", "lease", "receive"),
    "A23": ("TLS handshake", "TLS resumption", "reuse"),
    "A24": ("port exhaustion", "TIME_WAIT"),
    "A25": ("file descriptor", "EMFILE"),
    "A26": ("origin key",),
    "A27": ("scheduling",),
    "A28": ("clientTtl", "dns"),
    "A29": ("maxConcurrentStreams", "session", "stream"),
    "A30": ("HOL blocking", "bulkhead", "lease"),
    "A31": ("retry storm", "retryStale"),
    "A32": ("open model", "closed model", "intended start"),
    "A33": ("utilisation", "maxSockets"),
    "A34": ("active", "queued"),
    "A35": ("connect refused", "connect timeout", "queued"),
}


def shelves() -> tuple[Shelf, ...]:
    """Give marks, alerts, diagnoses, columns and parts of the inspectors, as screens say them."""
    told = (_of(section) for section in sections(STANDARD, "Pools") if section.one)
    return (
        Shelf("Alerts and marks", "alert or mark of a host", tuple(_troubles())),
        Shelf("Diagnoses of the advisor", "diagnosis", tuple(map(_diagnosed, TABLE))),
        *told,
    )


def _diagnosed(one: Diagnosis) -> Term:
    return Term(
        f"{one.id} {one.title}",
        one.symptom,
        f"{one.recommendation}\n\nGravity: {GRAVITIES[one.gravity]}.",
        also=(one.id, one.title),
        see=_SEE_OF_ADVICE[one.id],
    )


def _of(section: Section) -> Shelf:
    terms = (Term(name, text, see=_SEE.get(name, ())) for name, text in section.entries)
    return Shelf(section.title.capitalize(), section.one, tuple(terms))


def _troubles() -> Iterable[Term]:
    words = {trouble.word for trouble in Trouble}
    for trouble in Trouble:
        yield _marked(trouble.word, trouble.meaning, trouble.glyph, _lasting(trouble.lasts_s))
    for mark in Mark:
        if mark.word not in words:
            yield _marked(mark.word, mark.meaning, mark.glyph, "")


def _marked(word: str, meaning: str, glyph: str, text: str) -> Term:
    return Term(word, meaning, text, also=(glyph,), see=_SEE.get(word, ()))


def _lasting(seconds: float) -> str:
    if math.isinf(seconds) or not seconds:
        return ""
    return f"An alert of the journal once it has lasted {seconds:.0f} s."
