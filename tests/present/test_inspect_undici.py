"""What the inspectors say of a dispatcher's hosts, connections, clients and waiting requests."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.undici_scenes import (
    AT,
    CLIENT,
    GONE,
    POOL,
    SESSION,
    SOCKETS,
    STREAMS,
    client,
    picture,
    pool,
    request,
    sockets,
    streams,
)

from pooltop.core.detail import HostDetail, Outlook, RequestDetail
from pooltop.core.dispatcher_snapshot import ClientInfo
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
)
from pooltop.core.states import QueueReason
from pooltop.core.undici.options import DispatcherOptions
from pooltop.present.carried import destroying
from pooltop.present.demand import Demand
from pooltop.present.history import HostId
from pooltop.present.inspect_host import host_blocks
from pooltop.present.inspect_request import request_blocks
from pooltop.present.inspect_socket import socket_blocks
from pooltop.present.inspector import RequestSubject, leads_to
from pooltop.present.line import text_of
from pooltop.present.pictures import host_picture, request_picture, socket_picture
from pooltop.present.undici_stats import client_words, streams_of
from pooltop.present.waiting import MEANINGS, NODE_LIMITS, meaning_of


def of_host(agent: AgentSnapshot, host: HostId, name: str, **beside: object) -> list[str]:
    seen = host_picture(picture(agent), host)
    assert seen is not None
    blocks = host_blocks(seen, **beside)  # type: ignore[arg-type]
    return [text_of(part.line) for block in blocks if block.name == name for part in block.parts]


def of_socket(agent: AgentSnapshot, host: HostId, number: int, name: str) -> list[str]:
    seen = socket_picture(picture(agent), host, SocketId(number))
    assert seen is not None
    blocks = socket_blocks(seen, 100, 40)
    return [text_of(part.line) for block in blocks if block.name == name for part in block.parts]


def of_request(
    agent: AgentSnapshot, host: HostId, number: int, name: str, *details: RequestDetail
) -> list[str]:
    told = HostDetail(agent=host.agent, origin=host.origin, requests=details)
    seen = request_picture(replace(picture(agent), details=(told,)), host, RequestId(number))
    assert seen is not None
    blocks = request_blocks(seen, 100, 40)
    return [text_of(part.line) for block in blocks if block.name == name for part in block.parts]


def test_a_host_has_undicis_numbers_under_undicis_names() -> None:
    assert [
        *("undici-pool", "speaks h1", "connected 2", "free 0", "pending 3", "queued 2"),
        *("running 2", "size 5"),
    ] == of_host(pool(), POOL, "STATS")


def test_a_bare_client_has_no_numbers_of_a_pool() -> None:
    assert [
        *("undici-client", "speaks h1", "connected 1", "pending 1", "running 3", "size 4"),
    ] == of_host(client(), CLIENT, "STATS")


def test_a_host_of_an_http_agent_has_none_of_it() -> None:
    assert [[], [], []] == [
        of_host(sockets(), SOCKETS, name) for name in ("STATS", "STREAMS", "CLIENTS")
    ]


def test_a_pool_that_learns_the_protocol_and_an_upstream_with_a_weight_say_so() -> None:
    agent = pool()
    probing = replace(agent.origins[0], probing=True, weight=85.0, stats=None)
    assert ["undici-pool", "one connection learns the protocol first", "weight 85"] == of_host(
        replace(agent, origins=(probing,)), POOL, "STATS"
    )


def test_each_client_says_what_it_is_at() -> None:
    assert [
        "c1 on s1, 1 runs, 1 waits, takes no more until it drains",
        "c2 on s2, 1 runs, takes no more until it drains, clientTtl in 2.5s",
        "c3 on s3, has left the pool, ends after what it has",
    ] == of_host(pool(), POOL, "CLIENTS")
    assert ["c1 on s1, 3 run, 1 waits, takes no more until it drains"] == of_host(
        client(), CLIENT, "CLIENTS"
    )
    spare = ClientInfo(id=4, ttl_at=AT - 1)
    assert "c4 not connected, clientTtl over: retired next" == client_words(spare, AT)


def test_of_very_many_clients_the_first_are_told() -> None:
    agent = pool()
    many = replace(agent.origins[0], clients=tuple(ClientInfo(id=n) for n in range(1, 31)))
    told = of_host(replace(agent, origins=(many,)), POOL, "CLIENTS")
    assert (13, "and 18 more") == (len(told), told[-1])


def test_a_host_says_what_its_sessions_carry_and_what_became_of_others() -> None:
    assert [
        *("100/100 on 1 session, cap: ours", "GOAWAY 2", "refused 3", "put back 4", "PINGs 9"),
    ] == of_host(streams(), STREAMS, "STREAMS")


def test_sessions_of_one_host_are_added_up() -> None:
    origin = streams().origins[0]
    second = replace(origin.sockets[0], id=SocketId(2), session=replace(SESSION, streams=7, own=20))
    third = replace(origin.sockets[0], id=SocketId(3), session=GONE)

    load = streams_of(replace(origin, sockets=(*origin.sockets, second, third)))

    assert load is not None
    assert ("110/120", "") == (load.words, load.capped_by)


def test_no_number_of_sockets_is_said_to_be_needed_where_each_carries_many() -> None:
    demand = Demand(arriving_s=10.0, served_s=9.0, in_use=1.0)
    assert 1 == len(of_host(streams(), STREAMS, "WHY", demand=demand))
    assert 3 == len(of_host(sockets(), SOCKETS, "WHY", demand=demand))


def test_a_queue_says_what_undici_waits_for() -> None:
    assert ["connections 2", "blocking 1"] == of_host(pool(), POOL, "QUEUE")[1:]


def test_a_socket_says_what_its_session_is() -> None:
    told = of_socket(streams(), STREAMS, 1, "SESSION")
    assert "100/100 streams, capped by ours, maxConcurrentStreams 100" == told[0]
    assert [] == of_socket(client(), CLIENT, 1, "SESSION")


def test_a_socket_names_its_oldest_request_and_counts_the_others() -> None:
    assert "and 99 more on its session" == of_socket(streams(), STREAMS, 1, "NOW")[-1]
    assert "and 2 more in its pipeline" == of_socket(client(), CLIENT, 1, "NOW")[-1]
    assert "load/get" == of_socket(pool(), POOL, 1, "NOW")[-1]


def test_a_session_that_names_no_request_is_known_by_what_it_carries() -> None:
    agent = streams()
    origin = agent.origins[0]
    unnamed = replace(origin.sockets[0], request=None)
    agent = replace(agent, origins=(replace(origin, sockets=(unnamed,)),))

    assert of_socket(agent, STREAMS, 1, "NOW")[0].startswith("r1 GET /1 ")
    seen = socket_picture(picture(agent), STREAMS, SocketId(1))
    assert seen is not None
    assert RequestSubject(STREAMS, RequestId(1)) == leads_to(seen)
    assert "all 100 requests on its session fail" == destroying(agent.origins[0], unnamed)


def test_an_idle_connection_is_taken_by_undicis_rule() -> None:
    agent = pool()
    around = DispatcherOptions(kind="undici-round-robin-pool")
    assert [
        "taken when its client is the first that takes requests",
        "taken when its client's turn comes",
    ] == [
        of_socket(each, POOL, 3, "IDLE")[1] for each in (agent, replace(agent, dispatcher=around))
    ]


def test_a_waiting_request_says_what_for_and_in_whose_queue() -> None:
    assert [
        [
            "blocking: the one before it lets nothing be sent until its response begins: all but "
            "HEAD do",
            "queue that of client c1",
        ],
        [
            "connections: all clients of the pool are full, and it has as many as connections lets "
            "it",
            "queue the pool's",
        ],
    ] == [of_request(pool(), POOL, number, "WHY WAITING") for number in (4, 5)]


@pytest.mark.parametrize(
    ("live", "least", "words"),
    [
        ("node", 3, "no edit starts it sooner: undici takes its limits when it is made (NODE)"),
        ("drain", 3, "at once if connections >= 3 (DRAIN)"),
        ("drain", None, "in about 500ms (estimate)"),
    ],
)
def test_what_an_edit_would_do_for_it_is_said_in_undicis_words(
    live: str, least: int | None, words: str
) -> None:
    agent = pool()
    agent = replace(agent, options=replace(agent.options, live=live))
    outlook = Outlook(ahead=1, held_by=QueueReason.CONNECTIONS, in_s=0.5, at_once_from=least)
    detail = RequestDetail(id=RequestId(5), outlook=outlook)
    assert words == of_request(agent, POOL, 5, "WOULD START", detail)[-1]


def test_a_running_request_says_which_stream_it_is() -> None:
    assert ["on s1: under way", "stream 3", "100/100 streams on its session (cap: ours)"] == (
        of_request(streams(), STREAMS, 2, "NOW")
    )


def test_every_reason_of_undicis_has_words() -> None:
    told = {reason.value: meaning_of(reason) for reason in QueueReason if reason not in NODE_LIMITS}
    assert [] == [reason for reason, meaning in told.items() if not meaning]
    assert {"maxSockets", "maxTotalSockets"}.isdisjoint(MEANINGS)


def test_a_request_that_waits_nowhere_in_particular_is_a_pools() -> None:
    agent = pool()
    waits = request(9)
    alone = replace(agent, origins=(replace(agent.origins[0], requests=(waits,)),))
    assert ["queue the pool's"] == of_request(alone, POOL, 9, "WHY WAITING")
