"""``pooltop compare``: two recordings of whatever kind, and what changed between the runs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import msgspec

from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.clean import cells, clean
from pooltop.present.compare import ALL_HOSTS, Comparison, Run, compare
from pooltop.present.export import Picture
from pooltop.present.measures import Row
from pooltop.present.report.comparison import SideWords, comparison_page
from pooltop.present.row_words import words_of
from pooltop.sources.ndjson_format import plain
from pooltop.sources.recorded import Recorded, open_recording
from pooltop.sources.recording_format import RecordingError

SCHEMA = 1
"""Of the JSON document: goes up when a reader of the former would misread one."""
_SETTLED = ("same", "too few")
_WIDTHS = (24, 9, 9, 9, 9)
"""Cells of a row's name and numbers."""


class Compared:
    """Two runs that were read, and what is to say of them."""

    def __init__(self, old: str, new: str) -> None:
        """Read both.

        Args:
            old: path of a recording, or of NDJSON.
            new: likewise.

        Raises:
            RecordingError: one of them cannot be read.
        """
        self.sides = (_Side(old), _Side(new))
        self.comparison: Comparison = compare(self.sides[0].run, self.sides[1].run)

    def lines(self) -> list[str]:
        """Give it for people; all text in it is clean."""
        old, new = self.sides
        lines = [f"old  {old.words}", f"new  {new.words}"]
        lines += [f"     {clean(side.path)}: {side.note}" for side in self.sides if side.note]
        told = self.comparison.differences
        if told:
            lines += ["", "set otherwise"]
            lines += [f"  {each.of}  {each.name}: {each.old} -> {each.new}" for each in told]
        for section, rows in groupby(self.comparison.rows, key=lambda row: row.section):
            lines += ["", *_section(section, list(rows))]
        return lines

    def page(self) -> str:
        """Give it as one HTML page."""
        old, new = (SideWords(side.path, side.words, side.note) for side in self.sides)
        return comparison_page(self.comparison, old, new)

    def document(self) -> str:
        """Give it as one JSON document, without its last line's end."""
        data = {
            "schema": SCHEMA,
            "old": self.sides[0].data,
            "new": self.sides[1].data,
            "differences": [each._asdict() for each in self.comparison.differences],
            "rows": [
                {**row._asdict(), "difference": row.difference, "ratio": row.ratio}
                for row in self.comparison.rows
            ],
        }
        return plain(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())


class _Side:
    """One of the two runs."""

    def __init__(self, path: str) -> None:
        self.path = path
        with open_recording(path) as recording:
            places = range(len(recording))
            first, last = _good(recording, places), _good(recording, reversed(places))
            self.snapshots = len(recording)
            self.note = clean(recording.note)
        if first is None or last is None:
            raise RecordingError(f"{path} has no snapshot that can be read")
        self.run = Run(first, last)

    @property
    def words(self) -> str:
        last = self.run.last
        began = units.clock(self.run.first.wall_at)
        return (
            f"{clean(self.path)}: {clean(last.profile)} at {began}, "
            f"{self.run.elapsed_s:.1f} s, {self.snapshots} instants"
        )

    @property
    def data(self) -> dict[str, object]:
        first, last = self.run
        return {
            "file": self.path,
            "note": self.note,
            "profile": last.profile,
            "began": Picture("", first.wall_at).instant,
            "elapsed_s": self.run.elapsed_s,
            "snapshots": self.snapshots,
        }


def _good(recording: Recorded, places: Iterable[int]) -> Snapshot | None:
    """Give the first snapshot of these that can be read; None if none can."""
    read = (recording.snapshot(place) for place in places)
    return next((snapshot for snapshot in read if snapshot is not None), None)


def _section(section: str, rows: list[Row]) -> list[str]:
    """Give what changed; of all hosts together everything, of the others how much did not."""
    told = rows if section == ALL_HOSTS else [row for row in rows if row.verdict not in _SETTLED]
    lines = [section] if told else [f"{section}: no change"]
    if told:
        lines.append(_line("", "old", "new", "diff", "ratio", ""))
    lines += [_row(row) for row in told]
    few = sum(row.verdict == "too few" for row in rows if row not in told)
    same = len(rows) - len(told) - few
    if told and same:
        lines.append(f"  {same} more the same")
    if few:
        lines.append(f"  {few} more with too few requests to say")
    return lines


def _row(row: Row) -> str:
    return _line(row.name, *words_of(row))


def _line(name: str, *rest: str) -> str:
    *numbers, said = rest
    text = f"  {name}{' ' * max(1, _WIDTHS[0] - cells(name))}"
    text += "".join(
        f"{number:>{width}}" for number, width in zip(numbers, _WIDTHS[1:], strict=True)
    )
    return f"{text}  {said}".rstrip()
