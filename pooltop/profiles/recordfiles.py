"""Where a run is recorded: beside the file that says so, each recording in a file of its own."""

from __future__ import annotations

import os
from typing import cast

from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report


def check_record(values: Values, report: Report) -> None:
    """Put the paths' folders in; refuse one file for both."""
    record = cast("dict[str, str]", values.get("record", {}))
    for key, path in record.items():
        record[key] = os.path.join(report.folder_of(("record", key)), path)
    if len(record) == 2 and record["jsonl"] == record["file"]:
        message = "the other recording is written there: choose another name."
        report.add(("record", "file"), "P017", message)
