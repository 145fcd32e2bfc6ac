"""The result card of a comparison: as text to hand on, and as a JSON document."""

from __future__ import annotations

import json

from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.export import Picture
from pooltop.present.line import text_of
from pooltop.present.versus import Pair, Side
from pooltop.present.versus_measures import Measured, measured, times_words
from pooltop.present.versus_plots import OneRequest, request_lines, requests_of

FORMAT = 1
"""Of the JSON document: goes up when a reader of the former one would misread the new one."""
_WIDTH = 76
_NAME, _NUMBER, _TIMES = 26, 12, 9
"""Cells of a row's name, of a number and of how the sides differ."""


def card_text(pair: Pair, snapshot: Snapshot) -> list[str]:
    """Give the card in lines of plain ASCII, since the start; all text in it is clean."""
    a, b = pair.a, pair.b
    of = f"{clean(snapshot.profile, 60)}, {units.clock(snapshot.wall_at)}"
    lines = [
        f"{a.name} against {b.name}  ({of})",
        *(f"  {side.letter}  {side.name}: {side.policy}" for side in (a, b)),
        *(f"  {side.letter}  {words}" for side in (a, b) for words in _load(side)),
        "",
        f"  {'':<{_NAME}}{'A':>{_NUMBER}}{'B':>{_NUMBER}}{'B/A':>{_TIMES}}",
        *(_row(row) for row in measured(pair)),
    ]
    requests = requests_of(pair, None, snapshot.at, 0.0)
    if any(requests):
        drawn = request_lines(requests, _WIDTH, 4, ascii_only=True)
        lines += [
            "",
            "  one request, the mean of all",
            *(f"  {text_of(one)}".rstrip() for one in drawn),
        ]
    return lines


def _load(side: Side) -> list[str]:
    return [
        f"{clean(each.name, 40)}: {clean(each.pattern, 60)} to {clean(each.target, 60)}"
        for each in side.workloads
    ]


def _row(row: Measured) -> str:
    numbers = f"{row.written('A'):>{_NUMBER}}{row.written('B'):>{_NUMBER}}"
    return f"  {row.name:<{_NAME}}{numbers}{times_words(row):>{_TIMES}}".rstrip()


def card_json(pair: Pair, snapshot: Snapshot) -> str:
    """Give the card as a JSON document."""
    data = card_data(pair, snapshot)
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def card_data(pair: Pair, snapshot: Snapshot) -> dict[str, object]:
    """Give the card as data: numbers as they are, None where there is none; texts are clean."""
    picture = Picture("compare", snapshot.wall_at)
    requests = requests_of(pair, None, snapshot.at, 0.0)
    return {
        "format": FORMAT,
        "instant": picture.instant,
        "profile": clean(snapshot.profile),
        "sides": {side.letter: _side(side) for side in (pair.a, pair.b)},
        "measures": [
            {
                "id": row.id,
                "name": row.name.strip(),
                "unit": row.unit,
                "a": row.a,
                "b": row.b,
                "times": row.times,
                "definition": row.definition,
            }
            for row in measured(pair)
        ],
        "one_request": {
            letter: None if one is None else _request(one)
            for letter, one in zip("AB", requests, strict=True)
        },
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "agent": side.name,
        "kind": side.agent.kind,
        "policy": side.policy,
        "workloads": [
            {
                "name": clean(each.name),
                "pattern": clean(each.pattern),
                "target": clean(each.target),
            }
            for each in side.workloads
        ],
    }


def _request(one: OneRequest) -> dict[str, object]:
    return {"of": clean(one.of), "mean_s": one.mean_s, "phases_s": dict(one.spent)}
