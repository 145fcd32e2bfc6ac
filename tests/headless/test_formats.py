"""Lines, JSON and summary, to the letter, from snapshots made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import msgspec
import pytest
from msgspec import structs
from support.undici_scenes import picture, pool, side_by_side, sockets, streams

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.class_snapshot import PHASES, ClassSnapshot, PhaseDurations
from pooltop.core.dispatcher_snapshot import SessionInfo, SessionSettings
from pooltop.core.histogram import Histogram
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import (
    JournalEntry,
    OriginCounters,
    ProcessFacts,
    RequestInfo,
    Snapshot,
    SocketInfo,
    TCPInfo,
    TimeWait,
)
from pooltop.core.states import RequestState, SocketState
from pooltop.core.thresholds import ThresholdState, Where
from pooltop.headless.lines import HEADING_EVERY, LineFormat
from pooltop.headless.summary import summary_lines
from pooltop.sources.ndjson_format import json_line

SnapshotAt = Callable[..., Snapshot]


def test_a_host_has_one_line_with_the_rates_of_the_last_interval(snapshot_at: SnapshotAt) -> None:
    form = LineFormat(1.0)
    for at, completed in ((0, 0), (1, 100)):
        form.note(snapshot_at(at, completed=completed))
    last = snapshot_at(2, completed=150)
    form.note(last)

    heading, line = form.lines(last)

    assert heading == (
        "TIME      AGENT HOST                USE/MAX  FREE  QUEUE  OLDEST  WAIT95  REQ/S  REUSE"
        "   ERR"
    )
    assert line[8:] == (
        "  kept  kept.localhost:80       2/2     1      3   500ms   200ms     50    50%     0"
    )
    assert re.fullmatch(r"\d\d:\d\d:\d\d", line[:8])


def test_the_heading_comes_again_after_a_screenful_and_when_a_column_grows(
    snapshot_at: SnapshotAt,
) -> None:
    form = LineFormat(1.0)
    headings = []
    for at in range(HEADING_EVERY + 1):
        snapshot = snapshot_at(at, completed=at)
        form.note(snapshot)
        headings.append(form.lines(snapshot)[0].startswith("TIME"))
    wide = snapshot_at(HEADING_EVERY + 1, host="a-much-longer-name.localhost")
    form.note(wide)

    assert [0, HEADING_EVERY] == [i for i, is_heading in enumerate(headings) if is_heading]
    assert form.lines(wide)[0].startswith("TIME")


def test_all_lines_are_equally_long_and_hold_nothing_that_a_terminal_obeys(
    snapshot_at: SnapshotAt,
) -> None:
    form = LineFormat(1.0)
    hostile = snapshot_at(1, host="h\x1b]52;c;x\x07\u202e", name="\x1b[2J\u65e5\u672c")
    form.note(hostile)

    lines = form.lines(hostile)

    assert r"\x1b[2J" in lines[1]
    assert all(line.isprintable() for line in lines)


def test_before_any_host_is_known_a_line_says_so(snapshot_at: SnapshotAt) -> None:
    empty = msgspec.structs.replace(snapshot_at(0), agents=())
    form = LineFormat(1.0)
    form.note(empty)

    assert ["no host was sent anything yet"] == [line[10:] for line in form.lines(empty)]


def test_everything_in_a_json_line_has_a_name(snapshot_at: SnapshotAt) -> None:
    kernel = TCPInfo(at=1.0, rtt=0.5)
    session = SessionInfo(streams=2, own=9, peer=SessionSettings(max_concurrent_streams=5))
    socket = SocketInfo(
        id=SocketId(7),
        state=SocketState.FREE,
        opened_at=0.0,
        since=1.0,
        kernel=kernel,
        session=session,
    )
    request = RequestInfo(
        id=RequestId(8), state=RequestState.QUEUED, method="GET", target="/", submitted_at=1.0
    )
    made = snapshot_at(1, completed=2)
    agent = made.agents[0]
    full = structs.replace(
        agent.origins[0], free_sockets=(socket,), requests=(request,), running=(request,)
    )
    work = structs.replace(made.workloads[0], latency=full.latency.total)
    made = structs.replace(
        made, agents=(structs.replace(agent, origins=(full,)),), workloads=(work,)
    )

    told = json.loads(json_line(made))["snapshot"]

    origin = told["agents"][0]["origins"][0]
    assert [0, 1] == [each["id"] for each in origin["sockets"]]
    assert (7, {"at": 1.0, "rtt": 0.5}) == (
        origin["free_sockets"][0]["id"],
        origin["free_sockets"][0]["kernel"],
    )
    told_session = origin["free_sockets"][0]["session"]
    assert (2, 5, None) == (
        told_session["streams"],
        told_session["peer"]["max_concurrent_streams"],
        told_session["goaway"],
    )
    assert ["GET", "GET"] == [origin[name][0]["method"] for name in ("requests", "running")]
    assert (2, [2]) == (
        origin["latency"]["total"]["count"],
        [*origin["latency"]["total"]["buckets"].values()],
    )
    assert origin["latency"]["total"] == told["workloads"][0]["latency"]
    assert {"count": 0, "sum_s": 0.0, "buckets": {}} == told["workloads"][0]["lateness"]


def test_a_json_line_is_the_whole_snapshot_and_no_limit_is_null(snapshot_at: SnapshotAt) -> None:
    entry = JournalEntry(seq=4, at=1.0, wall_at=2.0, kind="LOAD", text="w started")

    line = json.loads(json_line(snapshot_at(2, completed=9), (entry,), dropped=1))

    assert (1, 3, 1) == (line["schema"], line["snapshot"]["seq"], line["dropped"])
    agent = line["snapshot"]["agents"][0]
    assert (2.0, None) == (agent["options"]["max_sockets"], agent["options"]["max_total_sockets"])
    assert 9 == agent["origins"][0]["counters"]["completed"]
    assert ["w started"] == [each["text"] for each in line["journal"]]


@pytest.mark.parametrize("text", ["\x1b\x9b\x07", "\u202e\u2028", "\U0001f600", "\x7f", 'a"\\b'])
def test_a_json_line_is_plain_ascii_and_gives_its_text_back_unchanged(
    snapshot_at: SnapshotAt, text: str
) -> None:
    line = json_line(snapshot_at(1, host=text))

    assert line.isascii()
    assert line.isprintable()
    assert text == json.loads(line)["snapshot"]["agents"][0]["origins"][0]["host"]


def test_the_summary_says_what_each_host_and_workload_came_to(snapshot_at: SnapshotAt) -> None:
    last = snapshot_at(
        10,
        completed=8,
        counters={
            "submitted": 12,
            "failed": {"ETIMEDOUT": 1, "ECONNRESET": 3},
            "statuses": {503: 1, 200: 7},
            "opened": 4,
            "closed": {"idle timeout": 1},
            "queued": 5,
        },
        offered=12,
        sent=12,
    )

    assert summary_lines(last, elapsed_s=10.04) == [
        "",
        "summary of p.toml after 10.0 s",
        "",
        "kept  kept.localhost:80",
        "  requests    12 submitted, 8 completed, 4 failed (ECONNRESET 3, ETIMEDOUT 1)",
        "  answers     200 7, 503 1",
        "  sockets     4 opened, 3 open at the end; closed: idle timeout 1",
        "  reuse       50% (4 of 8)",
        "  latency     p50 30ms, p95 30ms, p99 30ms (intended start to last byte)",
        "  queue wait  p95 200ms; 5 requests waited, 3 still do",
        "",
        "workload w: open constant 50/s to kept.localhost:80",
        "  12 offered, 12 sent, 0 dropped, 0 late; 0 completed, 0 failed",
    ]


def test_the_summary_says_who_is_queued_and_counted_as_failed_already(
    snapshot_at: SnapshotAt,
) -> None:
    last = snapshot_at(10)
    origin = msgspec.structs.replace(last.agents[0].origins[0], queued_failed=2)
    agent = msgspec.structs.replace(last.agents[0], origins=(origin,))
    lines = summary_lines(msgspec.structs.replace(last, agents=(agent,)), elapsed_s=10.0)
    (waited,) = [line for line in lines if "queue wait" in line]
    assert waited.endswith("3 still do, 2 of them failed already")


def test_the_summary_says_who_closed_first_and_what_nobody_verified(
    snapshot_at: SnapshotAt,
) -> None:
    last = snapshot_at(10)
    origin = msgspec.structs.replace(
        last.agents[0].origins[0],
        time_wait=TimeWait(at=last.at - 1.4, ours=30, fullest=30, theirs=4),
        verified=False,
        counters=OriginCounters(handshakes=1, resumed=0),
    )
    agent = msgspec.structs.replace(last.agents[0], origins=(origin,))
    last = msgspec.structs.replace(last, agents=(agent,), process=ProcessFacts(local_ports=1000))

    lines = summary_lines(last, elapsed_s=10.0)

    assert [
        "  TIME_WAIT   30 closed first by this side (3.0% of the local ports), 4 by the peer; "
        "counted 1s before the end",
        "  tls         1 handshake, 0 resumed",
        "  tls         NOT VERIFIED: certificates were accepted unchecked",
    ] == [line for line in lines if "TIME_WAIT" in line or "tls" in line]


def test_the_summary_says_in_words_what_failed_last_of_each_kind_and_who_was_silent(
    snapshot_at: SnapshotAt,
) -> None:
    last = snapshot_at(10, counters={"failed": {"EFEW": 1, "EMANY": 2}})
    origin = msgspec.structs.replace(
        last.agents[0].origins[0],
        failures={"EFEW": "few \x1b[2J" + "x" * 300, "EMANY": "connect to 127.0.0.1:1: nobody"},
        timeout_events=11,
    )
    agent = msgspec.structs.replace(last.agents[0], origins=(origin,))
    lines = summary_lines(msgspec.structs.replace(last, agents=(agent,)), elapsed_s=10.0)

    place = lines.index("    EMANY: connect to 127.0.0.1:1: nobody")
    assert "failed (EMANY 2, EFEW 1)" in lines[place - 1]
    assert lines[place + 1].startswith(r"    EFEW: few \x1b[2J")
    assert 212 > len(lines[place + 1])
    assert "  silence     11 timeout events (Node's; nothing closed)" in lines


def test_tunnels_that_a_proxy_owes_are_told_in_lines_and_summary(snapshot_at: SnapshotAt) -> None:
    last = snapshot_at(10)
    origin = msgspec.structs.replace(
        last.agents[0].origins[0], tunnelling=2, tunnelling_since=last.at - 7, tunnel_requests=1
    )
    agent = msgspec.structs.replace(last.agents[0], origins=(origin,))
    last = msgspec.structs.replace(last, agents=(agent,))
    form = LineFormat(1.0)
    form.note(last)

    assert form.lines(last)[1].endswith("  2 tunnels pending")
    assert (
        "  tunnels     2 tunnels pending (not counted by Node yet): "
        "1 request waits for them, the oldest is 7s old"
    ) in summary_lines(last, elapsed_s=10.0)


def test_a_load_that_was_not_delivered_is_said_in_a_plain_sentence(
    snapshot_at: SnapshotAt,
) -> None:
    last = snapshot_at(10, offered=100, sent=70, dropped=30, late=2, in_flight=5)

    lines = summary_lines(last, elapsed_s=10.0, missed=3)

    assert lines[-4:] == [
        "  100 offered, 70 sent, 30 dropped, 2 late; 0 completed, 0 failed, 5 under way at the end",
        "  NOT DELIVERED: 30 of 100 arrivals were dropped because max_in_flight was reached: the "
        "load was less than asked for",
        "  NOT DELIVERED ON TIME: 2 of 100 arrivals started more than 10 ms late (p99 -): this "
        "machine could not keep the rate",
        "3 intervals were not printed: the reader of the output was slow",
    ]


def test_each_class_is_summed_up_with_its_errors_and_where_its_time_went(
    snapshot_at: SnapshotAt, durations_of: Callable[..., Histogram]
) -> None:
    last = snapshot_at(10, offered=4, sent=4)
    phases = PhaseDurations(
        queue=durations_of(0.0, 0.5),
        tcp=durations_of(0.1),
        wait=durations_of(0.1, 0.2),
        total=durations_of(0.2, 0.8),
    )
    cart = ClassSnapshot(
        name="ca\x1brt",
        sent=4,
        completed=2,
        failed={"ECONNRESET": 1, "stale reuse": 1},
        unexpected={"status 503": 1},
        statuses={200: 1, 503: 1},
        phases=phases,
    )
    idle = ClassSnapshot(name="idle")
    work = structs.replace(
        last.workloads[0], classes=(cart, idle), lateness=durations_of(0.001, 0.004)
    )
    lines = summary_lines(structs.replace(last, workloads=(work,)), elapsed_s=10.0)

    assert [
        "  start error p50 1.0ms, p99 4.0ms (arrivals after their time)",
        r"  ca\x1brt: 4 sent, 2 completed, 2 failed: reset 1 (ECONNRESET 1), stale reuse 1; "
        "1 unexpected: status 503 1; answers 200 1, 503 1",
        "    p50 200ms, p95 804ms, p99 804ms; mean 500ms: begun late 10%, queue 50%, tcp 10%, "
        "wait 30%",
        "  idle: 0 sent, 0 completed, 0 failed",
    ] == lines[-4:]


def test_a_json_line_has_every_phase_of_a_class_by_name(
    snapshot_at: SnapshotAt, durations_of: Callable[..., Histogram]
) -> None:
    last = snapshot_at(1)
    each = ClassSnapshot(
        name="cart",
        sent=1,
        completed=1,
        failed={"EPIPE": 1, "ECONNRESET": 2},
        phases=PhaseDurations(total=durations_of(0.5)),
    )
    work = structs.replace(last.workloads[0], classes=(each,))
    line = json.loads(json_line(structs.replace(last, workloads=(work,))))

    (told,) = line["snapshot"]["workloads"][0]["classes"]
    assert ("cart", 1, 1) == (told["name"], told["sent"], told["completed"])
    assert ({"EPIPE": 1, "ECONNRESET": 2}, {"reset": 3}) == (told["failed"], told["causes"])
    assert {*PHASES, "total"} == told["phases"].keys()
    assert {"count": 1, "sum_s": 0.5} == {k: told["phases"]["total"][k] for k in ("count", "sum_s")}
    assert [1] == list(told["phases"]["total"]["buckets"].values())


def test_users_that_waited_for_the_ceiling_are_said(snapshot_at: SnapshotAt) -> None:
    last = structs.replace(snapshot_at(10, offered=100, sent=100, paced=40), max_rate=500.0)

    assert (
        "  PACED: 40 of 100 requests of its users waited: all workloads together may send 500/s "
        "(max_rate)"
    ) in summary_lines(last, elapsed_s=10.0)


def test_redirects_that_were_followed_are_told_of_their_class(snapshot_at: SnapshotAt) -> None:
    last = snapshot_at(1)
    each = ClassSnapshot(name="cart", sent=2, completed=2, redirects=3, statuses={200: 2})
    work = structs.replace(last.workloads[0], classes=(each,))
    lines = summary_lines(structs.replace(last, workloads=(work,)), elapsed_s=1.0)

    assert any("0 failed; 3 redirects followed; answers" in line for line in lines)


def test_what_the_breaker_held_back_is_said(snapshot_at: SnapshotAt) -> None:
    breaker = BreakerSnapshot(state="cut", rate=5.0, cuts=1, reason="answered 503")
    last = snapshot_at(10, offered=100, sent=60, held=40, breaker=breaker)

    assert (
        "  HELD BACK: 40 arrivals were not sent by the breaker, which is at 'cut': answered 503"
    ) in summary_lines(last, elapsed_s=10.0)


def test_one_late_arrival_in_a_hundred_is_no_complaint(snapshot_at: SnapshotAt) -> None:
    lines = summary_lines(snapshot_at(10, offered=100, sent=100, late=1), elapsed_s=10.0)

    assert not any("NOT DELIVERED" in line for line in lines)


def test_the_summary_has_every_threshold_with_its_value_and_verdict(
    snapshot_at: SnapshotAt,
) -> None:
    states = (
        ThresholdState(
            text="request.duration p99 < 400ms",
            where=Where(workload="w\x1b[2J"),
            state="failed",
            value=0.512,
            aborted=True,
        ),
        ThresholdState(
            text="request.errors share < 1%",
            state="holds",
            value=0.0,
            unit="share",
            after_s=10.0,
            abort=True,
        ),
        ThresholdState(text="pool.reuse share > 1%", state="failed", why="nothing was recorded"),
    )

    lines = summary_lines(structs.replace(snapshot_at(1), thresholds=states), elapsed_s=1.0)

    assert [
        "",
        "thresholds",
        r"  FAILED     request.duration p99 < 400ms (workload w\x1b[2J): 512ms; it stopped the load "
        "(from the start)",
        "  holds      request.errors share < 1%: 0% (from 10s on, stops the load)",
        "  FAILED     pool.reuse share > 1%: nothing was recorded (from the start)",
    ] == lines[-5:]
    told = json.loads(json_line(structs.replace(snapshot_at(1), thresholds=states)))["snapshot"]
    assert ["failed", "holds", "failed"] == [each["state"] for each in told["thresholds"]]
    assert {"workload": "w\x1b[2J", "request": None, "agent": None, "host": None} == (
        told["thresholds"][0]["where"]
    )


def test_dispatchers_are_told_with_undicis_numbers_and_their_streams() -> None:
    form = LineFormat(1.0)
    form.note(side_by_side())
    lines = form.lines(side_by_side())
    summary = summary_lines(picture(streams(), pool(), sockets()), elapsed_s=1.0)

    assert ["  100/100 streams", ""] == [
        line[-17:] if "/100 s" in line else "" for line in lines[1:]
    ]
    assert [
        "  dispatcher  undici-pool: connected 1, free 1, pending 0, queued 0, running 100, "
        "size 100",
        "  streams     100/100 open at the end, 2 GOAWAY, 3 refused, 4 put back",
        "  dispatcher  undici-pool: connected 2, free 0, pending 3, queued 2, running 2, size 5",
    ] == [line for line in summary if line.startswith(("  dispatcher", "  streams"))]
