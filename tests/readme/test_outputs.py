"""The page about outputs names every field and every metric that there is, as the code has them.

Its tables are written anew, to be looked at and committed, with

    POOLTOP_WRITE_GOLDEN=1 python -m pytest tests/readme/test_outputs.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pooltop.exports import instruments
from pooltop.exports.instruments import Instrument
from pooltop.headless.csv_rows import HEADING
from pooltop.present import columns, workload_rows
from pooltop.present.export import field_name

PAGE = Path(__file__).parents[2] / "pooltop" / "exports" / "outputs.md"
OF_ALL = {
    "instant": "When, in UTC.",
    "seconds": "Seconds since the first row.",
    "kind": "host or workload.",
}


def _csv_rows() -> Iterator[str]:
    meanings: dict[str, list[str]] = {name: [meaning] for name, meaning in OF_ALL.items()}
    for kind, table in (("host", columns.COLUMNS), ("workload", workload_rows.COLUMNS)):
        for column in table:
            if not column.picture:
                said = meanings.setdefault(field_name(column), [])
                said.append(f"{kind}: {column.definition}")
    assert list(HEADING) == list(meanings)
    yield "| field | meaning |"
    yield "|---|---|"
    for name, said in meanings.items():
        meaning = "<br>".join(said).replace("|", "\\|")
        yield f"| `{name}` | {meaning} |"


def _metric_rows() -> Iterator[str]:
    every = [each for each in vars(instruments).values() if isinstance(each, Instrument)]
    yield "| OpenTelemetry | Prometheus | kind | meaning |"
    yield "|---|---|---|---|"
    for each in every:
        suffix = "_total" if each.kind == "counter" else ""
        yield f"| `{each.name}` | `{each.family}{suffix}` | {each.kind} | {each.meaning} |"


@pytest.mark.parametrize(("name", "rows"), [("csv", _csv_rows), ("metrics", _metric_rows)])
def test_its_tables_are_those_of_the_code(name: str, rows: Callable[[], Iterator[str]]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    whole = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    table = "".join(f"{row}\n" for row in rows())
    wanted = whole.sub(lambda found: f"{found[1]}{table}{found[2]}", text)
    if os.environ.get("POOLTOP_WRITE_GOLDEN"):
        PAGE.write_text(wanted, encoding="utf-8")
        return
    assert wanted == text
