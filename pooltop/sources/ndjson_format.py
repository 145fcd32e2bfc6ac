"""One JSON document a line: the whole snapshot, for programs, and a recording (``ndjson_reader``).

Numbers that have no end ("no limit") are ``null``, as JSON knows no infinity. Everything beyond
ASCII is escaped, so that a line is safe to show and means the same in any encoding; its strings
are otherwise as the network or the profile had them.
"""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import asdict, replace

from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.dispatcher_snapshot import GoAway, SessionSettings
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import (
    JournalEntry,
    OriginSnapshot,
    Snapshot,
    SocketInfo,
)

SCHEMA = 1
"""Of the lines: goes up when a reader of the former would misread one."""

LARGEST_BYTES = 64 * 1024 * 1024
"""Of a line. A reader takes more for damage, as of a frame of a recording."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")
_encoder = msgspec.json.Encoder()


class Durations(msgspec.Struct, frozen=True):
    """A histogram that can be read without knowing how it was packed."""

    count: int
    sum_s: float
    buckets: dict[int, int]


class JsonLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line holds."""

    schema: int = SCHEMA
    snapshot: Snapshot
    journal: tuple[JournalEntry, ...] = ()
    """What happened since the line before."""
    dropped: int = 0
    """Journal entries since the line before that are in no line."""


def json_line(
    snapshot: Snapshot, journal: tuple[JournalEntry, ...] = (), *, dropped: int = 0
) -> str:
    """Give the line, without its end."""
    line = JsonLine(snapshot=_named(snapshot), journal=journal, dropped=dropped)
    return plain(_encoder.encode(line).decode())


def plain(text: str) -> str:
    """Give the same JSON with nothing beyond ASCII, so that no terminal obeys it."""
    return text if text.isascii() and "\x7f" not in text else _BEYOND_ASCII.sub(_escape, text)


def _named(snapshot: Snapshot) -> Snapshot:
    """Give a snapshot to be encoded: what engines tell their viewers packed, here with names."""
    return replace(
        snapshot,
        agents=tuple(
            replace(agent, origins=tuple(map(_named_origin, agent.origins)))
            for agent in snapshot.agents
        ),
        workloads=tuple(
            replace(
                workload,
                lateness=_durations(workload.lateness),
                latency=_durations(workload.latency),
                classes=tuple(map(_named_class, workload.classes)),
            )
            for workload in snapshot.workloads
        ),
    )


def _named_origin(origin: OriginSnapshot) -> OriginSnapshot:
    latency = asdict(origin.latency)
    return replace(
        origin,
        sockets=tuple(map(_named_socket, origin.sockets)),
        free_sockets=tuple(map(_named_socket, origin.free_sockets)),
        requests=tuple(map(asdict, origin.requests)),
        running=tuple(map(asdict, origin.running)),
        clients=tuple(map(asdict, origin.clients)),
        latency={name: _durations(histogram) for name, histogram in latency.items()},
    )


def _named_socket(socket: SocketInfo) -> dict[str, object]:
    named = asdict(socket)
    if socket.kernel is not None:
        kernel = asdict(socket.kernel)
        named["kernel"] = {name: value for name, value in kernel.items() if value is not None}
    if socket.session is not None:
        session = asdict(socket.session)
        for name in ("ours", "peer", "goaway"):
            part: SessionSettings | GoAway | None = session[name]
            session[name] = None if part is None else asdict(part)
        named["session"] = session
    return named


def _named_class(each: ClassSnapshot) -> dict[str, object]:
    phases = {name: _durations(durations) for name, durations in asdict(each.phases).items()}
    return asdict(each) | {"phases": phases, "causes": each.errors_by_cause}


def _durations(histogram: Histogram) -> Durations:
    return Durations(histogram.count, histogram.sum_s, histogram.buckets)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
