"""Everything about one host: why it is saturated, its limits, its queue, its closes and faults."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from pooltop.core import tunable
from pooltop.core.states import QueueReason
from pooltop.present import units
from pooltop.present.blocks import Block, Part, named, part
from pooltop.present.clean import clean
from pooltop.present.demand import Demand
from pooltop.present.dispatcher_limits import limit_fields
from pooltop.present.faults import counts, failure_words, stale_words
from pooltop.present.handshakes import certificate_parts, handshake_words
from pooltop.present.kernel import kernel_parts
from pooltop.present.limits import value_of, written
from pooltop.present.line import Ink, Line, Span
from pooltop.present.marks import Mark, in_use, limit_of, marks_of
from pooltop.present.node_key import DEFINITION as KEY_DEFINITION
from pooltop.present.node_key import key_parts
from pooltop.present.pictures import HostPicture
from pooltop.present.tunnels import pending_words, waiting_words
from pooltop.present.undici_blocks import DEFINITIONS as UNDICI_DEFINITIONS
from pooltop.present.undici_blocks import clients_parts, stats_parts, streams_parts
from pooltop.present.waiting import NODE_LIMITS

DEFINITIONS = {
    "STATE": "the host's marks in words, what is in use, idle and waiting, and how many sockets "
    "outlived a change of its name's addresses.",
    "STATS": UNDICI_DEFINITIONS["STATS"],
    "STREAMS": UNDICI_DEFINITIONS["STREAMS"],
    "WHY": "requests that come and requests that are served, per second of the window; how long "
    "each holds a socket (Little's law: sockets in use / served per second); and how many sockets "
    "that makes necessary. Estimates.",
    "LIMITS": "the agent's options as they are now, what the profile had where that is different, "
    "and the bounds within which they are edited without a question.",
    "QUEUE": "which limit the waiting requests met, or what undici's clients wait for before they "
    "send them, how many were given up, and what waits for tunnels.",
    "CLIENTS": UNDICI_DEFINITIONS["CLIENTS"],
    "FAILURES": "failed requests since the start, by what they failed with, and the last message.",
    "EDITS": "edits of this host's agent, each with what was measured before and after it.",
    "ANSWERS": "responses since the start, by status.",
    "CLOSES": "closed sockets since the start, by the pool's own reason.",
    "REUSE": "requests for each socket opened since the start, and how many the open ones have "
    "carried.",
    "TLS": "whether certificates are checked, and the handshakes since the start.",
    "CERT": "the different certificates that its servers showed.",
    "KERNEL": "the kernel's numbers of its open sockets, and what it holds in TIME_WAIT.",
    "KEY": KEY_DEFINITION,
}
"""For the help page: what stands behind each name, in the order of the pane."""

_MOST_FAILURES = 12
_STEPS = (1, 2, 10, 100, 1000, 10_000)
"""Lower bounds of the reuse histogram's classes."""


def host_title(picture: HostPicture) -> str:
    """Give ``HOST api.pay:443  agent main``; clean."""
    return f"HOST {picture.name}  agent {clean(picture.agent.name, 40)}"


def host_blocks(
    picture: HostPicture,
    *,
    demand: Demand | None = None,
    errors: float | None = None,
    stale: bool = False,
    cards: tuple[Line, ...] = (),
) -> list[Block]:
    """Give what there is to say of a host.

    Args:
        picture: the host.
        demand: what came and what was served within the window; None where it is not known.
        errors: share of errors in the window, 0..1; None when nothing ended in it.
        stale: the engine has gone silent: the numbers are old.
        cards: its edits, each with its before and after, ready-made.
    """
    return [
        Block("STATE", _state(picture, errors, stale=stale), 0),
        Block("STATS", stats_parts(picture), 1),
        Block("STREAMS", streams_parts(picture), 1),
        Block("WHY", _why(picture, demand), 1),
        Block("LIMITS", _limits(picture), 2),
        Block("QUEUE", _queue(picture), 3),
        Block("CLIENTS", clients_parts(picture), 4),
        Block("FAILURES", _failures(picture), 4),
        Block("EDITS", [Part(line, "drawn") for line in cards], 5),
        Block("ANSWERS", _answers(picture), 8),
        Block("CLOSES", _closes(picture), 6),
        Block("REUSE", _reuse(picture), 9),
        Block("TLS", _tls(picture), 7),
        Block("CERT", _certificates(picture), 11),
        Block("KERNEL", _kernel(picture), 10),
        Block("KEY", _key(picture), 12),
    ]


