"""What a collector is sent, and what is done where it does not take it."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from pooltop.core.exporting import Exports, OtlpExport
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.snapshot import OriginCounters, OriginLatency, OriginSnapshot, Snapshot
from pooltop.exports.buckets import BOUNDS, LONG_BOUNDS, counts_of
from pooltop.exports.otlp import Sender, encoded
from pooltop.exports.pictures import Pictures
from pooltop.exports.points import points_of
from pooltop.exports.running import RunningExports

MakeOrigin = Callable[..., OriginSnapshot]
MakePicture = Callable[..., Snapshot]
Eventually = Callable[..., Awaitable[None]]


class Collector:
    """Takes whatever it is posted, and answers as told."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.asked.append((self.path, dict(self.headers), body))
                self.send_response(collector.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/metrics"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Give one that says 200."""
    with contextlib.closing(Collector()) as made:
        yield made


def decoded(body: bytes) -> dict[tuple[str, tuple[tuple[str, object], ...]], object]:
    """Give each point's value, by its metric and attributes."""
    request = ExportMetricsServiceRequest.FromString(body)
    (resource,) = request.resource_metrics
    (scope,) = resource.scope_metrics
    found: dict[tuple[str, tuple[tuple[str, object], ...]], object] = {}
    for metric in scope.metrics:
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points:
            told = tuple(
                (a.key, getattr(a.value, a.value.WhichOneof("value"))) for a in point.attributes
            )
            if kind == "histogram":
                value: object = (point.count, point.sum, [*point.bucket_counts])
                life = metric.name == "http.client.connection.duration"
                assert [*point.explicit_bounds] == [*(LONG_BOUNDS if life else BOUNDS)]
            else:
                value = getattr(point, point.WhichOneof("value"))
            assert (metric.name, told) not in found
            found[metric.name, told] = value
    return found


def test_what_is_encoded_has_every_point_with_opentelemetrys_names(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    recorder = Recorder()
    for duration in (0.0, 0.02, 0.3, 40.0):
        recorder.record(duration)
    host = origin_of(
        active=1,
        free=2,
        counters=OriginCounters(opened=3, statuses={200: 7}, failed={"ECONNRESET": 1}),
        latency=OriginLatency(total=recorder.freeze()),
    )
    picture = picture_of(host)
    told = decoded(encoded(picture, "1.2", wall_began=5.0, instance="one of many"))

    points = points_of(picture, "1.2")
    assert {
        (instrument.name, tuple((str(name), said) for name, said in attributes)): (
            (value.count, value.sum_s, counts_of(value, instrument.bounds))
            if isinstance(value, Histogram)
            else value
        )
        for instrument, of in points.items()
        for attributes, value in of.items()
    } == told
    where = (
        ("pooltop.agent", "one"),
        ("server.address", "a"),
        ("server.port", 80),
        ("url.scheme", "http"),
    )
    assert 2 == told["http.client.open_connections", (*where, ("http.connection.state", "idle"))]
    assert 4 == told["http.client.request.duration", where][0]  # type: ignore[index]
    assert 7 == told["pooltop.client.responses", (*where, ("http.response.status_code", 200))]


def test_what_only_grows_is_a_monotonic_sum_and_what_adds_up_is_a_sum(
    origin_of: MakeOrigin, picture_of: MakePicture
) -> None:
    request = ExportMetricsServiceRequest.FromString(
        encoded(picture_of(origin_of()), "1", wall_began=5.0, instance="one of many")
    )
    kinds = {
        metric.name: (metric.WhichOneof("data"), metric.unit, metric.sum.is_monotonic)
        for metric in request.resource_metrics[0].scope_metrics[0].metrics
    }

    assert ("sum", "{connection}", True) == kinds["pooltop.client.connection.opened"]
    assert ("sum", "{connection}", False) == kinds["http.client.open_connections"]
    assert ("gauge", "s", False) == kinds["pooltop.client.connection.pending_oldest"]
    assert ("histogram", "s", False) == kinds["http.client.request.time_in_queue"]
    resource = {
        a.key: a.value.string_value for a in request.resource_metrics[0].resource.attributes
    }
    assert {
        "service.name": "pooltop",
        "service.version": "1",
        "service.instance.id": "one of many",
    } == resource


class Engine:
    """Gives pictures whose number goes up, and hears what is told."""

    def __init__(self, picture_of: MakePicture) -> None:
        self.taken = 0
        self.told: list[tuple[str, str]] = []
        self._picture_of = picture_of

    def take(self) -> Snapshot:
        self.taken += 1
        return self._picture_of(seq=self.taken)

    def tell(self, kind: str, text: str) -> None:
        self.told.append((kind, text))


@pytest.fixture
def engine(picture_of: MakePicture) -> Engine:
    """Give one that was asked nothing yet."""
    return Engine(picture_of)


async def test_no_two_engines_are_one_to_a_collector(
    collector: Collector, engine: Engine, eventually: Eventually
) -> None:
    for _ in range(2):
        sender = Sender(OtlpExport(endpoint=collector.url, interval_s=60.0), "1")
        sender.start(Pictures(engine.take), engine.tell)
        await sender.close()
    await eventually(lambda: len(collector.asked) == 2)

    resources = [
        ExportMetricsServiceRequest.FromString(body).resource_metrics[0].resource
        for _, _, body in collector.asked
    ]
    ids = [a.value.string_value for r in resources for a in r.attributes if "instance" in a.key]
    assert 2 == len(set(ids)) == len(ids)


async def test_it_sends_at_the_interval_and_once_more_at_the_end(
    collector: Collector, engine: Engine, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=another%20secret")
    wanted = OtlpExport(
        endpoint=collector.url, interval_s=0.02, headers=(("X-Key", "s3cret"), ("X-Key", "b"))
    )
    sender = Sender(wanted, "1.2")
    sender.start(Pictures(engine.take), engine.tell)
    await eventually(lambda: len(collector.asked) > 2)
    await sender.close()

    sent = len(collector.asked)
    assert sent == engine.taken
    path, headers, _ = collector.asked[-1]
    assert ("/v1/metrics", "application/x-protobuf") == (path, headers["Content-Type"])
    assert ("s3cret, b", "pooltop/1.2") == (headers["X-Key"], headers["User-Agent"])
    assert "another" not in str(headers)
    assert [("INFO", f"metrics are sent to {collector.url}")] == engine.told
    assert "s3cret" not in repr(wanted)
    assert sender.failed == 0


@pytest.mark.parametrize("status", [302, 400, 503])
async def test_what_is_not_taken_is_said_once_and_counted_and_said_when_it_is_over(
    collector: Collector, engine: Engine, eventually: Eventually, status: int
) -> None:
    collector.status = status
    sender = Sender(OtlpExport(endpoint=collector.url, interval_s=0.02), "1")
    sender.start(Pictures(engine.take), engine.tell)
    await eventually(lambda: sender.failed > 2)
    collector.status = 200
    await eventually(lambda: len(engine.told) > 2)
    await sender.close()

    why = f"metrics were not taken by {collector.url}: it answered {status}"
    again = f"metrics are taken again; {sender.failed} sendings were lost"
    assert [("ERROR", why), ("INFO", again)] == engine.told[1:]
    assert {"/v1/metrics"} == {path for path, _, _ in collector.asked}


async def test_where_nobody_listens_that_is_said_and_nothing_waits(
    engine: Engine, eventually: Eventually
) -> None:
    sender = Sender(OtlpExport(endpoint="http://127.0.0.1:1/v1/metrics", interval_s=0.02), "1")
    sender.start(Pictures(engine.take), engine.tell)
    await eventually(lambda: len(engine.told) > 1)
    await sender.close()

    words = "metrics were not taken by http://127.0.0.1:1/v1/metrics: Connection refused"
    assert ("ERROR", words) == engine.told[1]
    assert 2 == len(engine.told)


async def test_a_collector_that_never_answers_holds_the_end_up_for_half_a_second_only(
    engine: Engine,
) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        wanted = OtlpExport(endpoint=f"http://127.0.0.1:{port}/v1/metrics", interval_s=60.0)
        sender = Sender(wanted, "1")
        sender.start(Pictures(engine.take), engine.tell)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await sender.close()

        assert loop.time() - began < 4.0  # its timeout is five seconds
    assert sender._thread is not None
    await asyncio.to_thread(sender._thread.join)
    assert 1 == sender.failed


async def test_the_last_picture_is_of_the_end_however_fresh_the_one_before_was(
    collector: Collector, origin_of: MakeOrigin, picture_of: MakePicture, eventually: Eventually
) -> None:
    opened = 1

    def take() -> Snapshot:
        host = origin_of(counters=OriginCounters(opened=opened))
        return picture_of(host, at=time.monotonic())

    otlp = OtlpExport(endpoint=collector.url, interval_s=0.02)
    exports = RunningExports(Exports(otlp=otlp))
    exports.start(take, lambda *_: None)
    await eventually(lambda: len(collector.asked) > 0)
    opened = 2
    await exports.close()
    await exports.close()

    told = decoded(collector.asked[-1][2])
    assert [2] == [n for (name, _), n in told.items() if name == "pooltop.client.connection.opened"]
