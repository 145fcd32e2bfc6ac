"""What is told of one host, line by line."""

from __future__ import annotations

import math

import msgspec
import pytest
from support.scenes import ACTIVE, AT, CERTIFICATE, HOST, IDLE, OPTIONS, queued, scene

from pooltop.core.model import SocketId
from pooltop.core.snapshot import Moved, OriginCounters, ProcessFacts, Snapshot, TimeWait
from pooltop.core.states import QueueReason
from pooltop.present.blocks import lay_out
from pooltop.present.demand import Demand, demand_of
from pooltop.present.history import History
from pooltop.present.inspect_host import DEFINITIONS, host_blocks, host_title
from pooltop.present.line import text_of
from pooltop.present.pictures import HostPicture, host_picture

replace = msgspec.structs.replace
COUNTERS = OriginCounters(
    submitted=9000,
    completed=8000,
    failed={"ECONNRESET": 3, "idle clock": 1},
    statuses={200: 7990, 503: 10},
    closed={"closed by peer": 4, "over maxFreeSockets": 12},
    opened=20,
    assigned=8010,
    handshakes=20,
    resumed=19,
    stale_reuse=2,
    retried=1,
)
FULL = tuple(replace(ACTIVE, id=SocketId(n), requests=n * 12) for n in (17, 18, 19, 0))
BUSY = {
    "sockets": FULL,
    "counters": COUNTERS,
    "failures": {"ECONNRESET": "socket hang up", "idle clock": "no byte for 5.0 s"},
    "time_wait": TimeWait(at=999.0, ours=400, fullest=400),
}
DEMAND = Demand(arriving_s=180.0, served_s=161.0, in_use=50)


def picture(snapshot: Snapshot) -> HostPicture:
    found = host_picture(snapshot, HOST)
    assert found is not None
    return found


def shown(snapshot: Snapshot, width: int, height: int, **more) -> list[str]:
    blocks = host_blocks(picture(snapshot), **more)
    return [text_of(line) for line in lay_out(blocks, width, height)]


def said(snapshot: Snapshot, name: str, **more) -> str:
    blocks = host_blocks(picture(snapshot), **more)
    (block,) = (block for block in blocks if block.name == name)
    return "  ".join(text_of(part.line) for part in block.parts)


def test_a_saturated_host_in_the_pane_of_a_200_by_60_screen() -> None:
    snapshot = msgspec.structs.replace(scene(**BUSY), process=ProcessFacts(local_ports=20_000))
    cards = ((("EDIT 7 maxSockets 2>4, 30s before > after: queue 140 > 0", "accent"),),)
    assert [
        "STATE        ! saturated  queued 3  in use 4 of 4  idle 0",
        "WHY          arriving 180/s, served 161/s",
        "             50 in use on average / 161/s = each holds a socket for 311ms",
        "             about 56 sockets needed (estimate)",
        "LIMITS       maxSockets 4  maxFreeSockets 16  maxTotalSockets -  timeout -",
        "             keepAlive on  scheduling lifo  live node",
        "QUEUE        oldest 1.3s  met maxSockets 3",
        "FAILURES     ECONNRESET 3: socket hang up",
        "             idle clock 1: no byte for 5.0 s",
        "             2 stale, 1 sent again",
        "EDITS        EDIT 7 maxSockets 2>4, 30s before > after: queue 140 > 0",
        "ANSWERS      200 7990  503 10",
        "CLOSES       over maxFreeSockets 12  closed by peer 4",
        "REUSE        400 requests a socket  opened 20  100-999 carried: 3",
        "TLS          verified  20 handshakes, 19 resumed",
        "CERT         api.pay +1 to 2030-07-11  issued by Example CA  from 2029-11-22",
        "             also www.api.pay",
        "KERNEL       TIME_WAIT 400 2.0% of ports  rtt 15ms..15ms s19  resent 8 s19 2",
        "             unacked 4  cwnd 10",
        "KEY          api.pay:443:::::::::::::::::::::  host api.pay  port 443",
    ] == shown(snapshot, 77, 40, demand=DEMAND, cards=cards)


def test_a_pane_of_40_by_8_says_of_everything_what_matters_most() -> None:
    assert [
        "STATE ! saturated  queued 3  idle 0",
        "WHY arriving 180/s, served 161/s",
        "LIMITS maxSockets 4  maxFreeSockets 16",
        "QUEUE oldest 1.3s  met maxSockets 3",
        "FAILURES ECONNRESET 3: socket hang up",
        "CLOSES over maxFreeSockets 12",
        "TLS verified  20 handshakes, 19 resumed",
    ] == [line for line in shown(scene(**BUSY), 40, 8, demand=DEMAND) if "ANSWERS" not in line]


def test_limits_tell_what_the_profile_had_and_how_far_they_may_go() -> None:
    snapshot = scene(options=replace(OPTIONS, max_sockets=64.0, max_total_sockets=100.0), total=61)
    (agent,) = snapshot.agents
    bounded = replace(agent, bounds={"max_sockets": (1.0, 200.0), "timeout": (0.0, 5000.0)})
    assert (
        "maxSockets 64 (profile 4) (bounds 1..200)  maxFreeSockets 16  "
        "maxTotalSockets 100 (profile -)  timeout - (bounds -..5s)  keepAlive on  scheduling lifo  "
        "live node  all hosts hold 61"
    ) == said(replace(snapshot, agents=(bounded,)), "LIMITS")


