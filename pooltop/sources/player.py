"""Plays a recording: where it stands, where it goes, and which updates a viewer is to be given.

Nothing here waits or runs by itself: ``next_update`` gives one update after the other until the
viewer is where the player is, ``due_s`` tells when there will be another. Keys change the rest.

How a viewer gets to a moment: forward, it is given what lies between, at most ten minutes of it
and no closer than PAST_STEPS asks for; back, it begins anew (``sources.base.Update``) with the ten
minutes before that moment. All of it but the moment itself is marked ``past``. Journal entries are
not left out on the way forward, however fast: only of more than MOST_ENTRIES at once the oldest.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from pooltop.core.snapshot import JournalEntry, Snapshot
from pooltop.sources.base import Update
from pooltop.sources.recorded import Recorded
from pooltop.sources.recording_format import Bookmark

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds of the recording in one second."""
KEPT_S = 600.0
"""Seconds before a moment that a viewer is given with it: what plots can show."""
PAST_STEPS = ((120.0, 1.0), (math.inf, 2.5))
"""(up to so many seconds before the moment, so many seconds from one snapshot to the next): a plot
calls more than 3 s without a snapshot a gap."""
_DAMAGED = "this moment is damaged in the recording: it is left out"
_LEAST_S = 0.1
"""Between two moments that are drawn, however fast it plays."""


