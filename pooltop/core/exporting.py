"""Where a run's numbers go besides its viewers, as a profile says it.

Rules of this file: as in ``model``.
"""

from __future__ import annotations

import msgspec


class PrometheusExport(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that Prometheus scrapes."""

    listen: str
    """``address:port`` of this machine, an IPv6 address in brackets; port 0 takes a free one."""

    @property
    def address(self) -> str:
        """The address without its brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port; 0 takes a free one."""
        return int(self.listen.rpartition(":")[2])


class Exports(msgspec.Struct, frozen=True, kw_only=True):
    """All of a profile's; None for one that is not wanted."""

    prometheus: PrometheusExport | None = None