def _state(picture: HostPicture, errors: float | None, *, stale: bool) -> list[Part]:
    agent, origin = picture.agent, picture.origin
    marks = marks_of(agent, origin, errors=errors, stale=stale)
    words = part(*_joined([(f"{m.glyph} {m.word}", m.ink) for m in marks] or [("healthy", "good")]))
    limit = limit_of(agent, origin)
    of = "" if math.isinf(limit) else f" of {units.count(limit)}"
    queued: Ink = "bad" if Mark.SATURATED in marks else "warn" if origin.queued else "text"
    parts = [
        words,
        named("queued", units.count(origin.queued), queued),
        named("in use", f"{units.count(in_use(origin))}{of}"),
        named("idle", units.count(origin.free)),
    ]
    for name, number in (("connecting", origin.connecting), ("closing", origin.closing)):
        if number:
            parts.append(named(name, units.count(number)))
    if origin.moved is not None:
        lead = f"{units.count(origin.moved.count)} lead where its name leads no more"
        since = units.duration(max(0.0, picture.at - origin.moved.since))
        parts.append(part((lead, "warn"), f", seen since {since}"))
    return parts


def _joined(spans: Sequence[Span]) -> list[Span]:
    return [span for one in spans for span in ((", ", "text"), one)][1:]


def _why(picture: HostPicture, demand: Demand | None) -> list[Part]:
    if demand is None:
        return []
    parts = [
        part(
            "arriving ",
            (f"{units.rate(demand.arriving_s)}/s", "strong"),
            f", served {units.rate(demand.served_s)}/s",
        )
    ]
    if picture.agent.dispatcher is not None:
        return parts  # connections carry several requests: they are not what is counted
    if demand.holds_s is not None:
        used, served = units.rate(demand.in_use), units.rate(demand.served_s)
        parts.append(
            part(
                f"{used} in use on average / {served}/s = each holds a socket for "
                f"{units.duration(demand.holds_s)}"
            )
        )
    if demand.needed is not None:
        most = limit_of(picture.agent, picture.origin)
        ink: Ink = "bad" if demand.needed > most else "strong"
        parts.append(
            part("about ", (_rounded_up(demand.needed), ink), " sockets needed (estimate)")
        )
    return parts


def _rounded_up(number: float) -> str:
    return units.count(math.ceil(number) if math.isfinite(number) else number)


def _limits(picture: HostPicture) -> list[Part]:
    agent, own = picture.agent, picture.origin.own_limits
    parts: list[Part] = []
    if agent.agents_made is not None:
        made = f"an agent for every request, {units.count(agent.agents_made)} so far"
        parts.append(part((made, "warn"), ": these bind within each"))
    initial, fields = tunable.at_first(agent), limit_fields(agent)
    for option, title in fields.items():
        if option in own:
            limit = written(option, own[option])
            agents = written(option, value_of(agent.options, option))
            of = f" (this host's own; the agent's {agents})"
            parts.append(part((f"{title} ", "dim"), (limit, "text"), (of, "dim")))
            continue
        now, before = value_of(tunable.in_force(agent), option), value_of(initial, option)
        shown = written(option, now)
        changed = "" if now == before else f" (profile {written(option, before)})"
        bounds = agent.bounds.get(option)
        within = (
            ""
            if bounds is None
            else (f" (bounds {written(option, bounds[0])}..{written(option, bounds[1])})")
        )
        spans: list[Span] = [(f"{title} ", "dim"), (shown, "text")]
        if changed:
            spans.append((changed, "accent"))
        if within:
            spans.append((within, "dim"))
        parts.append(part(*spans))
    if picture.origin.timeouts is not None:
        parts.append(part(("clocks ", "dim"), ("this host's own", "text")))
    if not math.isinf(agent.options.max_total_sockets):
        parts.append(named("all hosts hold", units.count(agent.total_socket_count)))
    return parts


