"""The exports of one engine, from before its load to its end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pooltop import __version__
from pooltop.core.exporting import Exports, OtlpExport, PrometheusExport
from pooltop.core.snapshot import Snapshot
from pooltop.exports.pictures import Pictures

if TYPE_CHECKING:
    from pooltop.exports.otlp import Sender

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
        self._otlp = None if wanted.otlp is None else _sender(wanted.otlp)
        self._pictures: Pictures | None = None

    def start(self, take: Callable[[], Snapshot], tell: Callable[[str, str], None]) -> None:
        """Begin to tell.

        Args:
            take: gives a picture, in the event loop.
            tell: writes a line into the engine's journal: its kind, and its text.
        """
        if self._prometheus is None and self._otlp is None:
            return
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
        pictures = self._pictures = Pictures(take)
        if self._prometheus is not None:
            self._prometheus.start(pictures)
            tell("INFO", f"metrics for Prometheus at {self._prometheus.url}")
        if self._otlp is not None:
            self._otlp.start(pictures, tell)

    async def close(self) -> None:
        """Tell the last picture to whom it is sent, and nothing more; safe to call twice."""
        prometheus, self._prometheus = self._prometheus, None
        otlp, self._otlp = self._otlp, None
        if prometheus is not None:
            prometheus.close()
        if otlp is not None and self._pictures is not None:
            self._pictures.refresh()
            await otlp.close()

    def give_up(self) -> None:
        """Let the ports go again: there will be no load."""
        if self._prometheus is not None:
            self._prometheus.close()
            self._prometheus = None


def _sender(wanted: OtlpExport) -> Sender:
    from pooltop.exports.otlp import Sender  # noqa: PLC0415 - half a second, for whom it is wanted

    return Sender(wanted, __version__)


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
