"""Two sides of one instant: their numbers, cells, latencies and one request of each."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.dispatcher_snapshot import SessionInfo, SessionSettings
from pooltop.core.histogram import Histogram
from pooltop.core.sides import Sides
from pooltop.core.snapshot import OriginCounters, TCPInfo, TimeWait
from pooltop.core.undici.options import DispatcherOptions, built_in
from pooltop.present.history import History
from pooltop.present.line import text_of, width_of
from pooltop.present.versus import pair_of, policy_words, traffic_words
from pooltop.present.versus_card import card_json, card_text
from pooltop.present.versus_cells import cell_lines, state_line
from pooltop.present.versus_measures import Measured, measured, times_words, written
from pooltop.present.versus_plots import (
    latency_of,
    request_lines,
    requests_of,
    spread_lines,
    spreads,
)


@pytest.fixture
def scene(make):
    """Give an instant with a side of 2 connections and 40 requests, and one of 40 of each."""

    def of(at=10.0, times=1):
        def origin(host, opened, **counters):
            made = OriginCounters(
                submitted=40 * times,
                completed=40 * times,
                assigned=40 * times,
                opened=opened,
                connected=opened,
                handshakes=opened,
                handshake_s=opened * 0.01,
                handshake_cpu_s=opened * 0.002,
                **counters,
            )
            return replace(make.origin(host, use=1, free=1), scheme="https", counters=made)

        agents = (
            make.agent(origin("a", 2), name="kept", keep_alive=True, max_sockets=4),
            make.agent(origin("b", 40 * times), name="close", max_sockets=4),
        )
        workloads = tuple(
            make.workload(
                name,
                agent=name,
                took=[total] * 40 * times,
                classes=(
                    ClassSnapshot(
                        name="page",
                        phases=PhaseDurations(
                            tls=make.histogram([tls] * 40 * times),
                            wait=make.histogram([0.02] * 40 * times),
                            total=make.histogram([total] * 40 * times),
                        ),
                    ),
                ),
            )
            for name, tls, total in (("kept", 0.0, 0.02), ("close", 0.005, 0.025))
        )
        snapshot = make.snapshot(at, *agents, workloads=workloads)
        return replace(snapshot, compare=Sides(a="kept", b="close"))

    return of


def rows_of(snapshot) -> dict[str, Measured]:
    return {row.id: row for row in measured(pair_of(snapshot))}


def test_the_sides_are_those_that_the_profile_names(scene, make) -> None:
    snapshot = scene()
    three = replace(snapshot, agents=(make.agent(name="other"), *snapshot.agents))
    pair = pair_of(three)
    assert ("kept", "close") == (pair.a.name, pair.b.name)
    assert [["kept"], ["close"]] == [[w.name for w in s.workloads] for s in (pair.a, pair.b)]


def test_without_names_they_are_the_agents_if_there_are_two(scene, make) -> None:
    snapshot = replace(scene(), compare=None)
    assert "close" == pair_of(snapshot).b.name
    assert pair_of(replace(snapshot, agents=snapshot.agents[:1])) is None
    assert pair_of(replace(snapshot, agents=(*snapshot.agents, make.agent(name="c")))) is None
    assert pair_of(replace(scene(), compare=Sides(a="kept", b="gone"))) is None


def test_a_policy_is_told_by_what_matters_for_its_connections(make) -> None:
    words = [
        policy_words(make.agent(keep_alive=True, max_sockets=4)),
        policy_words(make.agent()),
        policy_words(make.agent(per_request=True)),
        policy_words(replace(make.agent(), dispatcher=built_in("h2"))),
        policy_words(replace(make.agent(), dispatcher=DispatcherOptions(connections=3))),
    ]
    assert [
        "keepAlive on, maxSockets 4, maxFreeSockets 256",
        "keepAlive off, maxSockets -",
        "a new agent for every request",
        "h2, sessions 1, maxConcurrentStreams 100",
        "undici-pool, connections 3, pipelining 1, maxConcurrentStreams 100",
    ] == words


def test_the_traffic_is_told_where_both_have_the_same(scene) -> None:
    snapshot = scene()
    first, second = snapshot.workloads
    assert "; each: open 10/s" == traffic_words(pair_of(snapshot))
    faster = replace(snapshot, workloads=(first, replace(second, pattern="open 9/s")))
    assert "" == traffic_words(pair_of(faster))


def test_a_number_is_one_of_the_counters_or_made_of_them(scene) -> None:
    rows = rows_of(scene())
    assert (2, 40) == (rows["connections"].a, rows["connections"].b)
    assert (20.0, 1.0) == (rows["per_connection"].a, rows["per_connection"].b)
    assert (2, 40) == (rows["handshakes"].a, rows["handshakes"].b)
    assert (0.02, pytest.approx(0.4)) == (rows["handshake"].a, rows["handshake"].b)
    assert pytest.approx(0.08) == rows["handshake_cpu"].b
    assert 20.0 == rows["connections"].times
    assert "failed" not in rows
    assert "agents_made" not in rows


def test_without_tls_there_are_no_handshakes(scene) -> None:
    snapshot = scene()
    plain = tuple(
        replace(agent, origins=tuple(replace(o, scheme="http") for o in agent.origins))
        for agent in snapshot.agents
    )
    rows = rows_of(replace(snapshot, agents=plain))
    assert set() == {"handshakes", "resumed", "handshake", "handshake_cpu"} & set(rows)


def test_what_closed_connections_leave_is_told_of_two_servers_and_not_of_one(scene) -> None:
    def held(snapshot, port):
        told = TimeWait(at=1.0, ours=7, fullest=7, theirs=2)
        agents = tuple(
            replace(
                agent,
                origins=tuple(
                    replace(o, host="h", port=next(port), time_wait=told) for o in agent.origins
                ),
            )
            for agent in snapshot.agents
        )
        return rows_of(replace(snapshot, agents=agents))

    rows = held(scene(), iter((1, 2)))
    assert (7, 7, 2) == (rows["time_wait"].a, rows["time_wait"].b, rows["time_wait_peer"].a)
    assert set() == {"time_wait", "time_wait_peer"} & set(held(scene(), iter((1, 1))))


def test_the_kernels_facts_are_of_the_open_connections(scene, make) -> None:
    snapshot = scene()
    kernels = [TCPInfo(at=1.0, min_rtt=rtt, retransmitted=n) for rtt, n in ((0.1, 1), (0.3, 4))]
    sockets = tuple(make.socket(n, kernel=k) for n, k in enumerate(kernels, 1))
    kept, close = snapshot.agents
    kept = replace(kept, origins=(replace(kept.origins[0], sockets=sockets, free_sockets=()),))
    rows = rows_of(replace(snapshot, agents=(kept, close)))
    assert (pytest.approx(0.2), None) == (rows["rtt"].a, rows["rtt"].b)
    assert (5, None) == (rows["resent"].a, rows["resent"].b)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (None, "count", "-"),
        (6118, "count", "6,118"),
        (1.0, "ratio", "1.0"),
        (611.8, "ratio", "612"),
        (1.0099e-06, "s", "0"),
        (20e-6, "s", "20us"),
        (275.0, "s", "4m35"),
        (1717.0, "B", "1717B"),
    ],
)
def test_a_number_is_written_with_its_unit(value, unit, expected) -> None:
    assert expected == written(value, unit)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(10, 6118, "x612"), (2, 5, "x2.5"), (5, 1, "x0.2"), (3, 3, "="), (0, 4, ""), (4, None, "")],
)
def test_how_the_sides_differ_is_how_many_times(a, b, expected) -> None:
    assert expected == times_words(Measured("i", "n", "count", a, b, ""))


def test_nothing_that_a_histogram_has_a_bucket_for_is_not_divided_by() -> None:
    assert "" == times_words(Measured("i", "n", "s", 1.0099e-06, 0.02, ""))


def session(make, streams, cap=100):
    peer = SessionSettings(max_concurrent_streams=cap)
    return make.socket(1, session=SessionInfo(streams=streams, own=100, peer=peer))


def beside(scene, make, socket):
    snapshot = scene()
    kept, close = snapshot.agents
    origin = replace(kept.origins[0], sockets=(socket,), free_sockets=())
    kept = replace(
        kept,
        dispatcher=built_in("h2"),
        origins=(origin,),
        options=replace(kept.options, max_sockets=1),
    )
    return pair_of(replace(snapshot, agents=(kept, close)))


@pytest.mark.parametrize("width", [40, 57, 100, 200])
def test_a_session_has_as_many_cells_as_it_may_have_streams(scene, make, width) -> None:
    pair = beside(scene, make, session(make, 42))
    lines = cell_lines(pair.a, width, 4)
    text = "".join(text_of(line) for line in lines)
    assert (42, 58) == (text.count("#"), text.count("."))
    assert text.startswith("s1 #")
    assert all(width_of(line) <= width for line in lines)


def test_where_its_streams_do_not_fit_a_cell_stands_for_several(scene, make) -> None:
    pair = beside(scene, make, session(make, 42))
    (line,) = cell_lines(pair.a, 40, 1)
    assert text_of(line).endswith(" 42/100 both")


def test_sockets_are_cells_and_so_is_the_room_under_their_limit(scene) -> None:
    pair = pair_of(scene())
    assert ["#=.."] == [text_of(line) for line in cell_lines(pair.a, 40, 3)]
    state = text_of(state_line(pair.a, 80))
    assert "2 connections  0 queued  1 active  1 free" == state
    assert "2 connections  0 queued" == text_of(state_line(pair.a, 30))


def test_what_a_session_carries_is_told_beside_its_cells(scene, make) -> None:
    pair = beside(scene, make, session(make, 42))
    assert "1 connection  42 streams  0 queued" == text_of(state_line(pair.a, 80))


def test_a_side_without_connections_says_so(scene, make) -> None:
    snapshot = replace(scene(), compare=None, agents=(make.agent(), make.agent(name="two")))
    assert ["no connection is open"] == [
        text_of(line) for line in cell_lines(pair_of(snapshot).a, 40, 3)
    ]


def test_latencies_of_both_sides_have_one_axis_and_one_height(make) -> None:
    a, b = make.histogram([0.01] * 90), make.histogram([0.04] * 50 + [0.03] * 50)
    one, other = spreads(a, b, 50)
    assert (0.05, 0.05) == (one.top_s, other.top_s)
    assert one.top_share == other.top_share == max((*one.shares, *other.shares))
    assert (pytest.approx(1.0), pytest.approx(1.0)) == (sum(one.shares), sum(other.shares))
    assert one.shares.index(max(one.shares)) < min(
        place for place, share in enumerate(other.shares) if share
    )


def test_what_is_beyond_the_axis_stands_in_its_last_column(make) -> None:
    a = make.histogram([0.01] * 995 + [5.0] * 5)
    one, _ = spreads(a, Histogram(), 20)
    assert pytest.approx(0.005) == one.beyond == one.shares[-1]
    lines = spread_lines(one, 4)
    assert text_of(lines[-1]).endswith("+")
    assert "\u2581" == text_of(lines[-2])[-1]


@pytest.mark.parametrize("width", [0, 5, 7, 20, 60])
@pytest.mark.parametrize("height", [0, 1, 2, 6])
def test_a_plot_of_any_size_fits_and_without_data_is_empty(width, height) -> None:
    one, _ = spreads(Histogram(), Histogram(), max(0, width - 6))
    lines = spread_lines(one, height, ascii_only=True)
    assert height == len(lines)
    assert all(width_of(line) <= width for line in lines)
    assert all(text_of(line).isascii() for line in lines)


def test_a_window_holds_what_came_in_it_alone(scene) -> None:
    history = History()
    for at, times in ((10.0, 1), (20.0, 2), (30.0, 3)):
        snapshot = scene(at, times)
        history.add(snapshot)
    pair = pair_of(snapshot)
    assert 40 == latency_of(pair.b, history, 30.0, 10.0).count
    assert 120 == latency_of(pair.b, None, 30.0, 10.0).count


def test_one_request_of_each_is_drawn_to_one_scale(scene) -> None:
    pair = pair_of(scene())
    kept, close = requests_of(pair, None, 10.0, 0.0)
    assert ("kept/page", (("wait", pytest.approx(0.02)),)) == (kept.of, kept.spent)
    assert [("tls", pytest.approx(0.005)), ("wait", pytest.approx(0.02))] == list(close.spent)
    first, _, second, legend = request_lines((kept, close), 60, 4)
    waits = [text_of(line).count("w") for line in (first, second)]
    assert waits[0] == waits[1] > 30
    assert text_of(second).startswith("B ttt")
    assert "t tls 5.0ms  w wait 20ms" in text_of(legend)


def test_before_an_answer_nothing_is_drawn_of_a_request(scene) -> None:
    snapshot = scene()
    none = tuple(replace(each, classes=()) for each in snapshot.workloads)
    pair = pair_of(replace(snapshot, workloads=none))
    assert (None, None) == requests_of(pair, None, 10.0, 0.0)
    lines = request_lines((None, None), 60, 2)
    assert "A nothing was answered in the window" == text_of(lines[0])


def test_the_card_is_plain_text_that_says_who_and_what(scene) -> None:
    text = card_text(pair_of(scene()), scene())
    assert text[0].startswith("kept against close  (")
    assert "  A  kept: keepAlive on, maxSockets 4, maxFreeSockets 256" == text[1]
    assert ["connections", "2", "40", "x20"] == next(
        line.split() for line in text if line.startswith("  connections ")
    )
    assert all(line.isascii() and line == line.rstrip() for line in text)


def test_the_card_as_json_has_every_number_and_what_it_is(scene) -> None:
    snapshot = scene()
    pair = pair_of(snapshot)
    card = json.loads(card_json(pair, snapshot))
    assert [row.id for row in measured(pair)] == [each["id"] for each in card["measures"]]
    assert all(each["definition"].endswith(".") for each in card["measures"])
    spent = card["one_request"]["B"]["phases_s"]
    assert {"tls": pytest.approx(0.005), "wait": pytest.approx(0.02)} == spent


def test_names_out_of_a_profile_are_clean_on_the_card(make) -> None:
    hostile = "k\x1b[2J\u202e"
    snapshot = make.snapshot(
        1.0,
        make.agent(name=hostile),
        make.agent(name="b"),
        workloads=(make.workload(hostile, agent=hostile, pattern="x\x07", target="\x9b"),),
    )
    text = "\n".join(card_text(pair_of(snapshot), replace(snapshot, profile="p\x1b")))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert text.isascii()
    card_json(pair_of(snapshot), snapshot).encode("utf-8")
