"""The ``[advisor]`` of a profile as a whole: what is not to be had, and what is made of it."""

from __future__ import annotations

from typing import cast

import msgspec

from pooltop.core.advising import AdvisorOptions
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report

LEAST_WINDOW_S, LONGEST_WINDOW_S = 0.1, 3600.0


def check_advisor(values: Values, report: Report) -> None:
    """Refuse a window that says nothing, or that nobody waits for.

    Args:
        values: what was read.
        report: takes the problems.
    """
    window = cast("Values", values.get("advisor", {})).get("window_s")
    if isinstance(window, float) and not LEAST_WINDOW_S <= window <= LONGEST_WINDOW_S:
        report.add(("advisor", "window"), "P012", 'expected "100ms" to "1h".')


def build_advisor(values: Values) -> AdvisorOptions:
    """Make the options of a profile that was read without an error: its tables become one."""
    said = dict(cast("Values", values.get("advisor", {})))
    for table in ("target", "ceiling"):
        said |= cast("Values", said.pop(table, {}))
    return msgspec.convert(said, AdvisorOptions)
