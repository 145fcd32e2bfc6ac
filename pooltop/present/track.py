"""One host's past, in little memory.

A Snapshot of 200 busy hosts weighs megabytes, and ten minutes of them at 4 Hz gigabytes, so the
past is kept as columns of doubles (``moments``), as marks of two histograms (``latency_past``) and
as the spells in which something was wrong (``spells``). A rate or a quantile over a window is the
difference of the present and one moment of the past.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.present.host_moments import PLACES, UNUSED, Column, host_moments, row_of
from pooltop.present.latency_past import FINE_S, LatencyPast
from pooltop.present.moments import Grid
from pooltop.present.spells import Spells
from pooltop.present.stream_moments import NO_SESSION, StreamMoments, stream_moments
from pooltop.present.stream_moments import row_of as streams_row
from pooltop.present.troubles import Trouble, troubles_of

_COMPLETED, _FAILED, _ERRORS = PLACES["completed"], PLACES["failed"], PLACES["errors"]
_OPENED, _ASSIGNED, _REUSED = PLACES["opened"], PLACES["assigned"], PLACES["reused"]
_BYTES_IN, _BYTES_OUT = PLACES["bytes_in"], PLACES["bytes_out"]


@dataclass(frozen=True, slots=True)
class Rates:
    """What one host did within a window. None: nothing happened that could be counted."""

    req_s: float | None = None
    dial_s: float | None = None
    reuse: float | None = None
    errors: float | None = None
    wait_p95: float | None = None
    """Seconds in the queue."""
    service_p95: float | None = None
    """Seconds from the request sent to its first byte."""
    in_s: float | None = None
    """Bytes received per second."""
    out_s: float | None = None
    """Bytes sent per second."""


class Track:
    """The past of one host; bounded by time."""

    __slots__ = ("_mark_from", "_phase", "moments", "queue", "service", "spells", "streams")

    def __init__(self, place: int = 0) -> None:
        """Begin without a past.

        Args:
            place: Which of many hosts it is: what is done seldom is done for each at another
                snapshot. Their marks of the histograms are spread over a second.
        """
        self.moments = host_moments()
        self.queue = LatencyPast(place)
        """Time in the queue."""
        self.service = LatencyPast(place)
        """From the request sent to its first byte."""
        self.spells: Spells[Trouble] = Spells()
        """When something was wrong."""
        self.streams: StreamMoments | None = None
        """Open streams and their cap; None of a host that never had a session."""
        self._phase = place % 4 / 4
        self._mark_from = 0.0

    @property
    def at(self) -> array[float]:
        """The moments that are known, ascending; ours."""
        return self.moments.at

    def begin_at_zero(self, at: float) -> None:
        """Say that at ``at`` the host was known to have done nothing yet."""
        self.moments.add(at, UNUSED)
        self.queue.mark(at, Histogram())
        self.service.mark(at, Histogram())

    def add(
        self, at: float, agent: AgentSnapshot, origin: OriginSnapshot, *, mark_s: float = FINE_S
    ) -> None:
        """Keep one moment.

        Args:
            at: When; it never goes back.
            agent: Whose host it is.
            origin: The host.
            mark_s: Least time between marks of the histograms.
        """
        self.moments.add(at, row_of(agent, origin))
        if agent.dispatcher is not None:
            self._add_streams(at, origin)
        self.spells.note(at, troubles_of(agent, origin, at, self.moments, self.spells.now))
        if at >= self._mark_from:
            self.queue.mark(at, origin.latency.queue)
            self.service.mark(at, origin.latency.wait)
            # The second mark comes at once, so that there is a window to look at.
            early = self._phase if len(self.queue) > 1 else 1.0
            self._phase = 0.0 if len(self.queue) > 1 else self._phase
            self._mark_from = at + mark_s * (1 - early)

    def _add_streams(self, at: float, origin: OriginSnapshot) -> None:
        row = streams_row(origin)
        if row is not None and self.streams is None:
            self.streams = stream_moments()
        if self.streams is not None:
            self.streams.add(at, row or NO_SESSION)

    def began_anew(self, origin: OriginSnapshot) -> bool:
        """Tell whether the host was forgotten since the last moment and counts from 0 again."""
        newest = len(self.moments.at) - 1
        return newest >= 0 and origin.counters.submitted < self.moments.value("submitted", newest)

    def forget_before(self, at: float) -> None:
        """Drop what is older than ``at``, in large bites."""
        if self.streams is not None:
            self.streams.forget_before(at)
        if self.moments.forget_before(at):
            self.queue.forget_before(at)
            self.service.forget_before(at)
            self.spells.forget_before(at)

    def saturated_since(self, at: float) -> float | None:
        """Give since when the host has been saturated without a break, or None if it is not."""
        spell = self.spells.at(Trouble.SATURATED, at)
        return None if spell is None else spell.begin

    def slope(self, name: Column, at: float, over_s: float) -> float | None:
        """Give the column's change per second over the last ``over_s``; None if too young."""
        return self.moments.slope(name, at, over_s)

    def _window(self, at: float, window_s: float) -> tuple[int, int, float]:
        """Give the moments at both ends of a window and the seconds between; 0 for too young."""
        moments = self.moments
        if not moments.at:
            return 0, 0, 0.0
        new = moments.index_at(at)
        old = moments.index_at(at - window_s)
        return old, new, moments.at[new] - moments.at[old]

    def req_s(self, at: float, window_s: float) -> float | None:
        """Give the responses per second alone, of the window that ends at ``at``."""
        old, new, span = self._window(at, window_s)
        return self.moments.gained("completed", old, new) / span if span > 0 else None

    def rates(self, at: float, window_s: float) -> Rates:
        """Give what happened in the window that ends at ``at``."""
        old, new, span = self._window(at, window_s)
        if span <= 0:
            return Rates()
        gains = self.moments.gains(old, new)
        completed = gains[_COMPLETED]
        ended = completed + gains[_FAILED]
        assigned = gains[_ASSIGNED]
        return Rates(
            req_s=completed / span,
            dial_s=gains[_OPENED] / span,
            reuse=gains[_REUSED] / assigned if assigned > 0 else None,
            errors=gains[_ERRORS] / ended if ended > 0 else None,
            wait_p95=self.queue.quantile(at - window_s, at, 0.95),
            service_p95=self.service.quantile(at - window_s, at, 0.95),
            in_s=gains[_BYTES_IN] / span,
            out_s=gains[_BYTES_OUT] / span,
        )

    def error_share(self, at: float, window_s: float) -> float | None:
        """Give ``rates(at, window_s).errors`` without what else that works out.

        For a window beside the one that the tables have: each histogram knows where one begins.
        """
        moments = self.moments
        if not moments.at:
            return None
        gains = moments.gains(moments.index_at(at - window_s), moments.index_at(at))
        ended = gains[_COMPLETED] + gains[_FAILED]
        return gains[_ERRORS] / ended if ended > 0 else None

    def series(self, name: Column, grid: Grid, until: float) -> list[float | None]:
        """Give the column's highest value in each column of the grid; None is a gap.

        Args:
            name: What to give; the limit may be inf.
            grid: The columns of time.
            until: Moments after it are not looked at (a frozen screen's instant).
        """
        return self.moments.series(name, grid, until)
