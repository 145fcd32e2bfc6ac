"""The ways in which a run can be printed; the runner and a replay know none of them by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from pooltop.advise.diagnosis import Card
from pooltop.core.snapshot import Snapshot
from pooltop.headless.csv_rows import CsvFormat
from pooltop.headless.document import document
from pooltop.headless.lines import LineFormat
from pooltop.headless.summary import summary_lines
from pooltop.present.export import CSV_END
from pooltop.sources.base import Update
from pooltop.sources.ndjson_format import json_line


class Whole(NamedTuple):
    """A run as far as it was seen."""

    first: Snapshot
    last: Snapshot
    """Its counters are totals since the engine's start."""
    missed: int = 0
    """Intervals that were not printed because the reader was slow."""
    is_over: bool = False
    """The load is, rather than that whoever printed it left."""
    advice: tuple[Card, ...] = ()
    """Every card that was raised, oldest first."""

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first picture to the last."""
        return self.last.at - self.first.at


class Format(ABC):
    """What is printed of a run, text by text."""

    tells_all = False
    """Every update is printed, those that come out of turn too; else one each interval."""
    is_for_people = False
    """The summary, and what begins to fail, are part of it; else they go to stderr, or nowhere."""
    end_of_line = "\n"

    def note(self, snapshot: Snapshot) -> None:  # noqa: B027 - most look at none but the printed
        """Take every snapshot in, printed or not."""

    @abstractmethod
    def lines(self, update: Update) -> list[str]:
        """Give the lines for an update whose snapshot was noted; all text in them is harmless."""

    def end(self, whole: Whole) -> list[str]:
        """Give what comes last."""
        del whole
        return []


class _Lines(Format):
    is_for_people = True

    def __init__(self, interval_s: float) -> None:
        self._lines = LineFormat(interval_s)

    def note(self, snapshot: Snapshot) -> None:
        self._lines.note(snapshot)

    def lines(self, update: Update) -> list[str]:
        return self._lines.lines(update.snapshot)

    def end(self, whole: Whole) -> list[str]:
        return summary_lines(
            whole.last, elapsed_s=whole.elapsed_s, missed=whole.missed, advice=whole.advice
        )


class _Ndjson(Format):
    tells_all = True

    def __init__(self, interval_s: float) -> None:
        del interval_s

    def lines(self, update: Update) -> list[str]:
        return [json_line(update.snapshot, update.entries, dropped=update.dropped)]


class _Json(Format):
    def __init__(self, interval_s: float) -> None:
        del interval_s

    def lines(self, update: Update) -> list[str]:
        del update
        return []

    def end(self, whole: Whole) -> list[str]:
        return [document(whole.first, whole.last, is_over=whole.is_over, advice=whole.advice)]


class _Csv(Format):
    end_of_line = CSV_END

    def __init__(self, interval_s: float) -> None:
        self._rows = CsvFormat(interval_s)

    def note(self, snapshot: Snapshot) -> None:
        self._rows.note(snapshot)

    def lines(self, update: Update) -> list[str]:
        return self._rows.lines(update.snapshot)

    def end(self, whole: Whole) -> list[str]:
        return self._rows.rest(whole.last)


_FORMATS: dict[str, type[_Lines | _Ndjson | _Json | _Csv]] = {
    "line": _Lines,
    "json": _Json,
    "ndjson": _Ndjson,
    "csv": _Csv,
}


def format_of(name: str, interval_s: float) -> Format:
    """Give a format by its name on the command line.

    Args:
        name: "line", "json", "ndjson" or "csv".
        interval_s: seconds between two prints, which rates cover.
    """
    return _FORMATS[name](interval_s)
