"""What all of undici's pools do: pick a member, or keep the request in a queue until one drains.

A member that answered false is *full*, and is passed over until its drain. The pool answers whether
there is another, and in asking may make one: the spare that stands ready before it is needed.

Source: undici 8.12.4 lib/dispatcher/pool-base.js.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from functools import partial

from pooltop.core.events import ClientRetired
from pooltop.core.model import OriginKey, RequestId
from pooltop.core.records import Failure
from pooltop.core.states import QueueReason, RetireReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.dispatcher import Dispatcher, Owner, when_all_over
from pooltop.core.undici.records import ConnProtocol, RequestRecord, Stats


class PoolBase(Dispatcher):
    """A list of members with a queue before it."""

    def __init__(self, books: Books, key: OriginKey, owner: Owner) -> None:
        """Begin without members."""
        super().__init__(books, key, owner)
        self.queue: OrderedDict[RequestId, RequestRecord] = OrderedDict()
        self.members: list[Dispatcher] = []
        self.retiring: dict[Dispatcher, None] = {}
        """Out of ``members``, and not over yet: they finish what they have."""
        self._awaits_queue = False
        """It is closed, and its members are when nothing is queued any more."""
        self._ends_with_members = False

    # The rules that tell pools apart

    @abstractmethod
    def _pick(self) -> Dispatcher | None:
        """Give the member that is to take a request, made for it if need be (kGetDispatcher)."""

    def _has_room(self) -> bool:
        """Say whether there is a member that takes a request, and make one if that may be."""
        return any(
            not (member.is_full or member.is_closed or member.is_destroyed)
            for member in self.members
        )

    def _on_busy(self, member: Dispatcher) -> None:
        """A member answered that it has no room."""

    def _on_room(self, member: Dispatcher) -> None:
        """It has room again."""

    def why(self, request: RequestRecord) -> QueueReason:
        """Say what the request waits for, and all others in the queue with it."""
        del request
        return QueueReason.CONNECTIONS

    # Requests

    @property
    def is_busy(self) -> bool:
        """It answered false and did not drain yet."""
        return self.is_full

    def stats(self) -> Stats:
        """Give undici's numbers: what retires is in none of them."""
        connected = free = pending = running = 0
        for member in self.members:
            stats = member.stats()
            connected += stats.connected
            free += bool(stats.connected) and not member.is_full
            pending += stats.pending
            running += stats.running
        queued = len(self.queue)
        pending += queued
        return Stats(
            connected=connected,
            free=free,
            pending=pending,
            queued=queued,
            running=running,
            size=pending + running,
        )

    def _dispatch(self, request: RequestRecord) -> bool:
        member = self._pick()
        if member is None:
            self.is_full = True
            request.place = self
            self.queue[request.id] = request
        elif not member.dispatch(request):
            member.is_full = True
            self._on_busy(member)
            self.is_full = not self._has_room()
        return not self.is_full

    def let_go(self, request: RequestRecord) -> None:
        """Have a request no longer that waited here."""
        del self.queue[request.id]
        self._close_if_served()

    def _next(self) -> RequestRecord:
        _, request = self.queue.popitem(last=False)
        request.place = None
        return request

    def _drain_queue(self) -> None:
        """Give what is queued to members that have room (kDrainQueue)."""
        has_room = True
        while self.queue:
            member = self._pick()
            if member is None:
                has_room = False
                break
            if not member.dispatch(self._next()):
                member.is_full = True
                self._on_busy(member)
                has_room = self._has_room()
                if not has_room:
                    break
        if has_room:
            self._emit_drain()
        self._close_if_served()

    def _emit_drain(self) -> None:
        if self.is_full:
            self.is_full = False
            self.owner.on_drain(self)

    # Members

    def on_drain(self, member: Dispatcher) -> None:
        """Feed a member from the queue until it is full (kOnDrain)."""
        if member.is_closed or member.is_destroyed:
            return
        self._on_room(member)
        is_full = False
        while self.queue and not is_full:
            is_full = not member.dispatch(self._next())
        member.is_full = is_full
        if is_full:
            self._on_busy(member)
            if self.queue:
                self._drain_queue()
                return
        else:
            self._emit_drain()
        self._close_if_served()

    def on_connect(self, member: Dispatcher, protocol: ConnProtocol) -> None:
        """Pass on that a member is connected."""
        del member
        self.owner.on_connect(self, protocol)

    def on_disconnect(self, member: Dispatcher, failure: Failure) -> None:
        """Pass on that a member is not any more."""
        del member
        self.owner.on_disconnect(self, failure)

    def on_connection_error(self, member: Dispatcher) -> None:
        """Pass on that a member could not connect."""
        del member
        self.owner.on_connection_error(self)

    def add(self, member: Dispatcher) -> None:
        """Have one more; if others wait it is fed, a tick later (kAddClient)."""
        self.members.append(member)
        if self.is_full:
            self.books.ticks.append(partial(self._offer, member))

    def _offer(self, member: Dispatcher) -> None:
        if self.is_full and not member.is_full:
            self.on_drain(member)

    def retire(self, member: Dispatcher, why: RetireReason) -> None:
        """Take a member out of rotation; it finishes what it has (kRetireClient)."""
        if member in self.members:
            self.members.remove(member)
        if member.is_destroyed or member in self.retiring:
            return
        self.retiring[member] = None
        if isinstance(member, ClientRecord):
            books = self.books
            books.retired.add(member.id)
            books.events.append(ClientRetired(books.now, member.key, member.id, why))
        member.close(why)
        member.when_over(partial(self._retired, member))

    def _retired(self, member: Dispatcher) -> None:
        self.retiring.pop(member, None)

    def remove(self, member: Dispatcher, why: RetireReason) -> None:
        """Retire a member, and see whether another has room (kRemoveClient)."""
        self.retire(member, why)
        self.is_full = not any(
            not (other.is_full or other.is_closed or other.is_destroyed) for other in self.members
        )

    # Its end

    def _close(self) -> None:
        if self.queue:
            self._awaits_queue = True
        else:
            self._close_members()

    def _close_if_served(self) -> None:
        if self._awaits_queue and not self.queue:
            self._close_members()

    def _close_members(self) -> None:
        for member in self.members:
            member.close(self.why_ended)
        if not self._ends_with_members:
            self._ends_with_members = True
            leaving = [member for member in self.members if not member.is_destroyed]
            when_all_over([*leaving, *self.retiring], self.destroy, self.books)

    def _destroy(self, failure: Failure) -> None:
        while self.queue:
            self.books.fail(self._next(), failure)
        members = [*self.members, *self.retiring]
        for member in members:
            member.destroy(failure, self.why_ended)
        when_all_over(members, self._ended, self.books)
