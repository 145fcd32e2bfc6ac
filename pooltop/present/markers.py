"""Edits and alerts on the time axis of a plot: what was done, and what began, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pooltop.core.snapshot import Snapshot
from pooltop.present.history import History, HostId
from pooltop.present.line import Ink
from pooltop.present.moments import Grid
from pooltop.present.troubles import Trouble

Glyph = Literal["", "e", "!", "E"]
"""One column's: nothing, an edit, the beginning of an alert, both."""
GLYPHS: dict[Glyph, tuple[str, Ink]] = {
    "e": ("an edit of the host's agent, or of a workload that uses it", "accent"),
    "!": ("the beginning of an alert", "bad"),
    "E": ("an edit and the beginning of an alert", "bad"),
}
"""What each means, and its ink."""


@dataclass(frozen=True, slots=True)
class Marker:
    """One thing to mark."""

    at: float
    glyph: Literal["e", "!"]
    word: str
    """``edit 7``, ``saturated``."""


def markers_of(
    snapshot: Snapshot,
    history: History,
    *,
    agent: str,
    host: HostId | None = None,
    start: float,
) -> list[Marker]:
    """Give what is to be marked from ``start`` to the instant of a snapshot, oldest first.

    Args:
        snapshot: The instant at the right edge; what came after it is not known to it.
        history: Holds the past of that instant.
        agent: Whose edits: its own, and those of workloads that use it.
        host: Whose alerts; None for no alerts.
        start: The instant at the left edge.
    """
    workloads = {workload.name for workload in snapshot.workloads if workload.agent == agent}
    found = [
        Marker(edit.at, "e", f"edit {edit.number}")
        for edit in snapshot.edits
        if (edit.agent == agent if edit.agent else edit.workload in workloads)
    ]
    if host is not None:
        spells = history.track(host).spells
        found += [
            Marker(episode.begin, "!", trouble.word)
            for trouble in Trouble
            for episode in spells.episodes(trouble, start, snapshot.at)
            if min(episode.end, snapshot.at) >= episode.begin + trouble.lasts_s
        ]
    return sorted((one for one in found if one.at >= start), key=lambda one: one.at)


def marker_row(markers: Sequence[Marker], grid: Grid) -> tuple[Glyph, ...]:
    """Give each column's glyph; nothing at all where there is nothing to mark."""
    columns: dict[int, Glyph] = {}
    for marker in markers:
        column = grid.column_of(marker.at)
        if column is not None:
            before = columns.get(column, "")
            columns[column] = marker.glyph if before in ("", marker.glyph) else "E"
    return tuple(columns.get(column, "") for column in range(grid.columns)) if columns else ()
