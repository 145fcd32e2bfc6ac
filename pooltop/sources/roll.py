"""The viewers of one engine and its write lock: who may come, who may write. Decides only.

Rules of this file: at most MOST_VIEWERS at once, of whom at most one holds the lock. Whoever
leaves frees it; nobody is given it unasked but a viewer that comes while it is free. A viewer that
was started read-only never has it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from pooltop.core.company import Company, ViewerInfo
from pooltop.errors import EngineError

MOST_VIEWERS = 8


class Roll:
    """Who is there. Numbers count from 1 and are never given twice."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._viewers: dict[int, ViewerInfo] = {}
        self._last = 0

    def __len__(self) -> int:
        """Count the viewers."""
        return len(self._viewers)

    def company(self, number: int) -> Company:
        """Give all viewers, as the one with this number is told."""
        return Company(you=number, viewers=tuple(self._viewers.values()))

    def join(self, *, pid: int, kind: str, read_only: bool, wall_at: float) -> ViewerInfo:
        """Let a viewer in; it holds the lock from now on if that is free and it may.

        Raises:
            EngineError: there are MOST_VIEWERS.
        """
        if len(self._viewers) >= MOST_VIEWERS:
            there = ", ".join(f"pid {each.pid}" for each in self._viewers.values())
            raise EngineError(f"{MOST_VIEWERS} viewers are attached, which is the most: {there}")
        self._last += 1
        info = ViewerInfo(
            number=self._last, pid=pid, wall_since=wall_at, kind=kind, read_only=read_only
        )
        is_free = self.company(self._last).holder is None
        self._viewers[info.number] = info
        return info if read_only or not is_free else self._hold(info.number, wall_at)

    def leave(self, number: int) -> ViewerInfo | None:
        """Forget a viewer, whose lock is free then; gives what was known, None if nothing."""
        return self._viewers.pop(number, None)

    def take(self, number: int, *, force: bool, wall_at: float) -> ViewerInfo | None:
        """Give a viewer the lock; gives who had it until now, None for nobody else.

        Raises:
            EngineError: it may not have it, or another has it and ``force`` is not given.
        """
        company = self.company(number)
        holder = company.holder
        if self._viewers[number].read_only or (
            holder is not None and holder.number != number and not force
        ):
            raise EngineError(company.refusal(clock_time))
        if holder is not None:
            if holder.number == number:
                return None
            self.release(holder.number)
        self._hold(number, wall_at)
        return holder

    def release(self, number: int) -> bool:
        """Free the lock if this viewer has it; tells whether it had."""
        info = self._viewers[number]
        self._viewers[number] = replace(info, wall_holds_since=None)
        return info.wall_holds_since is not None

    def refusal(self, number: int) -> str:
        """Say why this viewer may not change anything; empty when it may."""
        return self.company(number).refusal(clock_time)

    def _hold(self, number: int, wall_at: float) -> ViewerInfo:
        info = self._viewers[number] = replace(self._viewers[number], wall_holds_since=wall_at)
        return info


def clock_time(wall_at: float) -> str:
    """Give the local time of day of a Unix time, ``12:03``."""
    return datetime.fromtimestamp(wall_at, tz=UTC).astimezone().strftime("%H:%M")
