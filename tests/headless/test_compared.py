"""A run that compares two sides: the card comes with the summary, and stands in the document."""

from __future__ import annotations

import json

from msgspec.structs import replace

from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.sides import Sides
from pooltop.core.snapshot import AgentSnapshot, OriginCounters, OriginSnapshot, Snapshot
from pooltop.headless.document import document
from pooltop.headless.summary import summary_lines


def _agent(name: str, opened: int) -> AgentSnapshot:
    origin = OriginSnapshot(
        key=OriginKey(f"{name}:80:"),
        scheme="http",
        host=name,
        port=80,
        counters=OriginCounters(opened=opened, connected=opened, assigned=12, completed=12),
    )
    return AgentSnapshot(
        name=name, options=AgentOptions(), initial_options=AgentOptions(), origins=(origin,)
    )


LAST = Snapshot(
    seq=2,
    at=9.0,
    wall_at=1_900_000_009.0,
    profile="p.toml",
    agents=(_agent("kept", 3), _agent("close", 12)),
    compare=Sides(a="kept", b="close"),
)


def test_the_card_comes_behind_the_summary() -> None:
    lines = summary_lines(LAST, elapsed_s=9.0)

    start = next(place for place, line in enumerate(lines) if "kept against close" in line)
    rows = [line.split() for line in lines[start:]]
    assert ["connections", "3", "12", "x4"] in rows
    assert ["requests", "per", "connection", "4.0", "1.0", "x0.25"] in rows


def test_a_run_that_compares_nothing_has_no_card() -> None:
    alone = replace(LAST, compare=None)
    assert [] == [line for line in summary_lines(alone, elapsed_s=9.0) if " against " in line]
    assert json.loads(document(alone, alone, is_over=True))["compare"] is None


def test_the_card_stands_in_the_document_as_data() -> None:
    told = json.loads(document(LAST, LAST, is_over=True))["compare"]

    assert ("kept", "close") == (told["sides"]["A"]["agent"], told["sides"]["B"]["agent"])
    (row,) = [each for each in told["measures"] if each["id"] == "connections"]
    assert (3, 12, 4.0) == (row["a"], row["b"], row["times"])
