"""The points of a picture as OpenTelemetry's protocol has them, and the thread that sends them.

Rules of this file: OpenTelemetry's encoder writes, requests posts: no proxy and no header of the
environment, no redirect followed, no second try (totals are sent, so the next sending makes up for
a lost one). What is not delivered is counted, and said when it begins and when it ends.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable

import requests
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Histogram as HistogramData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from pooltop.core.exporting import OtlpExport
from pooltop.core.histogram import Histogram, value_of
from pooltop.core.snapshot import Snapshot
from pooltop.exports.buckets import counts_of
from pooltop.exports.instruments import Instrument
from pooltop.exports.pictures import Pictures
from pooltop.exports.points import Attributes, Value, points_of

TIMEOUT_S = 5.0
"""A collector may take so long to take the connection, and to answer."""
END_S = 0.5
"""The engine's end waits so long for the last sending."""
_CUMULATIVE = AggregationTemporality.CUMULATIVE


def encoded(snapshot: Snapshot, version: str, *, wall_began: float, instance: str) -> bytes:
    """Give the body of an ExportMetricsServiceRequest, as protobuf.

    Args:
        snapshot: what is measured.
        version: of pooltop.
        wall_began: Unix time from which totals count.
        instance: what tells this engine from every other, on whatever machine.
    """
    began, now = (int(wall * 1e9) for wall in (wall_began, snapshot.wall_at))
    metrics = [
        _metric(instrument, points, began, now)
        for instrument, points in points_of(snapshot, version).items()
    ]
    scope = ScopeMetrics(InstrumentationScope("pooltop", version), metrics, "")
    about = {
        "service.name": "pooltop",
        "service.version": version,
        "service.instance.id": instance,
    }
    data = MetricsData([ResourceMetrics(Resource(about), [scope], "")])
    body: bytes = encode_metrics(data).SerializeToString()
    return body


def _metric(
    instrument: Instrument, points: dict[Attributes, Value], began: int, now: int
) -> Metric:
    numbers: list[NumberDataPoint] = []
    durations: list[HistogramDataPoint] = []
    for attributes, value in points.items():
        told = {str(name): said for name, said in attributes}
        if isinstance(value, Histogram):
            durations.append(_durations(told, value, instrument.bounds, began, now))
        else:
            numbers.append(NumberDataPoint(told, began, now, value))
    data: Sum | Gauge | HistogramData
    if instrument.kind == "histogram":
        data = HistogramData(durations, _CUMULATIVE)
    elif instrument.kind == "gauge":
        data = Gauge(numbers)
    else:
        data = Sum(numbers, _CUMULATIVE, is_monotonic=instrument.kind == "counter")
    return Metric(instrument.name, instrument.meaning, instrument.unit, data)


def _durations(
    told: dict[str, str | int], value: Histogram, bounds: tuple[float, ...], began: int, now: int
) -> HistogramDataPoint:
    buckets = value.buckets
    return HistogramDataPoint(
        attributes=told,
        start_time_unix_nano=began,
        time_unix_nano=now,
        count=value.count,
        sum=value.sum_s,
        bucket_counts=counts_of(value, bounds),
        explicit_bounds=bounds,
        min=value_of(min(buckets)) if buckets else 0.0,
        max=value_of(max(buckets)) if buckets else 0.0,
    )


class Sender:
    """Sends a picture at every interval, and the last one at the end."""

    def __init__(self, wanted: OtlpExport, version: str) -> None:
        """Prepare; nothing is sent yet."""
        self._wanted = wanted
        self._version = version
        # Process ids are not unique: in a container each is 1.
        self._instance = str(uuid.uuid4())
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = f"pooltop/{version}"
        self._session.headers.update(_together(wanted.headers))
        self._session.headers["Content-Type"] = "application/x-protobuf"
        self._over = threading.Event()
        self._wall_began = 0.0
        self._failing = 0
        """How many in a row were not delivered."""
        self._thread: threading.Thread | None = None
        self.failed = 0
        """How many were not delivered in all."""

    def start(self, pictures: Pictures, tell: Callable[[str, str], None]) -> None:
        """Begin to send; to be called in the event loop.

        Args:
            pictures: what is sent.
            tell: writes a line into the engine's journal, in the event loop.
        """
        loop = asyncio.get_running_loop()
        self._wall_began = time.time()

        def soon(kind: str, text: str) -> None:
            try:
                loop.call_soon_threadsafe(tell, kind, text)
            except RuntimeError:
                return  # the engine has ended: nobody hears it any more

        def run() -> None:
            while not self._over.wait(self._wanted.interval_s):
                self._send(pictures, soon)
            self._send(pictures, soon)
            self._session.close()

        self._thread = threading.Thread(target=run, name="pooltop-otlp", daemon=True)
        self._thread.start()
        tell("INFO", f"metrics are sent to {self._wanted.endpoint}")

    async def close(self) -> None:
        """Send the last picture and end; one that takes longer than END_S is left to itself."""
        self._over.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, END_S)

    def _send(self, pictures: Pictures, tell: Callable[[str, str], None]) -> None:
        try:
            snapshot = pictures.newest()
        except (TimeoutError, RuntimeError):
            return  # it is too busy for a picture, or has ended: there is nothing to deliver
        body = encoded(
            snapshot, self._version, wall_began=self._wall_began, instance=self._instance
        )
        why = self._post(body)
        if why:
            self.failed += 1
            self._failing += 1
            if self._failing == 1:
                tell("ERROR", f"metrics were not taken by {self._wanted.endpoint}: {why}")
        elif self._failing:
            tell("INFO", f"metrics are taken again; {self._failing} sendings were lost")
            self._failing = 0

    def _post(self, body: bytes) -> str:
        """Give why it was not taken; "" where it was."""
        try:
            with self._session.post(
                self._wanted.endpoint,
                data=body,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # the answer's body is nobody's business, however long
            ) as answer:
                status = answer.status_code
        except (requests.RequestException, OSError, ValueError) as error:
            # Its own words have the URL again, and addresses in memory.
            cause = _cause_of(error)
            words = cause.strerror if isinstance(cause, OSError) else None
            return words or type(cause).__name__
        return "" if 200 <= status < 300 else f"it answered {status}"


def _cause_of(error: BaseException) -> BaseException:
    """Give the error beneath the ones that libraries put around it."""
    while True:
        below = error.__cause__ or error.__context__
        if below is None:
            return error
        error = below


def _together(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Give header fields, those of one name in one (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
