"""What became of each request class of a workload, in words: how many, how long, and of what."""

from __future__ import annotations

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.histogram import Histogram
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.faults import cause_words, counts

_LEAST_SHARE = 0.005
"""A phase that took less of the time is not named."""


def class_lines(each: ClassSnapshot) -> list[str]:
    """Give the lines of one class, indented below its workload's."""
    failed = sum(each.failed.values())
    parts = [f"{each.sent} sent, {each.completed} completed, {failed} failed"]
    if failed:
        parts[0] += f": {cause_words(each.failed)}"
    if each.redirects:
        parts.append(f"{each.redirects} redirects followed")
    if each.unexpected:
        parts.append(f"{sum(each.unexpected.values())} unexpected: {counts(each.unexpected)}")
    if each.statuses:
        parts.append(f"answers {counts({str(code): n for code, n in each.statuses.items()})}")
    lines = [f"  {clean(each.name)}: {'; '.join(parts)}"]
    if each.phases.total.count:
        lines.append(f"    {quantiles(each.phases.total)}; {_where_time_went(each.phases)}")
    return lines


def quantiles(histogram: Histogram) -> str:
    """Give p50, p95 and p99."""
    return ", ".join(
        f"{name} {units.duration(histogram.quantile(q))}"
        for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    )


def _where_time_went(phases: PhaseDurations) -> str:
    """Give the mean, and what share of it each phase had; what is in none was begun late."""
    whole = phases.total.sum_s
    mean = f"mean {units.duration(whole / phases.total.count)}"
    shares = [
        f"{name} {units.share(seconds / whole)}"
        for name, seconds in phases.spent.items()
        if seconds > whole * _LEAST_SHARE > 0
    ]
    return f"{mean}: {', '.join(shares)}" if shares else mean
