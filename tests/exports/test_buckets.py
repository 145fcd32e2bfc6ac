"""From our buckets to OpenTelemetry's."""

from __future__ import annotations

import itertools

import pytest

from pooltop.core.histogram import GROWTH, Recorder
from pooltop.exports.buckets import BOUNDS, LONG_BOUNDS, counts_of


def test_every_duration_is_in_one_bucket_and_the_last_is_above_all() -> None:
    recorder = Recorder()
    for duration in (0.0, 1e-9, 0.004, 0.006, 0.3, 9.0, 11.0, 1e6):
        recorder.record(duration)

    assert [3, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2] == counts_of(recorder.freeze())


@pytest.mark.parametrize(
    ("bounds", "bound"), [(each, bound) for each in (BOUNDS, LONG_BOUNDS) for bound in each]
)
def test_a_duration_one_per_cent_from_a_bound_is_on_its_own_side(
    bounds: tuple[float, ...], bound: float
) -> None:
    half = GROWTH**0.5
    below, above = Recorder(), Recorder()
    below.record(bound / half / 1.0001)
    above.record(bound * half * 1.0001)
    place = bounds.index(bound)

    assert 1 == list(itertools.accumulate(counts_of(below.freeze(), bounds)))[place]
    assert 0 == list(itertools.accumulate(counts_of(above.freeze(), bounds)))[place]
