"""The stages of a workload: each goes to another level, or holds the one there is, for a time."""

from __future__ import annotations

import math
from typing import cast

from pooltop.core.traffic import Stage
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path

_LEVELS = {
    "open": ("rate", 'an open workload goes to a rate, like "200/s".'),
    "closed": ("users", "a closed workload goes to a number of users, like 50."),
}
"""By model: the key of what the stages begin with, and what is said to a stage of the other."""


def check_stages(workload: Values, written: dict[str, object], path: Path, report: Report) -> None:
    """Check that each stage says one thing, and of the workload's model; and where they begin.

    Args:
        workload: what was read of it.
        written: as it was written.
        path: the workload's.
        report: takes the problems.
    """
    start, of_this_model = _LEVELS[str(workload.get("model", "open"))]
    stages = cast("list[Values]", workload.get("stages", []))
    if "stages" not in written and workload.get(start) == 0:
        report.add((*path, start), "P012", "must be above 0: only stages may begin at 0.")
    most = workload.get("max_requests")
    for index, stage in enumerate(stages):
        place: Path = (*path, "stages", index)
        _check_parts(cast("list[object]", written["stages"])[index], place, report)
        to = stage.get("to")
        if to is None:
            continue
        if isinstance(to, int) is not (start == "users"):
            report.add((*place, "to"), "P018", of_this_model)
        elif isinstance(to, int) and isinstance(most, int) and to > most:
            message = f"more than max_requests = {most}: some users would never send."
            report.add((*place, "to"), "P019", message)
    if stages and all(stage.get("over") == 0 for stage in stages):
        message = "stages that take no time end at once: nothing would be sent."
        report.add((*path, "stages"), "P019", message, on_key=True)


def check_duration(workload: Values, path: Path, report: Report) -> None:
    """Warn of a duration that is another than that of the stages: say which wins."""
    duration, stages = workload.get("duration"), _time_of_stages(workload)
    if isinstance(duration, float) and stages < math.inf and duration != stages:
        wins = "the load ends before they do" if duration < stages else "with them the load ends"
        report.warn((*path, "duration"), "P019", f"the stages take {stages:g} s: {wins}.")


def end_of(workload: Values) -> float:
    """Give after how many seconds a workload that was read is over; inf where nothing says it."""
    duration = workload.get("duration")
    return min(_time_of_stages(workload), duration if isinstance(duration, float) else math.inf)


def _time_of_stages(workload: Values) -> float:
    stages = cast("list[Values]", workload.get("stages", []))
    times = [stage.get("hold", stage.get("over")) for stage in stages]
    known = [time for time in times if isinstance(time, float)]
    return sum(known) if known and len(known) == len(times) else math.inf


def stages_of(stages: list[Values]) -> tuple[Stage, ...]:
    """Make the stages that were read without an error."""
    return tuple(
        Stage(over_s=cast("float", stage["hold"]))
        if "hold" in stage
        else Stage(to=float(cast("float", stage["to"])), over_s=cast("float", stage["over"]))
        for stage in stages
    )


def _check_parts(written: object, place: Path, report: Report) -> None:
    if not isinstance(written, dict):
        return  # told as what it is
    if "hold" in written:
        for key in ("to", "over"):
            if key in written:
                message = "a stage that holds goes nowhere: make two stages of it."
                report.add((*place, key), "P017", message, on_key=True)
        return
    for key, example in (("to", 'to = "200/s", or a number of users'), ("over", 'over = "30s"')):
        if key not in written:
            message = f'{key} is missing: add {example}; or hold = "1m" alone.'
            report.add(place, "P014", message, on_key=True)
