"""What is foretold of edits of maxSockets, so that their cards have it beside what is measured.

Whoever made an edit, and however: where What if had its prediction on the screen it is that one,
else it is worked out from the last instant before the edit.
"""

from __future__ import annotations

import math
import random

from pooltop.advise.whatif import MOST_REQUESTS, Prediction, Sweep
from pooltop.core.edits import EditRecord
from pooltop.core.model import HostId
from pooltop.core.snapshot import Snapshot
from pooltop.present.history import History
from pooltop.present.hosts import hosts_under
from pooltop.present.whatif import OPTION, Promise, Study, begun, promise_of
from pooltop.ui.sweeping import Own, Sweeping

SHARE = 4
"""One limit alone gets so much less of the work than a curve."""
_MOST = 16
"""Promises that are kept."""
_GAP_S = 5.0
"""Between the instants before and after an edit: with more, too much lies between them."""


class Foretold:
    """Keeps what was foretold of the newest edits."""

    def __init__(self, own: Own) -> None:
        """Begin with nothing foretold; ``own`` runs a task, and ends it with the app."""
        self._own = own
        self._before: Snapshot | None = None
        self._sweeping: Sweeping | None = None
        self.promises: tuple[Promise, ...] = ()
        """Newest last."""

    def keep(self, promise: Promise | None) -> None:
        """Remember one; None is nothing to remember."""
        if promise is not None:
            self.promises = (*self.promises, promise)[-_MOST:]

    def close(self) -> None:
        """Give up what is being worked out."""
        if self._sweeping is not None:
            self._sweeping.leave()
            self._sweeping = None

    def look(self, snapshot: Snapshot | None, history: History, host: HostId | None) -> None:
        """See whether there is a new edit.

        Args:
            snapshot: the latest.
            history: holds the past of the one before, too.
            host: in focus: of an agent's hosts its wait is foretold; else of an only one.
        """
        before, self._before = self._before, snapshot
        if snapshot is None or before is None or not 0 < snapshot.at - before.at <= _GAP_S:
            return
        new = [each for each in snapshot.edits if each.at > before.at and each.option == OPTION]
        if not new or promise_of(new[-1], self.promises) is not None:
            return
        self.close()
        edit = new[-1]
        target = _host_of(edit, before, host)
        if target is None:
            return
        study = begun(Study(host=target, name=""), before, history)
        if study.traffic is None:
            return
        limit = math.inf if edit.after is None else float(edit.after)
        sweep = Sweep(study.traffic, random.Random, (limit,), most=MOST_REQUESTS // SHARE)

        def show(curve: tuple[Prediction, ...], is_done: bool) -> None:
            if is_done:
                self._sweeping = None
                self.keep(Promise(target, edit.after, before.at, curve[0]))

        self._sweeping = Sweeping(self._own, sweep, show)


def _host_of(edit: EditRecord, snapshot: Snapshot, focus: HostId | None) -> HostId | None:
    """Give the host whose wait an edit's card has: the one in focus, or the only one."""
    hosts = hosts_under(snapshot, edit.agent, edit.host)
    if focus in hosts:
        return focus
    return hosts[0] if len(hosts) == 1 else None
