"""The last ten minutes as snapshots: what a frozen screen walks back through.

``History`` keeps numbers of every moment for plots, rates and quantiles; this keeps the pictures
themselves, packed, within a bound of memory. Histograms are left out but those that an edit is
being measured by: they are most of a picture's bytes, grow for hours, and what screens ask of them
the tracks of ``History`` know for every instant.
Of what is older than a minute one instant a second is kept. Where pictures are too many for the
bound the past becomes coarser still, oldest first: one instant in 2, 5 and 10 s. The newest minute
is touched only when all before it is as coarse as it may become, and only then is the oldest
instant given up.

Measured at two updates a second (tests/bench/rewind.py): with 200 hosts, 2,000 sockets and long
queues 3 ms of CPU an update and 5 MiB a minute, as instants so large are taken at most once a
second (each costs 6 to 9 ms); with 20 hosts 0.6 ms and 1 MiB.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from pooltop.core.class_snapshot import PhaseDurations
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import AgentSnapshot, OriginLatency, OriginSnapshot, Snapshot
from pooltop.present import units
from pooltop.present.changes import changes_of
from pooltop.present.shelf import Parcel, Shelf

KEPT_S = 600.0
"""Seconds of past that are kept."""
BUDGET_BYTES = 64 * 1024 * 1024
"""Memory that the packed instants may take together."""
SECOND_S = 1.05
"""Of what is older than NEWEST_S an instant is left out if no more than so much parts those on both
sides of it: a second, and what an update may come too late."""
STEPS_S = (1.0, 2.0, 5.0, 10.0)
"""What lies between two instants, as the past becomes coarser for want of memory."""
NEWEST_S = 60.0
"""The part in which every instant is kept, and that is made coarser last."""
_LARGE_BYTES = 400_000
"""A snapshot of so many bytes takes some 4 ms to pack: a tenth of all that a frame of 200 hosts
costs."""
_LARGE_EVERY_S = 0.95
_ROOM = 0.9
"""When it is over its budget it is brought down to this share of it, so that it is not done at
every update."""
_UNPACKED = 8
"""Snapshots held unpacked: those that a reader steps to and fro between."""
_FASTEST = 1

_NO_LATENCY = OriginLatency()
_NOTHING = Histogram()
_NO_PHASES = PhaseDurations()

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Snapshot)


class Rewind:
    """Takes every snapshot of an engine once; gives back whole the instants that it kept."""

    def __init__(self, *, budget_bytes: int = BUDGET_BYTES) -> None:
        """Begin without a past; all packed instants together may take ``budget_bytes``."""
        self._budget = budget_bytes
        self._at: list[float] = []
        self._newest = Shelf()
        """Where instants lie until it is known which of them stay: they leave together."""
        self._shelf = Shelf()
        self._packed: list[Parcel] = []
        self._unpacked: OrderedDict[float, Snapshot] = OrderedDict()
        self._bytes = 0
        self._settled = 0
        """How many of the oldest instants stay unless memory is short."""
        self._raw_bytes = 0
        self._coarse_until = float("-inf")
        self._lost_until = float("-inf")

    def __len__(self) -> int:
        """Count the instants."""
        return len(self._at)

    @property
    def instants(self) -> Sequence[float]:
        """The times of what is kept, oldest first, in the engine's monotonic seconds."""
        return tuple(self._at)

    @property
    def memory_bytes(self) -> int:
        """What the packed instants take."""
        return self._bytes

    def add(self, snapshot: Snapshot) -> None:
        """Keep an instant; one from before the latest means a new engine and clears the past."""
        at = snapshot.at
        if self._at and at < self._at[-1]:
            self.clear()
        if self._at and at == self._at[-1]:
            self._drop_last()
        elif self._at and self._raw_bytes > _LARGE_BYTES and at - self._at[-1] < _LARGE_EVERY_S:
            return
        try:
            raw = _encoder.encode(_without_histograms(snapshot))
        except UnicodeEncodeError:
            return  # half a character in a text: it can be shown, not kept
        packed = zlib.compress(raw, _FASTEST)
        self._raw_bytes = len(raw)
        self._at.append(at)
        self._packed.append(self._newest.put(packed))
        self._bytes += len(packed)
        self._forget_before(at - KEPT_S)
        self._settle(at - NEWEST_S)
        if self._bytes > self._budget:
            self._make_room()

    def clear(self) -> None:
        """Forget everything."""
        self._cut(len(self._at))
        self._unpacked.clear()
        self._coarse_until = self._lost_until = float("-inf")

    # Looking back

    def at(self, index: int) -> Snapshot:
        """Give the instant with this index in ``instants``; negative ones count from the newest.

        Raises:
            IndexError: there is none.
        """
        at = self._at[index]
        snapshot = self._unpacked.get(at)
        if snapshot is None:
            snapshot = _decoder.decode(zlib.decompress(self._packed[index].data))
            self._unpacked[at] = snapshot
            if len(self._unpacked) > _UNPACKED:
                self._unpacked.popitem(last=False)
        else:
            self._unpacked.move_to_end(at)
        return snapshot

    def before(self, at: float) -> Snapshot | None:
        """Give the latest instant before a time; None where the past begins."""
        index = bisect_left(self._at, at) - 1
        return self.at(index) if index >= 0 else None

    def after(self, at: float) -> Snapshot | None:
        """Give the earliest instant after a time; None where there is none yet."""
        index = bisect_right(self._at, at)
        return self.at(index) if index < len(self._at) else None

    def resolution_at(self, at: float) -> float | None:
        """Give the seconds between the instants on both sides of a time; None outside of them."""
        index = bisect_right(self._at, at)
        if index == len(self._at):
            index -= at == (self._at[-1] if self._at else None)
        return self._at[index] - self._at[index - 1] if 0 < index < len(self._at) else None

    def loss_at(self, at: float) -> str:
        """Say what of the past around a time is not kept; empty when all is that came."""
        budget = f"the memory for the past ({self._budget / 2**20:.3g} MiB) is full"
        if self._at and self.before(at) is None and self._lost_until >= self._at[-1] - KEPT_S:
            return f"what was before is gone: {budget}"
        resolution = self.resolution_at(at)
        if at > self._coarse_until or resolution is None:
            return ""
        return f"one instant in {units.duration(resolution)} is kept of this time: {budget}"

    # Bounds

    def _drop_last(self) -> None:
        self._unpacked.pop(self._at.pop(), None)
        self._drop(self._packed.pop())

    def _forget_before(self, at: float) -> None:
        self._cut(bisect_left(self._at, at))

    def _settle(self, before: float) -> None:
        """Leave one instant a second of what has become older than this."""
        index = self._settled
        while index < len(self._at) and self._at[index] < before:
            if index and self._at[index + 1] - self._at[index - 1] <= SECOND_S:
                del self._at[index]
                self._drop(self._packed.pop(index))
            else:
                self._packed[index] = self._shelf.take(self._packed[index])
                index += 1
        self._settled = index

    def _cut(self, number: int) -> None:
        """Forget the oldest so many."""
        if number:
            for parcel in self._packed[:number]:
                self._drop(parcel)
            del self._at[:number]
            del self._packed[:number]
            self._settled = max(0, self._settled - number)

    def _drop(self, parcel: Parcel) -> None:
        self._bytes -= parcel.size
        parcel.drop()

    def _make_room(self) -> None:
        """Come down to ``_ROOM`` of the budget."""
        target = self._budget * _ROOM
        for newest_too in (False, True):
            for step in STEPS_S:
                newest = 0.0 if newest_too else NEWEST_S
                self._thin(step, bisect_left(self._at, self._at[-1] - newest), target)
                if self._bytes <= target:
                    return
        number, left = 0, self._bytes
        while left > target and number < len(self._at) - 1:
            left -= self._packed[number].size
            number += 1
        if number:
            self._lost_until = self._at[number - 1]
            self._cut(number)

    def _thin(self, step: float, end: int, target: float) -> None:
        """Leave instants out, oldest first, as long as no more than ``step`` seconds part two.

        Args:
            step: seconds.
            end: index of the first instant that is left alone.
            target: bytes at which it is enough.
        """
        at, packed = self._at, self._packed
        kept_at, kept = at[:1], packed[:1]
        index = 1
        while index < end and self._bytes > target:
            if at[index + 1] - kept_at[-1] <= step:
                self._drop(packed[index])
                self._coarse_until = max(self._coarse_until, at[index + 1])
            else:
                kept_at.append(at[index])
                kept.append(packed[index])
            index += 1
        self._at = kept_at + at[index:]
        self._packed = [self._shelf.settled(parcel) for parcel in kept] + packed[index:]
        self._settled = bisect_left(self._at, self._at[-1] - NEWEST_S)


def _without_histograms(snapshot: Snapshot) -> Snapshot:
    """Leave out those that no card of an edit is measured by at its instant (``effects``)."""
    open_ = [change for change in changes_of(snapshot) if snapshot.at <= change.ends_at]
    measured = {change.agent for change in open_}
    return replace(
        snapshot,
        agents=tuple(_thinned(agent, measured=agent.name in measured) for agent in snapshot.agents),
        workloads=tuple(
            replace(
                each,
                latency=each.latency if each.agent in measured else _NOTHING,
                lateness=_NOTHING,
                classes=tuple(replace(one, phases=_NO_PHASES) for one in each.classes),
            )
            for each in snapshot.workloads
        ),
    )


def _thinned(agent: AgentSnapshot, *, measured: bool) -> AgentSnapshot:
    def kept(origin: OriginSnapshot) -> OriginLatency:
        return OriginLatency(queue=origin.latency.queue) if measured else _NO_LATENCY

    origins = tuple(replace(origin, latency=kept(origin)) for origin in agent.origins)
    return replace(agent, origins=origins)
