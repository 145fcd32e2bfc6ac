"""What changed between two runs: two summaries in, rows out.

Rules of this file:
- Counts are taken from a run's first picture to its last, and compared as rates and shares: runs
  need not be equally long.
- What several hosts, workloads or classes have is put together by histogram, never by quantile.
- A difference is called one only where it can be: see ``measures``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from pooltop.core.causes import Cause, cause_of
from pooltop.core.class_snapshot import PHASES, ClassSnapshot
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.present.clean import clean
from pooltop.present.compare_options import Difference, differences
from pooltop.present.labels import label_of
from pooltop.present.measures import Measure, Row, quantile, rate, row_of, share

T = TypeVar("T")
ALL_HOSTS = "all hosts"
_ANSWERED = "answered 5xx"


class Run(NamedTuple):
    """One run: its first picture and its last."""

    first: Snapshot
    last: Snapshot

    @property
    def elapsed_s(self) -> float:
        """Seconds from the one to the other."""
        return self.last.at - self.first.at


class Comparison(NamedTuple):
    """All that is to say of two runs."""

    differences: tuple[Difference, ...]
    """Of what was set, edited and had to hold."""
    rows: tuple[Row, ...]
    """All hosts together, each host, each workload and each class."""


def compare(old: Run, new: Run) -> Comparison:
    """Give what there is to say of two runs."""
    hosts, loads = (_hosts(old), _hosts(new)), (_loads(old), _loads(new))
    sections: list[tuple[str, _Numbers, _Numbers]] = [
        (
            ALL_HOSTS,
            _host_numbers([*hosts[0].values()], old.elapsed_s),
            _host_numbers([*hosts[1].values()], new.elapsed_s),
        )
    ]
    moved = _moved(*hosts)
    for names, one, other in _pairs(*hosts, moved=moved):
        sections.append(
            (
                f"host {names}",
                _host_numbers(one, old.elapsed_s),
                _host_numbers(other, new.elapsed_s),
            )
        )
    for name, load, other_load in _pairs(*loads):
        sections.append(
            (
                f"workload {name}",
                _load_numbers(load, old.elapsed_s),
                _load_numbers(other_load, new.elapsed_s),
            )
        )
        for label, each, other_each in _pairs(_classes(load), _classes(other_load)):
            sections.append(
                (
                    f"class {name}/{label}",
                    _class_numbers(each, old.elapsed_s),
                    _class_numbers(other_each, new.elapsed_s),
                )
            )
    rows = [
        row
        for section, before, after in sections
        for name in dict.fromkeys((*before, *after))
        if (row := row_of(section, name, _number(before, name), _number(after, name))) is not None
    ]
    elsewhere = {*moved, *moved.values()}

    def host_name(agent: str, origin: OriginSnapshot) -> str:
        name = _host_name(agent, origin)
        return name[2] if name in elsewhere else name[1]

    return Comparison(tuple(differences(old.last, new.last, host_name)), tuple(rows))


_Numbers = Mapping[str, Measure]
_OF_CAUSE = "errors: "


_RARE: dict[str, Callable[[WorkloadSnapshot], int]] = {
    "held": lambda load: load.held,
    "paced": lambda load: load.paced,
}
"""Shares of what a workload offered that are told where there are any."""


def _number(numbers: _Numbers, name: str) -> Measure | None:
    """Give a number; None where it is not there. A share that is told only where there is one is 0.

    That is one of the causes of failures, or of what kept a load back.
    """
    found = numbers.get(name)
    beside = "errors" if name.startswith(_OF_CAUSE) else "dropped" if name in _RARE else ""
    if found is None and beside in numbers:
        return share(0, numbers[beside].of)
    return found


@dataclass(frozen=True, slots=True)
class _Counted(Generic[T]):
    """Something that counts, at the first picture and at the last."""

    now: T
    before: T | None
    """None where it was not there yet, or began anew in between."""

    def count(self, of: Callable[[T], int]) -> int:
        """Give how many more there are; none where a file says that there are fewer."""
        return max(0, of(self.now) - (0 if self.before is None else of(self.before)))

    def durations(self, of: Callable[[T], Histogram]) -> Histogram:
        return of(self.now).since(Histogram() if self.before is None else of(self.before))

    def counts(self, of: Callable[[T], Mapping[str, int]]) -> Counter[str]:
        gained = Counter(of(self.now))
        gained.subtract({} if self.before is None else of(self.before))
        return gained


def _total(items: Iterable[_Counted[T]], of: Callable[[T], int]) -> int:
    return sum(each.count(of) for each in items)


def _together(items: Iterable[_Counted[T]], of: Callable[[T], Histogram]) -> Histogram:
    return Histogram.total(each.durations(of) for each in items)


def _host_numbers(items: Sequence[_Counted[OriginSnapshot]], elapsed_s: float) -> _Numbers:
    if not items:
        return {}
    latency = _together(items, lambda host: host.latency.total)
    queue = _together(items, lambda host: host.latency.queue)
    assigned = _total(items, lambda host: host.counters.assigned)
    completed = _total(items, lambda host: host.counters.completed)
    causes = _causes(
        [each.counts(lambda host: host.counters.failed) for each in items],
        _total(items, lambda host: _answered(host.counters.statuses)),
    )
    return {
        "completed": rate(completed, elapsed_s),
        **_errors(causes, completed),
        **_quantiles("latency", latency),
        "queue wait p95": quantile(queue, 0.95),
        "queue wait p99": quantile(queue, 0.99),
        "connect p95": quantile(_together(items, lambda host: host.latency.connect), 0.95),
        "reuse": share(_total(items, lambda host: host.counters.reused), assigned, wanted="more"),
        "opened": rate(_total(items, lambda host: host.counters.opened), elapsed_s),
    }


def _load_numbers(items: Sequence[_Counted[WorkloadSnapshot]], elapsed_s: float) -> _Numbers:
    if not items:
        return {}
    offered = _total(items, lambda load: load.offered)
    start_error = _together(items, lambda load: load.lateness)
    return {
        "offered": rate(offered, elapsed_s),
        "completed": rate(_total(items, lambda load: load.completed), elapsed_s),
        "dropped": share(_total(items, lambda load: load.dropped), offered),
        **{
            name: share(number, offered)
            for name, of in _RARE.items()
            if (number := _total(items, of))
        },
        "late": share(_total(items, lambda load: load.late), offered),
        "start error p99": quantile(start_error, 0.99),
        **_quantiles("latency", _together(items, lambda load: load.latency)),
    }


def _class_numbers(items: Sequence[_Counted[ClassSnapshot]], elapsed_s: float) -> _Numbers:
    if not items:
        return {}
    completed = _total(items, lambda each: each.completed)
    causes = _causes(
        [each.counts(lambda one: one.failed) for each in items],
        _total(items, lambda each: _answered(each.statuses)),
    )
    unexpected = _total(items, lambda each: sum(each.unexpected.values()))
    if unexpected:
        causes[Cause.UNEXPECTED] = unexpected
    phases = {
        f"{name} p95": quantile(_together(items, _durations_of(name)), 0.95) for name in PHASES
    }
    return {
        "completed": rate(completed, elapsed_s),
        **_errors(causes, completed),
        **_quantiles("latency", _together(items, lambda each: each.phases.total)),
        **phases,
    }


def _durations_of(phase: str) -> Callable[[ClassSnapshot], Histogram]:
    def durations(each: ClassSnapshot) -> Histogram:
        found = getattr(each.phases, phase)
        assert isinstance(found, Histogram)
        return found

    return durations


def _quantiles(name: str, durations: Histogram) -> _Numbers:
    return {f"{name} p{q * 100:.0f}": quantile(durations, q) for q in (0.5, 0.95, 0.99)}


def _errors(causes: Mapping[str, int], completed: int) -> _Numbers:
    """Give the share of what ended that was no success, and of what."""
    answered, unexpected = causes.get(_ANSWERED, 0), causes.get(Cause.UNEXPECTED, 0)
    failed = sum(causes.values()) - answered - unexpected
    ended = completed + failed
    # An unexpected answer may be one of the 5xx: what it was is not told.
    return {
        "errors": share(failed + max(answered, unexpected), ended),
        **{f"{_OF_CAUSE}{cause}": share(n, ended) for cause, n in causes.items()},
    }


def _causes(failed: Iterable[Mapping[str, int]], answered: int) -> dict[str, int]:
    """Give how many failed of which cause, those of a stop left out."""
    found: Counter[str] = Counter()
    for outcomes in failed:
        for outcome, number in outcomes.items():
            if number > 0 and cause_of(outcome) is not Cause.STOPPED:
                found[cause_of(outcome).value] += number
    if answered:
        found[_ANSWERED] = answered
    return dict(found)


def _answered(statuses: Mapping[int, int]) -> int:
    return sum(number for status, number in statuses.items() if status >= 500)


# Which is which


def _hosts(run: Run) -> dict[tuple[str, ...], _Counted[OriginSnapshot]]:
    before = {
        (agent.name, origin.key): origin for agent in run.first.agents for origin in agent.origins
    }
    return {
        _host_name(agent.name, origin): _counted(
            origin, before.get((agent.name, origin.key)), lambda host: host.counters.submitted
        )
        for agent in run.last.agents
        for origin in agent.origins
    }


def _counted(now: T, before: T | None, submitted: Callable[[T], int]) -> _Counted[T]:
    """Give both, if it is the same that counted: nothing that only grows can have become less.

    A host that an agent forgot begins at nothing, and so does a second run in the same file.
    """
    if before is not None and submitted(before) > submitted(now):
        before = None
    return _Counted(now, before)


def _host_name(agent: str, origin: OriginSnapshot) -> tuple[str, str, str]:
    return clean(agent), str(label_of(origin)), clean(origin.host)


def _loads(run: Run) -> dict[tuple[str, ...], _Counted[WorkloadSnapshot]]:
    before = {each.name: each for each in run.first.workloads}
    return {
        (clean(each.name),): _counted(each, before.get(each.name), lambda load: load.offered)
        for each in run.last.workloads
    }


def _classes(
    loads: Sequence[_Counted[WorkloadSnapshot]],
) -> dict[tuple[str, ...], _Counted[ClassSnapshot]]:
    found: dict[tuple[str, ...], _Counted[ClassSnapshot]] = {}
    for load in loads:
        before = {} if load.before is None else {each.name: each for each in load.before.classes}
        for each in load.now.classes:
            found[(clean(each.name),)] = _counted(each, before.get(each.name), lambda one: one.sent)
    return found


def _pairs(
    old: Mapping[tuple[str, ...], _Counted[T]],
    new: Mapping[tuple[str, ...], _Counted[T]],
    *,
    moved: Mapping[tuple[str, ...], tuple[str, ...]] = MappingProxyType({}),
) -> Iterator[tuple[str, list[_Counted[T]], list[_Counted[T]]]]:
    """Give what is the same in both runs together, each by its name; ``moved`` has two."""
    for name in dict.fromkeys((*old, *new)):
        if name in moved.values():
            continue
        other = moved.get(name, name)
        shown = " ".join(name[:2]) if other == name else f"{name[0]} {name[2]}"
        yield (
            shown,
            [old[name]] if name in old else [],
            [new[other]] if other in new else [],
        )


def _moved(
    old: Mapping[tuple[str, ...], object], new: Mapping[tuple[str, ...], object]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Give the old name and the new one of hosts whose port alone is another.

    As that of a demo server is in each run, if nothing else of its agent has its name.
    """
    moved = {}
    for name in old.keys() - new.keys():
        likely = [other for other in new.keys() - old.keys() if _is_moved(name, other)]
        alike = [other for other in old.keys() - new.keys() if _is_moved(name, other)]
        if len(likely) == 1 and alike == [name]:
            moved[name] = likely[0]
    return moved


def _is_moved(name: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return (name[0], name[2]) == (other[0], other[2])
