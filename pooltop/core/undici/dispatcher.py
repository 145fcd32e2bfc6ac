"""What every dispatcher of undici's is, from a Client to an Agent: it takes requests, and ends.

``close`` refuses new requests and ends when all that it has are served; ``destroy`` ends at once.
Both end with ``destroy``, and that is over when the last connection's close was seen.

Source: undici 8.12.4 lib/dispatcher/dispatcher-base.js.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from pooltop.core.model import OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import RetireReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.failures import CLIENT_CLOSED, CLIENT_DESTROYED
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import ConnProtocol, RequestRecord, Stats


class Owner(Protocol):
    """Who listens to a dispatcher: the pool that it is in, or whoever holds all."""

    def on_drain(self, member: Dispatcher) -> None:
        """It takes requests again, after a dispatch that answered false."""

    def on_connect(self, member: Dispatcher, protocol: ConnProtocol) -> None:
        """It, or a client in it, is connected."""

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Likewise, it is no longer."""

    def on_connection_error(self, member: Dispatcher) -> None:
        """Likewise, a dial failed."""


class Dispatcher(ABC):
    """A taker of requests."""

    is_full = False
    """It is not to be given more until it drains. A pool keeps it of its clients; of a pool it is
    its own, so that a BalancedPool and its members have the same (pool-base.js kNeedDrain)."""
    is_closed = False
    is_destroyed = False
    is_over = False
    """Destroyed, and its last connection is closed."""
    why_ended = RetireReason.DESTROYED
    """Once it is closed or destroyed."""

    def __init__(self, books: Books, key: OriginKey, owner: Owner) -> None:
        """Begin without anything."""
        self.books = books
        self.key = key
        self.owner = owner
        self._when_over: list[Callable[[], None]] = []

    @property
    def options(self) -> DispatcherOptions:
        """What the dispatcher that is in the caller's hands was made with."""
        return self.books.options

    @property
    @abstractmethod
    def is_busy(self) -> bool:
        """It would answer false (undici's kBusy)."""

    @abstractmethod
    def stats(self) -> Stats:
        """Give undici's numbers of it."""

    @abstractmethod
    def _dispatch(self, request: RequestRecord) -> bool: ...

    @abstractmethod
    def _close(self) -> None:
        """Call ``_closed`` when everything is served."""

    @abstractmethod
    def _destroy(self, failure: Failure) -> None:
        """End everything, and call ``_ended`` when the last close is seen."""

    def dispatch(self, request: RequestRecord) -> bool:
        """Take a request.

        Returns:
            It would take more; False asks the caller to wait for the drain. The request is taken
            all the same, unless the dispatcher is at its end.
        """
        if self.is_closed or self.is_destroyed:
            self.books.fail(request, CLIENT_DESTROYED if self.is_destroyed else CLIENT_CLOSED)
            return False
        return self._dispatch(request)

    def close(self, why: RetireReason = RetireReason.CLOSED) -> None:
        """Take no more requests, and end when all are served. A second time: nothing."""
        if not self.is_closed and not self.is_destroyed:
            self.is_closed = True
            self.why_ended = why
            self._close()

    def destroy(
        self, failure: Failure = CLIENT_DESTROYED, why: RetireReason = RetireReason.DESTROYED
    ) -> None:
        """Fail all requests and close all connections. A second time: nothing."""
        if not self.is_destroyed:
            self.is_destroyed = True
            if not self.is_closed:
                self.why_ended = why
            self._destroy(failure)

    def when_over(self, then: Callable[[], None]) -> None:
        """Have something done once it is over."""
        if self.is_over:
            self.books.ticks.append(then)
        else:
            self._when_over.append(then)

    def _closed(self) -> None:
        self.books.ticks.append(self.destroy)

    def _ended(self) -> None:
        self.is_over = True
        self.books.ticks.extend(self._when_over)
        self._when_over.clear()


def when_all_over(members: Iterable[Dispatcher], then: Callable[[], None], books: Books) -> None:
    """Have something done once all of them are over; at the next tick if there are none."""
    left = set(members)
    if not left:
        books.ticks.append(then)
    for member in list(left):
        member.when_over(partial(_one_over, left, member, then))


def _one_over(left: set[Dispatcher], member: Dispatcher, then: Callable[[], None]) -> None:
    left.remove(member)
    if not left:
        then()
