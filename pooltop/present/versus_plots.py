"""Both sides on one scale: how latencies are spread, and what one request spends its time with."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pooltop.core.class_snapshot import PHASES, ClassSnapshot
from pooltop.core.histogram import Histogram, value_of
from pooltop.present import units
from pooltop.present.axis import LABEL_WIDTH
from pooltop.present.clean import clean
from pooltop.present.history import History
from pooltop.present.life import Phase, Stretch, life_bar
from pooltop.present.line import Line, Span, fit, pad, width_of
from pooltop.present.plot import ASCII_STEPS, EIGHTHS, nice_top
from pooltop.present.versus import Pair, Side, busiest

_BY_WORD = {phase.word: phase for phase in Phase}
_BULK = 0.99
"""The axis holds so much of either side; what is beyond stands in its last column."""
_MARGIN = 1.1
"""That it ends a little beyond: what all requests take is not to look as if it were cut off."""
_LEAST_S = 0.001


_LEAST_SHARE = 0.005
"""A phase that took less of the time is not drawn."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one side's latencies are spread over the columns of a shared axis."""

    shares: tuple[float, ...]
    """Of each column, 0..1; of all that was completed."""
    beyond: float
    """The share that lies to the right of the axis: the last column has it too."""
    top_s: float
    """Seconds at the axis's right end; it begins at 0."""
    top_share: float
    """The share at its upper edge, the same for both sides."""


def latency_of(side: Side, history: History | None, at: float, window_s: float) -> Histogram:
    """Give a side's latencies within the window that ends at ``at``; without history all of them.

    Args:
        side: whose.
        history: what stood before the window; None counts since the start.
        at: the instant shown.
        window_s: how far back.
    """
    if history is None:
        return side.latency
    return Histogram.total(
        each.latency.since(history.workload(each.name).latency.before(at - window_s))
        for each in side.workloads
    )


def latency_title(side: Side, histogram: Histogram, window_s: float) -> str:
    """Give what stands over a side's latencies."""
    p50, p95 = (units.duration(histogram.quantile(q)) for q in (0.5, 0.95))
    return f"{side.letter}  LATENCY {units.window(window_s)}  p50 {p50}  p95 {p95}"


def spread_columns(width: int) -> int:
    """Give how many columns there are in so many cells, beside the label."""
    return max(0, width - LABEL_WIDTH - 1)


def spreads(a: Histogram, b: Histogram, columns: int) -> tuple[Spread, Spread]:
    """Spread both over as many columns of one axis, as high as each other's."""
    highest = max(each.quantile(_BULK) or 0.0 for each in (a, b))
    top_s = nice_top(highest * _MARGIN, least=_LEAST_S)
    binned = [_binned(each, top_s, columns) for each in (a, b)]
    top = max((share for shares, _ in binned for share in shares), default=0.0)
    one, other = (Spread(tuple(shares), beyond, top_s, top) for shares, beyond in binned)
    return one, other


def _binned(histogram: Histogram, top_s: float, columns: int) -> tuple[list[float], float]:
    """Give the share of each column, and of what lies beyond.

    A bucket is as wide as it is, some 2 %: where columns are narrower it is spread over those that
    it covers, so that no gap looks like one in the latencies.
    """
    shares = [0.0] * columns
    if not histogram.count or columns < 1:
        return shares, 0.0
    edges = [top_s * (place + 1) / columns for place in range(columns)]
    half = math.sqrt(value_of(1) / value_of(0))
    beyond = 0.0
    for bucket, count in histogram.buckets.items():
        low, high = value_of(bucket) / half, value_of(bucket) * half
        share = count / histogram.count
        if value_of(bucket) > top_s:
            beyond += share
        first = min(columns - 1, bisect.bisect_left(edges, low))
        last = min(columns - 1, bisect.bisect_left(edges, high))
        for column in range(first, last + 1):
            begin = max(low, edges[column - 1] if column else 0.0)
            end = high if column == columns - 1 else min(high, edges[column])
            shares[column] += share * max(0.0, end - begin) / (high - low)
    return shares, beyond


def spread_lines(spread: Spread, height: int, *, ascii_only: bool = False) -> list[Line]:
    """Give ``height`` lines: columns over their axis of time, whose labels are the last line."""
    columns, rows = len(spread.shares), height - 1
    if columns < 1 or rows < 1:
        return [() for _ in range(max(0, height))]
    steps = ASCII_STEPS if ascii_only else EIGHTHS
    fine = len(steps) - 1
    lines: list[Line] = []
    for row in range(rows):
        level = rows - 1 - row
        text = ""
        for share in spread.shares:
            whole = 0
            if share > 0 and spread.top_share > 0:
                whole = max(1, round(share / spread.top_share * rows * fine))
            text += steps[min(fine, max(0, whole - level * fine))]
        label = units.share(spread.top_share) if not row and spread.top_share else ""
        lines.append(
            (
                (pad(label, LABEL_WIDTH, "right"), "plot.axis"),
                (" ", "plot.axis"),
                (text, "plot.wait"),
            )
        )
    return [*lines, _time_labels(spread, columns)]


