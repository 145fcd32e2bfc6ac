"""The cap on requests that one demo host works on at once; the others wait, first come first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol


class Worker(Protocol):
    """Who enters the gate."""

    def work(self) -> None:
        """Start: a place has come free and is now held. Must not call the gate in return."""


class Gate:
    """Hands out ``limit`` places; None hands out any number."""

    def __init__(self, limit: int | None) -> None:
        """Start with every place free."""
        self._limit = limit
        self._waiting: OrderedDict[Worker, None] = OrderedDict()
        self.busy = 0
        """Places held now."""

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def enter(self, worker: Worker) -> bool:
        """Take a place, or join the end of the line and be told by ``work``."""
        if self._limit is None or self.busy < self._limit:
            self.busy += 1
            return True
        self._waiting[worker] = None
        return False

    def leave(self) -> Worker | None:
        """Give a place back.

        Returns:
            Who holds it from now on, to be told soon; None if nobody was waiting.
        """
        if self._waiting:
            return self._waiting.popitem(last=False)[0]
        self.busy -= 1
        return None

    def withdraw(self, worker: Worker) -> bool:
        """Leave the line; False if the worker was not in it."""
        if worker in self._waiting:
            del self._waiting[worker]
            return True
        return False
