"""The instruments, as terms for ``pooltop explain``: by OpenTelemetry's name and Prometheus's."""

from __future__ import annotations

from pooltop.exports import instruments
from pooltop.exports.instruments import Instrument
from pooltop.glossary import Shelf, Term

_KINDS = {
    "counter": "A counter: it only grows.",
    "level": "A level, which can be added up over hosts: OpenTelemetry's UpDownCounter.",
    "gauge": "A gauge: it cannot be added up.",
    "histogram": "A histogram.",
}


def shelf() -> Shelf:
    """Give what is exported."""
    found = (each for each in vars(instruments).values() if isinstance(each, Instrument))
    return Shelf("Metrics that are exported", "exported metric", tuple(_term(one) for one in found))


def _term(instrument: Instrument) -> Term:
    family = instrument.family + ("_total" if instrument.kind == "counter" else "")
    return Term(
        instrument.name,
        instrument.meaning,
        f"{_KINDS[instrument.kind]} Prometheus has it as {family}.",
        unit=instrument.unit,
        also=(family,),
    )
