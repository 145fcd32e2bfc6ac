"""The page of a comparison: what was set otherwise in two runs, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from pooltop.present.compare import ALL_HOSTS, Comparison
from pooltop.present.compare_options import Difference
from pooltop.present.measures import Row, Verdict
from pooltop.present.report.document import document, section
from pooltop.present.report.markup import Markup, el, joined, table
from pooltop.present.report.plot import pair
from pooltop.present.row_words import words_of

_VERDICT = (
    "Same where chance, or the 1 % that a histogram is exact to, explains the difference; too few "
    "to say where there are not enough requests to tell."
)
_TITLES = (
    ("", ""),
    ("old", "In the first run."),
    ("new", "In the second run."),
    ("diff", "New minus old."),
    ("ratio", "New by old; none where one of them is nothing."),
    ("", ""),
    ("verdict", _VERDICT),
)
_SET = (
    ("of", "Whose setting it is."),
    ("name", "The option's name, Node's where Node has it."),
    ("old", "In the first run."),
    ("new", "In the second run."),
)
_SETTLED = ("same", "too few")
_LOOKS: dict[Verdict, str] = {"better": "good", "worse": "bad", "changed": "warn"}
_HOW = (
    "Runs may differ in length: rates and shares are compared. What several hosts, workloads or "
    "classes have is put together by histogram, never by quantile."
)


class SideWords(NamedTuple):
    """One of the two runs, in words."""

    name: str
    words: str
    note: str
    """What is wrong with its file; "" where nothing is."""


def comparison_page(comparison: Comparison, old: SideWords, new: SideWords) -> str:
    """Give the page of two runs."""
    parts = [
        _head(comparison, old, new),
        section("Set otherwise", _differences(comparison.differences)),
    ]
    for title, rows in groupby(comparison.rows, key=lambda row: row.section):
        parts.append(section(title, _rows(title, list(rows))))
    return document(f"pooltop: {old.name} and {new.name}", parts)


def _head(comparison: Comparison, old: SideWords, new: SideWords) -> Markup:
    verdicts = Counter(row.verdict for row in comparison.rows if row.section == ALL_HOSTS)
    counts = [
        el("div", word, el("b", str(verdicts[word]), class_=look)) for word, look in _LOOKS.items()
    ]
    return el(
        "header",
        el("h1", "What changed between two runs"),
        *(el("p", el("b", name), f" {side.words}") for name, side in (("old", old), ("new", new))),
        *(el("p", f"{side.name}: {side.note}", class_="note") for side in (old, new) if side.note),
        el("p", _HOW),
        el("h2", f"Numbers of {ALL_HOSTS}"),
        el("div", *counts, class_="facts"),
    )


def _differences(told: Sequence[Difference]) -> Markup:
    return table(_SET, told, words=4)


def _rows(title: str, rows: list[Row]) -> Markup:
    """Give what changed, and behind a fold what did not; of all hosts together everything."""
    told = rows if title == ALL_HOSTS else [row for row in rows if row.verdict not in _SETTLED]
    rest = [row for row in rows if row not in told]
    parts = [_table(told)] if told else [el("p", "no change")]
    if rest:
        words = f"{len(rest)} numbers that are the same, or have too few requests to say"
        parts.append(el("details", el("summary", words), _table(rest)))
    return joined(parts)


def _table(rows: Sequence[Row]) -> Markup:
    return table(_TITLES, map(_row, rows), words=1, words_after=2)


def _row(row: Row) -> list[object]:
    said = words_of(row)
    verdict = el("span", said.verdict, class_=_LOOKS.get(row.verdict))
    bars = pair(row.old, row.new, f"{row.name}: {said.old}, {said.new}")
    return [row.name, said.old, said.new, said.difference, said.ratio, bars, verdict]
