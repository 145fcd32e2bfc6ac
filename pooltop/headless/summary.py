"""What a whole run came to, in words: each host, each workload, and whether it was delivered."""

from __future__ import annotations

from collections.abc import Sequence

from pooltop.advise.diagnosis import Card
from pooltop.core.snapshot import OriginSnapshot, Snapshot, TimeWait, WorkloadSnapshot
from pooltop.headless.class_lines import class_lines, quantiles
from pooltop.present import units
from pooltop.present.advice import told_lines
from pooltop.present.clean import clean
from pooltop.present.delivery import shortfalls
from pooltop.present.faults import counts, failure_words, stale_words
from pooltop.present.feed import feed_words
from pooltop.present.handshakes import handshake_words
from pooltop.present.kernel import ports_held
from pooltop.present.labels import label_of
from pooltop.present.thresholds import verdict_words
from pooltop.present.tunnels import pending_words, waiting_words
from pooltop.present.undici_stats import passed_words, undici_words
from pooltop.present.versus import pair_of
from pooltop.present.versus_card import card_text


def summary_lines(
    snapshot: Snapshot, *, elapsed_s: float, missed: int = 0, advice: Sequence[Card] = ()
) -> list[str]:
    """Give the summary of a run.

    Args:
        snapshot: the last one; its counters are totals since the start.
        elapsed_s: from the first snapshot to this one.
        missed: intervals that were not printed because the reader was slow.
        advice: every card that was raised, oldest first.
    """
    lines = ["", f"summary of {clean(snapshot.profile)} after {elapsed_s:.1f} s"]
    for agent in snapshot.agents:
        if agent.agents_made is not None:
            made = f"{agent.agents_made} agents made, one for every request: nothing is reused"
            lines += ["", f"{clean(agent.name)}  {made}"]
        for origin in agent.origins:
            lines += ["", f"{clean(agent.name)}  {label_of(origin)}", *_host(origin, snapshot)]
            lines += [f"  {name:<10}  {words}" for name, words in undici_words(agent, origin)]
    lines.append("")
    for workload in snapshot.workloads:
        lines += _workload(workload, snapshot.max_rate)
    if snapshot.thresholds:
        lines += ["", "thresholds", *(f"  {verdict_words(each)}" for each in snapshot.thresholds)]
    pair = pair_of(snapshot) if snapshot.compare is not None else None
    if pair is not None:
        lines += ["", *card_text(pair, snapshot)]
    if advice:
        lines += ["", "advice", *(f"  {line}" for card in advice for line in _told(card, snapshot))]
    if missed:
        were = "interval was" if missed == 1 else "intervals were"
        lines.append(f"{missed} {were} not printed: the reader of the output was slow")
    return lines


def _told(card: Card, snapshot: Snapshot) -> list[str]:
    first, *rest = told_lines(card, snapshot)
    if card.ended_at is not None:
        first += f" (over, after {units.age(card.ended_at - card.since)})"
    return [first, *rest]


def _host(origin: OriginSnapshot, snapshot: Snapshot) -> list[str]:
    counters, latency = origin.counters, origin.latency
    failed = sum(counters.failed.values())
    codes = f" ({counts(counters.failed)})" if failed else ""
    statuses = {str(code): n for code, n in sorted(counters.statuses.items())}
    reuse = counters.reused / counters.assigned if counters.assigned else None
    closed = f"; closed: {counts(counters.closed)}" if counters.closed else ""
    submitted = f"{counters.submitted} submitted"
    if words := passed_words(counters):
        submitted += f", {words}"
    stale = f"; {words}" if (words := stale_words(counters)) else ""
    wait = units.duration(latency.queue.quantile(0.95))
    waiting = f"{origin.queued} still do"
    if origin.queued_failed:
        waiting += f", {origin.queued_failed} of them failed already"
    lines = [
        f"  requests    {submitted}, {counters.completed} completed, {failed} failed{codes}",
        *(f"    {code}: {message}" for code, message in failure_words(origin)),
        f"  answers     {counts(statuses) or 'none'}",
        f"  sockets     {counters.opened} opened, {origin.total} open at the end{closed}",
        f"  reuse       {units.share(reuse)} ({counters.reused} of {counters.assigned}){stale}",
        f"  latency     {quantiles(latency.total)} (intended start to last byte)",
        f"  queue wait  p95 {wait}; {counters.queued} requests waited, {waiting}",
    ]
    if origin.timeout_events:
        events = "timeout event" if origin.timeout_events == 1 else "timeout events"
        lines.append(f"  silence     {origin.timeout_events} {events} (Node's; nothing closed)")
    if origin.tunnelling:
        waiting = waiting_words(origin, snapshot.at)
        lines.append(f"  tunnels     {pending_words(origin)}: {waiting}")
    if origin.time_wait is not None:
        lines.append(f"  TIME_WAIT   {_time_wait(origin.time_wait, snapshot)}")
    if words := handshake_words(counters):
        lines.append(f"  tls         {words}")
    if not origin.verified:
        lines.append("  tls         NOT VERIFIED: certificates were accepted unchecked")
    return lines


def _time_wait(held: TimeWait, snapshot: Snapshot) -> str:
    ours = f"{held.ours} closed first by this side"
    share = ports_held(held, snapshot.process.local_ports)
    if held.ours and share is not None:
        ours += f" ({units.share(share)} of the local ports)"
    theirs = "" if held.theirs is None else f", {held.theirs} by the peer"
    return f"{ours}{theirs}; counted {units.age(snapshot.at - held.at)} before the end"


def _workload(workload: WorkloadSnapshot, max_rate: float | None) -> list[str]:
    name = clean(workload.name)
    under_way = f", {workload.in_flight} under way at the end" if workload.in_flight else ""
    unexpected = f" ({workload.unexpected} unexpected)" if workload.unexpected else ""
    completed = f"{workload.completed} completed{unexpected}"
    ended = f"{completed}, {workload.failed} failed{under_way}"
    started = f"{workload.offered} offered, {workload.sent} sent"
    lines = [
        f"workload {name}: {clean(workload.pattern)} to {clean(workload.target)}",
        f"  {started}, {workload.dropped} dropped, {workload.late} late; {ended}",
    ]
    lines += [f"  {each}" for each in shortfalls(workload, max_rate)]
    if workload.data is not None:
        lines.append(f"  data: {feed_words(workload.data)}")
    if workload.lateness.count:
        middle, worst = (units.duration(workload.lateness.quantile(q)) for q in (0.5, 0.99))
        lines.append(f"  start error p50 {middle}, p99 {worst} (arrivals after their time)")
    for each in workload.classes:
        lines += class_lines(each)
    return lines