def _time_labels(spread: Spread, columns: int) -> Line:
    parts = 4 if columns >= 48 else 2
    end = units.duration(spread.top_s) + ("+" if spread.beyond else "")
    room = max(0, columns - len(end))
    text = ""
    for part in range(parts):
        label = units.duration(spread.top_s * part / parts)
        place = columns * part // parts
        if place + len(label) < room:
            text = text.ljust(place) + label
    text = text.ljust(room) + end if len(end) <= columns else ""
    return ((" " * (LABEL_WIDTH + 1), "plot.axis"), (text, "plot.axis"))


@dataclass(frozen=True, slots=True)
class OneRequest:
    """The mean request of a side: what it spends its time with."""

    of: str
    """Workload and class, raw."""
    mean_s: float
    spent: tuple[tuple[str, float], ...]
    """Each phase in order, by ``life.Phase``'s word, with its mean seconds: they sum up to it."""


def request_of(
    side: Side, history: History | None, at: float, window_s: float
) -> OneRequest | None:
    """Give the mean request of a side's busiest class; None before one was answered.

    Args: as of ``latency_of``.
    """
    found = busiest(side)
    if found is None:
        return None
    workload, name = found
    if history is not None:
        took = history.workload(workload).classes(at, window_s).get(name)
        return None if took is None else OneRequest(f"{workload}/{name}", took.mean, took.spent)
    told = next(
        each
        for one in side.workloads
        if one.name == workload
        for each in one.classes
        if each.name == name
    )
    return _since_the_start(workload, told)


def _since_the_start(workload: str, told: ClassSnapshot) -> OneRequest:
    total = told.phases.total
    mean = total.sum_s / total.count
    phases = [(name, getattr(told.phases, name).sum_s / total.count) for name in PHASES]
    late = max(0.0, mean - sum(seconds for _, seconds in phases))
    spent = tuple((name, s) for name, s in (("start", late), *phases) if s > 0)
    return OneRequest(f"{workload}/{told.name}", mean, spent)


def requests_of(
    pair: Pair, history: History | None, at: float, window_s: float
) -> tuple[OneRequest | None, OneRequest | None]:
    """Give the mean request of both sides; see ``request_of``."""
    return (
        request_of(pair.a, history, at, window_s),
        request_of(pair.b, history, at, window_s),
    )


def request_title(requests: Sequence[OneRequest | None], window_s: float) -> str:
    """Give what stands over the bars."""
    of = dict.fromkeys(one.of.rpartition("/")[2] for one in requests if one is not None)
    named = f" of {clean(' and '.join(of), 40)}" if of else ""
    return f"ONE REQUEST{named}, the mean of {units.window(window_s)}, one scale"


def request_lines(
    requests: Sequence[OneRequest | None], width: int, height: int, *, ascii_only: bool = False
) -> list[Line]:
    """Give a bar for each side on one scale; with room beneath each what it is made of.

    Args:
        requests: A's, then B's.
        width: in cells.
        height: lines; from twice as many as there are sides on the phases are told in numbers.
        ascii_only: no characters beyond ASCII.
    """
    scale_s = nice_top(
        max((one.mean_s for one in requests if one is not None), default=0.0), least=_LEAST_S
    )
    lines: list[Line] = []
    for letter, one in zip("AB", requests, strict=False):
        lines.append(_bar(letter, one, scale_s, width, ascii_only=ascii_only))
        if height >= 2 * len(requests):
            lines.append(fit(_legend(one), width))
    return lines[:height]


def _bar(
    letter: str, one: OneRequest | None, scale_s: float, width: int, *, ascii_only: bool
) -> Line:
    head: Line = ((f"{letter} ", "strong"),)
    if one is None:
        return (*head, ("nothing was answered in the window", "dim"))
    tail: Line = ((f" {units.duration(one.mean_s):>5}", "text"),)
    room = width - width_of(head) - width_of(tail)
    stretches: list[Stretch] = []
    at = 0.0
    for word, seconds in _drawn(one):
        stretches.append(Stretch(_BY_WORD[word], at, at + seconds))
        at += seconds
    return (*head, *life_bar(stretches, at, scale_s, room, ascii_only=ascii_only), *tail)


def _drawn(one: OneRequest) -> list[tuple[str, float]]:
    return [(word, took) for word, took in one.spent if took > one.mean_s * _LEAST_SHARE]


def _legend(one: OneRequest | None) -> Line:
    spans: list[Span] = [("  ", "text")]
    for word, seconds in () if one is None else _drawn(one):
        phase = _BY_WORD[word]
        name = "begun late" if phase is Phase.START else word
        spans += [
            (phase.letter, phase.ink),
            (f" {name} ", "dim"),
            (f"{units.round_trip(seconds)}  ", "text"),
        ]
    return tuple(spans)
