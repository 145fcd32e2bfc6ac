"""The page: a run from its verdict down to the definition of every number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import OriginSnapshot, Snapshot
from pooltop.core.thresholds import overall
from pooltop.present import units
from pooltop.present.delivery import shortfalls
from pooltop.present.export import Picture
from pooltop.present.history import HostId
from pooltop.present.hosts import names_of
from pooltop.present.report import tables
from pooltop.present.report.document import document, section
from pooltop.present.report.gather import Gathering
from pooltop.present.report.glossary import DEFINITIONS, PHASES
from pooltop.present.report.markup import Markup, el, joined
from pooltop.present.report.plot import Line, Look, Mark, Point, plot
from pooltop.present.report.series import Cell, Span
from pooltop.present.thresholds import overall_words

MOST_PLOTTED = 40
"""Hosts with plots, those with the most requests; of the others there are the numbers."""
_LEAST_S = 0.001
"""The shortest axis of durations: less is the event loop's own."""
_MOST_MARKS = 60
"""Of one plot."""


class About(NamedTuple):
    """What the run was, as far as whoever has the page made knows it."""

    facts: tuple[tuple[str, str], ...] = ()
    """Name and value: of the machine and the program."""
    notes: tuple[str, ...] = ()
    """What is wrong with what the page was made from."""


def page(gathering: Gathering, about: About) -> str:
    """Give the page of a run that has a picture."""
    last = gathering.last
    assert last is not None
    sections = [
        _head(gathering, last, about),
        section("Thresholds", tables.thresholds(last)),
        section("Hosts", tables.hosts(gathering, last)),
        section("undici", tables.dispatchers(last)),
        section("Over time", _plots(gathering, last)),
        section("Workloads", tables.workloads(last)),
        section("Request classes", _classes(last)),
        section("Errors by cause", tables.errors(last)),
        section("Edits", _edits(gathering, last)),
        section("Alerts", _alerts(gathering)),
        section("Advice", tables.advice(gathering, last)),
        section("Options", _options(last)),
        section("What the run was", _facts(gathering, last, about)),
        section("What the numbers are", _glossary()),
    ]
    return document(f"pooltop: {last.profile} at {Picture('', last.wall_at).instant}", sections)


def _head(gathering: Gathering, last: Snapshot, about: About) -> Markup:
    origins = [origin for agent in last.agents for origin in agent.origins]
    latency = _together(origins, lambda origin: origin.latency.total)
    waits = _together(origins, lambda origin: origin.latency.queue)
    completed = sum(origin.counters.completed for origin in origins)
    first = () if gathering.first is None else gathering.first.agents
    before = sum(origin.counters.completed for agent in first for origin in agent.origins)
    span_s = gathering.elapsed_s
    facts = [
        ("completed", units.count(completed)),
        ("req/s", units.rate((completed - before) / span_s if span_s > 0 else None)),
        ("errors", units.share(tables.error_share(*origins))),
        ("p50", units.duration(latency.quantile(0.5))),
        ("p95", units.duration(latency.quantile(0.95))),
        ("p99", units.duration(latency.quantile(0.99))),
        ("queue wait", units.duration(waits.quantile(0.95))),
        ("dropped", units.count(sum(each.dropped for each in last.workloads))),
        ("late", units.count(sum(each.late for each in last.workloads))),
    ]
    boxes = (el("div", name, el("b", value), title=DEFINITIONS[name]) for name, value in facts)
    ended = Picture("", last.wall_at).instant
    environment = "" if last.environment is None else f", {last.environment}"
    return el(
        "header",
        el("h1", last.profile, " ", _verdict(last)),
        el("p", f"ended {ended}, after {span_s:.0f} s{environment}"),
        *(el("p", note, class_="note") for note in (*_undelivered(last), *about.notes)),
        el("div", *boxes, class_="facts"),
    )


def _verdict(last: Snapshot) -> Markup:
    # A load that is over has judged what it could: what is not known is of one that was not.
    verdict = overall(last.thresholds, is_over=False)
    if verdict is None:
        return Markup("")
    words, ink = overall_words(verdict)
    return el("span", words, class_=ink)


def _undelivered(last: Snapshot) -> Iterable[str]:
    for each in last.workloads:
        for shortfall in shortfalls(each, last.max_rate):
            yield f"{each.name} {shortfall}"


def _together(
    origins: Iterable[OriginSnapshot], of: Callable[[OriginSnapshot], Histogram]
) -> Histogram:
    return Histogram.total(map(of, origins))


# Over time


def _plots(gathering: Gathering, last: Snapshot) -> Markup:
    names, done = names_of(last), _requests(last)
    there = sorted(
        (host for host in gathering.hosts if host in names), key=lambda host: -done[host]
    )
    parts = [_host_plots(gathering, host, str(names[host])) for host in there[:MOST_PLOTTED]]
    left = len(gathering.hosts) + gathering.forgotten - len(parts)
    if left:
        parts.append(el("p", f"{left} more hosts, with fewer requests or gone, have no plots"))
    return joined(parts)


def _requests(last: Snapshot) -> dict[HostId, int]:
    return {
        HostId(agent.name, origin.key): origin.counters.submitted
        for agent in last.agents
        for origin in agent.origins
    }


