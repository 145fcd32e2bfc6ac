"""What is told of a workload's request classes, now and at an instant of the past."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.snapshot import Snapshot, WorkloadSnapshot
from pooltop.present.blocks import lay_out
from pooltop.present.class_blocks import class_blocks
from pooltop.present.class_track import ClassTook
from pooltop.present.history import History
from pooltop.present.line import text_of
from pooltop.present.rewind import Rewind


def recorded(*durations: float) -> Histogram:
    recorder = Recorder()
    for duration in durations:
        recorder.record(duration)
    return recorder.freeze()


def cart(count: int, *, slow: int = 0) -> ClassSnapshot:
    """Give a class of requests of 100 ms each, a fifth of it in the queue; the slow ones of 1 s."""
    return ClassSnapshot(
        name="cart",
        sent=count + slow + 3,
        completed=count + slow,
        failed={"ECONNRESET": 2, "QueueTimeout": 1},
        unexpected={"status 503": 4},
        phases=PhaseDurations(
            queue=recorded(*[0.02] * count, *[0.2] * slow),
            wait=recorded(*[0.07] * count, *[0.7] * slow),
            total=recorded(*[0.1] * count, *[1.0] * slow),
        ),
    )


def instant(at: float, *classes: ClassSnapshot) -> Snapshot:
    workload = WorkloadSnapshot(
        name="browse",
        agent="a",
        target="x:80",
        state="running",
        pattern="open 10/s",
        rate=10.0,
        classes=classes,
        lateness=recorded(*[0.002] * int(at)),
    )
    return Snapshot(seq=int(at), at=at, wall_at=at, workloads=(workload,))


@pytest.fixture
def history() -> History:
    """Give a past in which a slow minute follows a fast one."""
    found = History()
    for second in range(1, 61):
        found.add(instant(float(second), cart(second)))
    for second in range(61, 121):
        found.add(instant(float(second), cart(60, slow=second - 60)))
    return found


def shown(
    *classes: ClassSnapshot, took: dict[str, ClassTook] | None = None, height: int = 20
) -> list[str]:
    blocks = class_blocks(classes, took or {}, 40)
    return [text_of(line) for line in lay_out(blocks, 90, height)]


def test_each_class_has_its_counts_causes_and_where_its_time_went() -> None:
    took = ClassTook(0.1, 0.2, 0.3, 0.1, (("start", 0.01), ("queue", 0.02), ("wait", 0.07)))
    lines = shown(cart(9), ClassSnapshot(name="pay\x1b[2J"), took={"cart": took})
    assert "REQUESTS     cart  sent 12  completed 9" == lines[0]
    text = " ".join(" ".join(lines).split())
    assert "failed 3 (" in text
    assert "ECONNRESET 2" in text
    assert "unexpected 4 (status 503 4)" in text
    assert (
        "p50 100ms p95 200ms p99 300ms mean 100ms o begun late 10% q queue 20% w wait 70%" in text
    )
    bar = next(line.strip() for line in lines if line.strip().startswith("ooo"))
    assert (4, 8, 27) == tuple(bar.count(letter) for letter in "oqw")
    assert "\x1b" not in text


def test_what_completed_nothing_says_nothing_of_time(history) -> None:
    assert {} == history.workload("none").classes(10.0, 60.0)
    assert ["REQUESTS     cart  sent 3  completed 0"] == [
        line.rstrip() for line in shown(replace(cart(0), failed={}, unexpected={}))
    ]


def test_a_window_has_what_was_completed_in_it_at_every_instant_of_the_past(history) -> None:
    track = history.workload("browse")
    for at, total in ((40.0, 0.1), (120.0, 1.0)):
        took = track.classes(at, 30.0)["cart"]
        assert total == pytest.approx(took.mean, rel=0.01)
        assert [total] * 3 == pytest.approx([took.p50, took.p95, took.p99], rel=0.01)
        assert ["start", "queue", "wait"] == [phase for phase, _ in took.spent]
        assert took.mean == pytest.approx(sum(seconds for _, seconds in took.spent))
        assert total / 5 == pytest.approx(took.spent[1][1], rel=0.01)


def test_what_was_done_before_anybody_watched_is_not_taken_for_the_windows() -> None:
    history = History()
    history.add(instant(1.0, cart(60)))
    history.add(instant(3.0, cart(60, slow=2)))
    assert 1.0 == pytest.approx(history.workload("browse").classes(3.0, 60.0)["cart"].p50, rel=0.01)


def test_how_late_arrivals_were_begun_is_of_the_window(history) -> None:
    error = history.workload("browse").start_error(120.0, 30.0)
    assert error is not None
    assert (0.002, 0.002) == pytest.approx((error.p50, error.p99), rel=0.01)
    assert History().workload("browse").start_error(120.0, 30.0) is None


def test_an_instant_of_the_past_has_its_counts() -> None:
    rewind = Rewind()
    rewind.add(instant(1.0, cart(9)))
    (then,) = rewind.at(0).workloads[0].classes
    assert replace(cart(9), phases=PhaseDurations()) == then


def test_where_there_is_little_room_nothing_of_one_class_stands_behind_another() -> None:
    quiet = ClassSnapshot(name="quiet", sent=1)
    for height in range(1, 6):
        line = shown(quiet, cart(9), height=height)[0]
        assert "REQUESTS     quiet  sent 1  completed 0" == line
