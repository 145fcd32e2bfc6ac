"""The inspector over any snapshot: it fits, it commands nothing, and it leads somewhere."""

from __future__ import annotations

import math
import shlex
import typing

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.any_struct import TEXT, TIMES, anything
from support.scenes import ACTIVE, HOST, IDLE, KEY, RUNNING, queued, scene

from pooltop.core.detail import HostDetail, RequestDetail, SocketDetail
from pooltop.core.dispatcher_snapshot import ClientInfo
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginSnapshot,
    RequestInfo,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.core.undici.options import DispatcherKind, DispatcherOptions
from pooltop.core.undici.records import Stats
from pooltop.present.demand import Demand
from pooltop.present.history import History, HostId
from pooltop.present.hosts import build_rows
from pooltop.present.inspector import (
    NOTHING,
    Beside,
    HostSubject,
    RequestSubject,
    SocketSubject,
    Subject,
    WorkloadSubject,
    beside_of,
    copy_of,
    curl_of,
    gone_lines,
    hints_of,
    inspector_lines,
    leads_nowhere,
    leads_to,
    name_of,
    picture_of,
    title_of,
)
from pooltop.present.key_line import hint_line, hints_on
from pooltop.present.keys import STANDARD
from pooltop.present.last_seen import LastSeen, settled_lines
from pooltop.present.line import text_of, width_of
from pooltop.present.workload_track import WorkloadRates

FEW = st.integers(1, 3)
# A snapshot is so large a value that shrinking one takes minutes and is no easier to read.
SETTINGS = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "max_examples": 40,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}


def some(cls, most: int = 3, **fields):
    return st.lists(anything(cls, id=FEW, **fields), min_size=1, max_size=most).map(tuple)


LIMITS = st.sampled_from([0.0, 1.0, 4.0, math.inf])
OPTIONS = st.builds(
    AgentOptions,
    max_sockets=LIMITS,
    max_free_sockets=LIMITS,
    max_total_sockets=LIMITS,
    timeout=st.sampled_from([0.0, 1.0, 5000.0]),
    keep_alive=st.booleans(),
    scheduling=st.sampled_from(["lifo", "fifo"]),
    live=st.sampled_from(["node", "drain"]),
)
DISPATCHERS = st.builds(
    DispatcherOptions,
    kind=st.sampled_from(typing.get_args(DispatcherKind)),
    connections=LIMITS,
    pipelining=LIMITS,
    live=st.sampled_from(["node", "drain"]),
)
LINKS = {"request": st.none() | FEW, "socket": st.none() | FEW, "certificate": st.integers(-2, 2)}


@st.composite
def snapshots(draw) -> Snapshot:
    origin = draw(
        anything(
            OriginSnapshot,
            key=TEXT | st.just(KEY),
            scheme=st.sampled_from(["http", "https"]),
            sockets=some(SocketInfo, **LINKS),
            free_sockets=some(SocketInfo, **LINKS),
            requests=some(RequestInfo, **LINKS),
            running=some(RequestInfo, **LINKS),
            stats=st.none() | anything(Stats),
            clients=some(ClientInfo, socket=st.none() | FEW),
            port=st.integers(0, 65535),
        )
    )
    agent = AgentSnapshot(
        name=draw(TEXT),
        options=draw(OPTIONS),
        initial_options=draw(OPTIONS),
        bounds=draw(st.just({}) | st.just({"max_sockets": (1.0, 200.0)})),
        origins=(origin,),
        total_socket_count=draw(FEW),
        dispatcher=draw(st.none() | DISPATCHERS),
        initial_dispatcher=draw(st.none() | DISPATCHERS),
    )
    detail = HostDetail(
        agent=agent.name,
        origin=origin.key,
        sockets=draw(some(SocketDetail, **LINKS)),
        requests=draw(some(RequestDetail, **LINKS)),
    )
    work = draw(anything(WorkloadSnapshot, lateness=st.just(Histogram.of({9: 1}, 0.1))))
    return Snapshot(
        seq=1,
        at=draw(TIMES),
        wall_at=draw(TIMES),
        agents=(agent,),
        details=(detail,),
        workloads=(work,),
    )


def subjects(snapshot: Snapshot) -> list[Subject]:
    (agent,) = snapshot.agents
    host = HostId(agent.name, agent.origins[0].key)
    numbers = (1, 2, 3, 4)
    return [
        HostSubject(host),
        *(SocketSubject(host, SocketId(n)) for n in numbers),
        *(RequestSubject(host, RequestId(n)) for n in numbers),
        *(WorkloadSubject(one.name) for one in snapshot.workloads),
    ]


