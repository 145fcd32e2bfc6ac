"""Who carries the requests of a profile: what an engine needs of an Agent, or of a Dispatcher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from pooltop.core.model import AgentOptions, Origin, OriginKey, Timeouts
from pooltop.core.snapshot import AgentSnapshot
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.own_ways import OwnWays
from pooltop.engine.shell_base import ShellBase
from pooltop.engine.way import Route, Way


class Carrier(Protocol):
    """A pool for each origin, behind one name."""

    name: str
    way: Way
    """Where its requests go."""
    own: OwnWays
    """What is otherwise for single hosts."""

    @property
    def shell(self) -> ShellBase:
        """The sockets and requests."""

    @property
    def options(self) -> AgentOptions:
        """The options in force; a dispatcher's in the words of an agent."""

    def timeouts_for(self, origin: Origin) -> Timeouts:
        """Give the clocks of a request to an origin that brings none of its own."""

    def prepare(
        self,
        method: str | bytes,
        target: str | bytes,
        headers: Iterable[tuple[str | bytes, str | bytes]],
        route: Route,
        *,
        body: bytes = b"",
        idempotent: bool | None = None,
    ) -> PreparedRequest:
        """Give a request ready to be sent, to where ``route`` says, as the options are now.

        Raises:
            UsageError: it cannot be sent as given.
        """

    def check_tls(self) -> None:
        """Read the files of the TLS options now.

        Raises:
            PooltopError: one is missing or unfit; names it.
        """

    def limit_descriptors(self, ceiling: DescriptorCeiling) -> None:
        """Let no socket go beyond a ceiling."""

    def snapshot(
        self,
        *,
        at: float | None = None,
        queue_heads: Mapping[OriginKey, int] = ...,
        queue_head: int = ...,
    ) -> AgentSnapshot:
        """Give one consistent picture of everything, taken now: as ``Agent.snapshot``."""

    def close_now(self) -> None:
        """End for good without waiting: every socket is aborted, none is opened any more."""

    async def aclose(self) -> None:
        """End for good: queued and running requests fail, every socket is closed."""
