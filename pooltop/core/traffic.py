"""What traffic a workload sends, as a profile says it: frozen, shared by all layers.

Rules of this file: as in ``model``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pooltop.core.clocks import OwnClocks
from pooltop.core.rows import DataFeed, RowText


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """What a response has to be so that it is no error of the workload."""

    statuses: tuple[tuple[int, int], ...] = ()
    """Ranges, both ends included; empty for any."""
    max_bytes: int | None = None
    """Octets of the body at most, any transfer coding removed; None for any number."""


class RequestClass(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request that a workload fires."""

    name: str
    method: str = "GET"
    path: str | RowText = "/"
    headers: tuple[tuple[str, str | RowText], ...] = ()
    body: bytes | RowText = b""
    weight: float = 1.0
    """Share of the workload's requests, relative to the other classes."""
    connection: Literal["close"] | None = None
    """"close" asks the server to close after this request."""
    idempotent: bool | None = None
    """It may be had twice: with ``retry_stale`` it is sent again when its socket was stale. None
    goes by the method."""
    expect: Expect | None = None
    """What its responses have to be; None for anything: 4xx and 5xx are no errors then."""
    follow_redirects: int = 0
    """Redirects that are followed at most, one after the other; 0: a 3xx is a plain answer."""
    timeouts: OwnClocks | None = None
    """Clocks that are otherwise than its host's and its agent's; None for none."""

    @property
    def has_rows(self) -> bool:
        """Whether a row of the workload's data goes into each of its requests."""
        values = (self.path, self.body, *(value for _, value in self.headers))
        return any(isinstance(value, RowText) for value in values)

    def __repr__(self) -> str:
        """Show what is asked for; of the fields the names alone, and no query, no body."""
        names = tuple(name for name, _ in self.headers)
        path = str(self.path).partition("?")[0]
        return (
            f"RequestClass(name={self.name!r}, method={self.method!r}, path={path!r}, "
            f"headers={names!r}, weight={self.weight!r})"
        )


class Think(msgspec.Struct, frozen=True, kw_only=True):
    """Pause of a closed workload's user between a response and the next request, in seconds."""

    min_s: float = 0.0
    max_s: float = 0.0


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a workload's time in which its rate, or its users, go linearly to another level."""

    to: float | None = None
    """Arrivals per second, or users, at its end; None holds what there is."""
    over_s: float
    """How long it takes, in seconds; 0 jumps."""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """Traffic: an open model's arrivals never wait; a closed model's users do."""

    name: str
    agent: str
    """Name of the agent that carries it."""
    base_url: str
    """``http://host:port``, ``https://host:port``, or ``demo:NAME`` of a ``[demo.NAME]`` table."""
    model: Literal["open", "closed"] = "open"
    arrival: Literal["constant", "poisson"] = "constant"
    rate: float = 10.0
    """Open model: arrivals per second; with stages, as they begin, and there it may be 0."""
    users: int = 1
    """Closed model: how many requests can be under way at once; with stages likewise."""
    stages: tuple[Stage, ...] = ()
    """One after the other; with the last of them the workload ends. Without, nothing changes."""
    think: Think = Think()
    duration: float | None = None
    """Seconds; None runs until stopped."""
    max_requests: int | None = None
    """Stop after this many; None for no limit."""
    max_in_flight: int = 10_000
    """Open model: an arrival beyond this many unfinished requests is counted as dropped."""
    seed: int = 1
    data: DataFeed | None = None
    """Rows for the requests that have places for them; None for none."""
    requests: tuple[RequestClass, ...] = (RequestClass(name="default"),)
    twin_of: str | None = None
    """The workload that it is compared with: with the same seed both have the same moments, and
    make the same choices. None for none."""
