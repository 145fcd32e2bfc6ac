"""Everything about one event: all that its row has, and of an edit what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pooltop.core.edits import EditRecord
from pooltop.core.snapshot import JournalEntry
from pooltop.present import units
from pooltop.present.blocks import Block, Part, named, part
from pooltop.present.event_rows import EventRow
from pooltop.present.line import Line

_EDIT = re.compile(r"edit (\d{1,9}) ", re.ASCII)


def event_title(row: EventRow) -> str:
    """Give ``EVENT EDIT``; clean."""
    return f"EVENT {row.kind}"


def edit_of(entry: JournalEntry, edits: Iterable[EditRecord]) -> EditRecord | None:
    """Give the edit that an event is about; None for another event, or one not known any more."""
    found = _EDIT.match(entry.text) if entry.kind == "EDIT" else None
    if found is None:
        return None
    number = int(found[1])
    return next((each for each in edits if each.number == number), None)


def event_blocks(row: EventRow, at: float | None, card: Sequence[Line] = ()) -> list[Block]:
    """Give what there is to say of an event.

    Args:
        row: the event.
        at: the instant that is shown, in the engine's seconds; None for none.
        card: of an edit what it changed, ready-made, each line as wide as ``blocks.room_in`` says.
    """
    when = [part((units.clock(row.wall_at), "strong"))]
    if at is not None:
        when.append(part(f"{units.age(at - row.id.at)} ago"))
    if row.times > 1:
        when.append(part(f"{units.count(row.times)} times in a row"))
        when.append(named("first at", units.clock(row.entry.wall_at)))
    whose = [part((row.host, "strong"))] if row.host else []
    if row.agent:
        whose.append(named("agent", row.agent))
    return [
        Block("WHAT", [part(row.text)], 0),
        Block("WHEN", when, 1),
        Block("WHERE", whose, 2),
        Block("EDIT", [Part(line, "row") for line in card], 3),
    ]