def _host_plots(gathering: Gathering, host: HostId, name: str) -> Markup:
    cells = list(gathering.hosts[host].cells.values())
    span_s = max(gathering.elapsed_s, gathering.step_s)
    marks = _marks(gathering, host)

    def levels(title: str, look: Look, of: Callable[[Cell], Span], *, filled: bool = False) -> Line:
        points = [Point(c.at, of(c).low, of(c).high, c.after_gap) for c in cells]
        return Line(title, look, points, filled)

    def quantile(title: str, look: Look, q: float, of: Callable[[Cell], Histogram]) -> Line:
        points = [Point(c.at, None, of(c).quantile(q), c.after_gap) for c in cells]
        return Line(title, look, points)

    limits = [c.limit.high for c in cells if not math.isinf(c.limit.high)]
    sockets = [
        levels("in use", "a", lambda c: c.used, filled=True),
        levels("free", "b", lambda c: c.free),
        *([levels("limit", "limit", lambda c: c.limit)] if limits else ()),
    ]
    queued = [levels("queued", "a", lambda c: c.queued, filled=True)]
    waits = [quantile("p95", "a", 0.95, lambda c: c.waits)]
    took = [
        quantile("p50", "a", 0.5, lambda c: c.took),
        quantile("p95", "b", 0.95, lambda c: c.took),
        quantile("p99", "c", 0.99, lambda c: c.took),
    ]
    of_sockets = f"{DEFINITIONS['in use']} {DEFINITIONS['free']}"
    top = max(limits, default=None)
    draw = partial(plot, span_s=span_s, marks=marks)
    shown = [
        draw("sockets", of_sockets, sockets, top=top, written=_level),
        *_streams(cells, draw),
        draw("queue", DEFINITIONS["queued"], queued, written=_level),
        draw("queue wait", DEFINITIONS["queue wait"], waits, least=_LEAST_S, written=_time),
        draw("latency", DEFINITIONS["latency"], took, least=_LEAST_S, written=_time),
    ]
    heading = f"{host.agent}  {name}" if host.agent not in name else name
    return joined([el("h3", heading), el("div", *shown, class_="plots")])


def _streams(cells: list[Cell], draw: Callable[..., Markup]) -> list[Markup]:
    """Give the plot of a host's streams under their cap; none where there was no session."""
    if all(cell.streams is None for cell in cells):
        return []
    opened = [_point(cell, cell.streams) for cell in cells]
    caps = [_point(cell, cell.cap) for cell in cells]
    finite = [cap.high for cap in caps if cap.high is not None and not math.isinf(cap.high)]
    lines = [Line("open", "a", opened, True), *([Line("cap", "limit", caps)] if finite else ())]
    top = max(finite, default=None)
    return [draw("streams", DEFINITIONS["streams"], lines, top=top, written=_level)]


def _point(cell: Cell, span: Span | None) -> Point:
    low, high = (None, None) if span is None else (span.low, span.high)
    return Point(cell.at, low, high, cell.after_gap)


def _level(value: float) -> str:
    """Write a number on an axis, halves too."""
    return f"{value:g}" if value < 1000 else units.count(value)


def _time(seconds: float) -> str:
    """Write a duration on an axis, exactly: half of 2.5 s is no 1.2 s."""
    if not seconds:
        return "0"
    return f"{seconds * 1000:g}ms" if seconds < 1 else f"{seconds:g}s"


def _marks(gathering: Gathering, host: HostId) -> list[Mark]:
    began = 0.0 if gathering.first is None else gathering.first.at
    used = () if gathering.last is None else gathering.last.workloads
    agents = {each.name: each.agent for each in used}
    found = [
        Mark(edit.at - began, "edit", f"E{number}")
        for number, edit in gathering.edits.items()
        if host.agent == (edit.agent or agents.get(edit.workload)) and edit.at >= began
    ]
    found += [
        Mark(each.at, "alert", f"A{number} {each.text}")
        for number, each in enumerate(gathering.alerts, 1)
        if each.host in (None, host)
    ]
    return found[:_MOST_MARKS]


# The rest


def _classes(last: Snapshot) -> Markup:
    found = tables.classes(last)
    return joined([tables.phase_key(), found]) if found else found


def _edits(gathering: Gathering, last: Snapshot) -> Markup:
    found = tables.edits(gathering, last)
    earlier = len(gathering.edits) - len(last.edits)
    return joined([found, el("p", f"{earlier} earlier ones")]) if found and earlier else found


def _alerts(gathering: Gathering) -> Markup:
    found = tables.alerts(gathering)
    more = gathering.untold_alerts
    return joined([found, el("p", f"and {more} more")]) if more else found


def _options(last: Snapshot) -> Markup:
    return joined(
        el("details", el("summary", f"agent {name}"), options)
        for name, options in tables.options(last)
    )


def _facts(gathering: Gathering, last: Snapshot, about: About) -> Markup:
    first = gathering.first
    process = last.process
    facts = [
        ("profile", last.profile),
        ("environment", last.environment or units.NONE),
        ("began", units.NONE if first is None else Picture("", first.wall_at).instant),
        ("watched", f"{gathering.elapsed_s:.1f} s"),
        ("a column of time", f"{gathering.step_s:g} s"),
        ("open files", f"{units.count(process.open_fds)} of {units.count(process.max_fds)}"),
        ("engine's CPU time", f"{process.cpu_s:.1f} s"),
        *about.facts,
    ]
    return el("dl", *(joined([el("dt", name), el("dd", value)]) for name, value in facts))


def _glossary() -> Markup:
    told = DEFINITIONS | PHASES
    return el("dl", *(joined([el("dt", name), el("dd", said)]) for name, said in told.items()))
