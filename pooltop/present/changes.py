"""Which edits are one change, and how far the edits around it leave it alone.

A form applies several options with one key: they act together and are measured together. Any other
edit of the same agent, or of a workload that uses it, ends what can be said of the one before: so
does an undo, however soon it comes.
"""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.edits import EditRecord
from pooltop.core.snapshot import Snapshot

WINDOW_S = 30.0
"""Seconds before and after a change that are compared."""
TOGETHER_S = 1.0
"""Edits of one agent, or of one workload, within so many seconds of the first are one change, if
they were asked for in the same way and each is of another option."""


@dataclass(frozen=True, slots=True)
class Change:
    """One or several edits that are measured as one."""

    edits: tuple[EditRecord, ...]
    """Oldest first; of one agent and its workloads."""
    agent: str
    """Whose: for a workload's edit, the agent that it uses."""
    earlier: EditRecord | None = None
    """The last edit of the same agent before it, if that is less than WINDOW_S ago."""
    later: EditRecord | None = None
    """The first edit of the same agent after it, if that is less than WINDOW_S later."""

    @property
    def number(self) -> int:
        """The first edit's: what the change is known by."""
        return self.edits[0].number

    @property
    def at(self) -> float:
        """When it was made, in monotonic seconds."""
        return self.edits[0].at

    @property
    def begins_at(self) -> float:
        """Where the window before it begins."""
        begin = self.at - WINDOW_S
        return begin if self.earlier is None else max(begin, self.earlier.at)

    @property
    def ends_at(self) -> float:
        """Where the window after it ends."""
        end = self.at + WINDOW_S
        return end if self.later is None else min(end, self.later.at)


def changes_of(snapshot: Snapshot) -> list[Change]:
    """Give the changes that a snapshot knows of, by their first edit, oldest first."""
    used = {workload.name: workload.agent for workload in snapshot.workloads}
    groups: list[tuple[str, list[EditRecord]]] = []
    newest: dict[str, list[EditRecord]] = {}
    for record in snapshot.edits:
        # A workload that is gone is taken for an agent of its own.
        agent = record.agent or used.get(record.workload, record.workload)
        group = newest.get(agent)
        if group is None or not _belongs(record, group):
            group = newest[agent] = []
            groups.append((agent, group))
        group.append(record)
    return [_change(agent, groups, place) for place, (agent, _) in enumerate(groups)]


def _belongs(record: EditRecord, group: list[EditRecord]) -> bool:
    first = group[0]
    if record.at - first.at > TOGETHER_S or record.by != first.by:
        return False
    same = (record.agent, record.workload, record.host) == (
        first.agent,
        first.workload,
        first.host,
    )
    # What sets an option again, as two undos may, is another change: one would hide the other.
    return same and all(record.option != each.option for each in group)


def _change(agent: str, groups: list[tuple[str, list[EditRecord]]], place: int) -> Change:
    edits = groups[place][1]
    before = [group for name, group in groups[:place] if name == agent]
    after = [group for name, group in groups[place + 1 :] if name == agent]
    earlier = before[-1][-1] if before else None
    later = after[0][0] if after else None
    if earlier is not None and edits[0].at - earlier.at >= WINDOW_S:
        earlier = None
    if later is not None and later.at - edits[0].at >= WINDOW_S:
        later = None
    return Change(tuple(edits), agent, earlier, later)


def change_of(snapshot: Snapshot, number: int) -> Change | None:
    """Give the change that an edit is part of; None where the snapshot does not know it."""
    return next(
        (
            change
            for change in changes_of(snapshot)
            if any(edit.number == number for edit in change.edits)
        ),
        None,
    )
