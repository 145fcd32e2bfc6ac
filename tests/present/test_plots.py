"""Markers on the time axis, quantiles on a logarithmic one, and the plots of a workload."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace
from support.undici_scenes import (
    AT,
    PEER,
    POOL,
    SESSION,
    SOCKETS,
    STREAMS,
    picture,
    pool,
    sockets,
    streams,
)

from pooltop.core.edits import EditRecord
from pooltop.core.model import OriginKey
from pooltop.present.axis import time_axis
from pooltop.present.history import History, HostId
from pooltop.present.line import text_of, width_of
from pooltop.present.log_plot import LogPlot, decade_above, draw_log, log_plot
from pooltop.present.markers import Marker, marker_row, markers_of
from pooltop.present.moments import Grid
from pooltop.present.plot import Plot, draw
from pooltop.present.plots import draw_any, plot_of
from pooltop.present.workload_plots import WORKLOAD_PLOT_KINDS, workload_plot_of

HOST = HostId("one", OriginKey("a:80:"))


def rows(lines) -> list[str]:
    return [text_of(line) for line in lines]


def record(number: int, at: float, **values: object) -> EditRecord:
    fields = {"agent": "one", "option": "max_sockets", "before": 1.0, "after": 2.0, "by": "x"}
    return EditRecord(**{"number": number, "at": at, "wall_at": at} | fields | values)


def test_the_time_axis_names_its_ends_and_its_middle() -> None:
    assert "      -1m          -30s          now" == text_of(time_axis(60.0, 30))


def test_a_mark_stands_in_its_column_and_a_label_under_it_is_left_out_whole() -> None:
    marks = ["e", *[""] * 28, "!"]
    line = time_axis(60.0, 30, marks)
    assert "      e            -30s            !" == text_of(line)
    assert {"e": "accent", "!": "bad"} == {
        text: ink for text, ink in line if ink in ("accent", "bad")
    }


def test_what_falls_into_one_column_is_one_glyph() -> None:
    grid = Grid.ending(109.9, window_s=10, columns=10)
    markers = [Marker(at, glyph, "") for at, glyph in ((99.0, "e"), (101.2, "e"), (101.9, "e"))]
    assert ("", "e", *[""] * 8) == marker_row(markers, grid)
    assert ("", "E", *[""] * 8) == marker_row([*markers, Marker(101.5, "!", "")], grid)
    assert () == marker_row(markers[:1], grid)


def test_edits_of_the_agent_and_of_its_workloads_and_alerts_of_the_host_are_marked(make) -> None:
    history = History()
    edits = (
        record(1, 90.0),
        record(2, 103.0),
        record(3, 104.0, agent="two"),
        record(4, 105.0, agent="", workload="load", option="rate"),
    )
    for second in range(20):
        origin = make.origin(use=2, queued=int(second >= 4))
        snapshot = make.snapshot(
            100.0 + second,
            make.agent(origin, max_sockets=2),
            workloads=(make.workload(),),
            edits=edits,
        )
        history.add(snapshot)
    found = markers_of(snapshot, history, agent="one", host=HOST, start=100.0)
    assert [(103.0, "edit 2"), (104.0, "saturated"), (105.0, "edit 4")] == [
        (marker.at, marker.word) for marker in found
    ]


def test_an_alert_is_marked_only_when_it_has_lasted(make) -> None:
    history, snapshots = History(), []
    for second in range(20):
        origin = make.origin(use=2, queued=int(second >= 4))
        snapshots.append(make.snapshot(100.0 + second, make.agent(origin, max_sockets=2)))
        history.add(snapshots[-1])
    marked = [
        len(markers_of(snapshots[second], history, agent="one", host=HOST, start=100.0))
        for second in (4, 13, 14, 19)
    ]
    assert [0, 0, 1, 1] == marked


def test_a_plot_shows_the_marks_under_its_columns(make) -> None:
    history = History()
    for second in range(20):
        history.add(make.snapshot(100.0 + second, make.agent(make.origin(use=2))))
    markers = [Marker(110.2, "e", "edit 1")]
    plot = plot_of(
        "in use", history.track(HOST), at=119.0, window_s=20.0, columns=20, markers=markers
    )
    axis = rows(draw(plot, 26, 4))[-1]
    assert 6 + 10 == axis.index("e")


@pytest.mark.parametrize(
    ("highest", "top"), [(0.0, 0.1), (0.1, 0.1), (0.11, 1.0), (9.0, 10.0), (10.1, 100.0)]
)
def test_a_logarithmic_axis_ends_at_a_whole_decade(highest: float, top: float) -> None:
    assert pytest.approx(top) == decade_above(highest)


def test_quantiles_stand_in_their_decade_each_with_its_glyph() -> None:
    plot = log_plot("WAIT", [(0.002, 0.05, 2.0), (0.002, 0.004, 0.5), (None, None, None)], 60.0)
    assert "WAIT _p50 -p95 ^p99 log 1ms..10s" == plot.title
    assert [
        "   1s ^  ",
        "100ms  ^ ",
        " 10ms -  ",
        "  1ms _= ",
    ] == rows(draw_log(plot, 9, 5))[:-1]


def test_in_fewer_rows_than_decades_each_is_labelled_with_one_that_is_in_it() -> None:
    plot = log_plot("WAIT", [(0.02, 0.2, 9.0)], 60.0)
    assert ["   1s ^", "100ms -", "  1ms _"] == [
        row[:6] + row[-1] for row in rows(draw_log(plot, 7, 4))[:-1]
    ]


def test_what_is_below_the_axis_stands_in_its_lowest_row() -> None:
    plot = LogPlot("", ((1e-6, 0.0, 5.0),), 10.0, 60.0)
    assert ["   1s ^", "100ms  ", " 10ms  ", "  1ms ="] == rows(draw_log(plot, 7, 5))[:-1]


@pytest.mark.parametrize("width", [0, 1, 6, 7, 8, 20, 80])
@pytest.mark.parametrize("height", [0, 1, 2, 5, 12])
def test_a_logarithmic_plot_of_any_size_is_no_crash(width: int, height: int) -> None:
    values = [(0.001 * n, 0.01 * n, None) for n in range(1, 60)]
    lines = draw_log(log_plot("WAIT", values, 60.0, ("e",) * 59), width, height)
    assert height == len(lines)
    assert all(width_of(line) <= max(width, 0) for line in lines)


@pytest.mark.parametrize("kind", ["wait", "service"])
def test_waits_and_services_have_all_three_quantiles(make, kind) -> None:
    history, durations = History(), []
    for second in range(10):
        durations += [0.01] * 50 + [0.3] * 45 + [4.0] * 5
        origin = make.origin(waits=durations)
        latency = msgspec.structs.replace(origin.latency, wait=origin.latency.queue)
        origin = msgspec.structs.replace(origin, latency=latency)
        history.add(make.snapshot(100.0 + second, make.agent(origin)))
    plot = plot_of(kind, history.track(HOST), at=109.0, window_s=10.0, columns=10)
    assert plot.title.startswith(kind.upper())
    p50, p95, p99 = plot.values[4]
    assert (0.01, 0.3, 4.0) == tuple(pytest.approx(v, rel=0.02) for v in (p50, p95, p99))
    assert None is plot.values[-1][0]
    assert draw_log(plot, 30, 6) == draw_any(plot, 30, 6)


def test_the_plots_of_a_workload_show_what_it_offered_and_got(make) -> None:
    history = History()
    for second in range(21):
        load = make.workload(
            offered=180 * second,
            completed=160 * second,
            in_flight=20 * second,
            took=[1.7] * second,
        )
        history.add(make.snapshot(100.0 + second, workloads=(load,)))
    rate, flight, latency = (
        workload_plot_of(kind, history.workload("load"), at=119.9, window_s=20.0, columns=20)
        for kind in WORKLOAD_PLOT_KINDS
    )
    assert ("COMPLETED 0..200/s, line: offered", 160.0, 180.0) == (
        rate.title,
        rate.values[5],
        rate.limits[5],
    )
    assert ("IN FLIGHT 0..500", 100) == (flight.title, flight.values[5])
    assert "LATENCY _p50 -p95 ^p99 log 1ms..10s" == latency.title


def test_a_load_that_is_served_whole_is_not_hot() -> None:
    plot = Plot("", (10.0,), 10.0, 60.0, limits=(10.0,), full_is_bad=False)
    assert "plot.hot" not in {ink for line in draw(plot, 7, 4) for _, ink in line}


def test_of_a_host_with_sessions_the_streams_are_drawn_that_they_carry() -> None:
    history = History()
    some = replace(SESSION, streams=40, peer=replace(PEER, max_concurrent_streams=50))
    for second, session in enumerate((SESSION, some)):
        history.add(replace(picture(streams(session)), seq=second + 1, at=AT + second))

    def plot(host: HostId, at: float) -> tuple[str, list[float], list[float]]:
        found = plot_of("in use", history.track(host), at=at, window_s=4.0, columns=4)
        assert isinstance(found, Plot)
        return (
            found.title,
            [value for value in found.values if value is not None],
            [limit for limit in found.limits if limit is not None],
        )

    assert ("STREAMS 0..100, cap 50", [100, 40], [100, 50]) == plot(STREAMS, AT + 1)
    assert ("STREAMS 0..100, cap 100", [100], [100]) == plot(STREAMS, AT)


def test_a_host_without_sessions_has_no_past_of_streams() -> None:
    history = History()
    history.add(picture(sockets(), pool()))

    assert (None, None) == (history.track(SOCKETS).streams, history.track(POOL).streams)
    found = plot_of("in use", history.track(POOL), at=AT, window_s=4.0, columns=4)
    assert "IN USE 0..2, limit 2" == found.title


def test_when_the_last_session_is_gone_the_sockets_are_drawn_again() -> None:
    history = History()
    agent = streams()
    gone = replace(agent, origins=(replace(agent.origins[0], sockets=(), running=()),))
    for second, each in enumerate((agent, gone, gone, gone)):
        history.add(replace(picture(each), seq=second + 1, at=AT + second))

    titles = [
        plot_of("in use", history.track(STREAMS), at=AT + 3, window_s=span, columns=2).title
        for span in (8.0, 2.0)
    ]
    assert ["STREAMS 0..100, cap 100", "IN USE 0..1, limit 1"] == titles
