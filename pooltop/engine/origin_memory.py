"""Which origins an agent remembers: memory that stays bounded where there are ever new hosts."""

from __future__ import annotations

from pooltop.core.model import Origin, OriginKey
from pooltop.core.pool import PoolCore
from pooltop.engine.tally import Tally

MOST_ORIGINS = 1000
"""With so many, those that have no socket and no request are forgotten, their counters too."""


class OriginMemory:
    """One agent's: what it forgets is forgotten in the pool and in the tally as well."""

    def __init__(self, core: PoolCore, tally: Tally, targets: dict[OriginKey, Origin]) -> None:
        """Begin with none.

        Args:
            core: told of what is forgotten.
            tally: likewise.
            targets: where each key leads: the origin of the request that brought it first.
        """
        self._targets = targets
        self._core = core
        self._tally = tally
        self._most = MOST_ORIGINS

    def meet(self, key: OriginKey, origin: Origin) -> None:
        """Remember a new one, and forget the unused ones if there are many."""
        if len(self._targets) >= self._most:
            self._forget_unused()
        self._targets[key] = origin

    def _forget_unused(self) -> None:
        for key in self._core.forget_unused_origins():
            del self._targets[key]
            self._tally.origins.pop(key, None)
        # Where most are in use, looking again at every new one would find nothing.
        self._most = max(MOST_ORIGINS, 2 * len(self._targets))