class Player:
    """Stands somewhere in a recording; every method but the ``next_update`` answers one key."""

    def __init__(self, recording: Recorded, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Stand at the start, playing.

        Args:
            recording: what to play; stays its owner's to close.
            clock: monotonic seconds.
        """
        self.recording = recording
        self.playing = True
        """Whether it goes on by itself; False at the end too."""
        self.speed = 1.0
        """One of SPEEDS."""
        self.on_change: Callable[[], None] = _nothing
        """Called when a key changed something: there may be an update, ``due_s`` may differ."""
        self._clock = clock
        self._target = 0
        self._given: int | None = None
        self._latest: Snapshot | None = None
        self._told_until = -math.inf
        self._anchor = (clock(), recording.at[0])
        self._noted = False

    # Where it stands

    @property
    def at(self) -> float:
        """The moment it stands at, in the recording's monotonic seconds: a snapshot's."""
        return self.recording.at[self._target]

    @property
    def wall_at(self) -> float:
        """Unix time of that moment."""
        return self.recording.wall_at(self._target)

    @property
    def position_s(self) -> float:
        """Seconds from the recording's start to that moment."""
        return self.at - self.recording.at[0]

    @property
    def length_s(self) -> float:
        """Seconds from the first snapshot to the last."""
        return self.recording.at[-1] - self.recording.at[0]

    @property
    def at_end(self) -> bool:
        """Whether there is nothing behind it."""
        return self._target == len(self.recording) - 1

    @property
    def bookmarks(self) -> tuple[Bookmark, ...]:
        """Edits, alerts, bursts of errors and changes of the load, oldest first."""
        return self.recording.bookmarks

    @property
    def bookmark(self) -> Bookmark | None:
        """The latest bookmark of the very moment it stands at; None without one."""
        here = [mark for mark in self.bookmarks if self._index(mark.at) == self._target]
        return here[-1] if here else None

    @property
    def note(self) -> str:
        """What is wrong with the recording, in a sentence; empty when nothing is."""
        return self.recording.note

    # Keys

    def toggle(self) -> None:
        """Play, or pause; at the end play from the start."""
        self._advance()
        if self.playing:
            self._go(self._target, playing=False)
        else:
            self._go(0 if self.at_end else self._target, playing=True)

    def pause(self) -> None:
        """Stand still."""
        self._advance()
        self._go(self._target, playing=False)

    def faster(self) -> None:
        """Take the next higher speed, up to the last of SPEEDS."""
        self._set_speed(1)

    def slower(self) -> None:
        """Take the next lower speed, down to the first of SPEEDS."""
        self._set_speed(-1)

    def step(self, number: int) -> None:
        """Stand so many snapshots further on, or back; pauses, stops at the ends."""
        self._advance()
        last = len(self.recording) - 1
        self._go(min(last, max(0, self._target + number)), playing=False)

    def seek(self, at: float) -> None:
        """Go to the snapshot that shows this time: the latest up to it, at least the first."""
        self._go(max(0, bisect_right(self.recording.at, at) - 1))

    def start(self) -> None:
        """Go to the start."""
        self._go(0)

    def end(self) -> None:
        """Go to the end, and stand still."""
        self._go(len(self.recording) - 1, playing=False)

    def next_bookmark(self) -> Bookmark | None:
        """Go to the next moment with a bookmark and pause; None when there is none behind."""
        for mark in self.bookmarks:
            index = self._index(mark.at)
            if index > self._target:
                self._go(index, playing=False)
                return mark
        return None

    def previous_bookmark(self) -> Bookmark | None:
        """Go to the moment with a bookmark before this one and pause; None when there is none."""
        for mark in reversed(self.bookmarks):
            index = self._index(mark.at)
            if index < self._target:
                self._go(index, playing=False)
                return mark
        return None

    # What a viewer is to be given

    def due_s(self) -> float | None:
        """Give the seconds until there may be an update; None while it stands still."""
        self._advance()
        if self._target != self._given:
            return 0.0
        if not self.playing:
            return None
        at = self.recording.at[self._target + 1]
        return max(_LEAST_S, (at - self._now()) / self.speed)

    def next_update(self) -> Update | None:
        """Give the next update; None when the viewer has what there is up to this moment."""
        self._advance()
        while self._given != self._target:
            index = self._given = self._following()
            snapshot = self.recording.snapshot(index)
            said = []
            if snapshot is None:
                # The moment before it stands in, so that what led there is drawn at least.
                said.append(self._said(index, _DAMAGED))
                snapshot = self._latest
            if snapshot is None:
                self._target = max(self._target, min(index + 1, len(self.recording) - 1))
                continue
            if self.note and not self._noted:
                self._noted = True
                said.append(self._said(index, self.note))
            journal = self.recording.journal(self._told_until, self.recording.at[index])
            self._latest, self._told_until = snapshot, self.recording.at[index]
            return Update(
                snapshot=snapshot,
                entries=(*journal.entries, *said),
                dropped=journal.dropped,
                past=index != self._target,
            )
        return None

    def _following(self) -> int:
        """Give the index of the snapshot to be given next, on the way to the target."""
        times, target = self.recording.at, self._target
        first = bisect_left(times, times[target] - KEPT_S)
        if self._given is None or self._given > target:
            self._latest = None
            self._told_until = times[target] - KEPT_S
            return first
        if self._given < first:
            return first
        left = times[target] - times[self._given]
        step = next(step for within, step in PAST_STEPS if left <= within)
        # A snapshot that is due at a full second comes a little late or early.
        following = bisect_left(times, times[self._given] + 0.95 * step)
        return min(target, max(self._given + 1, following))

    def _said(self, index: int, text: str) -> JournalEntry:
        return JournalEntry(
            seq=-1 - index,  # the engine's own count from 1
            at=self.recording.at[index],
            wall_at=self.recording.wall_at(index),
            kind="INFO",
            text=text,
        )

    # Time

    def _go(self, target: int, *, playing: bool | None = None) -> None:
        self._target = target
        if playing is not None:
            self.playing = playing
        self._anchor = (self._clock(), self.at)
        self.on_change()

    def _set_speed(self, by: int) -> None:
        self._advance()
        index = min(len(SPEEDS) - 1, max(0, SPEEDS.index(self.speed) + by))
        self._anchor = (self._clock(), self._now())
        self.speed = SPEEDS[index]
        self.on_change()

    def _now(self) -> float:
        """Give the time in the recording that it has come to, between two snapshots as well."""
        if not self.playing:
            return self.at
        then, at = self._anchor
        return at + (self._clock() - then) * self.speed

    def _advance(self) -> None:
        """Come to where the clock says that it is."""
        if self._given is None:
            self._anchor = (self._clock(), self.at)  # nobody looked until now
        if self.playing:
            index = bisect_right(self.recording.at, self._now()) - 1
            self._target = max(self._target, index)
            self.playing = not self.at_end

    def _index(self, at: float) -> int:
        """Give the index of the first snapshot that is not before this time."""
        return min(len(self.recording) - 1, bisect_left(self.recording.at, at))


def _nothing() -> None:
    """Stand in until somebody wants to know."""
