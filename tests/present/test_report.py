"""A run as one page: what it keeps of it, what it draws, and that no text becomes markup."""

from __future__ import annotations

import html.parser
import math
import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from support.undici_scenes import AT, SESSION, picture, pool, sockets, streams

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.dispatcher_snapshot import SessionSettings
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.core.thresholds import ThresholdState
from pooltop.present.history import HostId
from pooltop.present.report.gather import Gathering
from pooltop.present.report.markup import el, raw, table, text
from pooltop.present.report.page import MOST_PLOTTED, About, page
from pooltop.present.report.plot import Line, Mark, Point, plot
from pooltop.present.report.series import MOST
from pooltop.present.units import count

if TYPE_CHECKING:
    from conftest import Make

HOSTILE = "</td><script>alert(1)</script>\"'><img src=x onerror=y>&amp;\x1b[2J\u202egnp\x00"
_SELF_CLOSED = {"meta", "path", "rect"}
_ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "section", "header", "h1", "h2", "h3", "p"),
    *("div", "span", "b", "small", "table", "thead", "tbody", "tr", "th", "td", "figure", "dl"),
    *("figcaption", "svg", "g", "path", "rect", "text", "dt", "dd", "details", "summary"),
}
_ATTRIBUTES = {
    *("class", "title", "scope", "lang", "charset", "http-equiv", "content", "name", "viewbox"),
    *("role", "aria-label", "d", "x", "y", "width", "height", "text-anchor"),
}


