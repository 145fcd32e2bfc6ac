"""What has a dispatcher for each origin: an Agent, and a Client or a pool that is one of many.

A Client or a Pool of undici's has one origin. Here they are made for each origin that is asked for,
and know nothing of each other. undici's Agent does the same, and has an end for those that nobody
uses: see agent.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from pooltop.core.model import OriginKey
from pooltop.core.records import Failure
from pooltop.core.undici.books import Books
from pooltop.core.undici.client import Client
from pooltop.core.undici.dispatcher import Dispatcher, Owner, when_all_over
from pooltop.core.undici.pool import Pool
from pooltop.core.undici.records import ConnProtocol, RequestRecord, Stats
from pooltop.core.undici.round_robin import RoundRobinPool

_ANY = OriginKey("")


def make(
    books: Books, key: OriginKey, owner: Owner, *, allow_h2: bool
) -> Client | Pool | RoundRobinPool:
    """Make what an origin has for itself."""
    options = books.options
    if options.kind == "undici-round-robin-pool":
        return RoundRobinPool(books, key, owner, allow_h2=allow_h2)
    if options.kind == "undici-client" or (
        options.kind == "undici-agent" and options.connections == 1
    ):
        return Client(books, key, owner, allow_h2=allow_h2)
    return Pool(books, key, owner, allow_h2=allow_h2)


class PerOrigin(Dispatcher):
    """A dispatcher for each origin."""

    def __init__(self, books: Books, owner: Owner) -> None:
        """Begin with none."""
        super().__init__(books, _ANY, owner)
        self.dispatchers: dict[tuple[OriginKey, bool], Dispatcher] = {}
        """By origin and whether HTTP/2 is allowed, in the order in which they were made."""

    def of(self, key: OriginKey) -> Dispatcher | None:
        """Give what an origin has; None for nothing. Of two it is the one that was made last."""
        found = None
        for (origin, _), dispatcher in self.dispatchers.items():
            if origin == key:
                found = dispatcher
        return found

    def each(self) -> Iterator[Dispatcher]:
        """Go through all of them."""
        return iter(self.dispatchers.values())

    @property
    def is_busy(self) -> bool:
        """Any of them is."""
        return any(dispatcher.is_busy for dispatcher in self.each())

    def stats(self) -> Stats:
        """Add up what they say."""
        found = [dispatcher.stats() for dispatcher in self.each()]
        return Stats(
            connected=sum(stats.connected for stats in found),
            free=sum(stats.free or 0 for stats in found),
            pending=sum(stats.pending for stats in found),
            queued=sum(stats.queued or 0 for stats in found),
            running=sum(stats.running for stats in found),
            size=sum(stats.size for stats in found),
        )

    def _dispatch(self, request: RequestRecord) -> bool:
        allow_h2 = self.options.allow_h2
        place = (request.key, allow_h2)
        dispatcher = self.dispatchers.get(place)
        if dispatcher is None:
            dispatcher = make(self.books, request.key, self, allow_h2=allow_h2)
            self.dispatchers[place] = dispatcher
        return dispatcher.dispatch(request)

    def on_drain(self, member: Dispatcher) -> None:
        """Pass it on as the member's own: it has an origin."""
        self.owner.on_drain(member)

    def on_connect(self, member: Dispatcher, protocol: ConnProtocol) -> None:
        """Pass it on."""
        self.owner.on_connect(member, protocol)

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Pass it on."""
        self.owner.on_disconnect(member, failure)

    def on_connection_error(self, member: Dispatcher) -> None:
        """Pass it on."""
        self.owner.on_connection_error(member)

    def _close(self) -> None:
        dispatchers = list(self.each())
        for dispatcher in dispatchers:
            dispatcher.close(self.why_ended)
        when_all_over(dispatchers, self.destroy, self.books)

    def _destroy(self, failure: Failure) -> None:
        dispatchers = list(self.each())
        for dispatcher in dispatchers:
            dispatcher.destroy(failure, self.why_ended)
        when_all_over(dispatchers, self._ended, self.books)
