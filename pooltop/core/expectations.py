"""Reads what a threshold expects: ``METRIC [AGGREGATE] OPERATOR VALUE`` in one string.

``request.duration p99 < 400ms``, ``request.errors < 1%``, ``pool.queue.depth max <= 50``. Nothing
is guessed: what cannot be meant is refused at its place in the string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple, cast

from pooltop.core.metrics import METRICS, Metric, Unit
from pooltop.core.thresholds import Expectation, Operator

LONGEST = 200
_PARTS = re.compile(r"\s*(?:([A-Za-z_][\w.]*)|([<>=!~]+)|([^\s<>=!~]+))", re.ASCII)
_QUANTILE = re.compile(r"p[0-9]{1,2}(?:\.[0-9]{1,4})?", re.ASCII)
_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)([^0-9.]*)", re.ASCII)
_UNITS: dict[Unit, tuple[dict[str, Fraction], str]] = {
    "s": (
        {
            "us": Fraction(1, 1_000_000),
            "ms": Fraction(1, 1000),
            "s": Fraction(1),
            "m": Fraction(60),
            "h": Fraction(3600),
        },
        'a duration such as "400ms" or "2s"',
    ),
    "share": ({"%": Fraction(1, 100)}, 'a share such as "1%"'),
    "/s": (
        {"/s": Fraction(1), "/m": Fraction(1, 60), "/h": Fraction(1, 3600)},
        'a rate such as "50/s" or "600/m"',
    ),
    "count": ({"": Fraction(1)}, "a number without a unit"),
}
"""By what is compared: the units that a limit may have, and how to say so."""
Suggest = Callable[[str, Iterable[str]], str]
"""Gives `` Did you mean "x"?`` for a word and those that there are, or nothing."""


class ExpectationError(ValueError):
    """A text is no expectation; the message says what is allowed."""

    def __init__(self, at: int, message: str) -> None:
        """Keep where: characters from the text's beginning."""
        super().__init__(message)
        self.at = at


class _Part(NamedTuple):
    text: str
    at: int


def parse(text: str, suggest: Suggest) -> Expectation:
    """Give what a text expects.

    Args:
        text: as the profile has it.
        suggest: finds what was probably meant.

    Raises:
        ExpectationError: it expects nothing that can be judged.
    """
    parts = _split(text)
    metric = _metric(parts, suggest)
    place = next((n for n, part in enumerate(parts) if part.text[0] in "<>=!~"), None)
    if place is None:
        raise ExpectationError(len(text), "the comparison is missing: <, <=, > or >=.")
    if place > 2:
        raise ExpectationError(parts[2].at, "expected <, <=, > or >= here.")
    operator = parts[place]
    if operator.text not in ("<", "<=", ">", ">="):
        raise ExpectationError(operator.at, "allowed are <, <=, > and >=.")
    if len(parts) == place + 1:
        raise ExpectationError(len(text), "the limit is missing.")
    if len(parts) > place + 2:
        raise ExpectationError(parts[place + 2].at, "nothing may follow the limit.")
    limit = parts[place + 1]
    aggregate = _aggregate(metric, parts[1] if place == 2 else None, limit, suggest)
    unit = metric.aggregates["p" if _QUANTILE.fullmatch(aggregate) else aggregate]
    value = _limit(limit, unit)
    if aggregate == "count" and not value.is_integer():
        share = f' Did you mean "{value * 100:g}%"?' if "share" in metric.aggregates else ""
        raise ExpectationError(limit.at, f"expected a whole number.{share}")
    return Expectation(
        metric=metric.name,
        aggregate=aggregate,
        operator=cast("Operator", operator.text),
        limit=value,
    )


def _split(text: str) -> list[_Part]:
    if not text.strip():
        raise ExpectationError(0, 'empty: write one such as "request.duration p99 < 400ms".')
    if len(text) > LONGEST:
        raise ExpectationError(0, f"longer than {LONGEST} characters.")
    return [_Part(m[m.lastindex or 0], m.start(m.lastindex or 0)) for m in _PARTS.finditer(text)]


def _metric(parts: list[_Part], suggest: Suggest) -> Metric:
    first = parts[0]
    metric = METRICS.get(first.text)
    if metric is None:
        hint = suggest(first.text, METRICS) or f" There are {', '.join(METRICS)}."
        raise ExpectationError(first.at, f"no such metric.{hint}")
    return metric


def _aggregate(metric: Metric, said: _Part | None, limit: _Part, suggest: Suggest) -> str:
    """Give what is made of the metric: as it is said, or the only thing that can be meant."""
    words = ["p50 to p99.99" if each == "p" else each for each in metric.aggregates]
    allowed = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    if said is None:
        if metric.sort == "durations":
            message = f"say what of {metric.name}: {allowed}."
            raise ExpectationError(limit.at, message)
        if metric.sort == "events":
            return "share" if limit.text.endswith("%") else "count"
        return next(iter(metric.aggregates))
    if "p" in metric.aggregates and _QUANTILE.fullmatch(said.text) and float(said.text[1:]) > 0:
        return f"p{float(said.text[1:]):g}"
    if said.text in metric.aggregates and said.text != "p":
        return said.text
    known = {*metric.aggregates, "p50", "p95", "p99"} if "p" in metric.aggregates else words
    hint = suggest(said.text, known)
    raise ExpectationError(said.at, f"does not fit {metric.name}: allowed are {allowed}.{hint}")


def _limit(said: _Part, unit: Unit) -> float:
    units, allowed = _UNITS[unit]
    match = _NUMBER.fullmatch(said.text)
    if match is None:
        raise ExpectationError(said.at, f"expected {allowed}.")
    number, suffix = match[1], match[2]
    if suffix not in units:
        raise ExpectationError(said.at, f"expected {allowed}.{_meant(float(number), suffix, unit)}")
    value = float(Fraction(number) * units[suffix])
    if unit == "share" and value > 1:
        raise ExpectationError(said.at, f"expected {allowed}, at most 100%.")
    return value


def _meant(number: float, suffix: str, unit: Unit) -> str:
    if suffix:
        return ""
    if unit == "share":
        return f' Did you mean "{number * 100 if number < 1 else number:g}%"?'
    likely = {"s": "ms" if number >= 10 else "s", "/s": "/s"}.get(unit)
    return f' Did you mean "{number:g}{likely}"?' if likely else ""
