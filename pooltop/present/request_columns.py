"""The columns of requests: of those that wait for a socket, and of those that have one."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.line import Ink, Line
from pooltop.present.request_rows import RequestRow
from pooltop.present.table import HIDDEN, Column, number_column, text_column

_LONG_S = 1.0
"""Who has waited longer than this is marked."""


def _since_ink(row: RequestRow) -> Ink:
    return "warn" if row.since_s > _LONG_S else "text"


def _overtaken_ink(row: RequestRow) -> Ink:
    return "warn" if row.request.overtaken_by else "faint"


def _state_ink(row: RequestRow) -> Ink:
    return "warn" if row.request.aborted else "dim"


def _start_s(row: RequestRow) -> float | None:
    return None if row.outlook is None else row.outlook.in_s


def _start(row: RequestRow, _width: int) -> Line:
    if row.outlook is None:
        return ((units.NONE, "faint"),)
    if row.outlook.in_s is None:
        return (("?", "dim"),)
    return ((f"~{units.duration(row.outlook.in_s)}", "text"),)


def _at_once_from(row: RequestRow) -> float | None:
    return None if row.outlook is None else row.outlook.at_once_from


_REQUEST: Column[RequestRow] = number_column(
    "request",
    "REQUEST",
    8,
    lambda row: row.request.id,
    "id",
    "Its number; they count up per agent.",
    ink=lambda _: "dim",
    written=lambda number: f"r{number}",
    from_width=76,
)
_METHOD: Column[RequestRow] = text_column(
    "method", "METHOD", 7, lambda row: clean(row.request.method), "The HTTP method.", ink="accent"
)
_TARGET: Column[RequestRow] = text_column(
    "target",
    "TARGET",
    16,
    lambda row: clean(row.request.target),
    "The path asked for; a query is only marked, as it may hold a secret.",
    most=80,
)
_LABEL: Column[RequestRow] = text_column(
    "label",
    "LABEL",
    14,
    lambda row: clean(row.request.label),
    "The workload and the class of request that it came of.",
    ink="dim",
    from_width=92,
)
_AGENT: Column[RequestRow] = text_column(
    "agent",
    "AGENT",
    9,
    lambda row: clean(row.id.agent),
    "The agent that it was given to.",
    ink="dim",
    from_width=HIDDEN,
)
_OVERTAKEN: Column[RequestRow] = number_column(
    "overtaken",
    "OVERTAKEN",
    9,
    lambda row: row.request.overtaken_by,
    "count",
    "Younger requests of the same host that were served first: in NODE mode a new request takes "
    "a free socket, or opens one, past the queue.",
    ink=_overtaken_ink,
    from_width=100,
)
_BODY: Column[RequestRow] = number_column(
    "body",
    "BODY",
    6,
    lambda row: None if row.detail is None else row.detail.body_bytes,
    "B",
    "Bytes of its body; - where it is streamed, and where nobody looks at the host.",
    from_width=HIDDEN,
)
_TIME_LEFT: Column[RequestRow] = number_column(
    "left",
    "LEFT",
    5,
    lambda row: (
        None
        if row.detail is None or row.detail.deadline_at is None
        else max(0.0, row.detail.deadline_at - row.at)
    ),
    "s",
    "Until its total clock ends it; - without one, and where nobody looks at the host.",
    from_width=156,
)
_AGAIN: Column[RequestRow] = number_column(
    "again",
    "AGAIN",
    5,
    lambda row: None if row.detail is None else row.detail.again,
    "flag",
    "Whether it was sent a second time, its first socket having been stale; - where nobody looks "
    "at the host.",
    from_width=HIDDEN,
)


def _host(from_width: int) -> Column[RequestRow]:
    return text_column(
        "host",
        "HOST",
        14,
        lambda row: row.name,
        "The host that it is for.",
        from_width=from_width,
        most=34,
    )


QUEUE_COLUMNS: tuple[Column[RequestRow], ...] = (
    number_column(
        "place",
        "PLACE",
        5,
        lambda row: row.position,
        "id",
        "Its place in its host's queue, from 1: first in, first out.",
        ink=lambda _: "dim",
    ),
    number_column(
        "waited",
        "WAITED",
        6,
        lambda row: row.since_s,
        "s",
        "How long it has waited.",
        ink=_since_ink,
    ),
    _METHOD,
    _TARGET,
    _LABEL,
    _REQUEST,
    text_column(
        "why",
        "WHY",
        15,
        lambda row: None if row.request.why is None else row.request.why.value,
        "The limit that left no room for a socket when it came; of undici's clients and sessions, "
        "what they wait for before they send it.",
    ),
    _OVERTAKEN,
    text_column(
        "state",
        "STATE",
        16,
        lambda row: row.state,
        "queued, or given up by its caller and still in the queue, as Node leaves it.",
        ink=_state_ink,
        from_width=132,
    ),
    Column(
        "start",
        "START IN",
        8,
        "right",
        "When it would start at the pace of the last seconds (an estimate); ? where nothing was "
        "served, - where nobody looks at the host.",
        _start,
        _start_s,
        "s",
    ),
    number_column(
        "at_once_from",
        "AT ONCE AT",
        10,
        _at_once_from,
        "count",
        "The least maxSockets (undici: connections) with which it would start at once in DRAIN "
        "mode; - where another limit stands in the way too.",
        from_width=144,
    ),
    _host(116),
    _AGENT,
    _BODY,
    _TIME_LEFT,
    number_column(
        "client",
        "CLIENT",
        6,
        lambda row: row.request.client,
        "id",
        "undici's client in whose queue it is; - in the pool's own.",
        written=lambda number: units.NONE if number is None else f"c{number:.0f}",
        from_width=HIDDEN,
    ),
)
"""Of queued requests, left to right."""

RUNNING_COLUMNS: tuple[Column[RequestRow], ...] = (
    replace(_REQUEST, from_width=0),
    number_column(
        "since",
        "SINCE",
        6,
        lambda row: row.since_s,
        "s",
        "How long ago it was meant to start, its time in the queue included.",
        ink=_since_ink,
    ),
    _METHOD,
    _TARGET,
    _LABEL,
    number_column(
        "socket",
        "SOCKET",
        7,
        lambda row: row.request.socket,
        "id",
        "The socket that it is on.",
        written=lambda number: units.NONE if number is None else f"s{number}",
    ),
    text_column(
        "phase",
        "PHASE",
        7,
        lambda row: row.phase.word,
        "What it does: dns, tcp, tunnel, tls, send, wait (for the first byte), receive; "
        "- where nobody looks at the host.",
    ),
    number_column(
        "phase_for",
        "FOR",
        5,
        lambda row: row.phase.lasted_s,
        "s",
        "How long it has done that.",
    ),
    number_column(
        "queued",
        "QUEUED",
        6,
        lambda row: row.waited_s,
        "s",
        "How long it was queued; - where nobody looks at the host.",
        from_width=116,
    ),
    _OVERTAKEN,
    text_column(
        "state",
        "STATE",
        8,
        lambda row: row.state,
        "running, or given up by its caller.",
        ink=_state_ink,
        from_width=132,
    ),
    _host(104),
    _AGENT,
    _BODY,
    _TIME_LEFT,
    _AGAIN,
    number_column(
        "stream",
        "STREAM",
        6,
        lambda row: row.request.stream,
        "id",
        "The id of its stream in the HTTP/2 session of its socket; - over HTTP/1.1.",
        from_width=HIDDEN,
    ),
)
"""Of requests that have a socket, left to right."""


_ACROSS = {"host": 0, "why": 104, "overtaken": 116}


_SHARED = {"client": 100, "stream": 100, "overtaken": 172, "state": 156, "left": 180}


@lru_cache(maxsize=4)  # asked for at every frame: the same columns keep what was drawn of them
def of_dispatchers(columns: tuple[Column[RequestRow], ...]) -> tuple[Column[RequestRow], ...]:
    """Give the same columns where there are dispatchers of undici's: with what only they have."""
    return tuple(
        replace(column, from_width=_SHARED.get(column.id, column.from_width)) for column in columns
    )


@lru_cache(maxsize=4)  # likewise
def across_hosts(columns: tuple[Column[RequestRow], ...]) -> tuple[Column[RequestRow], ...]:
    """Give the same columns for requests of many hosts: narrow tables show the host too, then."""
    return tuple(
        replace(column, from_width=_ACROSS.get(column.id, column.from_width)) for column in columns
    )
