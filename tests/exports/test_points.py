"""What is told of a picture: clean, bounded, each thing once."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
from prometheus_client.parser import text_string_to_metric_families
from support.undici_scenes import GONE, SESSION, client, picture, pool, sockets, streams

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.dispatcher_snapshot import SessionSettings
from pooltop.core.histogram import Recorder
from pooltop.core.snapshot import (
    OriginCounters,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.core.thresholds import ThresholdState, Where
from pooltop.exports import instruments as of
from pooltop.exports.instruments import Attribute, Instrument
from pooltop.exports.points import LONGEST, MOST_HOSTS, OTHERS, points_of
from pooltop.exports.prometheus import exposition

MakeOrigin = Callable[..., OriginSnapshot]
MakePicture = Callable[..., Snapshot]


def test_hosts_that_would_look_the_same_are_added_up(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    one = origin_of(key="1", queued=2, oldest_queued_at=4.0, counters=OriginCounters(opened=3))
    other = origin_of(key="2", queued=1, oldest_queued_at=9.0, counters=OriginCounters(opened=4))
    points = points_of(picture_of(one, other), "1")

    assert [3] == list(points[of.PENDING].values())
    assert [6.0] == list(points[of.OLDEST].values())
    assert [7] == list(points[of.OPENED].values())


def test_hosts_of_one_address_that_differ_are_kept_apart(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    secure = origin_of(key="2", scheme="https")
    named = origin_of(key="3", scheme="https", apart="as other.example")

    assert 3 == len(points_of(picture_of(origin_of(), secure, named), "1")[of.PENDING])


def test_very_many_hosts_are_one_beyond_a_number(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    hosts = [origin_of(f"h{n}", queued=1) for n in range(MOST_HOSTS + 5)]
    points = points_of(picture_of(*hosts), "1")[of.PENDING]

    assert MOST_HOSTS + 1 == len(points)
    assert 5 == points[(Attribute.AGENT, "one"), (Attribute.ADDRESS, OTHERS)]


def test_hostile_text_is_clean_short_and_read_back_as_it_was_told(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    agent = 'x"} 1\n\x1b[2J\u202e\\' + "y" * 500
    text = exposition(picture_of(origin_of(), agent=agent), "1").decode()
    told = {
        sample.labels["agent"]
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "agent" in sample.labels
    }

    assert 1 == len(told)
    label = told.pop()
    assert LONGEST == len(label)
    assert label.startswith('x"} 1\\n\\x1b[2J\\u202e\\yyy')
    assert "\x1b" not in text


def test_prometheus_has_a_host_as_the_screens_name_it(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    hosts = [origin_of(f"h{n}") for n in range(MOST_HOSTS - 1)]
    text = exposition(picture_of(origin_of("::1"), *hosts, origin_of("z")), "1").decode()
    told = {
        (sample.labels["host"], sample.labels["server_address"])
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "host" in sample.labels
    }

    assert {("[::1]:80", "::1"), ("h7:80", "h7"), (OTHERS, OTHERS)} <= told


def test_agents_are_counted_where_every_request_has_one(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    picture = picture_of(origin_of())
    (agent,) = picture.agents
    made = msgspec.structs.replace(picture, agents=(msgspec.structs.replace(agent, agents_made=9),))

    assert of.AGENTS not in points_of(picture, "1")
    assert [9] == list(points_of(made, "1")[of.AGENTS].values())


def test_no_limit_is_told_as_infinity(origin_of: MakeOrigin, picture_of: MakePicture) -> None:
    points = points_of(picture_of(origin_of(own_limits={"max_sockets": 3.0})), "1")

    assert [3.0] == list(points[of.MAX].values())
    assert [math.inf] == list(points[of.TOTAL_MAX].values())


def test_failures_are_told_by_cause_and_by_opentelemetrys_word(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    failed = {"ECONNREFUSED": 2, "EHOSTUNREACH": 1, "queue clock": 4, "total clock": 8}
    points = points_of(picture_of(origin_of(counters=OriginCounters(failed=failed))), "1")
    told = {
        (dict(where)[Attribute.ERROR], dict(where)[Attribute.CAUSE]): count
        for where, count in points[of.ERRORS].items()
    }

    assert {
        ("connection_error", "connect refused"): 2,
        ("connection_error", "unreachable"): 1,
        ("timeout", "queue timeout"): 4,
        ("timeout", "timeout"): 8,
    } == told
    assert [4] == list(points[of.TIMEOUTS].values())


def test_a_workload_its_classes_and_the_thresholds_are_told(picture_of: MakePicture) -> None:
    waited = Recorder()
    waited.record(0.2)
    each = ClassSnapshot(
        name="pay",
        failed={"ECONNRESET": 1},
        unexpected={"status 404": 2},
        redirects=4,
        phases=PhaseDurations(wait=waited.freeze()),
    )
    load = WorkloadSnapshot(
        name="w",
        agent="one",
        target="a:80",
        state="running",
        pattern="",
        rate=5.0,
        held=6,
        paced=7,
        classes=(each,),
    )
    held = ThresholdState(text="a < 1", state="holds", value=0.5, limit=1.0)
    failed = ThresholdState(text="a < 1", where=Where(host="h"), state="failed", limit=1.0)
    unknown = ThresholdState(text="b < 1", limit=1.0)
    points = points_of(picture_of(workloads=(load,), thresholds=(held, failed, unknown)), "1")

    assert [5.0] == list(points[of.RATE].values())
    assert of.USERS not in points
    assert of.WAITING not in points
    assert ([6], [7], [4]) == tuple(
        [*points[each].values()] for each in (of.HELD, of.PACED, of.REDIRECTS)
    )
    assert ["wait"] == [dict(where)[Attribute.PHASE] for where in points[of.CLASS_PHASE]]
    assert [1, 2] == list(points[of.CLASS_ERRORS].values())
    assert [0.0, 1.0] == list(points[of.FAILS].values())
    assert ["a < 1", "a < 1 (host h)"] == [dict(w)[Attribute.THRESHOLD] for w in points[of.FAILS]]
    assert [0.5] == list(points[of.VALUE].values())


def test_names_are_opentelemetrys_and_prometheus_has_them_by_its_rules() -> None:
    every = [each for each in vars(of).values() if isinstance(each, Instrument)]

    assert len(every) == len({each.family for each in every})
    assert "http_client_request_duration_seconds" == of.DURATION.family
    assert "http_client_request_time_in_queue_seconds" == of.TIME_IN_QUEUE.family
    assert "pooltop_client_io_bytes" == of.BYTES.family
    assert "pooltop_workload_rate_per_second" == of.RATE.family
    assert "1" not in {each.unit for each in every}  # would be called a ratio on its way
    assert {"http", "pooltop"} == {each.name.partition(".")[0] for each in every}
    labels = {attribute.label for attribute in Attribute}
    assert len(Attribute) == len(labels)
    assert {"agent", "server_address", "server_port", "state", "reason", "class"} <= labels


def of_undici(snapshot: Snapshot, instrument: Instrument) -> dict[object, object]:
    """Give an instrument's points by what tells them apart beside their host."""
    apart = (Attribute.STATE, Attribute.STAT)
    return {
        next((said for name, said in where if name in apart), ""): value
        for where, value in points_of(snapshot, "1").get(instrument, {}).items()
    }


