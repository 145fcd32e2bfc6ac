"""What a search for a limit found, in lines for people and as one value for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pooltop.advise.tuner import Trial, Verdict
from pooltop.advise.usl import Law, Station, Wall
from pooltop.present import units
from pooltop.present.clean import clean

HEADING = "  limit  in use   req/s  service  x base"
_BAR = 30
_NAMES: dict[type, str] = {Law: "usl", Wall: "wall", Station: "station"}


def opening(agent: str, host: str, limit: float) -> list[str]:
    """Give what is said first."""
    now = "unlimited" if math.isinf(limit) else f"{limit:.0f}"
    return [
        f"tune {clean(agent, 40)} {clean(host, 60)}: maxSockets is {now}, and will be again",
        HEADING,
    ]


def trial_line(trial: Trial, base_s: float) -> str:
    """Give one limit's line."""
    times = trial.service_s / base_s if base_s > 0 else 1.0
    failed = f"  {trial.failed} failed" if trial.failed else ""
    return (
        f"  {trial.limit:5}  {trial.in_use:6.1f}  {units.rate(trial.throughput):>6}  "
        f"{units.duration(trial.service_s):>7}  {times:6.2f}{failed}"
    )


def verdict_lines(verdict: Verdict, trials: Sequence[Trial]) -> list[str]:
    """Give the plot, the reasons, and the proposal."""
    lines = ["", *_plot(verdict, trials), "", f"stopped: {verdict.why}"]
    if math.isfinite(verdict.knee):
        lines.append(f"knee: about {verdict.knee:.1f} requests at a time ({_shape(verdict)})")
    else:
        lines.append("knee: none met; beyond what was tried nothing is known")
    if verdict.proposal is None:
        lines.append("proposal: none, too little was answered")
    else:
        lines.append(f"proposal: maxSockets {verdict.proposal}")
    return lines


def _shape(verdict: Verdict) -> str:
    shape = verdict.shape
    within = "" if shape is None else f"fit within {units.share(shape.error)}"
    match shape:
        case Law():
            return (
                f"it slows as more share it: sigma {shape.sigma:.3f}, kappa {shape.kappa:.5f}, "
                f"{within}"
            )
        case Station():
            return f"its requests share something, and wait for it more and more: {within}"
        case _:
            return f"it does so many at a time, the others wait: {within}"


def _plot(verdict: Verdict, trials: Sequence[Trial]) -> list[str]:
    """Give a bar for each limit, and what the fitted shape says of it as ``|``."""
    top = max((trial.throughput for trial in trials), default=0.0)
    if top <= 0:
        return []
    shape = verdict.shape
    lines = [f"  answers a second against requests at a time, 0..{units.rate(top)}; | is the fit"]
    for trial in trials:
        bar = list("#" * round(trial.throughput / top * _BAR) + " " * (_BAR + 5))
        if shape is not None:
            fitted = round(shape.throughput(trial.throughput * trial.service_s) / top * _BAR)
            bar[min(_BAR + 4, fitted)] = "|"
        lines.append(f"  {trial.in_use:6.1f} {''.join(bar).rstrip()}")
    return lines


def tuning_value(
    agent: str, host: str, before: float, verdict: Verdict, trials: Sequence[Trial]
) -> dict[str, object]:
    """Give all of it for JSON; None is "no limit", or not known."""
    return {
        "agent": agent,
        "host": host,
        "max_sockets": _finite(before),
        "proposal": verdict.proposal,
        "knee": _finite(verdict.knee),
        "stopped": verdict.stop,
        "why": verdict.why,
        "base_s": verdict.base_s,
        "shape": _NAMES.get(type(verdict.shape)),
        "trials": [
            {
                "limit": trial.limit,
                "in_use": trial.in_use,
                "throughput": trial.throughput,
                "service_s": trial.service_s,
                "answers": trial.answers,
                "failed": trial.failed,
            }
            for trial in trials
        ],
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