def test_a_queue_tells_which_limits_it_met_and_who_is_dead_in_it() -> None:
    total = QueueReason.MAX_TOTAL_SOCKETS
    requests = (queued(0, overtaken_by=9), queued(1, why=total), queued(2, aborted=True))
    snapshot = scene(requests=requests, queued=200, queued_failed=2)
    assert (
        "oldest 1.3s  met maxSockets 2 of the first 3  met maxTotalSockets 1 of the first 3  "
        "1 given up, still queued of the first 3  2 failed already (their tunnel), still queued  "
        "overtaken by up to 9 younger"
    ) == said(snapshot, "QUEUE")


def test_all_that_were_given_up_are_counted_where_the_engine_says_how_many() -> None:
    requests = (queued(1, aborted=True), queued(2))
    snapshot = scene(requests=requests, queued=200, queued_given_up=42, queued_failed=2)
    assert "40 given up, still queued  2 failed already" in said(snapshot, "QUEUE")


def test_sockets_that_outlived_a_change_of_addresses_are_told() -> None:
    snapshot = scene(moved=Moved(since=970.0, count=3, lifetime_s=5.0))
    assert said(snapshot, "STATE").endswith("3 lead where its name leads no more, seen since 30s")


def test_tunnels_are_told_even_where_nothing_is_queued() -> None:
    snapshot = scene(requests=(), tunnelling=2, tunnelling_since=990.0, tunnel_requests=2)
    assert (
        "2 tunnels pending (not counted by Node yet): 2 requests wait for them, the oldest is 10s old"
    ) == said(snapshot, "QUEUE")


def test_open_sockets_stand_in_classes_of_what_they_have_carried() -> None:
    free = tuple(replace(IDLE, id=SocketId(n), requests=n) for n in (1, 2, 9, 10, 20_000))
    assert (
        "1 carried: 1  2-9 carried: 2  10-99 carried: 1  1000-9999 carried: 1  "
        "10000 or more carried: 1"
    ) == said(scene(free=free), "REUSE")


def test_plain_http_has_no_tls_and_an_unchecked_host_is_said_to_be_so() -> None:
    assert "" == said(scene(scheme="http"), "TLS")
    assert "NOT VERIFIED" == said(scene(verified=False), "TLS")


def test_every_certificate_has_a_line_of_its_own() -> None:
    old = replace(CERTIFICATE, names=(), subject="old", issuer="", wall_not_after=1.0)
    lines = shown(scene(certificates=(CERTIFICATE, old)), 100, 60)
    assert "             old expired 1970-01-01  from 2029-11-22" in lines


def test_failures_without_a_message_are_counted_all_the_same() -> None:
    snapshot = scene(counters=OriginCounters(failed={"EPIPE": 2}))
    assert "EPIPE 2" == said(snapshot, "FAILURES")


def test_the_title_names_host_and_agent() -> None:
    assert "HOST api.pay:443  agent main" == host_title(picture(scene()))


def test_every_name_has_a_definition() -> None:
    assert {block.name for block in host_blocks(picture(scene()))} == DEFINITIONS.keys()


def test_how_many_sockets_are_needed_follows_from_what_comes_and_what_is_served(make) -> None:
    history = History()
    for second in range(11):
        origin = make.origin(
            use=4, submitted=second * 13, completed=second * 10, failed={"EPIPE": second}
        )
        history.add(make.snapshot(float(second), make.agent(origin, max_sockets=4)))
    (host,) = [(a.name, o.key) for a in history.latest.agents for o in a.origins]
    demand = demand_of(history.track(host), 10.0, 10.0)
    assert Demand(arriving_s=13.0, served_s=11.0, in_use=4) == demand
    assert math.isclose(4 / 11, demand.holds_s)
    assert math.isclose(13 * 4 / 11, demand.needed)


def test_what_is_in_use_is_the_windows_mean_not_that_of_an_instant(make) -> None:
    history = History()
    for second in range(11):
        origin = make.origin(use=4 * (second % 2), submitted=second * 10, completed=second * 10)
        history.add(make.snapshot(float(second), make.agent(origin, max_sockets=4)))
    (host,) = [(a.name, o.key) for a in history.latest.agents for o in a.origins]
    assert math.isclose(20 / 11, demand_of(history.track(host), 10.0, 10.0).in_use)


@pytest.mark.parametrize("demand", [None, Demand(5.0, 0.0, 4)])
def test_where_nothing_was_served_nothing_is_estimated(demand) -> None:
    words = said(scene(), "WHY", demand=demand)
    assert ("arriving 5.0/s, served 0/s" if demand else "") == words


def test_a_history_that_is_too_young_has_no_demand(make) -> None:
    history = History()
    history.add(make.snapshot(AT, make.agent(make.origin())))
    assert demand_of(history.track(HOST), AT, 60.0) is None


def test_of_an_agent_for_every_request_it_is_said_how_many_and_what_limits_mean() -> None:
    snapshot = scene(options=replace(OPTIONS, max_sockets=1.0, per_request=True))
    agents = tuple(replace(agent, agents_made=1234) for agent in snapshot.agents)
    told = said(replace(snapshot, agents=agents), "LIMITS")
    assert told.startswith(
        "an agent for every request, 1234 so far: these bind within each  maxSockets 1"
    )


def test_a_limit_of_the_hosts_own_is_named_so() -> None:
    snapshot = scene(options=replace(OPTIONS, max_sockets=20.0))
    (agent,) = snapshot.agents
    own = tuple(replace(one, own_limits={"max_sockets": 6.0}) for one in agent.origins)
    told = said(replace(snapshot, agents=(replace(agent, origins=own),)), "LIMITS")
    assert "maxSockets 6 (this host's own; the agent's 20)  maxFreeSockets 16" in told
