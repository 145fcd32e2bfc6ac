"""The exports of one engine, from before its load to its end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from pooltop import __version__
from pooltop.core.exporting import Exports, PrometheusExport
from pooltop.core.snapshot import Snapshot
from pooltop.exports.pictures import Pictures

_SWITCH_S = 0.0005
"""How long a thread may keep Python to itself while the engine's has something to do. By default
it is 5 ms, which would be shown as latency whenever somebody scrapes."""


class RunningExports:
    """What a profile wants exported. Make it inside the engine's event loop, before its load."""

    def __init__(self, wanted: Exports) -> None:
        """Take the ports; nothing is told yet.

        Raises:
            EngineError: one cannot be had.
        """
        self._prometheus = None if wanted.prometheus is None else _Prometheus(wanted.prometheus)

    def start(self, take: Callable[[], Snapshot], tell: Callable[[str, str], None]) -> None:
        """Begin to tell.

        Args:
            take: gives a picture, in the event loop.
            tell: writes a line into the engine's journal: its kind, and its text.
        """
        if self._prometheus is None:
            return
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
        self._prometheus.start(Pictures(take))
        tell("INFO", f"metrics for Prometheus at {self._prometheus.url}")

    def close(self) -> None:
        """Tell nothing more; harmless when it was called before."""
        prometheus, self._prometheus = self._prometheus, None
        if prometheus is not None:
            prometheus.close()


class _Prometheus:
    """Renders each picture once, however often it is scraped."""

    def __init__(self, wanted: PrometheusExport) -> None:
        from pooltop.exports.endpoint import Endpoint  # noqa: PLC0415 - for whom it is wanted

        self._endpoint = Endpoint(wanted.address, wanted.port)
        self._lock = threading.Lock()
        self._told: tuple[int, bytes] | None = None

    @property
    def url(self) -> str:
        return self._endpoint.url

    def start(self, pictures: Pictures) -> None:
        from pooltop.exports.endpoint import Unanswered  # noqa: PLC0415 - for whom it is wanted
        from pooltop.exports.prometheus import CONTENT_TYPE, exposition  # noqa: PLC0415 - likewise

        def content() -> bytes:
            try:
                snapshot = pictures.newest()
            except TimeoutError:
                raise Unanswered("the engine is too busy to answer") from None
            except RuntimeError:
                raise Unanswered("the engine has ended") from None
            with self._lock:
                if self._told is None or self._told[0] != snapshot.seq:
                    self._told = (snapshot.seq, exposition(snapshot, __version__))
                return self._told[1]

        self._endpoint.start(content, CONTENT_TYPE)

    def close(self) -> None:
        self._endpoint.close()