def test_a_dispatcher_has_undicis_numbers_and_an_agent_has_none() -> None:
    stats = {"connected": 2, "free": 0, "pending": 3, "queued": 2, "running": 2, "size": 5}
    bare = {"connected": 1, "pending": 1, "running": 3, "size": 4}

    assert [stats, bare, {}] == [
        of_undici(picture(agent), of.STATS) for agent in (pool(), client(), sockets())
    ]
    assert [{"": 2}, {}] == [of_undici(picture(agent), of.CLIENTS) for agent in (pool(), sockets())]


def test_streams_are_told_as_open_and_free() -> None:
    some = msgspec.structs.replace(SESSION, streams=40)
    endless = msgspec.structs.replace(some, own=None, peer=SessionSettings())

    assert [
        {"open": 40, "free": 60},
        {"open": 40, "free": math.inf},
        {"open": 3, "free": 0},
        {},
    ] == [of_undici(picture(streams(session)), of.STREAMS) for session in (some, endless, GONE)] + [
        of_undici(picture(pool()), of.STREAMS)
    ]
    assert [{"": 1}, {"": 2}, {"": 3}, {"": 4}] == [
        of_undici(picture(streams()), instrument)
        for instrument in (of.SESSIONS, of.GOAWAYS, of.REFUSED, of.REQUEUED)
    ]
    text = exposition(picture(streams()), "1").decode()
    assert "pooltop_pool_streams{" in text
    assert 'state="free"' in text
