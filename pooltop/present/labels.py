"""A host's name for people: ``host:port`` and what tells it apart, however little room there is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

from pooltop.core.snapshot import OriginSnapshot
from pooltop.present.clean import cells, clean, clip, clip_start

_LEAST_NAME = 4
"""Cells that a name keeps before its port."""


@dataclass(frozen=True, slots=True)
class Label:
    """The parts of a host's name; all text in it is clean."""

    host: str
    """An IPv6 address in brackets."""
    port: int
    apart: str = ""
    """What tells it from others of the same host and port; empty where nothing does."""
    text: str = field(init=False, compare=False)
    """The whole of it."""

    def __post_init__(self) -> None:
        """Put it together once: alerts are sorted by it, several hundred a frame."""
        object.__setattr__(self, "text", f"{self.host}:{self.port} {self.apart}".rstrip())

    def __str__(self) -> str:
        """Give the whole of it."""
        return self.text

    def beside(self, word: str) -> Label:
        """Give it with one thing more that tells it apart, in brackets."""
        return replace(self, apart=f"{self.apart} ({word})".lstrip())

    def fitted(self, width: int) -> str:
        """Give it in at most ``width`` cells.

        The name gives way before the port does. What tells hosts apart keeps its end, which
        differs as a rule, and as much room as host and port if it needs it; more where the port
        would not fit into the other half.
        """
        if cells(str(self)) <= width:
            return str(self)
        tail = f" {self.apart}" if self.apart else ""
        wanted = cells(f"{self.host}:{self.port}")
        half = width // 2
        if width - half < cells(f":{self.port}") + _LEAST_NAME:
            half = max(half, width - _LEAST_NAME - 1)
        room = min(cells(tail), max(width - wanted, half))
        return self._head(width - room) + clip_start(tail, room)

    def _head(self, width: int) -> str:
        port = f":{self.port}"
        if len(port) + _LEAST_NAME > width:
            return clip(f"{self.host}{port}", width)
        return clip(self.host, width - len(port)) + port


def label_of(origin: OriginSnapshot) -> Label:
    """Give an origin's."""
    return _label(origin.host, origin.port, origin.apart)


@lru_cache(maxsize=1024)
def _label(host: str, port: int, apart: str) -> Label:
    host = clean(host)
    return Label(f"[{host}]" if ":" in host else host, port, clean(apart))
