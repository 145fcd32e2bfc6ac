"""What is told between the lines, to people, as it begins: failures, shortfalls and advice."""

from __future__ import annotations

import math

from pooltop.advise.advisor import Advisor
from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.advice import headline, sentence
from pooltop.present.clean import clean
from pooltop.present.delivery import shortfalls
from pooltop.present.thresholds import name_of, value_words

_FEW_LATE = 10
"""Late starts that a run may begin with before it is said that the load is late."""


class News:
    """Knows what was told already."""

    def __init__(self, advisor: Advisor) -> None:
        """Begin with nothing told.

        Args:
            advisor: is handed each snapshot before this is.
        """
        self._advisor = advisor
        self._told_at = -math.inf
        self._failing: frozenset[int] = frozenset()
        """The places of the thresholds that failed when last looked at."""
        self._short: set[tuple[str, str]] = set()
        """Of which workload what was said not to be delivered: once is enough."""

    def lines(self, snapshot: Snapshot) -> list[str]:
        """Give a line for what began to fail, and for advice that came or is over; clean."""
        now = units.clock(snapshot.wall_at)
        failing = (*self._thresholds(snapshot), *self._loads(snapshot))
        return [f"{now}  {news}" for news in (*failing, *self._advice(snapshot))]

    def _thresholds(self, snapshot: Snapshot) -> list[str]:
        failing = {n for n, e in enumerate(snapshot.thresholds) if e.state == "failed"}
        begun = [snapshot.thresholds[n] for n in sorted(failing - self._failing)]
        self._failing = frozenset(failing)
        return [f"FAILED {name_of(state)}: {value_words(state)}" for state in begun]

    def _loads(self, snapshot: Snapshot) -> list[str]:
        said = []
        for workload in snapshot.workloads:
            for each in shortfalls(workload, snapshot.max_rate):
                is_chance = each.kind == "late" and workload.late < _FEW_LATE
                if not is_chance and (workload.name, each.kind) not in self._short:
                    self._short.add((workload.name, each.kind))
                    said.append(f"{clean(workload.name)} {each}")
        return said

    def _advice(self, snapshot: Snapshot) -> list[str]:
        new = self._advisor.facts_since(self._told_at)
        self._told_at = snapshot.at
        return [
            f"ADVICE over: {headline(fact.card, snapshot)}, after "
            f"{units.age(fact.at - fact.card.since)}"
            if fact.ends
            else f"ADVICE {sentence(fact.card, snapshot)}"
            for fact in new
        ]