BESIDE = st.builds(
    Beside,
    busy=st.lists(st.none() | st.floats(), max_size=70),
    demand=st.none()
    | st.builds(Demand, st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 10**6)),
    rates=st.none() | st.builds(WorkloadRates, *[st.none() | st.floats()] * 6),
    cards=st.lists(st.just((("EDIT 7 maxSockets 20>50", "accent"),)), max_size=2).map(tuple),
)


@settings(**SETTINGS)
@given(snapshots(), BESIDE, st.integers(1, 110), st.integers(1, 60), st.booleans())
def test_whatever_is_inspected_fits_and_holds_no_control_character(
    snapshot, beside, width: int, height: int, ascii_only: bool
) -> None:
    for subject in subjects(snapshot):
        picture = picture_of(snapshot, subject)
        if picture is None and isinstance(subject, RequestSubject):
            lines = settled_lines(subject.request, LastSeen(None), snapshot, width, height)
        elif picture is None:
            lines = gone_lines(subject, width, height)
        else:
            lines = inspector_lines(picture, width, height, beside=beside, ascii_only=ascii_only)
            lines.append(hint_line(hints_of(picture), width, STANDARD, locked=ascii_only))
            lines = lines[-height:]
            assert title_of(picture).isprintable()
            assert copy_of(picture, beside=beside).replace("\n", "").isprintable()
        assert len(lines) <= height
        assert all(width_of(line) <= width for line in lines)
        assert all(text_of(line).isprintable() for line in lines)
        assert name_of(subject).isprintable()


ALONE = {
    *("--http1.1", "--http2", "--http2-prior-knowledge", "--globoff", "--path-as-is", "--head"),
    *("--insecure", "-4", "-6"),
}
WITH_VALUE = {
    "-X",
    "-H",
    "--interface",
    "--unix-socket",
    "--connect-to",
    "--proxy",
    "--noproxy",
    "--data-binary",
    "--url",
}


@settings(**SETTINGS)
@given(snapshots())
def test_a_curl_command_is_one_line_that_a_shell_reads_as_meant(snapshot) -> None:
    for subject in subjects(snapshot):
        picture = picture_of(snapshot, subject)
        command = None if picture is None else curl_of(picture)
        if command is None:
            continue
        assert command.isprintable()
        words = iter(shlex.split(command))
        assert "curl" == next(words)
        # Every word is a switch of ours, or the value of the one before, whatever it begins with.
        for one in words:
            assert one in ALONE | WITH_VALUE, one
            if one in WITH_VALUE:
                next(words)


def told(subject: Subject, snapshot: Snapshot):
    picture = picture_of(snapshot, subject)
    assert picture is not None
    return picture


OF_HOST = HostSubject(HOST)
SOCKET = SocketSubject(HOST, SocketId(17))
WAITING = RequestSubject(HOST, RequestId(8716))


@pytest.mark.parametrize(
    ("subject", "to"),
    [
        (OF_HOST, WAITING),
        (WAITING, SOCKET),
        (RequestSubject(HOST, RequestId(8717)), None),
        (RequestSubject(HOST, RequestId(8380)), SOCKET),
        (SOCKET, RequestSubject(HOST, RequestId(8380))),
        (SocketSubject(HOST, SocketId(3)), None),
    ],
)
def test_a_pane_leads_to_what_it_speaks_of(subject, to) -> None:
    snapshot = scene(free=(IDLE,))
    assert to == leads_to(told(subject, snapshot))
    ids = [one for hint in hints_of(told(subject, snapshot)) for one in hint.ids]
    assert ("follow" in ids) is (to is not None)


def test_what_leads_nowhere_says_why() -> None:
    behind = told(RequestSubject(HOST, RequestId(8718)), scene())
    assert "r8718 waits behind 2: only of the first is it known which socket it gets" == (
        leads_nowhere(RequestSubject(HOST, RequestId(8718)), behind)
    )
    assert "r8716: it is not known which socket it would get" == leads_nowhere(
        WAITING, told(WAITING, scene(details=()))
    )
    assert "it leads nowhere from here" == leads_nowhere(None, None)
    assert "s99 leads nowhere" == leads_nowhere(SocketSubject(HOST, SocketId(99)), None)


def test_a_key_that_leads_nowhere_now_is_faint_and_stays_where_it_is() -> None:
    hints = hints_on("Queue")
    usual, vain = (hint_line(hints, 200, STANDARD, vain=each) for each in ((), ("follow",)))
    assert text_of(usual) == text_of(vain)
    assert [("g", "key"), ("g", "faint")] == [
        span for line in (usual, vain) for span in line if span[0] == "g"
    ]


