"""A scripted engine that is judged by windows of two seconds."""

from __future__ import annotations

from msgspec.structs import replace
from scripted_source import WALL, ScriptedSource, SimAgent, demo_agents

from pooltop.core.advising import AdvisorOptions, Mode
from pooltop.core.edits import Edit, EditOutcome, EditRecord
from pooltop.core.snapshot import Snapshot

WINDOW_S = 2.0


class AdvisedSource(ScriptedSource):
    """Is judged by windows of two seconds, and keeps a record of each edit."""

    def __init__(self, mode: Mode = "suggest") -> None:
        super().__init__(demo_agents("drain"))
        self.options = AdvisorOptions(mode=mode, window_s=WINDOW_S, min_samples=40, mute=("A5",))

    def snapshot(self) -> Snapshot:
        return replace(super().snapshot(), advisor=self.options)

    async def submit(self, edit: Edit) -> EditOutcome:
        outcome = await super().submit(edit)
        if not outcome.accepted:
            return outcome
        number = len(self.records) + 1
        record = EditRecord(
            number=number,
            at=self._at,
            wall_at=WALL + self._at,
            agent=edit.agent,
            option=edit.option,
            before=outcome.before,
            after=outcome.after,
            by=edit.by,
        )
        self.records = (*self.records, record)
        return replace(outcome, number=number)

    @property
    def starved(self) -> SimAgent:
        return next(one for one in self.agents if one.name == "starved")
