"""Who hears of a pool's events: our own parts at once, subscribers when the commands are done.

A subscriber may look at everything, and even edit. So it is told when no step is half performed,
and what its own edits bring comes after all that was waiting before: everyone hears one order.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pooltop.core.events import EVENT_KINDS, PoolEvent

Listener = Callable[[PoolEvent], None]
End = Callable[[], None]

_log = logging.getLogger(__name__)


class Listeners:
    """One pool's, by the kind of event."""

    def __init__(self, ours: Mapping[type, Callable[[Any], None]]) -> None:
        """Begin without subscribers.

        Args:
            ours: called at once, in the middle of a step; each takes its own kind of event.
        """
        self.by_kind: dict[type, tuple[Listener, ...]] = dict.fromkeys(EVENT_KINDS, ())
        """Called with every event of the kind as the step is taken, in this order."""
        for kind, handler in ours.items():
            self.by_kind[kind] = (handler,)
        self.untold: deque[tuple[Listener, PoolEvent]] = deque()
        """Events that subscribers have still to be told: ``tell`` is due."""
        self._is_telling = False

    def subscribe(self, listener: Listener, kinds: Iterable[type] = ()) -> End:
        """Tell every event from now on; give the function that ends it.

        Args:
            listener: must be quick; if it raises it is logged and dropped.
            kinds: the event classes it wants; none means all of them. What nobody wants costs
                nothing, and the everyday events of a request are wanted by few.
        """
        wanted = tuple(kinds) or EVENT_KINDS
        by_kind = self.by_kind
        is_on = True

        def later(event: PoolEvent) -> None:
            self.untold.append((guarded, event))

        def guarded(event: PoolEvent) -> None:
            if not is_on:
                return
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - whatever it raises
                _log.exception("a subscriber raised; it is told nothing more")
                end()

        def end() -> None:
            nonlocal is_on
            is_on = False
            for kind in wanted:
                by_kind[kind] = tuple(each for each in by_kind[kind] if each is not later)

        for kind in wanted:
            by_kind[kind] = (*by_kind[kind], later)
        return end

    def tell(self) -> None:
        """Tell what is untold, unless that is going on: then it comes in its turn."""
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self.untold:
                listener, event = self.untold.popleft()
                listener(event)
        finally:
            self._is_telling = False
