"""Whether an edit that advice asked for did good: two windows after it against the two before.

Only what got worse counts against it: errors, how long the target takes, and how long requests
wait. An edit that lowers a limit makes requests wait, and is meant to: of it the wait is told, and
not held against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pooltop.advise.diagnosis import Unit
from pooltop.advise.windows import HostWindow
from pooltop.core.edits import EditRecord, Value
from pooltop.core.histogram import Histogram
from pooltop.core.model import HostId
from pooltop.core.snapshot import Snapshot

WINDOWS = 2
"""Whole windows that are looked at on either side."""
_MOST = 64
"""Trials that are kept, the newest."""
_WORSE = 1.25
"""So many times as long is worse ..."""
_NOISE_S = 0.002
"""... if it is by more than measuring alone can make."""
_MORE_ERRORS = 0.01
_LEAST_ERRORS = 3
_LIMITS = ("max_sockets", "max_total_sockets", "connections")

Verdict = Literal["watching", "held", "worse", "cut"]
"""Not judged yet; nothing got worse; something did; another edit came between, or no traffic."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a host before and after."""

    name: str
    before: float
    after: float
    unit: Unit
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An edit by the advisor, and what became of its hosts."""

    edit: EditRecord
    agent: str
    """Whose hosts are looked at."""
    before: Mapping[HostId, Sequence[HostWindow]]
    """The windows before it; {} once it is judged, as each holds histograms."""
    verdict: Verdict = "watching"
    host: HostId | None = None
    """Whose figures they are: of several hosts that which fared worst."""
    figures: tuple[Figure, ...] = ()
    judged_at: float | None = None
    """When its verdict was known; None while it is not."""
    since_s: float = 0.0
    """How long it was watched, in seconds, as far as that is over."""


class RevertWatch:
    """Follows every edit by the advisor until it is judged."""

    def __init__(self) -> None:
        """Begin with none."""
        self.trials: tuple[Trial, ...] = ()
        """Oldest first."""

    def begin(
        self, edit: EditRecord, agent: str, windows: Mapping[HostId, Sequence[HostWindow]]
    ) -> None:
        """Follow an edit; one of the same agent that is still followed can be judged no more.

        Args:
            edit: any, as it was accepted; only those by the advisor are followed.
            agent: whom it concerns.
            windows: closed ones of each of its hosts, from before the edit.
        """
        self.trials = tuple(
            replace(one, before={}, verdict="cut", judged_at=edit.at)
            if one.agent == agent and one.verdict == "watching"
            else one
            for one in self.trials
        )
        if edit.by == "advisor":
            before = {host: tuple(each)[-WINDOWS:] for host, each in windows.items()}
            self.trials = (*self.trials, Trial(edit=edit, agent=agent, before=before))[-_MOST:]

    def judge(self, at: float, agent: str, windows: Mapping[HostId, Sequence[HostWindow]]) -> None:
        """Judge what has had its windows, when those of an agent were closed."""
        self.trials = tuple(
            _judged(one, at, windows) if one.verdict == "watching" and one.agent == agent else one
            for one in self.trials
        )

    def follow(self, snapshot: Snapshot) -> None:
        """Learn what became of the edits: one that was taken back is watched no more."""
        if all(one.verdict != "watching" for one in self.trials):
            return
        gone = {each.number for each in snapshot.edits if each.fate in ("reverted", "undone")}
        self.trials = tuple(
            replace(one, before={}, verdict="cut", judged_at=snapshot.at)
            if one.verdict == "watching" and one.edit.number in gone
            else one
            for one in self.trials
        )


def _judged(trial: Trial, at: float, windows: Mapping[HostId, Sequence[HostWindow]]) -> Trial:
    after = {
        host: [one for one in each if one.opened_at >= trial.edit.at]
        for host, each in windows.items()
    }
    if not any(len(each) >= WINDOWS for each in after.values()):
        return trial
    compared = {
        host: _figures(trial.edit, before, after[host][:WINDOWS])
        for host, before in trial.before.items()
        if before and after.get(host)
    }
    told = {host: figures for host, figures in compared.items() if figures}
    span = at - trial.edit.at
    if not told:
        return replace(trial, before={}, verdict="cut", judged_at=at, since_s=span)
    worst = max(told, key=lambda host: sum(one.is_worse for one in told[host]))
    is_worse = any(one.is_worse for one in told[worst])
    return replace(
        trial,
        before={},
        verdict="worse" if is_worse else "held",
        host=worst,
        figures=told[worst],
        judged_at=at,
        since_s=span,
    )


def _figures(
    edit: EditRecord, before: Sequence[HostWindow], after: Sequence[HostWindow]
) -> tuple[Figure, ...]:
    """Compare; nothing where there was no traffic on one side."""
    if not any(one.completed for one in before) or not any(one.assigned for one in after):
        return ()
    wait = _time("queue wait p95", (x.queue for x in before), (x.queue for x in after))
    if _lowers(edit):
        wait = replace(wait, is_worse=False)
    return (
        _errors(before, after),
        _time("service p95", (x.lease for x in before), (x.lease for x in after)),
        wait,
    )


def _errors(before: Sequence[HostWindow], after: Sequence[HostWindow]) -> Figure:
    shares, faults = [], []
    for windows in (before, after):
        bad = sum(one.faults for one in windows)
        ended = bad + sum(one.completed for one in windows)
        faults.append(bad)
        shares.append(bad / ended if ended else 0.0)
    is_worse = shares[1] > shares[0] + _MORE_ERRORS and faults[1] >= faults[0] + _LEAST_ERRORS
    return Figure("errors", shares[0], shares[1], "share", is_worse)


def _time(name: str, before: Iterable[Histogram], after: Iterable[Histogram]) -> Figure:
    old, new = (Histogram.total(each).quantile(0.95) or 0.0 for each in (before, after))
    return Figure(name, old, new, "s", new > _WORSE * old and new - old > _NOISE_S)


def _lowers(edit: EditRecord) -> bool:
    return edit.option in _LIMITS and _limit(edit.after) < _limit(edit.before)


def _limit(value: Value | None) -> float:
    return math.inf if value is None or isinstance(value, str) else float(value)
