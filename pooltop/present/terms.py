"""What the screens show, as terms for ``pooltop explain``: the help page's own words."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pooltop.glossary import Shelf, Term
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


def shelves() -> tuple[Shelf, ...]:
    """Give columns, parts of the inspectors, marks and alerts, each in its help page's words."""
    told = (_of(section) for section in sections(STANDARD, "Pools") if section.one)
    return (Shelf("Alerts and marks", "alert or mark of a host", tuple(_troubles())), *told)


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
