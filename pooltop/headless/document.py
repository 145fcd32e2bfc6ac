"""A whole run as one JSON document: the summary as data, with the histograms it is made of.

Everything beyond ASCII is escaped, and "no limit" is null, as in ``sources.ndjson_format``. Counts
are totals since the engine's start, as the summary's are.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import asdict

from pooltop import __version__
from pooltop.advise.diagnosis import Card
from pooltop.core.causes import by_cause
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.histogram import GROWTH, SMALLEST_S, Histogram
from pooltop.core.model import HostId
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.core.thresholds import overall
from pooltop.present.delivery import shortfalls
from pooltop.present.export import Picture
from pooltop.present.undici_stats import streams_of
from pooltop.present.versus import pair_of
from pooltop.present.versus_card import card_data
from pooltop.sources.ndjson_format import plain

SCHEMA = 1
"""Of the document: goes up when a reader of the former would misread one."""
_QUANTILES = (("p50_s", 0.5), ("p90_s", 0.9), ("p95_s", 0.95), ("p99_s", 0.99), ("p99.9_s", 0.999))

_Data = dict[str, object]


def document(first: Snapshot, last: Snapshot, *, is_over: bool, advice: Sequence[Card] = ()) -> str:
    """Give the document, without its last line's end.

    Args:
        first: snapshot of the run.
        last: snapshot of the run.
        is_over: whether nothing more comes of it: what is not known by then was not held.
        advice: every card that was raised, oldest first.
    """
    data: _Data = {
        "schema": SCHEMA,
        "pooltop": __version__,
        "profile": last.profile,
        "environment": last.environment,
        "began": Picture("", first.wall_at).instant,
        "ended": Picture("", last.wall_at).instant,
        "elapsed_s": last.at - first.at,
        "verdict": overall(last.thresholds, is_over=is_over),
        "thresholds": [asdict(each) for each in last.thresholds],
        "agents": [_agent(agent) for agent in last.agents],
        "hosts": [_host(agent, each) for agent in last.agents for each in agent.origins],
        "workloads": [_workload(each, last.max_rate) for each in last.workloads],
        "advice": [_card(card, first, last) for card in advice],
        "compare": _compare(last),
        "edits": list(last.edits),
        "process": last.process,
        "histogram": {
            "smallest_s": SMALLEST_S,
            "growth": GROWTH,
            "bucket": "i holds durations from smallest_s * growth**i up to the next",
        },
    }
    return plain(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())


def _compare(last: Snapshot) -> _Data | None:
    """Give the card of what the profile compares; None where it compares nothing."""
    pair = pair_of(last) if last.compare is not None else None
    return None if pair is None else card_data(pair, last)


def _agent(agent: AgentSnapshot) -> _Data:
    return {
        "name": agent.name,
        "options": agent.options,
        "initial_options": agent.initial_options,
        "timeouts": agent.timeouts,
        "codec": agent.codec,
        "kind": agent.kind,
        "dispatcher": agent.dispatcher,
        "initial_dispatcher": agent.initial_dispatcher,
    }


def _host(agent: AgentSnapshot, origin: OriginSnapshot) -> _Data:
    counters = origin.counters
    latency = asdict(origin.latency)
    streams = streams_of(origin)
    return {
        "agent": agent.name,
        "scheme": origin.scheme,
        "host": origin.host,
        "port": origin.port,
        "apart": origin.apart,
        "counters": counters,
        "reuse_share": counters.reused / counters.assigned if counters.assigned else None,
        "causes": _causes(counters.failed),
        "failures": origin.failures,
        "durations": {name: _durations(histogram) for name, histogram in latency.items()},
        "queued": origin.queued,
        "sockets": origin.total,
        "free": origin.free,
        "stats": origin.stats,
        "streams": None if streams is None else {"open": streams.running, "cap": streams.cap},
    }


def _card(card: Card, first: Snapshot, last: Snapshot) -> _Data:
    finding, subject = card.finding, card.subject
    hosts = {
        HostId(agent.name, each.key): each.authority
        for agent in last.agents
        for each in agent.origins
    }
    return {
        "id": card.id,
        "title": card.diagnosis.title,
        "scope": subject.scope,
        "agent": subject.agent,
        "host": hosts.get(HostId(subject.agent, subject.origin), subject.origin),
        "workload": subject.workload,
        "from_s": card.since - first.at,
        "until_s": None if card.ended_at is None else card.ended_at - first.at,
        "symptom": card.diagnosis.symptom,
        "why": finding.why,
        "evidence": [each._asdict() for each in finding.evidence],
        "confidence": card.confidence,
        "samples": finding.samples,
        "recommendation": card.diagnosis.recommendation,
        "proposal": None if finding.edit is None else finding.edit._asdict(),
        "prediction": None if card.prediction is None else card.prediction._asdict(),
    }


def _workload(workload: WorkloadSnapshot, max_rate: float | None) -> _Data:
    left_out = ("classes", "latency", "lateness")
    told = {name: value for name, value in asdict(workload).items() if name not in left_out}
    return {
        **told,
        "latency": _durations(workload.latency),
        "start_error": _durations(workload.lateness),
        "not_delivered": {each.kind: each.words for each in shortfalls(workload, max_rate)},
        "classes": [_class(each) for each in workload.classes],
    }


def _class(each: ClassSnapshot) -> _Data:
    phases = asdict(each.phases)
    return {
        **asdict(each),
        "causes": _causes(each.failed),
        "phases": {name: _durations(histogram) for name, histogram in phases.items()},
    }


def _causes(failed: dict[str, int]) -> dict[str, dict[str, int]]:
    return {str(cause): outcomes for cause, outcomes in by_cause(failed).items()}


def _durations(histogram: Histogram) -> _Data:
    """Give what is said of durations, and the histogram itself; null where there are none."""
    count = histogram.count
    return {
        "count": count,
        "sum_s": histogram.sum_s,
        "mean_s": histogram.sum_s / count if count else None,
        **{name: histogram.quantile(q) for name, q in _QUANTILES},
        "max_s": histogram.quantile(1.0),
        "buckets": histogram.buckets,
    }
