"""The kinds of values that are where a run's numbers go: to listen there, or to send them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from pooltop.profiles.hosts import DEMO, BaseUrl
from pooltop.profiles.kinds import Kind, Schema, refused, require_text
from pooltop.profiles.request_head import RequestPath
from pooltop.profiles.shown import quoted

LOOPBACK = "127.0.0.1"
PATH_OF_METRICS = "/v1/metrics"
"""Source: OpenTelemetry protocol, OTLP/HTTP request."""
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class ListenAddress(Kind):
    """An address of this machine and a port."""

    allowed: str = 'an address and a port, as "127.0.0.1:9464" or "[::1]:9464"'

    def read(self, value: object) -> str:
        """Take an IP address, or localhost, with a port; a port alone is loopback's."""
        text = require_text(self, value)
        host, _, port = text.rpartition(":")
        if not (port.isascii() and port.isdigit() and len(port) <= 5):
            raise refused("P012", f"the port is missing: expected {self.allowed}.")
        if int(port) > _HIGHEST_PORT:
            raise refused("P012", f"the port {int(port)} is not in 0 to {_HIGHEST_PORT}.")
        host = LOOPBACK if host in ("", "localhost") else host
        is_bracketed = host.startswith("[") and host.endswith("]")
        try:
            address = ipaddress.ip_address(host[1:-1] if is_bracketed else host)
        except ValueError:
            raise refused("P012", f"{quoted(host)} is no IP address: {self.allowed}.") from None
        if is_bracketed is not (address.version == 6):
            raise refused("P012", f"expected {self.allowed}.")
        return f"[{address}]:{int(port)}" if is_bracketed else f"{address}:{int(port)}"

    def schema(self) -> Schema:
        """Give how it ends."""
        return {"type": "string", "pattern": "[0-9]$"}


@dataclass(frozen=True)
class CollectorUrl(Kind):
    """Where a collector takes OTLP over HTTP."""

    allowed: str = 'a URL like "http://127.0.0.1:4318/v1/metrics"'

    def read(self, value: object) -> str:
        """Take an absolute URL; without a path it gets OTLP's own. No user, query or fragment."""
        text = require_text(self, value)
        if text.startswith(DEMO):
            raise refused("P060", f"a demo server is no collector: expected {self.allowed}.")
        parts = text.split("/", 3)
        base = BaseUrl().read("/".join(parts[:3]))
        path = parts[3] if len(parts) > 3 else ""
        path = str(RequestPath().read(f"/{path}")) if path else PATH_OF_METRICS
        if "?" in path:
            raise refused("P060", "a query does not belong here: use headers.")
        return f"{base}{path}"

    def schema(self) -> Schema:
        """Give how it begins."""
        return {"type": "string", "pattern": "^https?://"}
