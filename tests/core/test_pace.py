"""The pace: turns that are even, and a late one that is made good only a little."""

from __future__ import annotations

from pooltop.core.pace import SLACK_S, Pace


def _takes(pace, now):
    taken = 0
    while pace.due <= now:
        pace.take(now)
        taken += 1
    return taken


def test_turns_come_at_the_rate_however_often_somebody_asks():
    pace = Pace(100)
    first = _takes(pace, 5.0)
    assert 1 + SLACK_S * 100 == first
    taken = sum(_takes(pace, 5.0 + n / 1000) for n in range(1, 1001))
    assert 100 == taken


def test_a_late_look_makes_good_no_more_than_the_slack():
    pace = Pace(1000)
    _takes(pace, 0.0)
    assert SLACK_S * 1000 + 1 == _takes(pace, 60.0)


def test_who_cannot_wait_pushes_the_others_back():
    pace = Pace(10)
    for _ in range(5):
        pace.take(1.0)
    assert abs(1.0 - SLACK_S + 0.5 - pace.due) < 1e-9


def test_who_waits_has_a_turn_as_often_as_the_others():
    pace = Pace(10)
    pace.take(0.0)
    for who in ("a", "b", "a"):
        pace.wait(who)
    due = pace.due
    gaps = [pace.due_for(who) - due for who in ("a", "b", "c")]
    assert [0, 1, 2] == [round(gap * 10) for gap in gaps]
    took = []
    for _ in range(4):
        now = pace.due
        (who,) = (each for each in ("a", "b") if pace.due_for(each) <= now)
        pace.take(now, who)
        pace.wait(who)
        took.append(who)
    assert ["a", "b", "a", "b"] == took
    pace.leave("a")
    pace.leave("a")
    assert pace.due == pace.due_for("b")


def test_who_stands_in_line_and_never_comes_holds_the_others_up_by_a_turn_and_no_more():
    pace = Pace(10)
    pace.take(0.0)
    pace.wait("gone")
    pace.wait("b")
    assert 1 == round((pace.due_for("b") - pace.due) * 10)
