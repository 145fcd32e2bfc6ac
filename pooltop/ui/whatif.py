"""What if on the screen: which host is studied, and how far that is worked out."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from pooltop.advise.traffic import Traffic
from pooltop.advise.whatif import MOST_REQUESTS, Prediction, Sweep, limits_around
from pooltop.core.model import HostId
from pooltop.core.snapshot import Snapshot
from pooltop.present.history import History
from pooltop.present.whatif import Promise, Study, begun
from pooltop.ui.foretelling import SHARE
from pooltop.ui.sweeping import Own, Sweeping

REFRESH_S = 20.0
"""A live study begins anew after so many seconds of the engine's."""


class WhatIf:
    """Keeps the study that is shown up to date."""

    def __init__(self, own: Own, changed: Callable[[], None]) -> None:
        """Begin with nothing studied.

        Args:
            own: runs a task, and ends it with the app.
            changed: told when there is more to show.
        """
        self._own = own
        self._changed = changed
        self._sweeping: Sweeping | None = None
        self.study: Study | None = None
        """What is shown; None while it is closed."""

    def open(self, host: HostId, name: str) -> None:
        """Study a host."""
        self.close()
        self.study = Study(host=host, name=name)

    def close(self) -> None:
        """Study nothing; what is being worked out is given up."""
        self._give_up()
        self.study = None

    def look(self, snapshot: Snapshot | None, history: History) -> None:
        """Begin anew where the instant that is shown is another, or the last study is old."""
        study = self.study
        if study is None or snapshot is None:
            return
        is_known = study.traffic is not None or study.problem
        if is_known and 0 <= snapshot.at - study.at < REFRESH_S:
            return
        if self._sweeping is not None and snapshot.at >= study.at:
            return  # it is soon done
        self._give_up()
        self.study = study = begun(study, snapshot, history)
        if study.traffic is not None and study.proposed is not None:
            limits = limits_around(study.traffic.load, study.present, study.proposed)
            self._work(study.traffic, (*limits, study.present), MOST_REQUESTS, ())

    def move(self, by: int) -> None:
        """Propose another limit, which is worked out if it was not yet."""
        study = self.study
        if study is None or study.traffic is None:
            return
        traffic = study.traffic
        self.study = study = study.moved(by)
        assert study.proposed is not None
        if study.of(float(study.proposed)) is None and self._sweeping is None:
            self._work(traffic, (float(study.proposed),), MOST_REQUESTS // SHARE, study.curve)

    def promise(self, at: float) -> Promise | None:
        """Give what is foretold of the proposed limit, which is being applied; None for nothing."""
        study = self.study
        told = None if study is None or study.proposed is None else study.of(study.proposed)
        if study is None or told is None:
            return None
        return Promise(study.host, told.limit, at, told)

    def _give_up(self) -> None:
        if self._sweeping is not None:
            self._sweeping.leave()
            self._sweeping = None

    def _work(
        self,
        traffic: Traffic,
        limits: Sequence[float],
        most: int,
        beside: tuple[Prediction, ...],
    ) -> None:
        assert self.study is not None
        self.study = replace(self.study, is_working=True)
        marked = (self.study.present, self.study.proposed)
        sweep = Sweep(traffic, random.Random, limits, marked=marked, most=most)

        def show(curve: tuple[Prediction, ...], is_done: bool) -> None:
            if self.study is None:
                return
            known = {each.limit: each for each in (*beside, *curve)}
            ordered = tuple(known[limit] for limit in sorted(known))
            self.study = replace(self.study, curve=ordered, is_working=not is_done)
            if is_done:
                self._sweeping = None
                self.move(0)  # the limit may have been moved on meanwhile
            self._changed()

        self._sweeping = Sweeping(self._own, sweep, show)
