"""All that must hold, on page 4: in order, in columns, in the room that there is."""

from __future__ import annotations

import pytest

from pooltop.core.thresholds import ThresholdState, Where
from pooltop.present.line import text_of, width_of
from pooltop.present.threshold_table import threshold_lines, threshold_title

STATES = (
    ThresholdState(
        text="request.duration p99 < 400ms", where=Where(workload="w"), state="holds", value=0.12
    ),
    ThresholdState(
        text="pool.queue.wait p95 < 20ms", why="begins after 10s", after_s=10.0, abort=True
    ),
    ThresholdState(text="request.errors share < 1%", state="failed", value=0.02, unit="share"),
)


def shown(width: int, height: int, states: tuple[ThresholdState, ...] = STATES) -> list[str]:
    return [text_of(line).rstrip() for line in threshold_lines(states, width, height)]


def test_each_has_its_verdict_its_value_and_when_it_is_judged_the_failing_first() -> None:
    assert [
        "FAILED     request.errors share < 1%                  2%                from the start",
        "not known  pool.queue.wait p95 < 20ms                 begins after 10s  "
        "from 10s on, stops the load",
        "holds      request.duration p99 < 400ms (workload w)  120ms             from the start",
    ] == shown(120, 9)
    assert "MUST HOLD 3  1 FAILED, 1 not known, 1 holds" == threshold_title(STATES)


def test_a_narrow_screen_leaves_out_since_when_and_then_of_the_names() -> None:
    assert "holds      request.duration p99 < 400ms (workload w)  120ms" == shown(80, 9)[2]
    assert "holds      request.duration p…  120ms" == shown(48, 9)[2]


def test_what_there_is_no_line_for_is_counted() -> None:
    many = STATES * 5

    assert 4 == len(shown(100, 4, many))
    assert "and 12 more" == shown(100, 4, many)[-1]
    assert 5 == sum(line.startswith("FAILED") for line in shown(100, 9, many))


@pytest.mark.parametrize("width", [1, 10, 20, 40, 76, 200])
@pytest.mark.parametrize("height", [0, 1, 2, 9])
def test_it_never_takes_more_room_than_it_has(width: int, height: int) -> None:
    hostile = ThresholdState(text="x\x1b[2J" * 40, state="failed", why="\u202e" * 90)

    lines = threshold_lines((*STATES, hostile), width, height)

    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)
