"""The host table: one HostRow per agent and origin, sorted, filtered, its identity kept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pooltop.core.capacity import options_of
from pooltop.core.snapshot import (
    HTTP_AGENT,
    AgentSnapshot,
    OriginSnapshot,
    Snapshot,
    SocketInfo,
)
from pooltop.present.clean import clean
from pooltop.present.faults import counts
from pooltop.present.history import History, HostId
from pooltop.present.kernel import ports_held
from pooltop.present.labels import Label, label_of
from pooltop.present.line import Line
from pooltop.present.marks import Mark, in_use, limit_of, marks_of
from pooltop.present.memo import Memo
from pooltop.present.moments import Grid
from pooltop.present.plot import nice_top, spark_line
from pooltop.present.sessions import Load
from pooltop.present.track import Rates
from pooltop.present.tunnels import pending
from pooltop.present.undici_stats import streams_of, taking

_SLOPE_S = 5.0
_names: Memo[Mapping[HostId, Label]] = Memo()
_RISING = 0.2
"""Requests per second by which a queue must grow (or shrink) to be marked so."""


@dataclass(frozen=True, slots=True)
class DialCosts:
    """What the open sockets cost to open: 95 % of them at most so many seconds a phase.

    None where no open socket had such a phase.
    """

    dns: float | None = None
    tcp: float | None = None
    tls: float | None = None


@dataclass(frozen=True, slots=True)
class HostRow:
    """What is known of one host at one instant; all text that its columns show is clean.

    What only the rows on the screen need is worked out when it is asked for: of 200 hosts that
    is a third of a frame.
    """

    id: HostId
    name: Label
    """With the agent's name where two agents use the same host."""
    agent: str
    marks: tuple[Mark, ...]
    in_use: int
    limit: float
    """Most sockets in use: maxSockets, or maxTotalSockets where that is lower; inf for none."""
    free: int
    max_free: float
    queued: int
    oldest_s: float | None
    """How long the head of the queue has waited; None when nothing is queued."""
    slope: float | None
    """Change of the queue per second; None when too young to say."""
    saturated_s: float | None
    """Since how long it has been saturated; None when it is not."""
    connecting: int
    closing: int
    rates: Rates
    time_wait: int | None = None
    """Connections that this side closed first and the kernel still holds; None: not counted."""
    ports_held: float | None = None
    """Share of the local ports that those keep from one peer; None when it is not known."""
    tunnels: int = 0
    """Tunnels through a proxy that are not up."""
    sockets: int = 0
    """Open ones, in use or idle."""
    kind: str = HTTP_AGENT
    """Of its agent, as profiles name it."""
    origin: OriginSnapshot = field(kw_only=True, repr=False)
    """The host itself; the texts in it are raw."""
    draw: Callable[[], Line] = field(kw_only=True, repr=False, compare=False)
    """Draws ``spark``."""

    @property
    def spark(self) -> Line:
        """In use over the window; empty when it was not asked for."""
        return self.draw()

    @property
    def faults(self) -> str:
        """What requests failed of since the start, the most frequent first; empty for none."""
        return counts(self.origin.counters.failed, most=3)

    @property
    def closed(self) -> int:
        """Sockets closed since the start."""
        return sum(self.origin.counters.closed.values())

    @property
    def closed_of(self) -> str:
        """Of what, the most frequent first; empty for none."""
        return counts(self.origin.counters.closed)

    @property
    def dials(self) -> DialCosts:
        """What its open sockets cost to open."""
        return _dial_costs((*self.origin.sockets, *self.origin.free_sockets))

    @property
    def streams(self) -> Load | None:
        """What its HTTP/2 sessions carry together; None without one."""
        return streams_of(self.origin)

    @property
    def clients(self) -> int | None:
        """Clients of undici's that take requests; None of an http.Agent."""
        return None if self.kind == HTTP_AGENT else len(taking(self.origin))

    @property
    def label(self) -> str:
        """The name in full."""
        return str(self.name)

    @property
    def full(self) -> float | None:
        """In use as a share of the limit; None without a limit."""
        return None if math.isinf(self.limit) or self.limit <= 0 else self.in_use / self.limit

    @property
    def words(self) -> str:
        """The state in words, for those who cannot see glyphs or colours."""
        words = (
            pending(self.tunnels) if mark is Mark.TUNNELLING else mark.word for mark in self.marks
        )
        return ", ".join(words) or "healthy"

    @property
    def trend(self) -> str:
        """``^`` when the queue grows, ``v`` when it shrinks, else a space."""
        if self.slope is None or self.queued == 0:
            return " "
        return "^" if self.slope > _RISING else "v" if self.slope < -_RISING else " "


