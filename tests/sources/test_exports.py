"""The endpoint of a running engine: its numbers are the snapshot's."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from prometheus_client.parser import text_string_to_metric_families

from pooltop.core.edits import Control
from pooltop.core.exporting import Exports, OtlpExport, PrometheusExport
from pooltop.core.histogram import Histogram
from pooltop.core.model import Profile
from pooltop.core.snapshot import Snapshot
from pooltop.demo.host import DemoHost
from pooltop.errors import EngineError
from pooltop.sources.launch import LaunchedSource
from pooltop.sources.local import LocalSource

Serve = Callable[..., Awaitable[DemoHost]]
MakeProfile = Callable[..., Profile]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def exporting(profile: Profile, port: int = 0) -> Profile:
    wanted = Exports(prometheus=PrometheusExport(listen=f"127.0.0.1:{port}"))
    return msgspec.structs.replace(profile, exports=wanted)


def read(url: str) -> Samples:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def url_in(viewer: Any) -> str:
    said = "metrics for Prometheus at "
    texts = [entry.text for update in viewer.updates for entry in update.entries]
    return next(text.removeprefix(said) for text in texts if text.startswith(said))


def expected_of_the_host(snapshot: Snapshot) -> Samples:
    """Give all that is to be told of the only host, worked out by another way."""
    (agent,) = snapshot.agents
    (origin,) = agent.origins
    counters, latency = origin.counters, origin.latency
    where = {
        "agent": "a",
        "host": f"127.0.0.1:{origin.port}",
        "server_address": "127.0.0.1",
        "server_port": str(origin.port),
        "url_scheme": "http",
    }
    found: Samples = {}

    def told(name: str, value: float, **more: str) -> None:
        found[name, tuple(sorted((where | more).items()))] = value

    usual = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    long = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)

    def durations(name: str, histogram: Histogram, bounds: Sequence[float] = usual) -> None:
        told(f"{name}_count", histogram.count)
        told(f"{name}_sum", histogram.sum_s)
        for bound in bounds:
            below = sum(
                n for i, n in histogram.buckets.items() if 1e-6 * 1.0198 ** (i + 0.5) <= bound
            )
            told(f"{name}_bucket", below, le=str(float(bound)))
        told(f"{name}_bucket", histogram.count, le="+Inf")

    durations("http_client_request_duration_seconds", latency.total)
    durations("http_client_request_time_in_queue_seconds", latency.queue)
    durations("pooltop_client_connection_create_time_seconds", latency.connect)
    durations("pooltop_client_request_wait_seconds", latency.wait)
    durations("pooltop_client_connection_use_time_seconds", latency.lease)
    durations("http_client_connection_duration_seconds", latency.life, long)
    told("http_client_open_connections", origin.active, state="active")
    told("http_client_open_connections", origin.free, state="idle")
    for state in ("connecting", "active", "free", "closing"):
        told("pooltop_client_sockets", getattr(origin, state), state=state)
    told("pooltop_client_sockets", 0, state="tunnelling")
    told("http_client_active_requests", 0)
    told("pooltop_client_connection_max", 2)
    told("pooltop_client_connection_idle_max", 256)
    told("pooltop_client_connection_pending_requests", 0)
    told("pooltop_client_connection_pending_oldest_seconds", 0)
    told("pooltop_client_connection_timeouts_total", 0)
    for name in ("submitted", "queued", "assigned", "reused", "retried"):
        told(f"pooltop_client_request_{name}_total", getattr(counters, name))
    told("pooltop_client_request_stale_total", counters.stale_reuse)
    told("pooltop_client_connection_opened_total", counters.opened)
    told("pooltop_client_tls_handshakes_total", 0)
    told("pooltop_client_tls_resumed_total", 0)
    told("pooltop_client_io_bytes_total", counters.bytes_in, direction="receive")
    told("pooltop_client_io_bytes_total", counters.bytes_out, direction="transmit")
    for status, count in counters.statuses.items():
        told("pooltop_client_responses_total", count, http_response_status_code=str(status))
    for reason, count in counters.closed.items():
        told("pooltop_client_connection_closed_total", count, reason=reason)
    return found


async def test_what_is_scraped_during_a_run_equals_the_snapshot(
    serve: Serve, profile_for: MakeProfile, viewer: Any
) -> None:
    host = await serve()
    profile = exporting(profile_for(host.port, users=5, max_sockets=2))
    source = LocalSource(profile, interval_s=0.05)
    try:
        await source.start(viewer.on_update, viewer.on_end)
        await viewer.until(lambda: viewer.completed > 200)
        running = await asyncio.to_thread(read, url_in(viewer))
        await source.control(Control(action="pause"))
        await viewer.until(
            lambda: (
                viewer.updates[-1].snapshot.workloads[0].in_flight == 0
                and viewer.updates[-1].snapshot.agents[0].origins[0].active == 0
            )
        )
        held_at = viewer.updates[-1].snapshot.at
        # What was scraped before may be half a second old, and is told until then.
        await viewer.until(lambda: viewer.updates[-1].snapshot.at > held_at + 0.6)
        scraped = await asyncio.to_thread(read, url_in(viewer))
    finally:
        await source.close()

    snapshot = viewer.updates[-1].snapshot
    told = {key: value for key, value in scraped.items() if ("agent", "a") in key[1]}
    del told["pooltop_client_connection_total_max", (("agent", "a"),)]
    assert expected_of_the_host(snapshot) == told
    workload = snapshot.workloads[0]
    assert snapshot.agents[0].origins[0].counters.completed == (
        snapshot.agents[0].origins[0].latency.lease.count
    )
    for name in ("offered", "sent", "dropped", "late", "held", "paced"):
        assert (
            getattr(workload, name)
            == scraped[f"pooltop_workload_{name}_total", (("workload", "w"),)]
        )
    done = "pooltop_workload_request_duration_seconds_count"
    assert workload.completed == scraped[done, (("class", "default"), ("workload", "w"))]
    begun = next(key for key in running if key[0] == "pooltop_client_request_submitted_total")
    assert 200 < running[begun] <= scraped[begun]


async def test_an_engine_of_its_own_process_serves_it_and_takes_it_along(
    serve: Serve, profile_for: MakeProfile, viewer: Any
) -> None:
    host = await serve()
    source = LaunchedSource(exporting(profile_for(host.port)), interval_s=0.05, own_process=True)
    try:
        await source.start(viewer.on_update, viewer.on_end)
        await viewer.until(lambda: viewer.completed > 20)
        url = url_in(viewer)
        scraped = await asyncio.to_thread(read, url)
    finally:
        await source.close()

    assert 20 < scraped["pooltop_workload_sent_total", (("workload", "w"),)]
    with pytest.raises(urllib.error.URLError, match="refused"):
        await asyncio.to_thread(read, url)


@pytest.mark.parametrize("own_process", [True, False])
async def test_nothing_is_sent_where_the_port_is_taken(
    serve: Serve, profile_for: MakeProfile, viewer: Any, own_process: bool
) -> None:
    host = await serve()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        profile = exporting(profile_for(host.port), port)
        source = LaunchedSource(profile, interval_s=0.05, own_process=own_process)
        try:
            with pytest.raises(EngineError, match=f"cannot be served on 127.0.0.1:{port}: Addr"):
                await source.start(viewer.on_update, viewer.on_end)
        finally:
            await source.close()

    assert 0 == host.requests


async def test_an_engine_sends_its_last_picture_to_a_collector(
    serve: Serve, profile_for: MakeProfile, viewer: Any
) -> None:
    host = await serve()
    bodies: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(collect, "127.0.0.1", 0) as collector:
        port = collector.sockets[0].getsockname()[1]
        otlp = OtlpExport(endpoint=f"http://127.0.0.1:{port}/v1/metrics", interval_s=60.0)
        profile = msgspec.structs.replace(
            profile_for(host.port, max_requests=50), exports=Exports(otlp=otlp)
        )
        source = LocalSource(profile, interval_s=0.05)
        try:
            await source.start(viewer.on_update, viewer.on_end)
            await viewer.until(lambda: viewer.completed == 50)
        finally:
            await source.close()

    (body,) = bodies
    metrics = ExportMetricsServiceRequest.FromString(body).resource_metrics[0].scope_metrics[0]
    (duration,) = (m for m in metrics.metrics if m.name == "http.client.request.duration")
    assert 50 == duration.histogram.data_points[0].count
