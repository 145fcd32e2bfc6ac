"""What a rule looks at: the recent windows of one host, and the snapshot at their end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pooltop.advise.windows import HostWindow, WorkloadWindow
from pooltop.core.advising import AdvisorOptions
from pooltop.core.capacity import options_of
from pooltop.core.model import AgentOptions, HostId
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot

_UNCERTAIN = 10
"""A tenth of ``min_samples`` is what a rule needs to say anything of averages and quantiles."""


@dataclass(frozen=True, kw_only=True)
class HostView:
    """One host at the end of a window.

    For a diagnosis of an agent, a workload or the engine it is the view of one of its hosts; what
    it is about is in it too.
    """

    id: HostId
    snapshot: Snapshot
    agent: AgentSnapshot
    origin: OriginSnapshot
    options: AdvisorOptions
    windows: tuple[HostWindow, ...]
    """Closed ones, oldest first; empty where a matter of settings is looked at at once."""
    newest: tuple[HostWindow, ...] = ()
    """The newest window of each host of its agent, its own too."""
    workloads: tuple[WorkloadWindow, ...] = ()
    """The newest window of each workload that goes to this host through this agent."""
    workload: WorkloadWindow | None = None
    """Of these the one that is meant, for a diagnosis of a workload."""

    @property
    def window(self) -> HostWindow | None:
        """Give the newest closed window; None without any."""
        return self.windows[-1] if self.windows else None

    @cached_property
    def siblings(self) -> tuple[HostWindow, ...]:
        """The newest window of each other host of its agent: of 200 hosts it is asked for late."""
        return tuple(one for one in self.newest if one.id != self.id)

    @property
    def is_http_agent(self) -> bool:
        """Whether it is Node's http.Agent, rather than one of undici's dispatchers."""
        return self.agent.dispatcher is None

    @cached_property
    def limits(self) -> AgentOptions:
        """The options that are in force for the host."""
        return options_of(self.agent, self.origin)

    def host_of(self, option: str) -> str:
        """Give ``host:port`` where it has this limit for itself, which edits then name; else ""."""
        return self.origin.authority if option in self.origin.own_limits else ""

    def is_enough(self, samples: int) -> bool:
        """Say whether so many requests are enough to speak of averages."""
        return samples >= max(3, self.options.min_samples / _UNCERTAIN)
