"""The log of the screen: one bounded past of what was told."""

from __future__ import annotations

from pooltop.core.snapshot import JournalEntry
from pooltop.ui.logbook import KEPT, Logbook


def _entries(kind: str, number: int, first: int = 0) -> list[JournalEntry]:
    return [
        JournalEntry(seq=n, at=float(n), wall_at=float(n), kind=kind, text=f"{kind} {n}")
        for n in range(first, first + number)
    ]


def _told(logbook: Logbook) -> list[str]:
    return [logged.entry.text for logged in logbook.shown(None)]


def test_however_much_noise_comes_at_once_what_matters_is_kept() -> None:
    logbook = Logbook()

    logbook.add([*_entries("EDIT", 1), *_entries("CLOSE", 5 * KEPT, first=1)])

    assert ["EDIT 0"] == _told(logbook)


def test_the_newest_of_each_sort_are_kept() -> None:
    logbook = Logbook()

    logbook.add(_entries("CLOSE", KEPT + 5))
    logbook.next_sort()

    assert [f"CLOSE {n}" for n in range(KEPT + 4, 4, -1)] == _told(logbook)


def test_what_the_source_left_out_is_said() -> None:
    logbook = Logbook()

    logbook.add(_entries("EDIT", 1), dropped=7)

    assert ["7 events were not shown: too many at once", "EDIT 0"] == _told(logbook)
