"""CSV for a spreadsheet: a row for each host and each workload at every interval.

One table, so that it opens as it is and filters by ``kind``; a field that a kind has not is empty.
The fields and what they mean are those of the dashboard's tables, whose ``x`` writes them too.
"""

from __future__ import annotations

from pooltop.core.snapshot import Snapshot
from pooltop.present import columns, workload_rows
from pooltop.present.export import Export, Picture, csv_line, csv_records, field_name
from pooltop.present.history import History
from pooltop.present.hosts import build_rows
from pooltop.present.workload_rows import build_workload_rows

_FIELDS = tuple(
    dict.fromkeys(
        [field_name(column) for column in columns.COLUMNS if not column.picture]
        + [field_name(column) for column in workload_rows.COLUMNS if not column.picture]
    )
)
HEADING = ("instant", "seconds", "kind", *_FIELDS)
"""The fields: a UTC time, seconds since the first row, "host" or "workload", then the tables'."""


class CsvFormat:
    """Keeps the history that rates are taken from."""

    def __init__(self, interval_s: float) -> None:
        """Begin; rates and quantiles cover about one interval."""
        # A little less, as in ``lines``.
        self._window_s = interval_s * 0.9
        self._history = History()
        self._began: float | None = None
        self._told_at: float | None = None

    def note(self, snapshot: Snapshot) -> None:
        """Take every snapshot in, printed or not."""
        self._history.add(snapshot)

    def lines(self, snapshot: Snapshot) -> list[str]:
        """Give the lines for a snapshot that was noted, the first time after the heading."""
        lines: list[str] = []
        self._told_at = snapshot.at
        if self._began is None:
            self._began = snapshot.at
            lines.append(csv_line(HEADING))
        instant = Picture("", snapshot.wall_at).instant
        seconds = f"{snapshot.at - self._began:.3f}"
        for kind, records in self._records(snapshot):
            for record in records:
                values = (record.get(name, "") for name in _FIELDS)
                lines.append(csv_line([instant, seconds, kind, *values]))
        return lines

    def rest(self, last: Snapshot) -> list[str]:
        """Give the lines for the last snapshot, unless it was told: it may come between turns."""
        return [] if last.at == self._told_at else self.lines(last)

    def _records(self, snapshot: Snapshot) -> list[tuple[str, list[dict[str, str]]]]:
        hosts = build_rows(snapshot, self._history, window_s=self._window_s)
        loads = build_workload_rows(snapshot, self._history, window_s=self._window_s)
        of = Picture("", snapshot.wall_at)
        return [
            ("host", csv_records(Export(of, hosts, columns.COLUMNS))),
            ("workload", csv_records(Export(of, loads, workload_rows.COLUMNS))),
        ]
