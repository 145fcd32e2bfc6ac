"""The past as whole snapshots: what is kept, at which resolution, and what is said of the rest."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import Snapshot
from pooltop.present import rewind
from pooltop.present.rewind import Rewind

if TYPE_CHECKING:
    from conftest import Make


def _snapshot(make: Make, at: float) -> Snapshot:
    return make.snapshot(at, make.agent(make.origin(use=2, completed=int(at * 10))))


def _filled(make: Make, times: list[float], **how: int) -> Rewind:
    kept = Rewind(**how)
    for at in times:
        kept.add(_snapshot(make, at))
    return kept


def _every(step: float, seconds: float) -> list[float]:
    return [100.0 + n * step for n in range(int(seconds / step) + 1)]


def test_every_instant_comes_back_as_it_was(make: Make) -> None:
    times = _every(0.5, 20)
    kept = _filled(make, times)

    assert tuple(times) == kept.instants
    for index, at in enumerate(times):
        assert _snapshot(make, at) == kept.at(index)
    assert kept.at(-1) == kept.before(1e9)
    assert kept.at(0) == kept.after(-1e9)


def test_histograms_are_kept_only_while_an_edit_is_measured_by_them(make: Make) -> None:
    edit = EditRecord(
        number=1,
        at=100.0,
        wall_at=0.0,
        agent="one",
        option="max_sockets",
        before=4.0,
        after=9.0,
        by="operator",
    )
    kept = Rewind()
    for at in (99.0, 129.0, 131.0):
        edits = (edit,) if at > edit.at else ()
        agents = (make.agent(make.origin(waits=[0.1])), make.agent(make.origin(), name="two"))
        kept.add(structs.replace(make.snapshot(at, *agents), edits=edits))

    found = [kept.at(index).agents[0].origins[0].latency for index in range(3)]
    assert [0, 1, 0] == [latency.queue.count for latency in found]


def test_of_a_workload_no_histogram_is_kept_unless_a_card_asks_for_it(
    make: Make,
) -> None:
    some = Histogram.of({9: 1})
    load = make.workload(
        latency=some,
        lateness=some,
        classes=(ClassSnapshot(name="page", completed=1, phases=PhaseDurations(total=some)),),
    )
    kept = Rewind()
    kept.add(structs.replace(make.snapshot(99.0, make.agent()), workloads=(load,)))

    (found,) = kept.at(0).workloads
    assert (Histogram(), Histogram()) == (found.latency, found.lateness)
    assert (ClassSnapshot(name="page", completed=1),) == found.classes


def test_a_reader_walks_from_instant_to_instant_and_stops_at_the_ends(make: Make) -> None:
    kept = _filled(make, [1.0, 2.0, 4.0])

    assert [None, 1.0, 1.0, 2.0, 4.0] == [
        None if found is None else found.at for found in map(kept.before, (1.0, 1.5, 2.0, 2.5, 9.0))
    ]
    assert [1.0, 2.0, 4.0, None, None] == [
        None if found is None else found.at for found in map(kept.after, (0.0, 1.0, 2.5, 4.0, 9.0))
    ]
    assert [1.0, 2.0, 2.0, None, None] == [kept.resolution_at(at) for at in (1.0, 2.0, 4.0, 0.5, 5)]


def test_without_a_past_there_is_nothing_to_find() -> None:
    kept = Rewind()
    assert (None, None, None, "", ()) == (
        kept.before(1.0),
        kept.after(1.0),
        kept.resolution_at(1.0),
        kept.loss_at(1.0),
        kept.instants,
    )
    with pytest.raises(IndexError):
        kept.at(0)


def test_what_is_older_than_ten_minutes_is_forgotten(make: Make) -> None:
    kept = _filled(make, _every(10, 900))

    assert kept.instants[-1] - 600.0 == kept.instants[0]
    assert "" == kept.loss_at(kept.instants[0])  # as was promised: nothing is amiss


@pytest.mark.parametrize("interval_s", [0.25, 0.5, 0.7, 1.0, 3.0])
def test_of_what_is_older_than_a_minute_one_instant_a_second_is_kept(
    make: Make, interval_s: float
) -> None:
    times = _every(interval_s, 300)
    kept = _filled(make, times).instants

    newest = [at for at in times if at >= times[-1] - 60]
    older = [at for at in kept if at < newest[0]]
    assert newest == list(kept[-len(newest) :])
    assert times[0] == older[0]
    gaps = {round(b - a, 6) for a, b in pairwise(older)}
    assert {max(1.0, interval_s)} == gaps or {0.7} == gaps


def test_a_time_that_goes_back_is_a_new_engine(make: Make) -> None:
    kept = _filled(make, [5.0, 6.0, 1.0])
    assert (1.0,) == kept.instants


def test_a_second_picture_of_one_instant_replaces_the_first(make: Make) -> None:
    kept = _filled(make, [5.0])
    assert 1 != kept.at(0).agents[0].origins[0].active
    kept.add(make.snapshot(5.0, make.agent(make.origin(use=1))))

    assert 1 == len(kept)
    assert 1 == kept.at(0).agents[0].origins[0].active


def test_the_memory_it_tells_is_what_its_instants_take(make: Make) -> None:
    one = _filled(make, [1.0]).memory_bytes
    kept = _filled(make, _every(1, 1000))
    assert abs(kept.memory_bytes - one * len(kept)) < one * len(kept) * 0.1


def _coarsest(kept: Rewind, first: float, last: float) -> float:
    times = [at for at in kept.instants if first <= at <= last]
    return max(b - a for a, b in pairwise(times))


@pytest.mark.parametrize(
    ("share", "oldest_s", "newest_s"),
    [(1.05, 1.0, 0.5), (0.8, 2.0, 0.5), (0.54, 4.0, 0.5), (0.36, 8.0, 0.5)],
)
def test_over_its_memory_the_oldest_becomes_coarser_and_the_newest_minute_does_not(
    make: Make, share: float, oldest_s: float, newest_s: float
) -> None:
    times = _every(0.5, 590)
    whole = _filled(make, times).memory_bytes
    kept = _filled(make, times, budget_bytes=int(whole * share))

    assert kept.memory_bytes <= whole * share
    assert (times[0], times[-1]) == (kept.instants[0], kept.instants[-1])
    assert newest_s == _coarsest(kept, times[-1] - 55, times[-1])
    assert oldest_s == _coarsest(kept, times[0], times[0] + 60)
    resolutions = [round(kept.resolution_at(times[0] + s) or 0) for s in range(5, 585, 30)]
    assert sorted(resolutions, reverse=True) == resolutions


def test_with_very_little_memory_the_newest_minute_goes_too_and_then_the_oldest(
    make: Make,
) -> None:
    times = _every(0.5, 590)
    one = _filled(make, times[:1]).memory_bytes
    kept = _filled(make, times, budget_bytes=one * 30)

    assert kept.memory_bytes <= one * 30
    assert times[-1] == kept.instants[-1]
    assert kept.instants[0] > times[0]
    assert _coarsest(kept, times[-1] - 59, times[-1]) > 1.0


def test_one_instant_is_kept_however_large(make: Make) -> None:
    kept = _filled(make, [1.0, 2.0], budget_bytes=1)
    assert (2.0,) == kept.instants


def test_what_is_lost_is_said_in_words(make: Make) -> None:
    times = _every(0.5, 590)
    whole = _filled(make, times).memory_bytes
    kept = _filled(make, times, budget_bytes=int(whole * 0.54))
    full = f"the memory for the past ({int(whole * 0.54) / 2**20:.3g} MiB) is full"

    assert f"one instant in 4.0s is kept of this time: {full}" == kept.loss_at(times[0] + 20)
    assert "" == kept.loss_at(times[-1])
    poor = _filled(make, times, budget_bytes=int(whole * 0.02))
    assert poor.loss_at(poor.instants[0]).startswith("what was before is gone: ")


def test_large_instants_are_taken_once_a_second(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewind, "_LARGE_BYTES", 10)
    kept = _filled(make, _every(0.25, 10))
    assert tuple(_every(1.0, 10)) == kept.instants