def build_rows(
    snapshot: Snapshot,
    history: History,
    *,
    window_s: float,
    stale: bool = False,
    spark: int = 0,
    ascii_only: bool = False,
) -> list[HostRow]:
    """Give a row per host, in the snapshot's order.

    Args:
        snapshot: The instant that is shown.
        history: Holds the past of that instant.
        window_s: What rates and quantiles cover.
        stale: The engine has gone silent.
        spark: Columns of the sparkline; 0 for none.
        ascii_only: Draw the sparkline without block characters.
    """
    grid = Grid.ending(snapshot.at, window_s=window_s, columns=spark) if spark else None
    pairs = [(agent, origin) for agent in snapshot.agents for origin in agent.origins]
    names = names_of(snapshot)
    return [
        _row(
            agent,
            origin,
            name=names[HostId(agent.name, origin.key)],
            at=snapshot.at,
            local_ports=snapshot.process.local_ports,
            history=history,
            window_s=window_s,
            stale=stale,
            grid=grid,
            ascii_only=ascii_only,
        )
        for agent, origin in pairs
    ]


def names_of(snapshot: Snapshot) -> Mapping[HostId, Label]:
    """Give every host's name, with its agent's where two agents use the same host.

    Asked for several times a frame: of 200 hosts it takes half a millisecond.
    """
    return _names.get(snapshot, None, lambda: _names_of(snapshot))


def _names_of(snapshot: Snapshot) -> Mapping[HostId, Label]:
    labels = {
        HostId(agent.name, origin.key): label_of(origin)
        for agent in snapshot.agents
        for origin in agent.origins
    }
    times = Counter(labels.values())
    return {
        host: label if times[label] == 1 else label.beside(clean(host.agent))
        for host, label in labels.items()
    }


def _row(
    agent: AgentSnapshot,
    origin: OriginSnapshot,
    *,
    name: Label,
    at: float,
    local_ports: int | None,
    history: History,
    window_s: float,
    stale: bool,
    grid: Grid | None,
    ascii_only: bool,
) -> HostRow:
    host = HostId(agent.name, origin.key)
    track = history.track(host)
    rates = track.rates(at, window_s)
    since = track.saturated_since(at)
    oldest = origin.oldest_queued_at

    def draw() -> Line:
        if grid is None:
            return ()
        used = track.series("in_use", grid, at)
        limits = track.series("limit", grid, at)
        return spark_line(used, limits, _spark_top(used, limits), ascii_only=ascii_only)

    return HostRow(
        id=host,
        name=name,
        agent=clean(agent.name),
        marks=marks_of(agent, origin, errors=rates.errors, stale=stale),
        in_use=in_use(origin),
        limit=limit_of(agent, origin),
        free=origin.free,
        max_free=options_of(agent, origin).max_free_sockets,
        queued=origin.queued,
        oldest_s=None if oldest is None else max(0.0, at - oldest),
        slope=track.slope("queued", at, _SLOPE_S),
        saturated_s=None if since is None else max(0.0, at - since),
        connecting=origin.connecting,
        closing=origin.closing,
        rates=rates,
        time_wait=None if origin.time_wait is None else origin.time_wait.ours,
        ports_held=ports_held(origin.time_wait, local_ports),
        tunnels=origin.tunnelling,
        sockets=origin.total,
        kind=agent.kind,
        origin=origin,
        draw=draw,
    )


def _dial_costs(sockets: Sequence[SocketInfo]) -> DialCosts:
    return DialCosts(
        dns=_p95([s.dns for s in sockets if s.dns is not None]),
        tcp=_p95([s.tcp for s in sockets if s.tcp is not None]),
        tls=_p95([s.handshake for s in sockets if s.handshake is not None]),
    )


def _p95(numbers: list[float]) -> float | None:
    if not numbers:
        return None
    numbers.sort()
    return numbers[math.ceil(0.95 * len(numbers)) - 1]


def _spark_top(used: Sequence[float | None], limits: Sequence[float | None]) -> float:
    finite = [limit for limit in limits if limit is not None and not math.isinf(limit)]
    if finite:
        return max(finite)
    return nice_top(max((value for value in used if value is not None), default=0))


def hosts_under(snapshot: Snapshot, agent: str, host: str) -> list[HostId]:
    """Give the hosts that an option counts for.

    Args:
        snapshot: the instant.
        agent: whose option it is.
        host: ``host:port`` where that host has it for itself; "" for the agent's.
    """
    return [
        HostId(each.name, origin.key)
        for each in snapshot.agents
        if each.name == agent
        for origin in each.origins
        if host in ("", origin.authority)
    ]
