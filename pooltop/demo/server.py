"""All hosts of a demo in one event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

import msgspec

from pooltop.demo.addresses import DemoAddress, DemoAddresses
from pooltop.demo.host import LOOPBACK, DemoHost

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from pooltop.core.model import DemoServer
    from pooltop.demo.certificates import DemoCertificates


class DemoServers:
    """Serves a list of ``DemoServer`` while it is entered.

    process.py runs one in a process of its own; tests may run one in theirs.
    """

    def __init__(self, specs: Sequence[DemoServer]) -> None:
        """Prepare; ``start`` or ``async with`` listens."""
        self._specs = tuple(specs)
        self._certificates: DemoCertificates | None = None
        self.hosts: dict[str, DemoHost] = {}
        """By name, from ``start`` on."""

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()

    @property
    def addresses(self) -> DemoAddresses:
        """Where they listen."""
        return DemoAddresses(
            ca=None if self._certificates is None else self._certificates.ca_path,
            servers={
                name: DemoAddress(host.spec.scheme, host.host, host.port)
                for name, host in self.hosts.items()
            },
        )

    async def start(self) -> DemoAddresses:
        """Listen on a free port for each host.

        Raises:
            OSError: a port, or the file for the certificate, could not be had.
        """
        try:
            for spec in self._specs:
                await self._start_host(spec)
        except BaseException:
            await self.aclose()
            raise
        return self.addresses

    async def aclose(self) -> None:
        """Close all hosts at once, each as ``DemoHost.aclose`` says, and remove the files."""
        try:
            await asyncio.gather(*(host.aclose() for host in self.hosts.values()))
        finally:
            if self._certificates is not None:
                self._certificates.close()
                self._certificates = None

    def stats(self) -> dict[str, dict[str, int]]:
        """Give each host's counters."""
        return {name: host.stats() for name, host in self.hosts.items()}

    def _stats_json(self) -> bytes:
        return msgspec.json.encode({"servers": self.stats()})

    async def _start_host(self, spec: DemoServer) -> None:
        context = None
        if spec.scheme == "https":
            if self._certificates is None:
                # Here and not above: it costs a third of the start, and http needs none of it.
                from pooltop.demo.certificates import DemoCertificates  # noqa: PLC0415

                self._certificates = DemoCertificates()
            context = self._certificates.server_context(
                f"{spec.name}.localhost", "localhost", LOOPBACK, protocols=spec.protocols
            )
        host = DemoHost(spec, ssl_context=context, stats_json=self._stats_json)
        await host.start()
        self.hosts[spec.name] = host
