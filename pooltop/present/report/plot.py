"""Plots as inline SVG: lines over the time of a run, on an axis from 0.

Sizes are in the plot's own units, one to a pixel where it is as wide as it was made for; colours
are the page's classes, so that a plot follows its light and dark. Each line has a dash of its own
besides its colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pooltop.present import units
from pooltop.present.report.markup import Markup, el, joined, raw

WIDTH, HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 14, 18
_PLOT_W, _PLOT_H = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
_DAY = 86400
_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, _DAY)
_MOST_TICKS = 6

Look = Literal["a", "b", "c", "limit"]


@dataclass(frozen=True, slots=True)
class Point:
    """What a line has at one column; None draws nothing."""

    at: float
    low: float | None
    high: float | None
    after_gap: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot."""

    name: str
    look: Look
    points: Sequence[Point]
    filled: bool = False
    """Whether the area down to 0 is tinted."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that is marked over the whole height."""

    at: float
    kind: Literal["edit", "alert"]
    label: str
    """What it says where a pointer rests on it."""


def plot(
    title: str,
    meaning: str,
    lines: Sequence[Line],
    *,
    span_s: float,
    top: float | None = None,
    least: float = 2.0,
    written: Callable[[float], str],
    marks: Iterable[Mark] = (),
) -> Markup:
    """Give a plot with its title and its key.

    Args:
        title: what it shows.
        meaning: the definition of that.
        lines: what is drawn, the first below.
        span_s: seconds from its left end to its right.
        top: the axis's end; None for the most that there is. More than it there never is: then the
            axis goes further.
        least: the least that the axis's end is.
        written: writes a value of the axis.
        marks: moments.
    """
    drawn = (point.high for line in lines for point in line.points)
    most = max((high for high in drawn if high is not None and math.isfinite(high)), default=0.0)
    end = _nice(max(most, least)) if top is None or most > top else top
    end = end or least
    shapes = [_axes(end, span_s, written)]
    shapes += [_mark(mark, span_s) for mark in marks]
    shapes += [_line(line, end, span_s) for line in lines]
    picture = el(
        "svg",
        el("title", f"{title}: {meaning}"),
        *shapes,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )
    key = joined(
        el("span", el("span", class_=f"swatch {line.look}"), " ", line.name, class_="key")
        for line in lines
    )
    return el("figure", el("figcaption", el("b", title, title=meaning), " ", key), picture)


def _line(line: Line, end: float, span_s: float) -> Markup:
    runs: list[list[Point]] = []
    for point in line.points:
        if point.high is None or math.isinf(point.high):
            runs.append([])
        elif point.after_gap or not runs:
            runs.append([point])
        else:
            runs[-1].append(point)
    runs = [run for run in runs if run]
    shapes: list[Markup] = []
    if line.filled:
        areas = "".join(_area(run, end, span_s) for run in runs)
        shapes.append(el("path", d=areas, class_=f"area {line.look}"))
    drawn = "".join(_path(run, end, span_s) for run in runs)
    if drawn:
        shapes.append(el("path", d=drawn, class_=f"line {line.look}"))
    return joined(shapes)


def _path(run: Sequence[Point], end: float, span_s: float) -> str:
    parts: list[str] = []
    for point in run:
        x, high = _x(point.at, span_s), _y(point.high or 0.0, end)
        low = _y(point.high or 0.0 if point.low is None else point.low, end)
        parts.append(f"{x} {high}" if low == high else f"{x} {low}L{x} {high}")
    if len(run) == 1:
        parts.append(f"{_x(run[0].at, span_s)}.9 {_y(run[0].high or 0.0, end)}")
    return "M" + "L".join(parts)


def _area(run: Sequence[Point], end: float, span_s: float) -> str:
    tops = "L".join(f"{_x(p.at, span_s)} {_y(p.high or 0.0, end)}" for p in run)
    floor = _y(0.0, end)
    return f"M{_x(run[0].at, span_s)} {floor}L{tops}L{_x(run[-1].at, span_s)} {floor}Z"


def _mark(mark: Mark, span_s: float) -> Markup:
    x = _x(mark.at, span_s)
    foot = _TOP + _PLOT_H
    head = "l-4 -7h8z" if mark.kind == "alert" else "h-4v-7h8v7z"
    peak = f"M{x} {foot}V{_TOP}M{x} {_TOP}{head}"
    return el("g", el("title", mark.label), el("path", d=peak), class_=f"mark {mark.kind}")


def _axes(end: float, span_s: float, written: Callable[[float], str]) -> Markup:
    shapes: list[Markup] = []
    for share in (0.0, 0.5, 1.0):
        y = _y(end * share, end)
        shapes.append(el("path", d=f"M{_LEFT} {y}H{WIDTH - _RIGHT}", class_="grid"))
        shapes.append(
            el(
                "text",
                written(end * share),
                x=_LEFT - 4,
                y=f"{float(y) + 3:.0f}",
                text_anchor="end",
            )
        )
    step = next((s for s in _TIMES if span_s / s <= _MOST_TICKS), _days(span_s))
    for tick in range(int(span_s / step) + 1):
        x = _x(tick * step, span_s)
        label = units.age(tick * step) if tick else "0"
        shapes.append(el("text", label, x=x, y=HEIGHT - 5, text_anchor="middle"))
    return joined(shapes)


def _days(span_s: float) -> float:
    """Give the time between two ticks of a span so long that it is whole days."""
    return math.ceil(span_s / _MOST_TICKS / _DAY) * _DAY


def _x(at: float, span_s: float) -> str:
    share = min(1.0, max(0.0, at / span_s)) if span_s > 0 else 0.0
    return f"{_LEFT + share * _PLOT_W:.0f}"


def _y(value: float, end: float) -> str:
    share = min(1.0, max(0.0, value / end))
    return f"{_TOP + (1 - share) * _PLOT_H:.1f}".removesuffix(".0")


def _nice(value: float) -> float:
    """Give the next round number: 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 2.5, 5, 10) if value <= power * step * (1 + 1e-9))


def shares(parts: Sequence[tuple[str, float, str]]) -> Markup:
    """Give a bar cut into shares of 1, each with its name as its title.

    Args:
        parts: name, share, and the class that gives its colour.
    """
    done, shapes = 0.0, list[Markup]()
    for name, share, look in parts:
        title = el("title", f"{name} {units.share(share)}")
        rect = raw(
            f'<rect x="{done * 200:.1f}" y="0" width="{share * 200:.1f}" height="12" '
            f'class="{look}"/>'
        )
        shapes.append(el("g", title, rect))
        done += share
    said = ", ".join(f"{name} {units.share(share)}" for name, share, _ in parts)
    return el("svg", *shapes, viewBox="0 0 200 12", role="img", class_="bar", aria_label=said)


def pair(old: float | None, new: float | None, said: str) -> Markup:
    """Give two bars over one another, as long as one value is of the greater of both.

    Args:
        old: the upper one; None draws nothing.
        new: the lower one.
        said: both in words.
    """
    most = max(old or 0.0, new or 0.0)
    shapes = [
        el("rect", x=0, y=y, width=f"{100 * (value or 0.0) / most:.1f}", height=5, class_=look)
        for value, y, look in ((old, 0, "old"), (new, 6, "new"))
        if most > 0
    ]
    return el("svg", *shapes, viewBox="0 0 100 12", role="img", class_="pair", aria_label=said)
