"""undici's BalancedPool: several origins that serve the same, taken in turn by their weight.

Each has a Pool. A lap over all of them lowers the weight that is asked for by what all weights have
in common; a member that loses connections loses weight, down to 1, and wins it back by connecting.

Source: undici 8.12.4 lib/dispatcher/balanced-pool.js.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pooltop.core.model import OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import RetireReason
from pooltop.core.undici import failures
from pooltop.core.undici.books import Books
from pooltop.core.undici.dispatcher import Dispatcher, Owner
from pooltop.core.undici.pool import Pool
from pooltop.core.undici.pool_base import PoolBase
from pooltop.core.undici.records import ConnProtocol, RequestRecord


class BalancedPool(PoolBase):
    """A Pool for each of the upstreams."""

    def __init__(self, books: Books, owner: Owner, upstreams: Sequence[OriginKey]) -> None:
        """Begin with the upstreams, each once and with all its weight."""
        super().__init__(books, OriginKey(""), owner)
        options = books.options
        self.best = options.max_weight_per_server or 100
        self.penalty = options.error_penalty or 15
        self.weights: dict[Dispatcher, float] = {}
        self.index = -1
        """Of the member that was looked at last."""
        self.current = 0.0
        """The weight that is asked for in this lap."""
        self.common = 0.0
        """What all weights have in common: their greatest common divisor."""
        for upstream in upstreams:
            self.add_upstream(upstream)

    def upstream(self, key: OriginKey) -> Dispatcher | None:
        """Give the pool of an upstream; None if it has none, or one that is closed."""
        for member in self.members:
            if member.key == key and not member.is_closed and not member.is_destroyed:
                return member
        return None

    def add_upstream(self, key: OriginKey) -> None:
        """Have one more, and give all members their whole weight. Known: nothing."""
        if self.upstream(key) is None:
            self.add(Pool(self.books, key, self, allow_h2=self.options.allow_h2))
            self.weights = dict.fromkeys(self.members, self.best)
            self._weigh()

    def remove_upstream(self, key: OriginKey) -> None:
        """Retire one, which serves what it has. Unknown: nothing."""
        member = self.upstream(key)
        if member is not None:
            self.remove(member, RetireReason.UPSTREAM_REMOVED)

    def _weigh(self) -> None:
        common = 0.0
        for member in self.members:
            common = _common(self.weights[member], common)
        self.common = common

    def _punish(self, member: Dispatcher) -> None:
        if member not in self.weights:
            return  # it was removed, and finishes what it has
        self.weights[member] = max(1, self.weights[member] - self.penalty)
        self._weigh()

    def _dispatch(self, request: RequestRecord) -> bool:
        if not self.members:
            self.books.fail(request, failures.MISSING_UPSTREAM)
            return False
        return super()._dispatch(request)

    def _pick(self) -> Dispatcher | None:
        """Give the next that weighs enough, or the heaviest after a lap without one."""
        members = self.members
        heaviest = -1
        for _ in members:
            self.index = (self.index + 1) % len(members)
            member = members[self.index]
            if self.index == 0:
                self.current -= self.common
                if self.current <= 0:
                    self.current = self.best
            if member.is_full or member.is_closed or member.is_destroyed:
                continue
            weight = self.weights[member]
            if heaviest == -1 or weight > self.weights[members[heaviest]]:
                heaviest = self.index
            if weight >= self.current:
                return member
        if heaviest == -1:
            return None
        self.current = self.weights[members[heaviest]]
        self.index = heaviest
        return members[heaviest]

    def on_connect(self, member: Dispatcher, protocol: ConnProtocol) -> None:
        """Give back some of a member's weight; what they have in common is not worked out anew."""
        if member in self.weights:
            self.weights[member] = min(self.best, self.weights[member] + self.penalty)
        super().on_connect(member, protocol)

    def on_connection_error(self, member: Dispatcher) -> None:
        """Take some of it."""
        self._punish(member)
        super().on_connection_error(member)

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Likewise, where the connection broke."""
        if failure.code == failures.SOCKET:
            self._punish(member)
        super().on_disconnect(member, failure)

    def _retired(self, member: Dispatcher) -> None:
        super()._retired(member)
        self.weights.pop(member, None)


def _common(a: float, b: float) -> float:
    """Give the greatest common divisor, of numbers that need not be whole."""
    while b:
        a, b = b, math.fmod(a, b)
    return a