def test_the_keys_are_told_as_far_as_they_fit_and_the_lock_is_seen() -> None:
    hints = hints_of(told(SOCKET, scene()))
    assert "y copy  g its request  D destroy (type s17)" == text_of(hint_line(hints, 60, STANDARD))
    assert "y copy  g its request" == text_of(hint_line(hints, 30, STANDARD))
    assert ("D", "faint") in hint_line(hints, 60, STANDARD, locked=True)
    assert ("D", "key") in hint_line(hints, 60, STANDARD)
    assert ("y", "key") in hint_line(hints, 60, STANDARD, locked=True)


def test_what_is_gone_is_said_to_be_gone() -> None:
    assert ["s99 is closed. The events say", "when and why."] == [
        text_of(line) for line in gone_lines(SocketSubject(HOST, SocketId(99)), 30, 5)
    ]
    assert picture_of(scene(), SocketSubject(HOST, SocketId(99))) is None
    assert picture_of(scene(), HostSubject(HostId("main", KEY + "x"))) is None


def test_names_to_be_typed_are_those_on_the_screen() -> None:
    assert ["s17", "r8716", KEY] == [name_of(subject) for subject in (SOCKET, WAITING, OF_HOST)]


def test_the_request_on_a_socket_can_be_copied_from_there() -> None:
    snapshot = scene()
    assert curl_of(told(RequestSubject(HOST, RUNNING.id), snapshot)) == curl_of(
        told(SOCKET, snapshot)
    )
    assert curl_of(told(OF_HOST, snapshot)) is None
    assert curl_of(told(SocketSubject(HOST, SocketId(3)), scene(free=(IDLE,)))) is None


def test_a_copy_has_everything_that_the_widest_pane_has() -> None:
    picture = told(OF_HOST, scene(requests=(queued(0, overtaken_by=12),)))
    copy = copy_of(picture, beside=Beside(demand=Demand(180.0, 161.0, 50)))
    assert copy.startswith("HOST api.pay:443  agent main\nSTATE")
    assert "about 56 sockets needed (estimate)" in copy
    assert "overtaken by up to 12 younger" in copy
    shown = "".join(text_of(line) for line in inspector_lines(picture, 1000, 99, beside=NOTHING))
    assert shown.replace(" ", "") in copy_of(picture).replace("\n", "").replace(" ", "")


def test_a_picture_of_an_instant_before_the_watch_has_less_to_say() -> None:
    unwatched = msgspec.structs.replace(scene(), details=())
    assert leads_to(told(WAITING, unwatched)) is None
    assert "IF IT ENDS" not in copy_of(told(SOCKET, unwatched))


def test_the_inspector_has_the_same_marks_as_the_row_of_its_host() -> None:
    history = History()
    for second in range(11):
        counters = OriginCounters(
            submitted=second * 20, completed=second * 10, failed={"ECONNRESET": second}
        )
        snapshot = scene(at=1000.0 + second, counters=counters)
        history.add(snapshot)
    picture = told(OF_HOST, snapshot)
    for stale in (False, True):
        (row,) = build_rows(snapshot, history, window_s=10.0, stale=stale)
        beside = beside_of(picture, history, 1010.0, 10.0, stale=stale)
        state = text_of(inspector_lines(picture, 200, 40, beside=beside)[0])
        assert "errors" in row.words
        assert ", ".join(f"{mark.glyph} {mark.word}" for mark in row.marks) in state


def test_the_kept_past_says_how_busy_a_socket_was_and_what_a_host_and_a_workload_did() -> None:
    history = History()
    work = WorkloadSnapshot(
        name="checkout", agent="main", target="api.pay:443", state="running", pattern="open 10/s"
    )
    replace = msgspec.structs.replace
    for second in range(11):
        socket = replace(ACTIVE, busy_s=second / 2)
        counters = OriginCounters(submitted=second * 20, completed=second * 10)
        snapshot = replace(
            scene(at=1000.0 + second, sockets=(socket,), counters=counters),
            workloads=(replace(work, offered=second * 10, completed=second * 8),),
        )
        history.add(snapshot)
    busy = beside_of(told(SOCKET, snapshot), history, 1010.0, 10.0).busy
    assert 60 == len(busy)
    assert [0.5] * 5 == [round(share or 0, 3) for share in busy[-6:-1]]
    assert Demand(20.0, 10.0, 1) == beside_of(told(OF_HOST, snapshot), history, 1010.0, 10.0).demand
    did = beside_of(told(WorkloadSubject("checkout"), snapshot), history, 1010.0, 10.0).rates
    assert (10.0, 8.0) == (did.offered_s, did.completed_s)
    assert NOTHING == beside_of(told(WAITING, snapshot), history, 1010.0, 10.0)
