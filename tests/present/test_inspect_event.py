"""What is told of one event, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pooltop.core.edits import EditRecord
from pooltop.core.snapshot import JournalEntry
from pooltop.present import units
from pooltop.present.blocks import lay_out
from pooltop.present.event_rows import EventRow, event_row
from pooltop.present.inspect_event import edit_of, event_blocks, event_title
from pooltop.present.line import Line, text_of

WALL = 1_700_000_000.0
ENTRY = JournalEntry(
    seq=7,
    at=100.0,
    wall_at=WALL,
    kind="EDIT",
    agent="main",
    host="api.pay:443",
    text="edit 3 main maxSockets 4 > 9 by operator: 5 dialled",
)
EDIT = EditRecord(
    number=3, at=100.0, wall_at=WALL, agent="main", option="max_sockets", before=4, after=9, by="me"
)


def shown(row: EventRow, *card: Line) -> list[str]:
    return [text_of(line) for line in lay_out(event_blocks(row, 112.0, card), 90, 10)]


def test_the_inspector_has_all_that_the_row_has_and_the_card_of_an_edit() -> None:
    card: Line = (("EDIT 3 main maxSockets 4>9", "accent"),)
    assert [
        "WHAT         edit 3 main maxSockets 4 > 9 by operator: 5 dialled",
        f"WHEN         {units.clock(WALL)}  12s ago",
        "WHERE        api.pay:443  agent main",
        "EDIT         EDIT 3 main maxSockets 4>9",
    ] == shown(event_row(ENTRY), card)
    assert "EVENT EDIT" == event_title(event_row(ENTRY))


def test_what_happened_several_times_has_its_number_and_its_first_time() -> None:
    row = replace(event_row(ENTRY), times=5, wall_at=WALL + 8)
    row = replace(row, id=row.id._replace(at=108.0))
    clocks = units.clock(WALL + 8), units.clock(WALL)
    assert (
        f"WHEN         {clocks[0]}  4s ago  5 times in a row  first at {clocks[1]}"
        == (shown(row)[1])
    )


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("EDIT", ENTRY.text, EDIT),
        ("EDIT", "edit 3 kept: main maxSockets 9 stays", EDIT),
        ("EDIT", "edit 30 main maxSockets 4 > 9 by operator", None),
        ("EDIT", "s17 destroyed by edit 3 ", None),
        ("INFO", ENTRY.text, None),
    ],
)
def test_an_event_is_about_the_edit_that_it_names_first(kind, text, found) -> None:
    entry = JournalEntry(seq=1, at=1.0, wall_at=WALL, kind=kind, text=text)
    assert found == edit_of(entry, [EDIT])