class Seen(html.parser.HTMLParser):
    """Reads a page, and knows every element, attribute and text of it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in _SELF_CLOSED:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        assert tag in _SELF_CLOSED

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def gathered(*snapshots: Snapshot) -> Gathering:
    gathering = Gathering()
    for snapshot in snapshots:
        gathering.add(snapshot)
    gathering.finish()
    return gathering


def page_of(*snapshots: Snapshot, about: About = About()) -> str:  # noqa: B008 - frozen
    return page(gathered(*snapshots), about)


@pytest.fixture
def run(make: Make) -> list[Snapshot]:
    """Give a run of twenty seconds: a host that is full from the sixth on."""
    found = []
    for second in range(21):
        host = make.origin(
            "busy",
            use=4 if second > 5 else 1,
            queued=9 if second > 5 else 0,
            waits=[0.2] * second,
            completed=10 * second,
            submitted=10 * second,
        )
        host = replace(
            host, latency=replace(host.latency, total=make.histogram([0.1] * 10 * second))
        )
        found.append(make.snapshot(100.0 + second, make.agent(host, max_sockets=4.0)))
    return found


def test_the_page_is_balanced_and_asks_for_nothing_from_anywhere(run: list[Snapshot]) -> None:
    source = page_of(*run)
    seen = Seen(source)

    assert set() == set(seen.elements) - _ELEMENTS
    assert set() == {name for name, _ in seen.attributes} - _ATTRIBUTES
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert ("content", policy) in seen.attributes
    assert [] == re.findall(r"url\(|@import|https?:", source)
    assert source.startswith("<!DOCTYPE html>\n<html")


@pytest.mark.parametrize("span_s", [40.0, 3600.0, 30 * 86400.0, 1e10])
def test_an_axis_has_room_for_its_times_however_long_the_run(span_s: float) -> None:
    drawn = plot("queue", "of it", [], span_s=span_s, written=str)

    assert 3 <= drawn.count('text-anchor="middle"') <= 7


def test_no_text_becomes_markup_wherever_it_comes_from(make: Make) -> None:
    host = make.origin(HOSTILE, failed={HOSTILE: 3}, closed={HOSTILE: 1}, completed=5)
    host = replace(host, failures={HOSTILE: HOSTILE}, apart=HOSTILE)
    each = ClassSnapshot(
        name=HOSTILE,
        unexpected={HOSTILE: 1},
        phases=PhaseDurations(wait=make.histogram([1.0]), total=make.histogram([1.0])),
    )
    load = make.workload(HOSTILE, pattern=HOSTILE, target=HOSTILE, dropped=1, classes=(each,))
    edit = EditRecord(
        number=1, at=103.0, wall_at=0.0, agent=HOSTILE, option="max_sockets", before=1.0,
        after=2.0, by=HOSTILE,
    )  # fmt: skip
    state = ThresholdState(text=HOSTILE, state="failed", why=HOSTILE, since=101.0, limit=1.0)
    snapshots = [
        replace(
            make.snapshot(
                100.0 + second,
                make.agent(host, name=HOSTILE, max_sockets=4.0),
                workloads=(load,),
                edits=(edit,) if second > 3 else (),
            ),
            profile=HOSTILE,
            environment=HOSTILE,
            thresholds=(state,) if second else (),
        )
        for second in range(8)
    ]
    source = page_of(*snapshots, about=About(((HOSTILE, HOSTILE),), (HOSTILE,)))
    seen = Seen(source)

    assert set() == set(seen.elements) - _ELEMENTS
    assert set() == {name for name, _ in seen.attributes} - _ATTRIBUTES
    assert [] == re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", source)
    shown = "</td><script>alert(1)</script>\"'><img src=x onerror=y>&amp;\\x1b[2J\\u202egnp\\x00"
    told = [said for said in seen.texts if shown in said]
    assert 12 < len(told)
    assert {"\\x1b[2J\\u202e"} == set(re.findall(r"\\x1b\[2J\\u202e", "".join(told)))


def test_a_long_run_keeps_its_extremes_in_few_columns(make: Make) -> None:
    durations: list[float] = []
    gathering = Gathering()
    for second in range(4 * MOST):
        durations.append(0.001 * (1 + second % 50))
        host = make.origin("a", use=97 if second == 777 else 1, waits=durations)
        gathering.add(make.snapshot(float(second), make.agent(host, max_sockets=100.0)))
    gathering.finish()
    ((_, series),) = gathering.hosts.items()
    cells = series.cells.values()

    assert MOST >= len(cells) >= MOST / 2
    assert 4.0 == gathering.step_s
    assert [97] == [cell.used.high for cell in cells if cell.used.high > 1]
    together = Histogram()
    for cell in cells:
        together = together.plus(cell.waits)
    assert make.histogram(durations).buckets == together.buckets


def test_pictures_that_come_fast_are_passed_over_but_not_the_last(make: Make) -> None:
    snapshots = [make.snapshot(n / 10, make.agent(make.origin("a", use=n))) for n in range(16)]
    gathering = gathered(*snapshots)

    assert gathering.last is snapshots[-1]
    (series,) = gathering.hosts.values()
    assert [(0, 9), (15, 15)] == [(c.used.low, c.used.high) for c in series.cells.values()]


def test_another_engine_begins_anew(make: Make) -> None:
    gathering = gathered(make.snapshot(500.0, make.agent(make.origin("old"))))
    gathering.add(make.snapshot(3.0, make.agent(make.origin("new"))))

    assert ["new:80:"] == [host.origin for host in gathering.hosts]
    assert 0.0 == gathering.elapsed_s


def test_where_nothing_is_known_the_line_is_broken(make: Make) -> None:
    seconds = [0, 1, 2, 3, 20, 21, 22]
    agent = make.agent(make.origin("a", use=2), max_sockets=4.0)
    gathering = gathered(*(make.snapshot(float(second), agent) for second in seconds))
    (series,) = gathering.hosts.values()

    assert [0.0, 20.0] == [cell.at for cell in series.cells.values() if cell.after_gap]
    assert [2, 2] == [
        path.count("M") for path in re.findall(r'd="([^"]*)" class="line [ab]"', page(gathering, About()))[:2]
    ]  # fmt: skip


def test_an_axis_goes_from_0_to_the_limit_and_further_only_where_there_is_more() -> None:
    def top(most: float, limit: float | None) -> str:
        points = [Point(0.0, 0.0, most), Point(9.0, 0.0, most)]
        drawn = plot("t", "", [Line("l", "a", points)], span_s=9, top=limit, written=count)
        return re.findall(r'text-anchor="end">([^<]*)<', drawn)[-1]

    assert "50" == top(3, 50)
    assert "100" == top(60, 50)
    assert "5" == top(3, None)
    assert "2" == top(0, None)


def test_a_point_alone_a_gap_and_infinity_are_drawn_as_what_they_are() -> None:
    points = [Point(0, 1, 1), Point(1, None, None), Point(2, math.inf, math.inf), Point(3, 1, 2)]
    drawn = plot("t", "", [Line("l", "a", points)], span_s=3, written=count)

    (path,) = re.findall(r'd="([^"]*)" class="line a"', drawn)
    assert 2 == path.count("M")
    assert "inf" not in drawn
    assert "nan" not in drawn


def test_what_happened_is_marked_with_its_words() -> None:
    marks = [Mark(1.0, "edit", "E1"), Mark(2.0, "alert", "A1 <b>")]
    drawn = plot("t", "", [], span_s=3, written=count, marks=marks)

    assert ["edit", "alert"] == re.findall(r'class="mark (\w+)"', drawn)
    assert "<title>A1 &lt;b&gt;</title>" in drawn


def test_alerts_and_edits_of_a_host_are_on_its_plots_and_in_a_list(
    run: list[Snapshot], make: Make
) -> None:
    edit = EditRecord(
        number=1, at=108.5, wall_at=0.0, agent="one", option="max_sockets", before=4.0,
        after=8.0, by="operator",
    )  # fmt: skip
    run = [replace(s, edits=(edit,)) if s.at > 108 else s for s in run]
    gathering = gathered(*run)
    source = page(gathering, About())

    assert ["saturated"] == [each.text.split()[0] for each in gathering.alerts]
    assert HostId("one", run[0].agents[0].origins[0].key) == gathering.alerts[0].host
    assert 4 == len(re.findall(r'class="mark edit"', source))
    assert 4 == len(re.findall(r'class="mark alert"', source))
    assert "one maxSockets 4&gt;8" in source


def test_the_numbers_of_the_tables_are_the_last_snapshots(run: list[Snapshot]) -> None:
    texts = Seen(page_of(*run)).texts

    row = texts[texts.index("busy:80", texts.index("closed of")) :]
    assert ["busy:80", "200", "10", "0", "0", "101ms"] == row[:6]


def test_a_run_without_thresholds_has_no_verdict_and_one_that_failed_says_so(
    run: list[Snapshot],
) -> None:
    state = ThresholdState(text="x < 1", state="failed", value=2.0, limit=1.0)
    held = replace(state, state="holds", value=0.5)
    texts = [
        Seen(page_of(*run, replace(run[-1], at=200.0, thresholds=states))).texts
        for states in ((), (held,), (held, state), (held, replace(held, state="unknown")))
    ]

    assert [(False,) * 3, (True, False, False), (False, True, False), (False, False, True)] == [
        ("held" in each, "FAILED" in each, "not known yet" in each) for each in texts
    ]


def test_what_was_not_delivered_stands_at_the_top_and_in_the_table(run: list[Snapshot]) -> None:
    load = WorkloadSnapshot(
        name="w<",
        agent="a",
        target="busy:80",
        state="done",
        pattern="p",
        offered=100,
        held=40,
        paced=7,
        breaker=BreakerSnapshot(state="cut", rate=5.0, reason="answered 503\x1b"),
    )
    texts = Seen(page_of(*run, replace(run[-1], at=200.0, workloads=(load,), max_rate=9.0))).texts

    assert (
        "w< HELD BACK: 40 arrivals were not sent by the breaker, which is at 'cut': answered 503\\x1b"
        in texts
    )
    assert any("w< PACED: 7 of 100 requests of its users waited: all" in each for each in texts)
    row = texts[texts.index("w<") :]
    assert ["w<", "p", "busy:80", "100", "0", "0", "40", "7", "0"] == row[:9]


def test_ten_minutes_of_twenty_hosts_are_less_than_two_megabytes(make: Make) -> None:
    gathering = Gathering()
    totals = [make.histogram([0.001 * (1 + n % 97) for n in range(60 * m)]) for m in range(601)]
    for second in range(601):
        latency = OriginLatency(queue=totals[second], total=totals[second])
        hosts = [
            replace(make.origin(f"host{n}", use=(second * 7 + n) % 50, queued=second % 31), latency=latency)
            for n in range(20)
        ]  # fmt: skip
        gathering.add(make.snapshot(float(second), make.agent(*hosts, max_sockets=50.0)))
    gathering.finish()

    assert 20 == len(gathering.hosts)
    assert 2_000_000 > len(page(gathering, About()).encode()) > 100_000


def test_of_very_many_hosts_the_busiest_have_plots_and_the_rest_are_counted(make: Make) -> None:
    hosts: list[OriginSnapshot] = [
        make.origin(f"h{n}", submitted=n) for n in range(MOST_PLOTTED + 3)
    ]
    agent = make.agent(*hosts)
    source = page_of(make.snapshot(1.0, agent), make.snapshot(2.0, agent))

    assert 4 * MOST_PLOTTED == source.count("<figure>")
    assert f"h{MOST_PLOTTED + 2}:80" == re.findall(r"<h3>one  ([^<]*)", source)[0]
    assert "3 more hosts, with fewer requests or gone, have no plots" in source


def test_a_page_of_nothing_but_one_picture_is_a_page(make: Make) -> None:
    Seen(page_of(make.snapshot(1.0)))
    Seen(page_of(make.snapshot(1.0, make.agent(make.origin("a")), workloads=(make.workload(),))))


def test_markup_is_escaped_once() -> None:
    assert "<b>&lt;i&gt;</b>" == el("b", text("<i>"))
    assert '<b title="&quot;&amp;">x</b>' == el("b", raw("x"), title='"&')
    assert "" == table([("a", "")], [], words=1)


def test_dispatchers_have_undicis_numbers_and_what_became_of_their_streams() -> None:
    told = Seen(page_of(picture(pool(), streams(), sockets()))).texts
    start = told.index("undici")
    row = told.index("h2.pay:443", start)

    assert ["streams", "h2.pay:443", "undici-pool", *("1", "1", "0", "0", "100", "100")] == (
        told[row - 1 : row + 8]
    )
    assert ["100/100", "2", "3", "0", "4"] == told[row + 8 : row + 13]
    assert "undici" not in Seen(page_of(picture(sockets()))).texts


def test_streams_are_drawn_under_their_cap_where_there_were_sessions() -> None:
    def plots(*agents: AgentSnapshot) -> int:
        pictures = (replace(picture(each), at=AT + n) for n, each in enumerate(agents))
        return page_of(*pictures).count("<title>streams: ")

    quiet = replace(SESSION, streams=0, peer=None)
    bare = replace(streams(), origins=(replace(streams().origins[0], sockets=()),))
    endless = streams(replace(SESSION, own=None, peer=SessionSettings()))
    assert [1, 1, 1, 0, 0] == [
        plots(streams(), streams(quiet), bare),
        plots(bare, bare, streams()),
        plots(endless),
        plots(bare),
        plots(pool()),
    ]


def test_the_options_of_a_dispatcher_are_undicis() -> None:
    told = Seen(page_of(picture(pool()))).texts
    assert ["connections", "2"] == told[(at := told.index("connections")) : at + 2]
    assert ["clientTtl", "1m"] == told[(at := told.index("clientTtl")) : at + 2]
    assert "maxSockets" not in told
