"""How busy each socket was, second by second, for the last minute: what its life is drawn from.

A snapshot says how long a socket was in use altogether; a sample of that once a second is enough.
Kept are some 70 doubles for each socket that is there: about 1.5 MiB for 2,000 of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain

from pooltop.core.model import SocketId
from pooltop.core.snapshot import OriginSnapshot, SocketInfo
from pooltop.present.moments import Grid, hold_s

KEPT_S = 60
"""Seconds of past that are kept of a socket."""
_SAMPLE_S = 0.95
_MOST = KEPT_S + 2
"""Samples that cover KEPT_S wherever the seconds begin."""
_SLACK = 8


class SocketTracks:
    """The sockets of one host; those that are gone are forgotten."""

    __slots__ = ("_at", "_busy", "_next")

    def __init__(self, place: int = 0) -> None:
        """Begin without a socket; ``place``: see ``Track``."""
        self._at = array("d")
        # Each ends with the latest sample; a younger socket's has fewer.
        self._busy: dict[SocketId, array[float]] = {}
        self._next = -(place % 4) / 4

    def add(self, at: float, origin: OriginSnapshot) -> None:
        """Take a sample if the last one is a second old; ``at`` never goes back."""
        if at < self._next:
            return
        # The first distance is shorter by the phase.
        self._next = at + _SAMPLE_S + (self._next if self._next < 0 else 0.0)
        self._at.append(at)
        cut = len(self._at) - _MOST if len(self._at) >= _MOST + _SLACK else 0
        del self._at[:cut]
        self._busy = self._sampled(chain(origin.sockets, origin.free_sockets), cut)

    def _sampled(self, sockets: Iterable[SocketInfo], cut: int) -> dict[SocketId, array[float]]:
        kept: dict[SocketId, array[float]] = {}
        before = self._busy.get
        unborn = len(self._at) > 1
        for socket in sockets:
            samples = before(socket.id)
            if samples is None:
                # Where others have a sample before, this one did not exist: it had done nothing.
                samples = array("d", (0.0,) if unborn else ())
            elif cut:
                del samples[: max(0, len(samples) + 1 - len(self._at))]
            samples.append(socket.busy_s)
            kept[socket.id] = samples
        return kept

    def socket(self, socket: SocketId) -> SocketTrack:
        """Give one socket's past; an empty one when it is unknown."""
        samples = self._busy.get(socket)
        if samples is None:
            return SocketTrack(array("d"), array("d"))
        return SocketTrack(self._at[-len(samples) :], samples[:])


class SocketTrack:
    """The past of one socket."""

    __slots__ = ("_at", "_busy")

    def __init__(self, at: array[float], busy_s: array[float]) -> None:
        """Take samples of how long it had been in use altogether, ascending."""
        self._at = at
        self._busy = busy_s

    def busy(self, at: float, seconds: int) -> list[float | None]:
        """Give which share of each second it was in use, 0..1, oldest first.

        Args:
            at: The instant in the last second; what came after it is not looked at.
            seconds: How many. They begin at whole seconds, so that the picture does not shimmer.

        Returns:
            None where it is not known: before the socket was there, longer ago than KEPT_S, after
            the newest sample, while the engine was silent.
        """
        starts = Grid.ending(at, window_s=seconds, columns=seconds).starts()
        until = bisect_right(self._at, at)
        hold = hold_s(self._at, until)
        shares: list[float | None] = []
        for start in starts[:-1]:
            low = bisect_right(self._at, start, 0, until) - 1
            known = low >= 0 and low + 1 < until and self._at[low + 1] - self._at[low] <= hold
            if known:
                end = min(start + 1.0, self._at[until - 1])
                gained = self._standing(end, until) - self._standing(start, until)
                shares.append(min(1.0, max(0.0, gained / (end - start))))
            else:
                shares.append(None)
        return shares

    def _standing(self, at: float, until: int) -> float:
        """Give the seconds in use altogether at an instant between two samples."""
        low = min(bisect_right(self._at, at, 0, until) - 1, until - 2)
        span = self._at[low + 1] - self._at[low]
        part = (at - self._at[low]) / span
        return self._busy[low] + part * (self._busy[low + 1] - self._busy[low])
