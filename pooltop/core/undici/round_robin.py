"""undici's RoundRobinPool: the next client that has room after the one that was taken last.

It does not wait to learn whether the origin speaks HTTP/2, and knows nothing of prior knowledge.

Source: undici 8.12.4 lib/dispatcher/round-robin-pool.js.
"""

from __future__ import annotations

from pooltop.core.undici.client_pool import ClientPool
from pooltop.core.undici.dispatcher import Dispatcher


class RoundRobinPool(ClientPool):
    """The clients of one origin, in turn."""

    index = -1
    """Of the client that was looked at last."""

    def _pick(self) -> Dispatcher | None:
        """Give the next that has room; a new one does not move the turn."""
        members = self.members
        checked = 0
        while checked < len(members):
            self.index = (self.index + 1) % len(members)
            member = members[self.index]
            if self._retires(member):
                self.index -= 1
            elif not member.is_full:
                return member
            else:
                checked += 1
        return self._make() if self._may_grow() else None

    def _on_removed(self, index: int) -> None:
        if index <= self.index:
            self.index -= 1