def _queue(picture: HostPicture) -> list[Part]:
    origin, at = picture.origin, picture.at
    parts: list[Part] = []
    if origin.tunnelling:
        parts.append(part((pending_words(origin), "warn"), f": {waiting_words(origin, at)}"))
    if not origin.queued:
        return parts
    if origin.oldest_queued_at is not None:
        oldest = units.duration(max(0.0, at - origin.oldest_queued_at))
        parts.append(named("oldest", oldest, "warn"))
    told = origin.requests
    reasons = Counter(one.why for one in told if one.why is not None)
    of = "" if len(told) >= origin.queued else f" of the first {units.count(len(told))}"
    parts += [
        named(_met(reason), f"{units.count(reasons[reason])}{of}")
        for reason in QueueReason
        if reasons[reason]
    ]
    given_up = origin.queued_given_up - origin.queued_failed
    if given_up > 0:
        parts.append(part((f"{units.count(given_up)} given up, still queued", "warn")))
    elif seen := sum(one.aborted for one in told):
        parts.append(part((f"{units.count(seen)} given up, still queued{of}", "warn")))
    if origin.queued_failed:
        words = f"{units.count(origin.queued_failed)} failed already (their tunnel), still queued"
        parts.append(part((words, "warn")))
    overtaken = max((one.overtaken_by for one in told), default=0)
    if overtaken:
        parts.append(part((f"overtaken by up to {units.count(overtaken)} younger", "warn")))
    return parts


def _met(reason: QueueReason) -> str:
    return f"met {reason.value}" if reason in NODE_LIMITS else reason.value


def _failures(picture: HostPicture) -> list[Part]:
    origin = picture.origin
    failed = origin.counters.failed
    parts = [
        part((f"{clean(str(n))} {units.count(failed[n])}", "bad"), mode="row")
        for n in failed
        if n not in origin.failures
    ]
    known = failure_words(origin)
    numbers = {clean(outcome): number for outcome, number in failed.items()}
    for outcome, message in known[:_MOST_FAILURES]:
        number = numbers.get(outcome)
        many = "" if number is None else f" {units.count(number)}"
        said = f": {message}" if message and message != outcome else ""
        parts.append(part((f"{outcome}{many}", "bad"), said, mode="row"))
    if stale := stale_words(origin.counters):
        parts.append(part((stale, "warn"), mode="row"))
    return parts


def _answers(picture: HostPicture) -> list[Part]:
    statuses = picture.origin.counters.statuses
    return [
        named(str(code), units.count(statuses[code]), "bad" if code >= 500 else "text")
        for code in sorted(statuses)
    ]


def _closes(picture: HostPicture) -> list[Part]:
    closed = picture.origin.counters.closed
    return [
        part(counts({name: number}))
        for name, number in sorted(closed.items(), key=lambda item: (-item[1], item[0]))
    ]


def _reuse(picture: HostPicture) -> list[Part]:
    counters, origin = picture.origin.counters, picture.origin
    parts: list[Part] = []
    if counters.opened and counters.assigned:
        each = units.rate(counters.assigned / counters.opened)
        parts.append(part((each, "strong"), " requests a socket"))
        parts.append(named("opened", units.count(counters.opened)))
    carried = [socket.requests for socket in (*origin.sockets, *origin.free_sockets)]
    for place, low in enumerate(_STEPS):
        high = _STEPS[place + 1] if place + 1 < len(_STEPS) else math.inf
        number = sum(low <= n < high for n in carried)
        if number:
            parts.append(named(f"{_class(low, high)}:", units.count(number)))
    return parts


def _class(low: int, high: float) -> str:
    if math.isinf(high):
        return f"{low} or more carried"
    return f"{low} carried" if high - low == 1 else f"{low}-{high - 1:.0f} carried"


def _tls(picture: HostPicture) -> list[Part]:
    origin = picture.origin
    if origin.scheme != "https":
        return []
    checked: Span = ("verified", "good") if origin.verified else ("NOT VERIFIED", "warn")
    words = handshake_words(origin.counters)
    return [part(checked), *([part(words)] if words else [])]


def _certificates(picture: HostPicture) -> list[Part]:
    parts: list[Part] = []
    for certificate in picture.origin.certificates:
        first, *rest = certificate_parts(certificate, picture.snapshot.wall_at)
        parts += [Part(first.line, "row") if parts else first, *rest]
    return parts


def _kernel(picture: HostPicture) -> list[Part]:
    ports = picture.snapshot.process.local_ports
    return [Part(line) for line in kernel_parts(picture.origin, ports)]


def _key(picture: HostPicture) -> list[Part]:
    parts = [part(clean(picture.origin.key))]
    for name, value in key_parts(picture.origin) or ():
        parts.append(named(name, clean(value, 80)))
    return parts
