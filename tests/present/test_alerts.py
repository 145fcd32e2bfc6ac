"""The list of alerts at an instant, what was acknowledged of it, and what began and ended."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.thresholds import ThresholdState, Where
from pooltop.present.alerts import Alert, alert_facts, alert_line, alerts_of, first_open
from pooltop.present.history import History
from pooltop.present.line import text_of, width_of
from pooltop.present.troubles import Trouble


def grown(make, queues: list[int], *, limit: int = 2, start: float = 100.0):
    """Give a History of one host with these queues, a second apart, and its snapshots."""
    history, snapshots = History(), []
    for second, queued in enumerate(queues):
        origin = make.origin("api.pay", use=2, queued=queued)
        snapshots.append(make.snapshot(start + second, make.agent(origin, max_sockets=limit)))
        history.add(snapshots[-1])
    return history, snapshots


def test_a_saturated_host_is_told_with_its_time_its_sockets_and_its_queue(make) -> None:
    history, snapshots = grown(make, [0, *range(19, 19 * 13, 19)])
    (alert,) = alerts_of(snapshots[-1], history)
    assert "api.pay:80 saturated 11s: 2/2 in use, 228 queued, +19/s" == alert.sentence
    assert (Trouble.SATURATED, 101.0) == (alert.trouble, alert.since)


def test_a_frozen_screen_has_the_alerts_of_its_instant(make) -> None:
    history, snapshots = grown(make, [0, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5])
    assert ["saturated 1s", "saturated 2s, not for 4s", "", "saturated 0s"] == [
        alerts[0].text.partition(":")[0] if alerts else ""
        for alerts in (alerts_of(snapshots[i], history) for i in (2, 7, 8, 11))
    ]


def test_an_acknowledged_alert_is_marked_until_it_ends_and_new_when_it_comes_back(make) -> None:
    history, snapshots = grown(make, [0, 5, 5, 0, 5, *[0] * 9, 5])
    (first,) = alerts_of(snapshots[2], history)
    seen = {first.id}
    assert [True, True, False] == [
        alerts_of(snapshots[i], history, acknowledged=seen)[0].acknowledged for i in (2, 4, 14)
    ]


def test_the_gravest_comes_first_and_then_the_longest_queue(make) -> None:
    history = History()
    saturated = [make.origin(name, use=2, queued=n) for name, n in (("small", 1), ("large", 9))]
    failing = make.origin("failing", completed=90, failed={"ECONNRESET": 10})
    history.add(make.snapshot(99.0, make.agent(), make.agent(name="two")))
    snapshot = make.snapshot(
        100.0, make.agent(failing, name="two"), make.agent(*saturated, max_sockets=2)
    )
    history.add(snapshot)
    assert ["large", "small", "failing"] == [a.name.host for a in alerts_of(snapshot, history)]


@pytest.mark.parametrize(
    ("values", "limit", "expected"),
    [
        (
            {"completed": 95, "failed": {"ECONNRESET": 5}},
            None,
            "5.0% of its requests failed or were answered 5xx (since the start: ECONNRESET 5)",
        ),
        (
            {"stale_reuse": 3, "retried": 2},
            None,
            "stale reuse: 3 within 10s, 2 sent again: "
            "the peer closes idle sockets before this side does",
        ),
        ({"use": 14}, 8, "over its limit, draining: 14/8 in use"),
        ({"use": 2, "queued": 4}, 8, "4 queued though there is room for 6 more: 2/8 in use"),
    ],
)
def test_every_trouble_is_a_sentence_with_numbers(make, values, limit, expected) -> None:
    history = History()
    history.add(make.snapshot(99.0, make.agent()))
    options = {} if limit is None else {"max_sockets": limit}
    snapshot = make.snapshot(100.0, make.agent(make.origin(**values), **options))
    history.add(snapshot)
    (alert,) = alerts_of(snapshot, history)
    assert expected == alert.text


def test_tunnels_that_take_long_are_an_alert_and_young_ones_are_everyday_work(make) -> None:
    history, found = History(), []
    for at, since in ((9.0, 8.5), (10.0, 4.0)):
        origin = msgspec.structs.replace(
            make.origin(), tunnelling=6, tunnelling_since=since, tunnel_requests=5
        )
        snapshot = make.snapshot(at, make.agent(origin))
        history.add(snapshot)
        found.append([alert.text for alert in alerts_of(snapshot, history)])
    assert [
        [],
        ["6 tunnels pending through the proxy: 5 requests wait for them, the oldest is 6s old"],
    ] == found


def test_a_queue_that_keeps_growing_is_an_alert_of_its_own(make) -> None:
    history, snapshots = grown(make, list(range(10, 450, 10)))
    saturated, growing = alerts_of(snapshots[-1], history)
    assert "queue growing for 43s: 440 queued, +10/s" == growing.text
    assert Trouble.SATURATED is saturated.trouble


def test_what_did_not_last_is_no_fact_and_what_did_has_two(make) -> None:
    history, snapshots = grown(make, [0, 5, 5, *[0] * 10, *[5] * 12, *[0] * 6])
    facts = [
        fact for snapshot in snapshots[-1:] for fact in alert_facts(snapshot, history, start=0)
    ]
    assert [
        (123.0, 113.0, False, "saturated for 10s"),
        (130.0, 113.0, True, "no longer saturated, after 12s"),
    ] == [(fact.at, fact.begin, fact.ends, fact.text) for fact in facts]
    assert snapshots[23].wall_at == facts[0].wall_at


def test_a_fact_is_told_once_though_it_is_asked_for_at_every_update(make) -> None:
    history, told, before = History(), [], 0.0
    for second, queued in enumerate([0, *[5] * 15, *[0] * 7]):
        origin = make.origin(use=2, queued=queued)
        snapshot = make.snapshot(100.0 + second, make.agent(origin, max_sockets=2))
        history.add(snapshot)
        told += alert_facts(snapshot, history, start=before)
        before = snapshot.at
    assert [(111.0, False), (121.0, True)] == [(fact.at, fact.ends) for fact in told]


def test_a_host_at_its_limit_is_told_once_and_counted_from_one_beginning(make) -> None:
    history, told, shown, before = History(), [], [], 0.0
    flapping = [5, 5, 0] * 70
    for second, queued in enumerate([0, *flapping, *[0] * 7]):
        origin = make.origin(use=2, queued=queued)
        snapshot = make.snapshot(100.0 + second, make.agent(origin, max_sockets=2))
        history.add(snapshot)
        told += alert_facts(snapshot, history, start=before)
        shown += [[alert.text.partition(":")[0] for alert in alerts_of(snapshot, history)]]
        before = snapshot.at
    assert ["saturated for 10s", "no longer saturated, after 3m29"] == [fact.text for fact in told]
    assert [["saturated 3m28"], ["saturated 3m29, not for 0s"], ["saturated 3m29, not for 1s"]] == (
        shown[209:212]
    )
    assert 1 == len({fact.id for fact in told})


def test_what_is_away_when_it_has_lasted_long_enough_is_told_when_it_is_back(make) -> None:
    history, snapshots = grown(make, [0, *[5] * 9, 0, 0, 5, 5])
    facts = alert_facts(snapshots[-1], history, start=0)
    assert [(112.0, 101.0, "saturated for 10s")] == [(f.at, f.begin, f.text) for f in facts]


def test_a_host_that_is_never_verified_is_an_alert_but_no_fact(make) -> None:
    history = History()
    origin = msgspec.structs.replace(make.origin(), verified=False)
    snapshot = make.snapshot(100.0, make.agent(origin))
    history.add(snapshot)
    assert [Trouble.UNVERIFIED] == [alert.trouble for alert in alerts_of(snapshot, history)]
    assert [] == alert_facts(snapshot, history, start=0)


def two(make) -> list[Alert]:
    history = History()
    origins = [make.origin(name, use=2, queued=n) for name, n in (("a", 9), ("b", 5))]
    snapshot = make.snapshot(100.0, make.agent(*origins, max_sockets=2))
    history.add(snapshot)
    alerts = alerts_of(snapshot, history)
    return alerts_of(snapshot, history, acknowledged={alerts[0].id})


def test_the_line_shows_the_gravest_that_is_not_acknowledged_and_the_keys(make) -> None:
    line = alert_line(two(make), 78)
    assert text_of(line).startswith(" ! b:80 saturated 0s: 2/2 in use, 5 queued")
    assert text_of(line).endswith("a ack  n 2/2 ")
    assert 78 == width_of(line)


def test_the_line_says_of_an_acknowledged_alert_that_it_is(make) -> None:
    line = alert_line(two(make), 78, place=0)
    assert text_of(line).startswith(" ! acknowledged: a:80 saturated")
    assert "a ack" not in text_of(line)


def test_when_all_are_acknowledged_the_line_says_so_quietly(make) -> None:
    alerts = two(make)[:1]
    line = alert_line(alerts, 78)
    assert text_of(line).startswith(" 1 alert acknowledged: a:80 saturated")
    assert {"dim"} == {ink for _, ink in line if _.strip()}
    assert None is first_open(alerts)


def test_without_alerts_the_line_says_that(make) -> None:
    assert " no host is in trouble" == text_of(alert_line([], 80))


@pytest.mark.parametrize("width", [1, 5, 12, 40, 80, 200])
def test_a_line_of_any_width_fits(make, width: int) -> None:
    assert width_of(alert_line(two(make), width)) <= width


def test_a_threshold_that_fails_is_the_gravest_alert_until_it_holds_again(make) -> None:
    history, snapshots = grown(make, [0, 5, 5])
    held = ThresholdState(text="request.errors share < 1%", state="holds", value=0.0)
    failed = msgspec.structs.replace(
        held, text="pool.reuse share > 1%", state="failed", value=0.0, unit="share", since=99.0,
        where=Where(agent="\x1b[2J"),
    )  # fmt: skip
    snapshot = msgspec.structs.replace(snapshots[-1], thresholds=(held, failed))

    first, second = alerts_of(snapshot, history)
    assert r"pool.reuse share > 1% (agent \x1b[2J) failed for 3s: 0%" == first.sentence
    assert (Trouble.THRESHOLD, None, 99.0) == (first.trouble, first.id.host, first.since)
    assert Trouble.SATURATED == second.trouble
    assert alerts_of(snapshot, history, acknowledged={first.id})[0].acknowledged
    again = msgspec.structs.replace(snapshot, thresholds=(held, held))
    assert [Trouble.SATURATED] == [each.trouble for each in alerts_of(again, history)]


def loaded(make, *loads: dict[str, int], start: float = 100.0):
    """Give a History of one workload with these counts, five seconds apart, and its snapshots."""
    history, snapshots = History(), []
    for step, counts in enumerate(loads):
        work = make.workload("pa\x1by", **counts)
        snapshots.append(make.snapshot(start + 5 * step, make.agent(), workloads=(work,)))
        history.add(snapshots[-1])
    return history, snapshots


def test_a_load_that_is_not_delivered_is_an_alert_while_it_lasts(make) -> None:
    history, snapshots = loaded(
        make,
        {"offered": 100},
        {"offered": 200, "dropped": 30, "in_flight": 400},
        {"offered": 300, "dropped": 30},
        {"offered": 400, "dropped": 30},
        {"offered": 500, "dropped": 30},
        {"offered": 600, "dropped": 30},
    )
    (alert,) = alerts_of(snapshots[1], history)
    assert (
        "workload pa\\x1by is not delivered as asked for, 0s: 30 dropped, 0 late within 10s, "
        "400 in flight"
    ) == alert.sentence
    assert (Trouble.UNDELIVERED, None, 105.0) == (alert.trouble, alert.id.host, alert.since)
    texts = [[one.text for one in alerts_of(shown, history)] for shown in snapshots[2:]]
    assert texts[0][0].startswith("is not delivered as asked for, 5s: ")
    assert [["was not delivered for 10s, not for 0s"], []] == texts[1:3]
    seen = {alert.id}
    assert alerts_of(snapshots[2], history, acknowledged=seen)[0].acknowledged


@pytest.mark.parametrize(("late", "is_told"), [(3, False), (4, True)])
def test_a_few_late_arrivals_are_chance(make, late, is_told) -> None:
    history, snapshots = loaded(make, {"offered": 0}, {"offered": 200, "late": late})
    assert is_told == bool(alerts_of(snapshots[-1], history))
