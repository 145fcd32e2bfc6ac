"""A sink that keeps what a codec tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pooltop.engine.codecs.base import ResponseEnd, ResponseHead


@dataclass
class Transcript:
    """A sink; body pieces that follow one another are joined."""

    events: list[ResponseHead | ResponseEnd | bytes | tuple[str, bytes]] = field(
        default_factory=list
    )

    def on_informational(self, head: ResponseHead) -> None:
        self.events.append(head)

    def on_head(self, head: ResponseHead) -> None:
        self.events.append(head)

    def on_data(self, data: bytes) -> None:
        if self.events and isinstance(self.events[-1], bytes):
            self.events[-1] += data
        else:
            self.events.append(data)

    def on_end(self, end: ResponseEnd) -> None:
        self.events.append(end)

    def on_switched(self, early: bytes) -> None:
        self.events.append(("switched", early))

    @property
    def heads(self) -> list[ResponseHead]:
        """Every head, the final one last."""
        return [e for e in self.events if hasattr(e, "status")]

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(e for e in self.events if isinstance(e, bytes))

    @property
    def end(self) -> ResponseEnd | None:
        """The verdict; None while the response has not ended."""
        last = self.events[-1] if self.events else None
        return last if hasattr(last, "keep") else None
