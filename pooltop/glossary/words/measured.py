"""Metrics that a threshold can be set on, as terms: ``core.metrics`` has what they mean."""

from __future__ import annotations

from pooltop.core.metrics import METRICS, Metric, Unit
from pooltop.glossary.term import Shelf, Term

_OF = {
    "class": "a request class",
    "workload": "a workload",
    "pool": "an agent's pool of a host",
}
_UNITS: dict[Unit, str] = {
    "s": "seconds",
    "share": "a share",
    "count": "a number",
    "/s": "per second",
}
_SEE = {
    "request.queue": ("queue",),
    "request.dns": ("dns",),
    "request.tcp": ("tcp",),
    "request.tunnel": ("tunnel",),
    "request.tls": ("tls",),
    "request.send": ("send",),
    "request.wait": ("wait",),
    "request.receive": ("receive",),
    "request.earlier": ("earlier",),
    "request.duration": ("intended start", "quantile"),
    "load.start_error": ("start error",),
    "pool.queue.wait": ("queue", "WAIT95"),
    "pool.queue.depth": ("queued", "QUEUE"),
    "pool.queue.oldest": ("OLDEST",),
    "pool.connect": ("connect",),
    "pool.sockets.in_use": ("active", "maxSockets"),
    "pool.sockets.free": ("free", "maxFreeSockets"),
    "pool.reuse": ("reuse",),
    "pool.opened": ("churn", "connect"),
    "pool.stale": ("stale reuse",),
    "pool.streams.open": ("stream",),
    "pool.streams.cap": ("maxConcurrentStreams",),
    "pool.goaways": ("GOAWAY",),
}


def _term(metric: Metric) -> Term:
    made = ", ".join(f"{name} ({_UNITS[unit]})" for name, unit in metric.aggregates.items())
    return Term(
        metric.name,
        metric.meaning,
        f"Of {_OF[metric.scope]}. What can be made of it: {made}. p is any quantile: p95, p99.9.",
        see=_SEE.get(metric.name, ()),
    )


MEASURED = Shelf(
    "Metrics of thresholds",
    "metric of a threshold",
    tuple(_term(metric) for metric in METRICS.values()),
)
