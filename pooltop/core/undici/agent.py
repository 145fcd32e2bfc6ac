"""undici's Agent: a Pool for each origin, which it closes and forgets when nobody uses it.

One whose last connection is gone, and for which nothing waits, is closed; the origin is no longer
in ``stats`` then. Requests that do not allow HTTP/2 have a pool of their own.

Source: undici 8.12.4 lib/dispatcher/agent.js.
"""

from __future__ import annotations

from pooltop.core.records import Failure
from pooltop.core.states import RetireReason
from pooltop.core.undici import failures
from pooltop.core.undici.dispatcher import Dispatcher
from pooltop.core.undici.per_origin import PerOrigin, make
from pooltop.core.undici.records import RequestRecord


class Agent(PerOrigin):
    """The pools of all origins."""

    def _dispatch(self, request: RequestRecord) -> bool:
        options = self.options
        own = request.ask.allow_h2
        allow_h2 = options.allow_h2 if own is None else own
        place = (request.key, allow_h2)
        dispatcher = self.dispatchers.get(place)
        if dispatcher is None:
            origins = {origin for origin, _ in self.dispatchers}
            if len(origins) >= options.max_origins and request.key not in origins:
                self.books.fail(request, failures.MAX_ORIGINS)
                return False
            dispatcher = make(self.books, request.key, self, allow_h2=allow_h2)
            self.dispatchers[place] = dispatcher
        return dispatcher.dispatch(request)

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Close it if that was the last of it."""
        self._close_if_unused(member)
        super().on_disconnect(member, failure)

    def on_connection_error(self, member: Dispatcher) -> None:
        """Likewise."""
        self._close_if_unused(member)
        super().on_connection_error(member)

    def _close_if_unused(self, member: Dispatcher) -> None:
        for place, dispatcher in self.dispatchers.items():
            if dispatcher is member:
                stats = member.stats()
                if not stats.connected and not stats.pending and not member.is_busy:
                    del self.dispatchers[place]
                    member.close(RetireReason.UNUSED)
                return

    def _close(self) -> None:
        super()._close()
        self.dispatchers.clear()

    def _destroy(self, failure: Failure) -> None:
        super()._destroy(failure)
        self.dispatchers.clear()
