"""The points of a picture as Prometheus reads them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import Snapshot
from pooltop.exports.buckets import counts_of
from pooltop.exports.instruments import Attribute, Instrument
from pooltop.exports.points import Attributes, Points, Value, points_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HOST = "host"
"""A label more than OpenTelemetry has: address and port in one, as the screens name a host."""


class PointCollector(Collector):
    """Gives prometheus_client the points of one picture."""

    def __init__(self, points: Points) -> None:
        """Collect these."""
        self._points = points

    def collect(self) -> Iterator[Metric]:
        """Give every family that has a sample."""
        for instrument, points in self._points.items():
            kind = "gauge" if instrument.kind == "level" else instrument.kind
            metric = Metric(instrument.family, instrument.meaning, kind)
            for attributes, value in points.items():
                _add(metric, instrument, attributes, value)
            yield metric


def exposition(snapshot: Snapshot, version: str) -> bytes:
    """Give a picture in Prometheus' text format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PointCollector(points_of(snapshot, version)))
    return generate_latest(registry)


def _add(metric: Metric, instrument: Instrument, attributes: Attributes, value: Value) -> None:
    labels = _labels(attributes)
    if not isinstance(value, Histogram):
        suffix = "_total" if instrument.kind == "counter" else ""
        metric.add_sample(instrument.family + suffix, labels, value)
        return
    counts = itertools.accumulate(counts_of(value, instrument.bounds))
    for bound, count in zip((*instrument.bounds, "+Inf"), counts, strict=True):
        metric.add_sample(f"{instrument.family}_bucket", {**labels, "le": str(bound)}, count)
    metric.add_sample(f"{instrument.family}_count", labels, value.count)
    metric.add_sample(f"{instrument.family}_sum", labels, value.sum_s)


def _labels(attributes: Attributes) -> dict[str, str]:
    labels = {name.label: str(said) for name, said in attributes}
    address = labels.get(Attribute.ADDRESS.label)
    if address is not None:
        port = labels.get(Attribute.PORT.label)
        named = f"[{address}]" if ":" in address else address
        labels[HOST] = named if port is None else f"{named}:{port}"
    return labels
