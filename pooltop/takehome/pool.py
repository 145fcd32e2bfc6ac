"""What is taken home: one agent's limits, clocks and TLS, of a profile or as tuned live.

Rules of this package: a function of values, no clock and no file; every text that comes from
outside goes through ``literals``; a secret is a reference to the environment, never a value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pooltop.core.model import AgentOptions, AgentProfile, Timeouts, TLSOptions
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.core.undici.options import DispatcherOptions

HTTP_AGENT = "http.Agent"


@dataclass(frozen=True, slots=True)
class Pool:
    """An agent as its limits stand, whatever it is in pooltop."""

    name: str
    """Raw."""
    options: AgentOptions
    """Of a dispatcher its limits in an agent's words (``core.undici.projection``)."""
    dispatcher: DispatcherOptions | None = None
    """None of an http.Agent."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    tls: TLSOptions = field(default_factory=TLSOptions)
    is_proxied: bool = False
    """Whether it reads proxies from somewhere."""
    hosts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """``host:port`` to the limits that it has for itself."""
    origins: tuple[str, ...] = ()
    """URLs of the hosts that it is used for, raw; empty where none is known."""
    knows_tls: bool = True
    """Whether ``tls`` is all of it: a snapshot tells of none of its files."""

    @property
    def kind(self) -> str:
        """What it is in pooltop."""
        return HTTP_AGENT if self.dispatcher is None else self.dispatcher.kind

    @property
    def at_once(self) -> float:
        """Requests that run to one host at a time: sockets, or streams of all sessions."""
        if self.dispatcher is not None and self.dispatcher.kind == "h2":
            return self.options.max_sockets * self.dispatcher.max_concurrent_streams
        return self.options.max_sockets

    @property
    def idle_ms(self) -> float | None:
        """How long an idle socket is kept, in milliseconds; None for ever.

        The shorter of the agent's timeout and the clock ``free``.
        """
        own, free = self.options.timeout, self.timeouts.free
        found = [
            *([own] if own > 0 else []),
            *([float(round(free * 1000))] if free is not None else []),
        ]
        return min(found, default=None)

    @property
    def most_idle(self) -> float:
        """Idle sockets that are kept for one host; never more than may be open."""
        return min(self.options.max_free_sockets, self.at_once)

    @property
    def is_h2(self) -> bool:
        """Whether it speaks HTTP/2 where the server does."""
        return self.dispatcher is not None and (
            self.dispatcher.kind == "h2" or self.dispatcher.allow_h2
        )

    @property
    def fails(self) -> bool:
        """Whether its clocks fail requests; else they only tell, as Node's timeout does."""
        return self.timeouts.mode == "fail"

    def clock(self, name: str) -> float | None:
        """Give one of its clocks in seconds; None where it has none, or it fails nothing."""
        seconds: float | None = getattr(self.timeouts, name)
        return seconds if self.fails else None

    @property
    def dial_s(self) -> float | None:
        """How long a dial may take, in seconds: the clock ``connect``, or undici's own."""
        own = self.clock("connect")
        if own is None and self.dispatcher is not None and self.dispatcher.connect_timeout > 0:
            return self.dispatcher.connect_timeout / 1000
        return own

    @property
    def silence_s(self) -> float | None:
        """How long a busy socket may be silent, in seconds: the clock ``idle``, or undici's own."""
        own = self.clock("idle")
        if own is None and self.dispatcher is not None:
            ms = max(self.dispatcher.headers_timeout, self.dispatcher.body_timeout)
            return ms / 1000 if 0 < ms < math.inf else None
        return own


def of_profile(agent: AgentProfile, origins: tuple[str, ...] = ()) -> Pool:
    """Give an agent of a profile.

    Args:
        agent: of the profile.
        origins: the base URLs of the workloads that it carries.
    """
    return Pool(
        name=agent.name,
        options=agent.options,
        dispatcher=agent.dispatcher,
        timeouts=agent.timeouts,
        tls=agent.tls,
        is_proxied=agent.proxy_env is not None,
        hosts={label: own.limits for label, own in agent.hosts.items() if own.limits},
        origins=agent.upstreams or origins,
    )


def of_snapshot(agent: AgentSnapshot, profile: AgentProfile | None = None) -> Pool:
    """Give an agent as it is at an instant, edits included.

    Args:
        agent: at that instant.
        profile: what it began with, which knows its TLS and its proxies; None where that is not
            known.
    """
    tls = TLSOptions(verify=None if agent.verify else False) if profile is None else profile.tls
    return Pool(
        name=agent.name,
        options=agent.options,
        dispatcher=agent.dispatcher,
        timeouts=agent.timeouts,
        tls=tls,
        is_proxied=profile is not None and profile.proxy_env is not None,
        hosts={
            _authority(origin): origin.own_limits for origin in agent.origins if origin.own_limits
        },
        origins=tuple(
            dict.fromkeys(f"{origin.scheme}://{_authority(origin)}" for origin in agent.origins)
        ),
        knows_tls=profile is not None
        or not any(origin.scheme == "https" for origin in agent.origins),
    )


def _authority(origin: OriginSnapshot) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{host}:{origin.port}"
