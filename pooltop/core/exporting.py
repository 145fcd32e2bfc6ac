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


class OtlpExport(msgspec.Struct, frozen=True, kw_only=True):
    """A collector that is sent the numbers, by OTLP over HTTP."""

    endpoint: str
    """The whole URL, as ``http://127.0.0.1:4318/v1/metrics``."""
    interval_s: float = 10.0
    """Seconds from one sending to the next."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with each: as a rule a secret."""

    def __repr__(self) -> str:
        """Show where; of the headers the names alone."""
        names = tuple(name for name, _ in self.headers)
        return f"OtlpExport({self.endpoint!r}, {self.interval_s!r}, headers={names!r})"


class Exports(msgspec.Struct, frozen=True, kw_only=True):
    """All of a profile's; None for one that is not wanted."""

    prometheus: PrometheusExport | None = None
    otlp: OtlpExport | None = None
