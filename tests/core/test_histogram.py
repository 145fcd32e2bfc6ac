"""Durations in buckets: bounded error, sums that add up, and no value that breaks them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.histogram import (
    GROWTH,
    MOST_COUNT,
    SMALLEST_S,
    Histogram,
    Recorder,
    value_of,
)

durations = st.floats(min_value=SMALLEST_S, max_value=999.0)


def _of(*values):
    recorder = Recorder()
    for value in values:
        recorder.record(value)
    return recorder.freeze()


def _bucket(duration):
    picture = _of(duration)
    assert (1, [1]) == (picture.count, [*picture.buckets.values()])
    return next(iter(picture.buckets))


@given(durations)
def test_a_representative_is_within_one_percent(duration):
    assert math.isclose(duration, value_of(_bucket(duration)), rel_tol=math.sqrt(GROWTH) - 0.999)


@given(st.lists(durations, min_size=1, max_size=50), st.floats(0, 1))
def test_a_quantile_is_within_one_percent_of_the_exact_one(values, q):
    exact = sorted(values)[max(1, math.ceil(q * len(values))) - 1]
    assert math.isclose(exact, _of(*values).quantile(q), rel_tol=0.011)


@given(st.lists(durations), st.lists(durations))
def test_two_histograms_add_up_and_come_apart(first, second):
    one, both = _of(*first), _of(*first, *second)
    assert both.buckets == one.plus(_of(*second)).buckets
    later = both.since(one)
    assert (len(second), _of(*second).buckets) == (later.count, later.buckets)
    assert math.isclose(sum(second), later.sum_s, abs_tol=1e-6)


@given(st.floats(min_value=-1e9, max_value=1e9))
def test_no_duration_is_lost(duration):
    assert _bucket(duration) >= 0


@pytest.mark.parametrize(
    ("duration", "bucket"),
    [(-1.0, 0), (0.0, 0), (1e-9, 0), (SMALLEST_S, 0), (1e3, 1056), (1e9, 1761)],
)
def test_what_is_below_the_range_counts_in_the_first_bucket_and_above_there_is_no_end(
    duration, bucket
):
    assert bucket == _bucket(duration)


def test_a_negative_duration_counts_as_none():
    picture = _of(-5.0, 1.0)
    assert (2, 1.0) == (picture.count, picture.sum_s)


def test_nothing_recorded_has_no_quantile_and_no_mean():
    assert Histogram().quantile(0.5) is None


@given(
    st.dictionaries(st.integers(0, 1761), st.integers(1, 2**63) | st.just(0xFFFF), max_size=9),
    st.floats(0, 1e9),
)
def test_packed_counts_of_any_size_come_back_in_their_order(buckets, sum_s):
    picture = Histogram.of(buckets, sum_s)
    assert [*buckets.items()] == [*picture.buckets.items()]
    assert (sum(buckets.values()), sum_s) == (picture.count, picture.sum_s)
    assert picture.is_sound is (picture.count <= MOST_COUNT)


@pytest.mark.parametrize(
    "picture",
    [
        Histogram(1, 0.0, b"\x01", b"\x01\x00"),
        Histogram(1, 0.0, b"\x01\x00", b""),
        Histogram(1, 0.0, b"", b"\x01\x00"),
        Histogram(1, 0.0, b"\x01\x00\x02\x00", b"\x01\x00\x00\x00\x00\x00"),
        Histogram(2, 0.0, b"\x01\x00", b"\x01\x00"),
        Histogram(1, 0.0, b"\xff\xff", b"\x01\x00"),
    ],
    ids=["half an index", "no count", "no index", "between sizes", "another sum", "no such bucket"],
)
def test_what_no_recorder_made_is_not_sound(picture):
    assert not picture.is_sound


def test_a_recorder_gives_the_same_picture_until_more_is_recorded():
    recorder = Recorder()
    recorder.record(0.5)
    first = recorder.freeze()
    assert recorder.freeze() is first
    assert {0: 3, **first.buckets} == recorder.freeze(zeros=3).buckets
    recorder.record(0.0)
    assert 5 == recorder.freeze(zeros=3).count
    assert 4 == recorder.freeze(zeros=3).buckets[0]
